"""The client core in Chromium: the very code of the command line on the browser's database, network and primitives."""

import base64
import io
import secrets
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from e2e_devices import Device, Stack
from e2e_web import WebApp, ask, ready_worker
from PIL import Image
from test_speccheck import QUESTIONS, made

OPEN = """
from parley_client.platforms.browser import open_client
import __main__
__main__.client = await open_client("trial")
"""
TEXTS = """
import __main__
return [[m.sender, m.text] for c in __main__.client.conversations() for m in await __main__.client.history(c.conversation_id)]
"""


@pytest.fixture
def person(stack: Stack) -> dict[str, str]:
    name = f"web_{secrets.token_hex(4)}"
    return {"server": stack.address, "username": name, "email": f"{name}@example.org", "password": "copper-lantern-19"}


def test_a_browser_is_a_device(started: WebApp, device: Callable[..., Device], person: dict[str, str]):
    worker = ready_worker(started.page)
    ask(worker, OPEN)
    ask(
        worker,
        """
        import __main__
        await __main__.client.register(ca_file=None, **person)
        __main__.client.forget_recovery_key()
        __main__.client.connect()
        """,
        person=person,
    )
    other = device("cli")
    ask(
        worker,
        "import __main__; await __main__.client.send('@' + name, 'from the browser')",
        name=other.username,
    )
    assert [m["text"] for m in other("receive", timeout_s=30)] == ["from the browser"]
    other("send", to=f"@{person['username']}", text="from the command line")
    arrived = ask(
        worker,
        """
        import __main__
        batch = await __main__.client.receive(timeout_s=30)
        __main__.client.received(batch)
        return [m.text for m in batch]
        """,
    )
    assert arrived == ["from the command line"]
    cookies = {cookie["name"]: cookie for cookie in started.context.cookies(f"{started.address}/api/v1/auth/")}
    assert cookies["__Host-parley-refresh"]["httpOnly"]
    assert (
        ask(
            worker,
            "import __main__; return __main__.client._store.execute('SELECT 1 FROM documents WHERE instr(body, ?)', (b'prt_',))",
        )
        == []
    )

    # Another page, another worker, a token that is due: the history is there, and the session goes on by its cookie.
    worker = started.open()
    ask(worker, OPEN)
    assert ask(worker, TEXTS) == [[person["username"], "from the browser"], [other.username, "from the command line"]]
    ask(
        worker,
        """
        import __main__, msgspec
        from parley_client.store import documents
        store = __main__.client._store
        documents.save_tokens(store, msgspec.structs.replace(documents.load_tokens(store), expires_at=0))
        await __main__.client.send('@' + name, 'after a reload')
        """,
        name=other.username,
    )
    assert [m["text"] for m in other("receive", timeout_s=30)] == ["after a reload"]
    ask(worker, "import __main__; await __main__.client.logout(); await __main__.client.close()")
    assert not started.watched.faults, "\n".join(started.watched.faults)


def test_a_browser_has_the_tools_for_files(started: WebApp):
    """WebCrypto seals what `cryptography` opens and the other way round; a picture is turned, measured and made small."""
    key, nonce, chunk = secrets.token_bytes(32), secrets.token_bytes(12), secrets.token_bytes(70_000)
    sealed = AESGCM(key).encrypt(nonce, chunk, None)
    written, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.effect_noise((1200, 800), 60).convert("RGB").save(written, "JPEG", exif=exif)
    answer = ask(
        ready_worker(started.page),
        """
        from base64 import b64decode, b64encode
        from parley_client.platforms.canvas import browser_tools
        from parley_mls import CryptoError
        tools = browser_tools()
        key, nonce, chunk, sealed, picture = map(b64decode, (key, nonce, chunk, sealed, picture))
        try:
            spoilt = await tools.sealer.open(key, nonce, sealed[:-1] + bytes([sealed[-1] ^ 1]))
        except CryptoError:
            spoilt = None
        thumbnail = await tools.images.thumbnail(picture, size_bytes_max=24_000)
        return {
            "sealed": await tools.sealer.seal(key, nonce, chunk) == sealed,
            "opened": await tools.sealer.open(key, nonce, sealed) == chunk,
            "spoilt": spoilt,
            "size": await tools.images.measure(picture),
            "thumbnail": b64encode(thumbnail).decode(),
            "made up": [await tools.images.measure(picture[:100]), await tools.images.measure(b"no picture")],
        }
        """,
        **{
            name: base64.b64encode(value).decode()
            for name, value in (
                ("key", key),
                ("nonce", nonce),
                ("chunk", chunk),
                ("sealed", sealed),
                ("picture", written.getvalue()),
            )
        },
    )
    thumbnail = base64.b64decode(answer.pop("thumbnail"))
    assert answer == {"sealed": True, "opened": True, "spoilt": None, "size": [800, 1200], "made up": [None, None]}
    assert len(thumbnail) <= 24_000
    with Image.open(io.BytesIO(thumbnail)) as small:
        assert max(small.size) <= 320
        assert small.size[0] < small.size[1]


def test_signatures_at_once_have_the_one_rule(started: WebApp):
    """Of the questions on which verifiers differ, the browser's WebCrypto answers those that it is asked, as `@noble` does all."""
    answer = ask(
        ready_worker(started.page),
        """
        from parley_mls import SignatureCheck, default_primitives
        p = default_primitives()
        checks = [SignatureCheck(*map(bytes.fromhex, each)) for each in asked]
        known = await p.knowing(checks)
        return [known is not p, *([each.verify(*check) for check in checks] for each in (known, p))]
        """,
        asked=[[part.hex() for part in made(question)] for question in QUESTIONS],
    )
    rule = [question.accepted for question in QUESTIONS]
    assert answer == [True, rule, rule]

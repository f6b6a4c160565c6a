"""I4: what people write, and what opens it, is in no file of the server."""

import hmac
import secrets
import ssl
import struct
import time
from base64 import b32decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e_devices import Device, Stack, access_token
from e2e_search import CHUNK_SIZE_BYTES, dump, flush, forms, found_in, plant, uproot
from PIL import Image
from push_receiver import Browser, PushReceiver

from parley_client.attachments.descriptor import attachments_in
from parley_client.crypto.recovery import parse_recovery_key
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.documents import load_account, load_tokens
from parley_client.store.history import load_history_keys
from parley_contracts.encoding import b64decode

Make = Callable[..., Device]
_DESCRIPTION = 0x010E


def keys_of(device: Device) -> list[bytes]:
    """Every key and token in a device's profile; its process must have ended."""
    store = SqliteStore(device.profile)
    try:
        account, tokens = load_account(store), load_tokens(store)
        assert account is not None
        assert tokens is not None
        epochs = [row[0] for row in store.execute("SELECT secret FROM epochs")]
        history = [key.secret for key in load_history_keys(store).values()]
        found = [account.device_secret, account.signing_secret, *epochs, *history]
        assert {len(key) for key in found} == {32}
        return [*found, tokens.refresh_token.encode(), tokens.access_token.split(".")[2].encode()]
    finally:
        store.close()


def picture_with(mark: str, folder: Path) -> Path:
    """A picture whose name and whose description hold the marker, and whose pixels are its own."""
    path = folder / f"{mark}.jpg"
    exif = Image.Exif()
    exif[_DESCRIPTION] = mark
    Image.effect_noise((640, 480), 90).convert("RGB").save(path, "JPEG", exif=exif)
    assert mark.encode() in path.read_bytes()
    return path


def fetched_picture(device: Device, history: list[dict[str, Any]], folder: Path) -> bytes:
    (message,) = [m for m in history if m["attachments"]]
    path = folder / "fetched.jpg"
    where = {"conversation_id": message["conversation_id"], "sequence": message["sequence"], "index": 0}
    device("attachment.get", **where, path=str(path))
    return path.read_bytes()


def attachment_keys(device: Device) -> list[bytes]:
    """The keys of the files that a device has heard of; its process must have ended."""
    store = SqliteStore(device.profile)
    try:
        bodies = [row[0] for row in store.execute("SELECT body FROM messages")]
    finally:
        store.close()
    keys = [found.key for body in bodies for found in attachments_in(body).values()]
    assert keys
    return keys


def totp(secret: str) -> str:
    """The present code of an authenticator app (RFC 6238)."""
    digest = hmac.digest(b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def sealed_fields_of(device: Device, browser: Browser) -> list[bytes]:
    """Everything that the server seals in its databases for a person: a second factor and where a device takes pushes."""
    token = access_token(device)
    context = ssl.create_default_context(cafile=device.stack.ca_file)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(verify=context, base_url=device.stack.address, headers=headers, timeout=20) as https:
        me = https.get("/api/v1/auth/me").json()
        setup = https.post("/api/v1/auth/me/second-factors/totp").json()
        given = {"setup": setup["setup"], "code": totp(setup["secret"])}
        codes = https.put("/api/v1/auth/me/second-factors/totp", json=given).json()["codes"]
        upload = browser.upload()
        stored = https.put(f"/api/v1/notifications/subscriptions/{me['device_id']}", json=upload)
        assert stored.status_code == 200, stored.text
    # Recovery codes are eight digits, which some number may hold by chance: what they come from is sealed, and is not shown.
    assert len(codes) == 10
    keys = [b64decode(upload[name]) for name in ("p256dh", "auth")]
    return [setup["secret"].encode(), b32decode(setup["secret"]), *keys, upload["endpoint"].encode()]


def test_no_file_of_the_server_holds_what_people_write(
    stack: Stack, device: Make, receiver: PushReceiver, tmp_path: Path
):
    mark = f"marker{secrets.token_hex(16)}"
    anna, berta = device("anna", registered=False), device("berta")
    anna.password, anna.email = f"horse {mark} staple", f"{secrets.token_hex(16)}@example.org"
    anna.register()
    where = anna("group.create", name=f"title {mark}", members=[f"@{berta.username}"])["conversation_id"]
    texts = [f"{turn} {mark} said" for turn in ("direct", "group", "reply", "note")]
    photo = picture_with(mark, tmp_path)
    anna("send", to=f"@{berta.username}", text=texts[0])
    anna("send", to=where, text=texts[1], attachments=[{"path": str(photo)}])
    berta.wait_for(set(texts[:2]))
    berta("send", to=where, text=texts[2])
    anna("send", to=f"@{anna.username}", text=texts[3])
    restored = device("unused", registered=False)
    restored.login(anna)
    history = restored.wait_for_history(set(texts))
    pixels = fetched_picture(restored, history, tmp_path)
    assert pixels == photo.read_bytes()
    for each in (anna, berta, restored):
        each.stop()
    opening = [
        anna.email.encode(),
        anna.recovery_key.encode(),
        parse_recovery_key(anna.recovery_key),
        berta.password.encode(),
    ]
    # The picture's own bytes, and what opens it; an object of its size is there, so it was looked at.
    sealed = sealed_fields_of(anna, receiver.browser(f"browser-{mark}"))
    assert stack.ops("keys", "rotate", "fields").returncode == 0
    markers = [
        mark.encode(),
        *sealed,
        pixels[-200:-100],
        *attachment_keys(berta),
        *opening,
        *(key for each in (anna, berta, restored) for key in keys_of(each)),
    ]
    flush(stack.engines)
    dump(stack.engines, tmp_path / "dump")
    assert found_in(tmp_path / "dump", markers) == []
    # Where no mail server is named letters stay in a folder: addressed, as letters are, and with nothing else in them.
    letters = stack.home / "data" / "mail"
    assert [hit for hit in found_in(stack.home, markers) if not hit.startswith(f"{letters}/")] == []
    assert found_in(letters, [marker for marker in markers if marker != anna.email.encode()]) == []
    # The search looked where it should: a user name is no secret, and is there.
    assert found_in(tmp_path / "dump", [anna.username.encode()])
    assert found_in(stack.home / "data", [anna.username.encode()])
    sizes = [path.stat().st_size for path in (stack.home / "data" / "swift").rglob("*.data")]
    assert any(size >= len(pixels) for size in sizes)


def test_markers_planted_in_the_databases_are_found(stack: Stack, tmp_path: Path):
    """The planted fault: a service that wrote a marker down anywhere would be found out."""
    mark = secrets.token_hex(24)
    try:
        plant(stack.engines, mark)
        flush(stack.engines)
        dump(stack.engines, tmp_path / "dump")
    finally:
        uproot(stack.engines)
    dumped = "\n".join(found_in(tmp_path / "dump", [mark.encode()]))
    assert all(f"dump/{database}" in dumped for database in ("postgres", "mongodb", "redis"))
    held = "\n".join(found_in(stack.home / "data", [mark.encode()]))
    assert all(f"data/{engine}/" in held for engine in ("postgres", "mongod", "valkey"))


def test_a_marker_planted_among_the_objects_is_found(stack: Stack):
    """The planted fault: an object store that kept a file as it came would be found out, wherever it lies in its data."""
    mark = secrets.token_hex(24)
    folder = next(path.parent for path in (stack.home / "data" / "swift").rglob("*.data"))
    planted = folder / "planted"
    try:
        planted.write_bytes(bytes(1000) + mark.encode() + bytes(1000))
        assert [hit for hit in found_in(stack.home, [mark.encode()]) if "data/swift/" in hit]
    finally:
        planted.unlink()


@pytest.mark.parametrize("place", [0, CHUNK_SIZE_BYTES - 7, CHUNK_SIZE_BYTES])
def test_the_scanner_catches_each_form(tmp_path: Path, place: int):
    marker = b"marker text 0123456789"
    for index, form in enumerate(forms(marker)):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "file").write_bytes(bytes(place) + b"x" + form + b"x")
        assert found_in(folder, [marker])
    assert found_in(tmp_path, [b"another marker altogether"]) == []


def test_the_scanner_catches_base64_in_any_place(tmp_path: Path):
    import base64

    marker = secrets.token_bytes(16)
    for before in range(4):
        for after in range(4):
            text = base64.urlsafe_b64encode(bytes(before) + marker + b"?" * after).rstrip(b"=")
            (tmp_path / "file").write_bytes(text)
            assert found_in(tmp_path, [marker]), (before, after)

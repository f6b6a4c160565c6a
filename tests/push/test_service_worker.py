"""The service worker's `app/web/src/push.js` under node, on payloads that the Python client made: the same text, or none."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from push_scene import P, Scene

from parley_client.content.kinds import KIND_NAME
from parley_client.push.opening import PushError, PushKeys, open_push
from parley_contracts.checkpoints import HEAD_SIZE_BYTES
from parley_contracts.ids import DeviceId, UserId, new_uuid7
from parley_contracts.push import SELF_TEST, PushPayload
from parley_mls import generate_hpke_key, generate_signature_key

ROOT = Path(__file__).resolve().parent.parent.parent


class Worker:
    """node with push.js."""

    def __init__(self) -> None:
        if shutil.which("node") is None:
            pytest.fail("this test needs node: apt-get install nodejs", pytrace=False)
        self.process = subprocess.Popen(
            ["node", str(Path(__file__).parent / "open_push.mjs"), str(ROOT / "app" / "web" / "src" / "push.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def open(self, payloads: list[bytes], keys: PushKeys | None) -> list[dict[str, Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        given = None
        if keys is not None:
            given = {
                "private_key": keys.private_key.hex(),
                "public_key": P.x25519_public(keys.private_key).hex(),
                "server_name": keys.server_name,
                "device_id": keys.device_id,
                "directory": keys.directory.hex(),
                "secrets": {"/".join(map(str, name)): sealed.hex() for name, sealed in keys.secrets.items()},
            }
        self.process.stdin.write(json.dumps({"payloads": [p.hex() for p in payloads], "keys": given}) + "\n")
        self.process.stdin.flush()
        answer: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker()
    yield started
    started.close()


def opened(payload: bytes, keys: PushKeys) -> tuple[str, str]:
    """Python's outcome in the same terms: code and text."""
    try:
        found = open_push(P, payload, keys)
    except PushError as error:
        return error.code, ""
    return "text", found.text


@pytest.mark.parametrize("head", [b"", bytes(range(HEAD_SIZE_BYTES))])
@pytest.mark.parametrize("text", ["x", "Grüße 🌻 \u202e", "a\nb", "\x00", "x" * 255, "y" * 300])
def test_both_open_the_same_text(worker: Worker, text: str, head: bytes):
    """With and without a head of the log of people's keys beside it."""
    scene = Scene()
    payload = scene.payload(text, head=head)
    (shown,) = worker.open([payload], scene.keys())
    assert (shown["title"], shown["body"], shown["code"]) == ("anna", text, "text")
    assert shown["conversationId"] == scene.secret.conversation_id
    assert opened(payload, scene.keys()) == ("text", text)


def test_titles_and_kept_secrets_are_used(worker: Worker):
    scene = Scene()
    payload = scene.payload("hello", with_secret=False)
    keys = scene.keys(kept=True, titled="Garden")
    (shown,) = worker.open([payload], keys)
    assert (shown["title"], shown["body"]) == ("anna · Garden", "hello")
    assert opened(payload, keys) == ("text", "hello")
    (shown,) = worker.open([payload], scene.keys(titled="Garden"))
    assert (shown["title"], shown["body"], shown["code"]) == ("Garden", "New message", "epoch_key_missing")


def test_any_changed_byte_shows_no_text(worker: Worker):
    scene = Scene()
    payload, keys = scene.payload("secret words"), scene.keys()
    dice = random.Random(1)
    damaged = [
        payload[:place] + bytes([payload[place] ^ dice.randrange(1, 256)]) + payload[place + 1 :]
        for place in range(len(payload))
    ]
    damaged += [payload[:size] for size in range(len(payload))] + [payload + b"\x00"]
    for bad, shown in zip(damaged, worker.open(damaged, keys), strict=True):
        assert shown["code"] != "text"
        assert "secret words" not in shown["body"]
        assert opened(bad, keys)[0] != "text"


def test_nothing_is_shown_that_its_sender_did_not_sign(worker: Worker):
    """Whoever knows the push key can seal a secret of their own to it, a server included: it wins nothing by that."""
    scene = Scene()
    forged = scene.payload("forged", device_seed=generate_signature_key(P)[0])
    unknown = scene.payload("unknown", device_id=DeviceId(new_uuid7()))
    stranger = scene.payload("stranger", user_id=UserId(new_uuid7()))
    codes = [shown["code"] for shown in worker.open([forged, unknown, stranger], scene.keys())]
    assert codes == ["signature_invalid", "sender_unknown", "sender_unknown"]
    assert [opened(bad, scene.keys())[0] for bad in (forged, unknown, stranger)] == codes


def test_a_secret_of_another_place_opens_nothing(worker: Worker):
    scene = Scene()
    others = [
        replace(scene, secret=replace(scene.secret, epoch=scene.secret.epoch + 1)),
        replace(scene, secret=replace(scene.secret, generation=4)),
        replace(scene, secret=replace(scene.secret, group_id=P.random(32))),
        replace(scene, device=DeviceId(new_uuid7())),
        replace(scene, push_key=generate_hpke_key(P)),
    ]
    message = scene.message(b'{"text": "hello"}')
    payloads = [PushPayload(scene.secret.conversation_id, other.sealed(), **vars(message)).encode() for other in others]
    assert {shown["code"] for shown in worker.open(payloads, scene.keys())} == {"epoch_key_missing"}
    assert {opened(payload, scene.keys())[0] for payload in payloads} == {"epoch_key_missing"}


def test_other_kinds_and_odd_bodies_show_no_text(worker: Worker):
    scene = Scene()
    bodies = [b"", b"{}", b"[", b'{"text": 5}', b"\xff", b'{"text": null}', b"[" * 200]
    payloads = [scene.wrap(scene.message(body)) for body in bodies]
    payloads.append(scene.wrap(scene.message(b'{"text": "name"}', kind=KIND_NAME)))
    for payload, shown in zip(payloads, worker.open(payloads, scene.keys()), strict=True):
        assert (shown["body"], shown["conversationId"]) == ("New message", scene.secret.conversation_id)
        assert opened(payload, scene.keys()) == ("text", "")


def test_without_keys_or_envelope_the_conversation_is_named(worker: Worker):
    scene = Scene()
    bare = PushPayload(scene.secret.conversation_id).encode()
    for keys in (None, scene.keys()):
        (shown,) = worker.open([bare], keys)
        assert (shown["body"], shown["conversationId"]) == ("New message", scene.secret.conversation_id)
    assert opened(bare, scene.keys()) == ("no_envelope", "")
    (shown,) = worker.open([scene.payload()], None)
    assert (shown["code"], shown["conversationId"]) == ("sender_unknown", scene.secret.conversation_id)


def test_a_self_test_says_that_it_is_one(worker: Worker):
    (shown,) = worker.open([SELF_TEST], None)
    assert shown["code"] == "self_test"


def test_noise_never_breaks_it(worker: Worker):
    dice = random.Random(2)
    noise = [dice.randbytes(dice.randrange(0, 600)) for _ in range(200)] + [b"", b"\x01", b"\x02\x02", b"\xff" * 4000]
    keys = Scene().keys()
    assert {shown["code"] for shown in worker.open(noise, keys)} <= {"malformed", "no_envelope", "sender_unknown"}

"""Files through the real stack: seen by the others, by a restored device, and whole after the service was killed."""

import contextlib
import hashlib
import io
import os
import secrets
import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from e2e_devices import Device, Refused, Stack
from PIL import Image

Make = Callable[..., Device]
PART = 5 * 1024 * 1024
KILLS = 3


def picture(folder: Path) -> Path:
    path = folder / "holiday.jpg"
    written = io.BytesIO()
    Image.effect_noise((1600, 900), 80).convert("RGB").save(written, "JPEG", quality=90)
    path.write_bytes(written.getvalue())
    return path


def fetched(device: Device, message: dict, folder: Path, index: int = 0) -> bytes:
    path = folder / f"{device.username}-{message['sequence']}-{index}"
    where = {"conversation_id": message["conversation_id"], "sequence": message["sequence"], "index": index}
    device("attachment.get", **where, path=str(path))
    return path.read_bytes()


def message_of(device: Device, text: str) -> dict:
    (found,) = [m for m in device.wait_for_history({text}) if m["text"] == text]
    return found


def test_a_picture_reaches_everybody_and_a_restored_device(device: Make, tmp_path: Path):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    photo, notes = picture(tmp_path), tmp_path / "notes.txt"
    notes.write_bytes(b"")
    members = [f"@{berta.username}", f"@{carl.username}"]
    where = anna("group.create", name="Trip", members=members)["conversation_id"]
    anna("send", to=where, text="look", attachments=[{"path": str(photo)}, {"path": str(notes), "name": "n.txt"}])
    berta.wait_for({"look"})
    (message,) = [m for m in berta.arrived if m["text"] == "look"]
    size = photo.stat().st_size
    assert message["attachments"] == [
        {
            "index": 0,
            "name": "holiday.jpg",
            "media_type": "image/jpeg",
            "size_bytes": size,
            "width": 1600,
            "height": 900,
        },
        {"index": 1, "name": "n.txt", "media_type": "text/plain", "size_bytes": 0, "width": None, "height": None},
    ]
    restored = device("unused", registered=False)
    restored.login(anna)
    for each in (berta, carl, anna, restored):
        seen = message_of(each, "look")
        assert seen["attachments"] == message["attachments"]
        assert fetched(each, seen, tmp_path) == photo.read_bytes()
        assert fetched(each, seen, tmp_path, 1) == b""


def test_whoever_was_put_out_cannot_fetch_what_came_after(device: Make, tmp_path: Path):
    anna, berta = device("anna"), device("berta")
    where = anna("group.create", name="Trip", members=[f"@{berta.username}"])["conversation_id"]
    photo = picture(tmp_path)
    anna("send", to=where, text="before", attachments=[{"path": str(photo)}])
    before = message_of(berta, "before")
    anna("group.remove", conversation_id=where, members=[f"@{berta.username}"])
    anna("send", to=where, text="after", attachments=[{"path": str(photo)}])
    assert fetched(berta, before, tmp_path) == photo.read_bytes()
    with pytest.raises(Refused) as refused:
        fetched(berta, before | {"sequence": message_of(anna, "after")["sequence"]}, tmp_path)
    assert refused.value.slug == "unknown_attachment"


def test_media_is_killed_while_a_film_goes_up(stack: Stack, device: Make, tmp_path: Path):
    anna, berta = device("anna"), device("berta")
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(12 * PART + 1234))
    anna("send", to=f"@{berta.username}", text="start")
    pid = stack.parts()["media"]["pid"]
    answer = anna.begin("send", to=f"@{berta.username}", text="a film", attachments=[{"path": str(film)}])
    kills = 0
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(answer, 120)
        while not sending.done() and kills < KILLS:
            time.sleep(0.3)
            if pid and not sending.done():
                os.kill(pid, signal.SIGKILL)
                kills += 1
            pid = stack.parts()["media"]["pid"]
        sent = sending.result()
    assert kills
    berta.wait_for({"a film"})
    (message,) = [m for m in berta.arrived if m["text"] == "a film"]
    assert message["sequence"] == sent["sequence"]
    assert hashlib.sha256(fetched(berta, message, tmp_path)).digest() == hashlib.sha256(film.read_bytes()).digest()
    print(f"kills of media n={kills}")


def wait_until_kept(sender: Device) -> None:
    """Wait until a device has stored what it is to send: before that nobody has promised anything."""
    deadline = time.monotonic() + 60
    with contextlib.closing(sqlite3.connect(f"file:{sender.profile}/client.db?mode=ro", uri=True)) as store:
        while store.execute("SELECT count(*) FROM outbox").fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_sending_device_is_killed_while_a_film_goes_up(device: Make, tmp_path: Path):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="start")
    film = tmp_path / "film.bin"
    film.write_bytes(os.urandom(8 * PART))
    text = f"a film {secrets.token_hex(4)}"
    anna.begin("send", to=f"@{berta.username}", text=text, attachments=[{"path": str(film)}])
    wait_until_kept(anna)
    for pause_s in (0.1, 1.2):
        time.sleep(pause_s)
        anna.crash()
    berta.wait_for({text}, 120)
    found = [m for m in berta.arrived if m["text"] == text]
    assert len(found) == 1
    assert fetched(berta, found[0], tmp_path) == film.read_bytes()

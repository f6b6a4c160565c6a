"""I4: what people write, and what opens it, is in no file of the server."""

import base64
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from e2e_devices import Device, Stack

from parley_client.crypto.recovery import parse_recovery_key

Make = Callable[..., Device]
CHUNK_SIZE_BYTES = 8 * 1024 * 1024


def forms(marker: bytes) -> Iterator[bytes]:
    """A marker as it could stand in a file: plain, hex, UTF-16, and base64 at its three alignments."""
    yield marker
    yield marker.hex().encode()
    yield marker.hex().upper().encode()
    yield b"".join(bytes([byte, 0]) for byte in marker)
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + marker)
        # The first and last group depend on the neighbours: leave them out.
        yield encoded[4 if shift else 0 : len(encoded) // 4 * 4 - 4]
        yield base64.urlsafe_b64encode(b"\0" * shift + marker)[4 if shift else 0 : len(encoded) // 4 * 4 - 4]


def found_in(folder: Path, markers: list[bytes]) -> list[str]:
    """Which files below a folder hold a marker, with its form."""
    wanted = {form for marker in markers for form in forms(marker)}
    overlap = max(map(len, wanted))
    hits = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            tail = b""
            while chunk := file.read(CHUNK_SIZE_BYTES):
                window = tail + chunk
                hits += [f"{path}: {form[:12]!r}" for form in wanted if form in window]
                tail = window[-overlap:]
    return hits


def test_no_file_of_the_server_holds_what_people_write(stack: Stack, device: Make, tmp_path: Path):
    anna, berta = device("anna"), device("berta")
    texts = [f"marker text {secrets.token_hex(16)}" for _ in range(4)]
    title = f"marker title {secrets.token_hex(16)}"
    anna("send", to=f"@{berta.username}", text=texts[0])
    where = anna("group.create", name=title, members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text=texts[1])
    berta.wait_for({texts[0], texts[1]})
    berta("send", to=where, text=texts[2])
    anna("send", to=f"@{anna.username}", text=texts[3])
    restored = device("unused", registered=False)
    restored.login(anna)
    restored.wait_for_history(set(texts))
    secrets_of_people = [anna.recovery_key.encode(), parse_recovery_key(anna.recovery_key), anna.password.encode()]
    markers = [text.encode() for text in (*texts, title)] + secrets_of_people
    assert found_in(stack.home, markers) == []


def test_the_scanner_catches_each_form(tmp_path: Path):
    marker = b"marker text 0123456789"
    for index, form in enumerate(forms(marker)):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "file").write_bytes(b"x" * (CHUNK_SIZE_BYTES - 7) + form + b"x")
        assert found_in(folder, [marker])
    assert found_in(tmp_path, [b"another marker altogether"]) == []


def test_a_marker_that_the_server_may_see_is_found(stack: Stack, device: Make):
    """The planted fault: a user name is in the clear, so the search must find it in this very home."""
    anna = device(f"planted{secrets.token_hex(4)}")
    with httpx.Client(verify=stack_context(stack)) as client:
        assert client.get(f"{stack.address}/.well-known/jwks.json").status_code == 200
    assert found_in(stack.home / "data", [anna.username.encode()])


def stack_context(stack: Stack) -> "object":
    import ssl

    return ssl.create_default_context(cafile=stack.ca_file)

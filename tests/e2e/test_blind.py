"""I4: what people write, and what opens it, is in no file of the server."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e_devices import Device, Stack
from e2e_search import CHUNK_SIZE_BYTES, dump, flush, forms, found_in, plant, uproot

from parley_client.crypto.recovery import parse_recovery_key
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.documents import load_account, load_tokens
from parley_client.store.history import load_history_keys

Make = Callable[..., Device]


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


def test_no_file_of_the_server_holds_what_people_write(stack: Stack, device: Make, tmp_path: Path):
    mark = f"marker{secrets.token_hex(16)}"
    anna, berta = device("anna", registered=False), device("berta")
    anna.password, anna.email = f"horse {mark} staple", f"{secrets.token_hex(16)}@example.org"
    anna.register()
    where = anna("group.create", name=f"title {mark}", members=[f"@{berta.username}"])["conversation_id"]
    texts = [f"{turn} {mark} said" for turn in ("direct", "group", "reply", "note")]
    anna("send", to=f"@{berta.username}", text=texts[0])
    anna("send", to=where, text=texts[1])
    berta.wait_for(set(texts[:2]))
    berta("send", to=where, text=texts[2])
    anna("send", to=f"@{anna.username}", text=texts[3])
    restored = device("unused", registered=False)
    restored.login(anna)
    restored.wait_for_history(set(texts))
    for each in (anna, berta, restored):
        each.stop()
    opening = [
        anna.email.encode(),
        anna.recovery_key.encode(),
        parse_recovery_key(anna.recovery_key),
        berta.password.encode(),
    ]
    markers = [mark.encode(), *opening, *(key for each in (anna, berta, restored) for key in keys_of(each))]
    flush(stack.engines)
    dump(stack.engines, tmp_path / "dump")
    assert found_in(tmp_path / "dump", markers) == []
    assert found_in(stack.home, markers) == []
    # The search looked where it should: a user name is no secret, and is there.
    assert found_in(tmp_path / "dump", [anna.username.encode()])
    assert found_in(stack.home / "data", [anna.username.encode()])


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

"""Keys that others take over from, and the set of the services' keys, which is read anew."""

import json
import os
import stat
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.tokens import public_jwk
from parley_serving import key_files
from parley_serving.environment import ConfigError
from parley_serving.key_files import generation, let_field_keys_go, replace_key, replaced_at, replaced_keys, write_key
from parley_serving.service_keys import ServiceKeys


def test_the_old_key_keeps_a_name_that_says_when(tmp_path):
    write_key(tmp_path / "key", b"one")
    kept = [replace_key(tmp_path, "key", content) for content in (b"two", b"three")]
    assert (tmp_path / "key").read_bytes() == b"three"
    assert [path.read_bytes() for path in kept] == [b"one", b"two"]
    assert replaced_keys(tmp_path, "key") == kept[::-1]
    assert replaced_at(kept[1]) > replaced_at(kept[0]) > 10**9
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("place", range(1, 5))
def test_wherever_a_replacement_is_cut_off_the_old_key_is_there(tmp_path, monkeypatch, place):
    """Each rename and each sync may be the last thing that happens."""
    write_key(tmp_path / "key", b"one")
    steps = 0

    def cut(real):
        def step(*arguments):
            nonlocal steps
            steps += 1
            if steps == place:
                raise KeyboardInterrupt
            return real(*arguments)

        return step

    monkeypatch.setattr(os, "fsync", cut(os.fsync))
    monkeypatch.setattr(key_files.Path, "replace", cut(key_files.Path.replace))
    with pytest.raises(KeyboardInterrupt):
        replace_key(tmp_path, "key", b"two")
    contents = [(tmp_path / "key").read_bytes(), *(path.read_bytes() for path in replaced_keys(tmp_path, "key"))]
    assert contents[0] in {b"one", b"two"} and b"one" in contents


def test_a_generation_tells_every_change(tmp_path):
    write_key(tmp_path / "key", b"one")
    seen = {generation(tmp_path, "key")}
    for number in range(20):  # faster than the clock ticks
        write_key(tmp_path / "key", b"%d" % number)
        seen.add(generation(tmp_path, "key"))
    assert len(seen) == 21


def test_one_replaces_at_a_time(tmp_path):
    order = []

    def second():
        with key_files.replacing(tmp_path):
            order.append("second")

    with key_files.replacing(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_field_keys_go_when_a_pass_finds_nothing(tmp_path):
    write_key(tmp_path / "field_key", b"one")
    found = [3, 1, 0]
    assert key_files.rotate_field_key(tmp_path, lambda: found.pop(0)) == 3
    (kept,) = replaced_keys(tmp_path, "field_key")
    later = replaced_at(kept) + key_files.FIELD_KEY_REPLACED_S_MIN + 1
    assert let_field_keys_go(tmp_path, lambda: pytest.fail("too early"), later - 1) == []
    assert let_field_keys_go(tmp_path, lambda: found.pop(0), later) == []
    assert let_field_keys_go(tmp_path, lambda: found.pop(0), later) == [kept.name]
    (tmp_path / "field_key.mine").write_bytes(b"an operator's own")
    assert let_field_keys_go(tmp_path, lambda: 0, later * 2) == []


def jwks(**keys):
    return json.dumps({"keys": [public_jwk(name, key.public_key()) for name, key in keys.items()]})


def test_the_set_is_read_anew_when_its_file_is_replaced(tmp_path):
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    path = tmp_path / "keys.json"
    write_key(path, jwks(auth=first).encode())
    keys = ServiceKeys(str(path))
    assert (list(keys), len(keys)) == (["auth"], 1)
    write_key(path, jwks(auth=second, media=first).encode())
    assert set(keys) == {"auth", "media"}
    assert keys["auth"].public_bytes_raw() == second.public_key().public_bytes_raw()
    write_key(path, b"damaged")
    assert set(keys) == {"auth", "media"}
    path.unlink()
    assert set(keys) == {"auth", "media"}


@pytest.mark.parametrize("value", ['{"keys": [{}]}', "/nowhere/at/all", '{"keys": 7}', "{"])
def test_what_is_no_set_is_said_at_the_start(value):
    with pytest.raises(ConfigError, match="PARLEY_SERVICE_KEYS"):
        ServiceKeys(value)

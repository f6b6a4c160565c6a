"""Keys on disk: made once, replaced without a moment in which services refuse each other, and some never replaced."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parley_contracts.problems import Unauthenticated
from parley_contracts.tokens import parse_key_set, sign_service_token, verify_service_token
from parley_ops.layout import Home
from parley_ops.secret_files import SERVICES, make_service_secrets, rotate_service_keys, service_keys_file


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    for folder in (made.secrets, made.etc):
        folder.mkdir()
    make_service_secrets(made)
    return made


def service_key(home: Home, service: str) -> Ed25519PrivateKey:
    key = load_pem_private_key((home.secrets / service / "service_key.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def accepted(home: Home, key: Ed25519PrivateKey, service: str) -> bool:
    keys = parse_key_set(service_keys_file(home).read_bytes())
    token = sign_service_token(key, service=service, audience="auth")
    try:
        return verify_service_token(token, keys, audience="auth") == service
    except Unauthenticated:
        return False


def test_both_keys_are_good_while_services_restart_and_the_old_one_not_after(home):
    old = {service: service_key(home, service) for service in SERVICES}
    seen = []

    def restart():
        new = {service: service_key(home, service) for service in SERVICES}
        seen.extend(accepted(home, keys[service], service) for keys in (old, new) for service in SERVICES)

    rotate_service_keys(home, restart)
    assert seen == [True] * 2 * len(SERVICES)
    assert [accepted(home, service_key(home, service), service) for service in SERVICES] == [True] * len(SERVICES)
    assert not any(accepted(home, old[service], service) for service in SERVICES)


def test_a_restart_that_fails_leaves_both_keys_good(home):
    old = service_key(home, "media")
    with pytest.raises(RuntimeError):
        rotate_service_keys(home, lambda: (_ for _ in ()).throw(RuntimeError))
    assert accepted(home, old, "media")
    assert accepted(home, service_key(home, "media"), "media")
    make_service_secrets(home)  # what the next start does
    assert accepted(home, service_key(home, "media"), "media")
    assert not accepted(home, old, "media")


def test_lasting_keys_are_those_of_before_where_there_was_a_before(home):
    """What earlier versions derived from keys that are replaced now goes on being the same."""
    for service in ("auth", "messaging"):
        (home.secrets / service / "lasting_key").unlink()
    field_key = (home.secrets / "auth" / "field_key").read_text()
    raw = service_key(home, "messaging").private_bytes_raw().hex()
    make_service_secrets(home)
    assert (home.secrets / "auth" / "lasting_key").read_text() == field_key
    assert (home.secrets / "messaging" / "lasting_key").read_text() == raw
    rotate_service_keys(home, lambda: None)
    make_service_secrets(home)
    assert (home.secrets / "messaging" / "lasting_key").read_text() == raw


def test_lasting_keys_of_a_new_instance_are_their_own(home):
    texts = [path.read_text() for path in home.secrets.glob("*/*") if path.name != "service_key.pem"]
    assert len(set(texts)) == len(texts)
    assert json.loads(service_keys_file(home).read_text())["keys"][0]["kid"] == "auth"

"""The environment: what is missing is said."""

import pytest

from parley_auth.__main__ import main
from parley_auth.config import read_config
from parley_serving.environment import ConfigError

ENVIRONMENT = {
    "PARLEY_POSTGRES_URL": "postgresql://u:p@db.example:5433/auth",
    "PARLEY_REDIS_URL": "redis://127.0.0.1",
    "PARLEY_ORIGIN": "https://chat.example:8443/",
    "PARLEY_SECRETS_DIR": "/nowhere",
    "PARLEY_SERVICE_KEYS": '{"keys": []}',
    "PARLEY_RUN_DIR": "/nowhere",
    "PARLEY_S3_ENDPOINT": "http://127.0.0.1:8080",
    "PARLEY_S3_REGION": "us-east-1",
    "PARLEY_S3_ACCESS_KEY": "parley",
    "PARLEY_S3_SECRET_KEY": "secret",
}


def test_environment_is_read():
    config = read_config(ENVIRONMENT)
    assert config.origin == "https://chat.example:8443"
    assert (config.server_name, config.host) == ("chat.example:8443", "chat.example")
    assert config.limits_profile == "default"
    assert not config.cheap_passwords
    assert read_config(ENVIRONMENT | {"PARLEY_ORIGIN": "https://Chat.Example:443"}).server_name == "chat.example"


def test_service_keys_may_be_a_file(tmp_path):
    path = tmp_path / "services.json"
    path.write_text('{"keys": []}')
    assert read_config(ENVIRONMENT | {"PARLEY_SERVICE_KEYS": str(path)}).service_keys == str(path)


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_missing_variables_are_named(name):
    with pytest.raises(ConfigError, match=name):
        read_config({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLEY_LIMITS_PROFILE", "none"),
        ("PARLEY_PASSWORD_HASHES", "secret"),
        ("PARLEY_POSTGRES_URL", "postgresql://secret@[bad"),
        ("PARLEY_POSTGRES_URL", "mysql://secret@db.example"),
        ("PARLEY_SERVICE_KEYS", "/nowhere/at/all"),
        ("PARLEY_S3_ENDPOINT", "ftp://s3.example"),
        ("PARLEY_SESSION_DAYS", "0"),
        ("PARLEY_SESSION_DAYS", "-1"),
        ("PARLEY_SESSION_DAYS", "secret"),
        ("PARLEY_SESSION_DAYS", "9" * 20),
    ],
)
def test_impossible_values_are_named(name, value):
    with pytest.raises(ConfigError, match=name) as caught:
        read_config(ENVIRONMENT | {name: value})
    assert "secret" not in str(caught.value)


def test_missing_secret_is_named():
    with pytest.raises(ConfigError, match="field_key"):
        read_config(ENVIRONMENT).secret("field_key")


def test_command_line_is_checked(monkeypatch, capsys):
    for arguments in ([], ["fly"], ["serve", "more"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    monkeypatch.delenv("PARLEY_ORIGIN")
    assert main(["migrate"]) == 2
    assert "PARLEY_ORIGIN" in capsys.readouterr().err

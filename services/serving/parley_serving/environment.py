"""What the environment says, read once at start: what every service asks of it, and how what is missing is said.

Invariant: a service's own keys come from files of `PARLEY_SECRETS_DIR`, never from the environment itself, and no error
quotes a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: How tight limits of rates are: `test` is for runs that are floods themselves.
PROFILES = ("default", "test")


class ConfigError(Exception):
    """The environment lacks something or says something impossible; the sentence names the variable."""


class ServiceConfig:
    """The environment of one process of any service; `ConfigError` where a variable is missing."""

    # No dataclass: its repr would show the passwords that addresses of stores hold.
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.origin: Final = required(environment, "PARLEY_ORIGIN").rstrip("/")
        self.secrets_dir: Final = Path(required(environment, "PARLEY_SECRETS_DIR"))
        #: Where the sockets of all services are.
        self.run_dir: Final = Path(required(environment, "PARLEY_RUN_DIR"))
        #: `json` or `text`.
        self.log_format: Final = environment.get("PARLEY_LOG_FORMAT", "json")


def required(environment: Mapping[str, str], name: str) -> str:
    """The variable `name`; `ConfigError` where it is absent or empty."""
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def limits_profile(environment: Mapping[str, str]) -> str:
    """One of `PROFILES`; `ConfigError` where the environment names another."""
    profile = environment.get("PARLEY_LIMITS_PROFILE", PROFILES[0])
    if profile not in PROFILES:
        raise ConfigError(f"PARLEY_LIMITS_PROFILE is none of {', '.join(PROFILES)}")
    return profile


def inline_or_file(value: str) -> bytes:
    """The JSON object that a variable holds, or the content of the file that it names; `OSError` from reading that."""
    return value.encode() if value.lstrip().startswith("{") else Path(value).read_bytes()

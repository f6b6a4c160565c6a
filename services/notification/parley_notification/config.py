"""What the environment says: addresses, folders and profiles, read once at start.

Invariant: secrets come from files of `PARLEY_SECRETS_DIR`, never from the environment itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PROFILES = ("default", "test")
#: Set to the file of a certificate authority, this lets pushes go to loopback, trusting that authority there: for a
#: test's own receiver, and for nothing else. `./parley doctor` warns of it.
LOOPBACK_VARIABLE = "PARLEY_PUSH_LOOPBACK_CA_FILE"


class ConfigError(Exception):
    """The environment lacks something or says something impossible; the sentence names the variable."""


@dataclass(frozen=True)
class Config:
    """The environment of one process of the service."""

    origin: str
    postgres_url: str
    redis_url: str
    secrets_dir: Path
    service_keys: bytes
    run_dir: Path
    limits_profile: str
    log_format: str
    loopback_ca_file: str | None

    @property
    def host(self) -> str:
        """The host of the origin."""
        return urlsplit(self.origin).hostname or ""

    def secret(self, name: str) -> bytes:
        """The content of one of this service's secret files."""
        try:
            return (self.secrets_dir / name).read_bytes().strip()
        except OSError as error:
            raise ConfigError(f"the secret {name} cannot be read from PARLEY_SECRETS_DIR") from error


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    profile = environment.get("PARLEY_LIMITS_PROFILE", "default")
    if profile not in PROFILES:
        raise ConfigError(f"PARLEY_LIMITS_PROFILE is none of {', '.join(PROFILES)}")
    return Config(
        origin=_required(environment, "PARLEY_ORIGIN").rstrip("/"),
        postgres_url=_postgres_url(_required(environment, "PARLEY_POSTGRES_URL")),
        redis_url=_required(environment, "PARLEY_REDIS_URL"),
        secrets_dir=Path(_required(environment, "PARLEY_SECRETS_DIR")),
        service_keys=_inline_or_file(_required(environment, "PARLEY_SERVICE_KEYS")),
        run_dir=Path(_required(environment, "PARLEY_RUN_DIR")),
        limits_profile=profile,
        log_format=environment.get("PARLEY_LOG_FORMAT", "json"),
        loopback_ca_file=environment.get(LOOPBACK_VARIABLE) or None,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _postgres_url(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if scheme not in {"postgresql", "postgres"}:
        raise ConfigError("PARLEY_POSTGRES_URL is not the address of a PostgreSQL database")
    return value


def _inline_or_file(value: str) -> bytes:
    if value.lstrip().startswith("{"):
        return value.encode()
    try:
        return Path(value).read_bytes()
    except OSError as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is neither a JWK set nor a readable file") from error

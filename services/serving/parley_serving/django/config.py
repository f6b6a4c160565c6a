"""What both Django services ask of the environment: PostgreSQL, Redis, the keys of the services, a profile of limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from parley_serving.environment import ConfigError, ServiceConfig, inline_or_file, limits_profile, required


class DjangoConfig(ServiceConfig):
    """The environment of one process of a Django service; `ConfigError` says what is missing or impossible."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.postgres_url: Final = _postgres_url(required(environment, "PARLEY_POSTGRES_URL"))
        self.redis_url: Final = required(environment, "PARLEY_REDIS_URL")
        #: A JWK set of the services' public keys, or the file with it, as `ServiceKeys` takes it.
        self.service_keys: Final = _service_keys(required(environment, "PARLEY_SERVICE_KEYS"))
        #: One of `PROFILES`.
        self.limits_profile: Final = limits_profile(environment)

    @property
    def host(self) -> str:
        """The host of the origin, without its port."""
        return urlsplit(self.origin).hostname or ""

    def secret(self, name: str) -> bytes:
        """The content of one of this service's secret files."""
        try:
            return (self.secrets_dir / name).read_bytes().strip()
        except OSError as error:
            raise ConfigError(f"the secret {name} cannot be read from PARLEY_SECRETS_DIR") from error


def _postgres_url(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if scheme not in {"postgresql", "postgres"}:
        raise ConfigError("PARLEY_POSTGRES_URL is not the address of a PostgreSQL database")
    return value


def _service_keys(value: str) -> str:
    try:
        inline_or_file(value)
    except OSError as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is neither a JWK set nor a readable file") from error
    return value

"""What the environment says of the object store: any that speaks S3, for the services that keep bytes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from parley_serving.environment import ConfigError, required


@dataclass(frozen=True)
class S3Settings:
    """Where the object store is, and by which key."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


def read_s3(environment: Mapping[str, str]) -> S3Settings:
    """The object store that the environment names; `ConfigError`."""
    endpoint = required(environment, "PARLEY_S3_ENDPOINT").rstrip("/")
    if urlsplit(endpoint).scheme not in {"http", "https"} or urlsplit(endpoint).path:
        raise ConfigError("PARLEY_S3_ENDPOINT is http(s)://HOST:PORT, without a path")
    return S3Settings(
        endpoint=endpoint,
        region=required(environment, "PARLEY_S3_REGION"),
        access_key=required(environment, "PARLEY_S3_ACCESS_KEY"),
        secret_key=required(environment, "PARLEY_S3_SECRET_KEY"),
    )

"""The operator's file of identity providers: TOML, one `[[provider]]` each.

[[provider]]
id = "work"
name = "Example Ltd"
issuer = "https://id.example.org"
client_id = "parley"
client_secret = "…"
sign_up = true      # whoever signs in there may make an account, whatever `--sign-up` says
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from parley_contracts.limits import PROVIDER_NAME_LENGTH_MAX, PROVIDERS_MAX
from parley_serving.environment import ConfigError

#: The secret file of the service.
PROVIDERS_FILE = "identity_providers.toml"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ID = re.compile(r"[a-z0-9-]{1,32}")
_WANTED = {"id": str, "name": str, "issuer": str, "client_id": str}
_OPTIONAL = {"client_secret": str, "sign_up": bool}


@dataclass(frozen=True)
class Provider:
    """One provider; `issuer` as its metadata and its tokens have it, to the letter."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    sign_up: bool = False


def parse_providers(text: str) -> Mapping[str, Provider]:
    """The providers by id; `ConfigError`, which quotes no value."""
    try:
        rows = tomllib.loads(text).get("provider", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{PROVIDERS_FILE} is not TOML") from error
    if not isinstance(rows, list) or not 1 <= len(rows) <= PROVIDERS_MAX:
        raise ConfigError(f"{PROVIDERS_FILE} has 1 to {PROVIDERS_MAX} tables [[provider]]")
    providers = [_provider(number, row) for number, row in enumerate(rows, start=1)]
    found = {provider.id: provider for provider in providers}
    if len(found) < len(providers) or len({provider.issuer for provider in providers}) < len(providers):
        raise ConfigError(f"{PROVIDERS_FILE} has an id or an issuer twice")
    return found


def is_secure(url: str) -> bool:
    """Whether an address is https, or http towards loopback alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _provider(number: int, row: Any) -> Provider:
    where = f"{PROVIDERS_FILE}, provider {number}"
    if not isinstance(row, dict) or set(row) - set(_WANTED) - set(_OPTIONAL):
        raise ConfigError(f"{where}: only {', '.join((*_WANTED, *_OPTIONAL))} stand there")
    for name, kind in {**_WANTED, **_OPTIONAL}.items():
        if name in row and not isinstance(row[name], kind):
            raise ConfigError(f"{where}: {name} is of another type")
        if name in _WANTED and not row.get(name):
            raise ConfigError(f"{where}: {name} is missing")
    if not _ID.fullmatch(row["id"]):
        raise ConfigError(f"{where}: an id has 1 to 32 of a-z, 0-9 and -")
    if len(row["name"]) > PROVIDER_NAME_LENGTH_MAX or not row["name"].isprintable():
        raise ConfigError(f"{where}: a name has up to {PROVIDER_NAME_LENGTH_MAX} characters that can be shown")
    if not is_secure(row["issuer"]) or urlsplit(row["issuer"]).query or urlsplit(row["issuer"]).fragment:
        raise ConfigError(f"{where}: an issuer is an https address without query and fragment")
    return Provider(**row)

"""What the environment says: addresses, folders and profiles, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from parley_auth.providers.configuration import PROVIDERS_FILE, Provider, parse_providers
from parley_contracts.limits import SESSION_DAYS_MAX
from parley_contracts.sign_up_api import SignUpMode
from parley_serving.django.config import DjangoConfig
from parley_serving.environment import ConfigError
from parley_serving.object_store import read_s3

#: The secret file with the address of the mail server; without it letters go to a folder.
MAIL_SERVER_FILE = "mail_server_url"
_SUBMISSION_PORT = 587
_SUBMISSIONS_PORT = 465
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class MailServer:
    """How letters leave: `smtps` is TLS from the start (RFC 8314), `smtp` is STARTTLS, but for loopback."""

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: bool = False


@dataclass(frozen=True)
class SignUp:
    """The rules for new accounts; `domains` in lower case and IDNA."""

    mode: SignUpMode = "open"
    domains: tuple[str, ...] = ()
    members_invite: bool = False


class Config(DjangoConfig):
    """The environment of one process of the service."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        #: Where letters lie that no server takes.
        self.mail_dir: Final = Path(environment.get("PARLEY_MAIL_DIR") or self.run_dir / "mail")
        #: The mail server, where the operator gave one.
        self.mail_server: Final = self._mail_server()
        self.email_demanded: Final = _demanded(environment.get("PARLEY_EMAIL_VERIFICATION", "optional"))
        #: Whether new passwords are hashed weakly: for tests alone.
        self.cheap_passwords: Final = _cheap(environment.get("PARLEY_PASSWORD_HASHES", "strong"))
        #: Who may make an account.
        self.sign_up: Final = parse_sign_up(environment)
        #: After how many days a session ends unless its person proved who they are meanwhile; None: while it is used, it lasts.
        self.session_days: Final = _days(environment.get("PARLEY_SESSION_DAYS", ""))
        #: The identity providers that the operator trusts, by id.
        self.providers: Final = self._providers()
        #: Where pictures of people lie.
        self.s3: Final = read_s3(environment)

    @property
    def server_name(self) -> str:
        """Host and port of the origin (without the port that https has anyway): the name in signed structures."""
        return urlsplit(self.origin).netloc.lower().removesuffix(":443")

    def _providers(self) -> Mapping[str, Provider]:
        if not (self.secrets_dir / PROVIDERS_FILE).exists():
            return {}
        return parse_providers(self.secret(PROVIDERS_FILE).decode(errors="replace"))

    def _mail_server(self) -> MailServer | None:
        if not (self.secrets_dir / MAIL_SERVER_FILE).exists():
            return None
        return parse_mail_server(self.secret(MAIL_SERVER_FILE).decode(errors="replace"))


def parse_mail_server(url: str) -> MailServer:
    """The server of `smtp[s]://USER:PASSWORD@HOST:PORT?from=ADDRESS`; `ConfigError`, which does not quote it."""
    complaint = f"{MAIL_SERVER_FILE} is not smtp[s]://USER:PASSWORD@HOST:PORT?from=ADDRESS"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        sender = parse_qs(parts.query, strict_parsing=True)["from"][0]
    except (ValueError, KeyError) as error:
        raise ConfigError(complaint) from error
    if parts.scheme not in {"smtp", "smtps"} or not host or "@" not in sender:
        raise ConfigError(complaint)
    tls = parts.scheme == "smtps"
    return MailServer(
        host=host,
        port=port or (_SUBMISSIONS_PORT if tls else _SUBMISSION_PORT),
        sender=sender,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        starttls=not tls and host not in _LOOPBACK,
    )


def parse_sign_up(environment: Mapping[str, str]) -> SignUp:
    """The rules that the environment gives; `ConfigError`."""
    mode = environment.get("PARLEY_SIGN_UP", "open")
    if mode not in get_args(SignUpMode):
        raise ConfigError("PARLEY_SIGN_UP is none of open, invitation, domain and closed")
    try:
        domains = tuple(
            domain.lower().encode("idna").decode() for domain in environment.get("PARLEY_SIGN_UP_DOMAINS", "").split()
        )
    except UnicodeError as error:
        raise ConfigError("PARLEY_SIGN_UP_DOMAINS holds something else than domains") from error
    if mode == "domain" and not domains:
        raise ConfigError("PARLEY_SIGN_UP=domain needs PARLEY_SIGN_UP_DOMAINS")
    members = environment.get("PARLEY_MEMBERS_INVITE", "no")
    if members not in {"yes", "no"}:
        raise ConfigError("PARLEY_MEMBERS_INVITE is neither yes nor no")
    return SignUp(cast("SignUpMode", mode), domains, members == "yes")


def _demanded(value: str) -> bool:
    if value not in {"optional", "required"}:
        raise ConfigError("PARLEY_EMAIL_VERIFICATION is neither optional nor required")
    return value == "required"


def _cheap(value: str) -> bool:
    if value not in {"cheap", "strong"}:
        raise ConfigError("PARLEY_PASSWORD_HASHES is neither cheap nor strong")
    return value == "cheap"


def _days(value: str) -> int | None:
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= SESSION_DAYS_MAX:
        raise ConfigError(f"PARLEY_SESSION_DAYS is no number from 1 to {SESSION_DAYS_MAX}")
    return int(value)


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)

"""People and devices for tests: boring defaults, everything through the routes."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from api_answers import Answer
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.db import connection
from django.test import Client
from identity_provider import IdentityProvider
from post_office import PostOffice, code_in, send_all

from parley_auth.accounts.passwords import BoundedArgon2Hasher
from parley_auth.providers import remote
from parley_auth.web import rates
from parley_contracts.encoding import b64encode
from parley_contracts.identity import (
    CERTIFICATE_LABEL,
    SESSION_LABEL,
    STATEMENT_LABEL,
    AccountStatement,
    DeviceCertificate,
    KeptDevice,
    session_to_be_signed,
)
from parley_contracts.ids import DeviceId, UserId, new_uuid7
from parley_contracts.tokens import sign_service_token
from parley_mls import (
    Lifetime,
    create_key_package,
    default_primitives,
    generate_hpke_key,
    generate_signature_key,
    sign_with_label,
)

PASSWORD = "copper-window-lantern-19"
SERVER_NAME = "chat.example:8443"
P = default_primitives()
_numbers = itertools.count(1)


@dataclass
class Api:
    """The routes, spoken to with a token (or without one)."""

    token: str = ""
    base: str = "/api/v1/auth/"
    address: str = "192.0.2.1"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        response = self.client.generic(
            method,
            path if path.startswith("/") else self.base + path,
            data,
            content_type="application/json",
            headers=sent,
            REMOTE_ADDR=self.address,
        )
        decoded = json.loads(response.content) if response.content else None
        return Answer(response.status_code, decoded, response.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)


@dataclass
class Person:
    """A signed-up person with account keys, and one session."""

    username: str
    user_id: UserId
    api: Api
    refresh_token: str
    email: str = ""
    root_seed: bytes = b""
    root_key: bytes = b""
    signing_seed: bytes = b""
    signing_key: bytes = b""
    recovery_key: bytes = b""
    device_id: DeviceId = field(default=DeviceId(""))
    device_seed: bytes = b""
    device_key: bytes = b""
    certificate: bytes = b""

    def make_keys(self) -> None:
        self.root_seed, self.root_key = generate_signature_key(P)
        self.signing_seed, self.signing_key = generate_signature_key(P)
        _, self.recovery_key = generate_hpke_key(P)

    def statement(self, version: int = 1, *, vault: bytes = b"sealed vault", **changes: Any) -> dict[str, str]:
        """A `StatementUpload`."""
        if not self.root_seed:
            self.make_keys()
        values: dict[str, Any] = {
            "server_name": SERVER_NAME,
            "user_id": self.user_id,
            "version": version,
            "root_key": self.root_key,
            "signing_key": self.signing_key,
            "recovery_key": self.recovery_key,
            "vault_hash": hashlib.sha256(vault).digest(),
            "devices": (),
        }
        statement = AccountStatement(**(values | changes)).encode()
        return {
            "statement": b64encode(statement),
            "signature": b64encode(sign_with_label(P, self.root_seed, STATEMENT_LABEL, statement)),
            "vault": b64encode(vault),
        }

    def registration(self, **changes: Any) -> dict[str, str]:
        """A `DeviceRegistration` for the person's device."""
        if not self.device_id:
            self.device_id = DeviceId(new_uuid7())
            self.device_seed, self.device_key = generate_signature_key(P)
        values: dict[str, Any] = {
            "server_name": SERVER_NAME,
            "user_id": self.user_id,
            "device_id": self.device_id,
            "statement_version": 1,
            "device_key": self.device_key,
        }
        unsigned = DeviceCertificate(**(values | changes))
        signature = sign_with_label(P, self.signing_seed, CERTIFICATE_LABEL, unsigned.to_be_signed())
        signed = DeviceCertificate(**(values | {"signature": signature} | changes))
        self.certificate = signed.encode()
        body = {"certificate": b64encode(self.certificate), "name": "Laptop", "platform": "linux"}
        return body | {"proof": self.proof(self.certificate)}

    def proof(self, certificate: bytes, token: str | None = None) -> str:
        """The device's signature for the session of this access token, at first its own."""
        content = session_to_be_signed(token or self.api.token, certificate)
        return b64encode(sign_with_label(P, self.device_seed, SESSION_LABEL, content))

    def kept(self) -> KeptDevice:
        return KeptDevice(self.device_id, self.device_key)

    def register_device(self) -> None:
        """Statement and device; the person's tokens name the device from now on."""
        assert self.api.put("me/statements/1", self.statement()).status == 200
        answer = self.api.put(f"me/devices/{self.device_id or self._id()}", self.registration())
        assert answer.status == 200, answer.body
        self.take(answer.body)

    def _id(self) -> DeviceId:
        self.registration()
        return self.device_id

    def take(self, tokens: dict[str, Any]) -> None:
        self.api.token = tokens["access_token"]
        self.refresh_token = tokens["refresh_token"]

    def renew(self) -> None:
        """Refresh the tokens, as a device does when one is refused."""
        self.take(Api().post("token/refresh", {"refresh_token": self.refresh_token}).body)

    def key_package(self, *, last_resort: bool = False, **changes: Any) -> str:
        now = int(time.time())
        values: dict[str, Any] = {
            "identity": self.certificate,
            "signature_seed": self.device_seed,
            "lifetime": Lifetime(now - 60, now + 30 * 24 * 3600),
            "last_resort": last_resort,
        }
        return b64encode(create_key_package(P, **(values | changes)).key_package.to_bytes())

    def upload_key_packages(self, count: int, *, last_resort: bool = True) -> Answer:
        body: dict[str, Any] = {"key_packages": [self.key_package() for _ in range(count)]}
        if last_resort:
            body["last_resort"] = self.key_package(last_resort=True)
        return self.api.post("me/key-packages", body)

    def claim(self, target: Person, key: str = "") -> Answer:
        return self.api.post(f"users/{target.user_id}/key-packages/claim", Idempotency_Key=key or uuid.uuid4().hex)


def sign_up(username: str = "", **changes: Any) -> Answer:
    number = next(_numbers)
    name = username or f"person{number}"
    body = {"username": name, "email": f"{name.lower()}@example.org", "password": PASSWORD} | changes
    return Api().post("flows/app/v1/auth/signup", body)


def log_in(username: str, password: str = PASSWORD, *, address: str = "192.0.2.1") -> Answer:
    body = {"username": username, "password": password}
    return Api(address=address).post("flows/app/v1/auth/login", body)


def new_person(username: str = "") -> Person:
    answer = sign_up(username)
    assert answer.status == 200, answer.body
    user, meta = answer.body["data"]["user"], answer.body["meta"]
    name = user["username"]
    return Person(
        name, UserId(user["id"]), Api(meta["access_token"]), meta["refresh_token"], email=f"{name}@example.org"
    )


def new_device_person(username: str = "") -> Person:
    person = new_person(username)
    person.register_device()
    return person


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests with transactions of their own end by emptying all tables, which the audit log refuses."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_never_emptied")


@pytest.fixture(autouse=True)
def _cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with little memory, but where a test asks for `real_hashes`: hundreds of people sign up here."""
    if "real_hashes" not in request.fixturenames:
        monkeypatch.setattr(BoundedArgon2Hasher, "memory_cost", 1024)
        monkeypatch.setattr(BoundedArgon2Hasher, "time_cost", 1)


@pytest.fixture
def real_hashes() -> None:
    """Passwords cost what they cost in the service."""


@pytest.fixture(autouse=True)
def _empty_redis() -> Iterator[None]:
    rates.redis_client().flushdb()
    yield
    rates.redis_client().flushdb()


@pytest.fixture
def person(db: None) -> Person:
    """Somebody who signed up."""
    return new_person()


@pytest.fixture
def alice(db: None) -> Person:
    """Somebody with a device."""
    return new_device_person("alice")


@pytest.fixture
def bob(db: None) -> Person:
    """Somebody else with a device."""
    return new_device_person("bob")


@pytest.fixture
def make_person(db: None) -> Callable[..., Person]:
    """Sign up somebody."""
    return new_person


@pytest.fixture
def make_device_person(db: None) -> Callable[..., Person]:
    """Sign up somebody with a device."""
    return new_device_person


@pytest.fixture
def signup(db: None) -> Callable[..., Answer]:
    """`POST signup`."""
    return sign_up


@pytest.fixture
def login(db: None) -> Callable[..., Answer]:
    """`POST login`."""
    return log_in


@pytest.fixture
def anonymous(db: None) -> Api:
    """The routes without a token."""
    return Api()


@pytest.fixture
def service(db: None) -> Api:
    """The internal routes, as the messaging service."""
    pem = (settings.CONFIG.secrets_dir / "messaging_service_key.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    return Api(sign_service_token(key, service="messaging", audience="auth"), base="/internal/")


@pytest.fixture
def post_office(db: None, settings: Any) -> Iterator[PostOffice]:
    """A real SMTP server, to which letters go."""
    office = PostOffice()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    office.start()
    yield office
    office.stop()


@pytest.fixture
def confirm(post_office: PostOffice) -> Callable[[Person], None]:
    """Let a person confirm their address, by a letter."""

    def confirm_by_letter(person: Person) -> None:
        post_office.letters.clear()
        assert person.api.post("me/email/verification").status == 204
        send_all()
        codes = [code_in(letter) for address, letter in post_office.letters if address == person.email]
        answers = [person.api.post("me/email/verify", {"code": code}) for code in codes]
        assert 200 in [answer.status for answer in answers]
        post_office.letters.clear()

    return confirm_by_letter


@pytest.fixture
def provider(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    """An identity provider that the operator trusts."""
    made = IdentityProvider()
    monkeypatch.setattr(settings.CONFIG, "providers", made.configured())
    remote.forget()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def default_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of the profile `default`, counted at once: an earlier test may have taken Redis away a moment ago."""
    monkeypatch.setitem(rates.RATES, "test", rates.RATES["default"])
    monkeypatch.setattr(rates, "_paused_until", 0.0)


@pytest.fixture
def test_database_url(db: None) -> str:
    """The address of the database that the tests work in, for other processes."""
    parts = urlsplit(settings.CONFIG.postgres_url)
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()

"""The stack of one instance: which parts it has, given the operator's own engines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from parley_gateway import ObjectStore

from parley_ops import mongod, nginx, postgres, services, swift, valkey
from parley_ops.errors import OperationError
from parley_ops.forwarding.state import load_state
from parley_ops.instance import Instance
from parley_ops.layout import Home, write_private
from parley_ops.parts import ENGINES, GATEWAY, Part

_ENGINE_URLS = ("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL")
_S3_NAMES = ("PARLEY_S3_ENDPOINT", "PARLEY_S3_ACCESS_KEY", "PARLEY_S3_SECRET_KEY")
_S3_REGION = "PARLEY_S3_REGION"

External = Mapping[str, str]


def external_from_environment() -> dict[str, str]:
    """The operator's own engines, by the variables that name them."""
    external = {name: os.environ[name] for name in _ENGINE_URLS if os.environ.get(name)}
    if os.environ.get(_S3_NAMES[0]):
        if missing := [name for name in _S3_NAMES if not os.environ.get(name)]:
            raise OperationError(f"PARLEY_S3_ENDPOINT is set, {' and '.join(missing)} is not.")
        external |= {name: os.environ[name] for name in _S3_NAMES}
        external[_S3_REGION] = os.environ.get(_S3_REGION, swift.REGION)
    return external


@dataclass(frozen=True)
class Stack:
    """One instance, its engines chosen."""

    home: Home
    instance: Instance
    external: External

    def store(self) -> None:
        """Remember the operator's engines (their addresses hold passwords) for `status` and `doctor`."""
        write_private(self.home.secrets / "external.json", json.dumps(dict(self.external)))

    @classmethod
    def load(cls, home: Home, instance: Instance) -> Stack:
        """The stack as it was last started."""
        try:
            external = json.loads((home.secrets / "external.json").read_text())
        except FileNotFoundError:
            external = {}
        return cls(home, instance, external)

    @property
    def addresses(self) -> services.Addresses:
        """What each service is told about the engines."""
        home, instance = self.home, self.instance

        def redis(service: str) -> dict[str, str]:
            return {"PARLEY_REDIS_URL": self.external.get("PARLEY_REDIS_URL") or valkey.url(home, instance, service)}

        def relations(service: str) -> dict[str, str]:
            external = self.external.get("PARLEY_POSTGRES_URL")
            return {"PARLEY_POSTGRES_URL": external or postgres.url(home, instance, service)}

        def mongodb(service: str) -> dict[str, str]:
            return {
                "PARLEY_MONGODB_URL": self.external.get("PARLEY_MONGODB_URL") or mongod.url(home, instance, service)
            }

        return services.Addresses(
            {
                "auth": {**relations("auth"), **redis("auth"), **self.s3},
                "messaging": {**mongodb("messaging"), **redis("messaging")},
                "media": {
                    **mongodb("media"),
                    **self.s3,
                    "PARLEY_S3_SIGNED_HOST": self.object_store.host,
                    "PARLEY_MESSAGING_NODES": ",".join(services.messaging_names(self.instance)),
                },
                "notification": {**relations("notification"), **redis("notification")},
            }
        )

    @property
    def s3(self) -> dict[str, str]:
        """How to reach the object store."""
        if _S3_NAMES[0] in self.external:
            return {name: self.external[name] for name in (*_S3_NAMES, _S3_REGION)}
        return swift.s3_settings(self.home, self.instance)

    @property
    def object_store(self) -> ObjectStore:
        """The object store as the gateway reaches it: ours knows the gateway's name, another one only its own."""
        endpoint = urlsplit(self.s3["PARLEY_S3_ENDPOINT"])
        port = endpoint.port or (443 if endpoint.scheme == "https" else 80)
        return ObjectStore(
            address=f"{endpoint.hostname}:{port}",
            host=endpoint.netloc if _S3_NAMES[0] in self.external else self.instance.netloc,
            tls=endpoint.scheme == "https",
        )

    def admin_addresses(self) -> dict[str, str]:
        """The engines for their administrators: for tests and for `doctor`."""
        home, instance = self.home, self.instance
        embedded = {
            "PARLEY_POSTGRES_URL": postgres.admin_url,
            "PARLEY_MONGODB_URL": mongod.admin_url,
            "PARLEY_REDIS_URL": valkey.admin_url,
        }
        return {name: self.external.get(name) or make(home, instance) for name, make in embedded.items()}

    def prepare(self) -> None:
        """Files and folders of every embedded engine and of nginx."""
        if "PARLEY_POSTGRES_URL" not in self.external:
            postgres.prepare(self.home)
        if "PARLEY_MONGODB_URL" not in self.external:
            mongod.prepare(self.home, self.instance)
        if "PARLEY_REDIS_URL" not in self.external:
            valkey.prepare(self.home, self.instance)
        if _S3_NAMES[0] not in self.external:
            swift.prepare(self.home, self.instance)
        nginx.prepare(self.home, self.instance, self.object_store)

    def provision(self) -> None:
        """Roles, databases, users and buckets of the engines that run."""
        if "PARLEY_POSTGRES_URL" not in self.external:
            postgres.provision(self.home, self.instance)
        if "PARLEY_MONGODB_URL" not in self.external:
            mongod.provision(self.home, self.instance)
        swift.provision(self.s3)

    def protect(self) -> None:
        """What the services' own database users may not do, once their tables are there."""
        if "PARLEY_POSTGRES_URL" not in self.external:
            postgres.protect_audit_log(self.home, self.instance)

    def parts(self) -> list[Part]:
        """Every part, in the order of start."""
        home, instance, external = self.home, self.instance, self.external
        found = [
            _external("postgres", external["PARLEY_POSTGRES_URL"], postgres.check)
            if "PARLEY_POSTGRES_URL" in external
            else postgres.part(home, instance),
            *(
                [_external("mongod", external["PARLEY_MONGODB_URL"], mongod.check)]
                if "PARLEY_MONGODB_URL" in external
                else mongod.parts(home, instance)
            ),
            _external("valkey", external["PARLEY_REDIS_URL"], valkey.check)
            if "PARLEY_REDIS_URL" in external
            else valkey.part(home, instance),
        ]
        if _S3_NAMES[0] in external:
            settings = self.s3
            bucketless = Part("s3", ENGINES, (), lambda: swift.check_buckets(settings), lambda: "", external=True)
            found.append(bucketless)
        else:
            found.extend(swift.parts(home, instance))
        sent = [_forwarder(home, instance)] if instance.log_collector else []
        return [*found, *services.parts(home, instance, self.addresses), nginx.part(home, instance), *sent]


def _forwarder(home: Home, instance: Instance) -> Part:
    """Sends logs elsewhere. What it cannot send waits, and `doctor` says so: nothing else depends on it."""
    command = (sys.executable, "-m", "parley_ops.forwarding", str(home.root), instance.host, instance.log_collector)

    def check() -> str:
        return load_state(home).fault or f"to {instance.log_collector}"

    return Part("log-forwarder", GATEWAY, command, check, check)


def _external(name: str, address: str, check: Callable[[str], str]) -> Part:
    return Part(name, ENGINES, (), lambda: check(address), lambda: check(address), external=True)

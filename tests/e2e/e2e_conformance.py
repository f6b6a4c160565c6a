"""What a server says, held to its own documents: requests, answers and frames; and a network that writes all of it down."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs

from parley_client.api.network import Answer, Connection, Network, Request

COMPONENT = "#/components/schemas/"


@dataclass
class Recorded:
    """What went over the network of one or more devices."""

    exchanges: list[tuple[Request, Answer]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)


class RecordingNetwork:
    """A network that writes down what it carries."""

    def __init__(self, network: Network, recorded: Recorded) -> None:
        self._network = network
        self._recorded = recorded

    async def request(self, request: Request) -> Answer:
        answer = await self._network.request(request)
        self._recorded.exchanges.append((request, answer))
        return answer

    async def connect(self, path: str) -> Connection:
        return RecordingConnection(await self._network.connect(path), self._recorded)

    async def close(self) -> None:
        await self._network.close()


class RecordingConnection:
    """The same for a socket."""

    def __init__(self, connection: Connection, recorded: Recorded) -> None:
        self._connection = connection
        self._recorded = recorded

    async def receive(self) -> bytes:
        frame = await self._connection.receive()
        self._recorded.received.append(frame)
        return frame

    async def send(self, frame: bytes) -> None:
        self._recorded.sent.append(frame)
        await self._connection.send(frame)

    async def close(self) -> None:
        await self._connection.close()


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """A document's components without room for members that it does not name."""
    schemas = {}
    for name, schema in document["components"]["schemas"].items():
        if "allOf" in schema:
            schemas[name] = schema | {"unevaluatedProperties": False}
        elif name != "Problem":
            schemas[name] = {"additionalProperties": False} | schema
        else:
            schemas[name] = schema
    return {"schemas": schemas}


class Documented:
    """One document, and the ways in which something can break it; each is a sentence of `faults`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.faults: list[str] = []
        self._components = closed(document)

    @cache  # noqa: B019 - lives as long as its test
    def _validator(self, schema: str) -> Any:
        whole = json.loads(schema) | {"components": self._components}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)

    def hold(self, where: str, schema: dict[str, Any], body: bytes) -> None:
        """Note a fault unless the JSON text follows the schema."""
        try:
            value = json.loads(body)
        except ValueError:
            self.faults.append(f"{where}: {body[:60]!r} is no JSON")
            return
        for error in self._validator(json.dumps(schema)).iter_errors(value):
            self.faults.append(f"{where}: {error.message} at {list(error.instance_path)}")


class DocumentedApi(Documented):
    """The OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        #: The statuses that each operation was seen to answer with.
        self.seen: dict[str, set[int]] = {name: set() for name, *_ in self.operations()}

    def operations(self) -> Iterable[tuple[str, str, str, dict[str, Any]]]:
        """Name, method, path and description of each."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield operation["operationId"], method.upper(), path, operation

    def judge(self, request: Request, answer: Answer) -> None:
        """Hold one exchange to the document."""
        parts = urlsplit(request.path)
        found = self._find(request.method, parts.path)
        where = f"{request.method} {parts.path} {answer.status}"
        if found is None:
            self.faults.append(f"{where}: not documented")
            return
        name, operation = found
        self.seen[name].add(answer.status)
        if answer.status < 400:
            known = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
            self.faults += [f"{where}: query {key}" for key, _ in parse_qsl(parts.query) if key not in known]
            if ("requestBody" in operation) != bool(request.body):
                self.faults.append(f"{where}: a body where none is documented, or none where one is")
            elif request.body:
                self.hold(where, operation["requestBody"]["content"]["application/json"]["schema"], request.body)
        told = operation["responses"].get(str(answer.status))
        if told is None:
            self.faults.append(f"{where}: the status is not documented")
        elif "content" not in told:
            self.faults += [f"{where}: a body"] if answer.body else []
        else:
            ((kind, content),) = told["content"].items()
            if answer.headers.get("content-type") != kind:
                self.faults.append(f"{where}: {answer.headers.get('content-type')} in place of {kind}")
            if kind.endswith("json"):
                self.hold(where, content["schema"], answer.body)
        self.faults += [] if answer.headers.get("x-request-id") else [f"{where}: no X-Request-ID"]

    def _find(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        for name, verb, template, operation in self.operations():
            if verb == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return name, operation
        return None


class DocumentedSocket(Documented):
    """The AsyncAPI document."""

    def judge(self, direction: str, frame: bytes) -> str:
        """Hold one frame to the document; its message's name. `direction` is `fromClient` or `fromServer`."""
        tag = json.loads(frame)["type"]
        operation = self.document["operations"][direction]
        for message in operation["messages"]:
            name = message["$ref"].rpartition("/")[2]
            told = self.document["components"]["schemas"][name]["properties"]["type"]["enum"]
            if tag in told:
                self.hold(f"{direction} {tag}", {"$ref": f"{COMPONENT}{name}"}, frame)
                return str(name)
        self.faults.append(f"{direction} {tag}: not documented")
        return ""

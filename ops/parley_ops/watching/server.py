"""Requests to a server that is being watched: bounded in size and time, without an account."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from parley_ops.errors import OperationError, UsageError

TIMEOUT_S = 30
ANSWER_SIZE_BYTES_MAX = 128 * 1024 * 1024
#: What a browser says; who serves browsers something else does not tell us apart by this.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Answer:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class WatchedServer:
    """One server, by its address `https://HOST[:PORT]`; `UsageError` where that is none."""

    def __init__(self, address: str, ca_file: Path | None) -> None:
        parts = urlsplit(address.rstrip("/") if "//" in address else f"https://{address}")
        if parts.scheme != "https" or not parts.hostname or parts.path:
            raise UsageError("The server is https://HOST:PORT.")
        self.netloc = parts.netloc.lower().removesuffix(":443")
        self._host, self._port = parts.hostname, parts.port or 443
        try:
            self._tls = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise UsageError(f"{ca_file} cannot be read as a certificate authority: {error.strerror}.") from error
        self._connection: http.client.HTTPSConnection | None = None

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a path; `OperationError` where the server does not answer."""
        return self._ask("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def get_json(self, path: str) -> bytes:
        """The body of a good answer; `OperationError` with the server's sentence otherwise."""
        return _good(self.get(path, Accept="application/json"))

    def post_json(self, path: str, body: object) -> bytes:
        """Send something, likewise."""
        headers = {"Content-Type": "application/json"}
        return _good(self._ask("POST", path, msgspec.json.encode(body), headers))

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            return self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            pass  # a kept connection that the server has closed meanwhile
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error
        finally:
            if self._connection is not None and self._connection.sock is None:
                self.close()
        try:
            return self._once(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> OperationError:
        self.close()
        return OperationError(f"{self.netloc} does not answer: {error}.")

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
        try:
            self._connection.request(method, path, body, {"User-Agent": USER_AGENT, **headers})
            response = self._connection.getresponse()
            content = response.read(ANSWER_SIZE_BYTES_MAX + 1)
        except BaseException:
            self.close()
            raise
        if len(content) > ANSWER_SIZE_BYTES_MAX:
            self.close()
            raise OperationError(f"{self.netloc} answers {path} with more than is ever needed.")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def _good(answer: Answer) -> bytes:
    if answer.status < http.client.BAD_REQUEST:
        return answer.body
    try:
        detail = str(json.loads(answer.body).get("detail", ""))
    except (ValueError, AttributeError, RecursionError):
        detail = ""
    raise OperationError(f"The server refuses: {detail or answer.status}")

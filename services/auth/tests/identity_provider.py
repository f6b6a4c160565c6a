"""An OpenID provider on loopback: oauthlib's server behind real HTTP, with discovery, keys, codes and PKCE; and ways to make it lie."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error
from oauthlib.openid import RequestValidator, Server

from parley_auth.providers.configuration import Provider, parse_providers

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib takes loopback for the world
CLIENT_ID, CLIENT_SECRET = "parley:chat", "provider secret/+%"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key by name: they take time to make."""
    return rsa.generate_private_key(65537, 2048)


class IdentityProvider(RequestValidator):
    """A provider at which `subject` is signed in. What it knows of a code is what oauthlib asked it to save."""

    def __init__(self, port: int = 0) -> None:
        self.subject = "248289761001"
        self.claims: dict[str, Any] = {"preferred_username": "Jane.Doe"}
        self.keys: dict[str, Key] = {"k1": rsa_key("k1")}
        self.signs_by = "k1"
        #: Whether its person says no, and is sent back without a code.
        self.refuses = False
        #: Replaces the ID token that would be right: it gets its claims and gives the token.
        self.forge: Callable[[dict[str, Any]], str] | None = None
        #: Put over the metadata, or an answer in place of one of the paths: status, headers, body.
        self.metadata: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, Any]] = {}
        self._server = Server(self)
        self._http = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"provider": self}))
        self.issuer = f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def configured(self, *, sign_up: bool = False) -> Mapping[str, Provider]:
        """The operator's file with this provider in it."""
        rows = {"id": "work", "name": "Example Ltd", "issuer": self.issuer, "client_id": CLIENT_ID}
        lines = [f"{name} = {json.dumps(value)}" for name, value in (rows | {"client_secret": CLIENT_SECRET}).items()]
        return parse_providers("\n".join(["[[provider]]", *lines, f"sign_up = {json.dumps(sign_up)}"]))

    def replace_key(self, name: str, *, elliptic: bool = False) -> None:
        """Sign by another key, and show no other."""
        self.keys, self.signs_by = {name: ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa_key(name)}, name

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        place = urlsplit(path).path
        self.asked.append(place)
        if place in self.answers:
            return self.answers[place]
        told = {
            "/.well-known/openid-configuration": self._metadata() | self.metadata,
            "/keys": {"keys": [self._jwk(kid) for kid in self.keys]},
        }
        if place in told:
            return _json(200, told[place])
        uri = f"{self.issuer}{path}"
        try:
            match place:
                case "/authorize":
                    return 302, {"Location": f"{self._back(uri, method)}&iss={self.issuer}"}, b""
                case "/token":
                    sent, answer, status = self._server.create_token_response(uri, method, body, headers)
                    return status, dict(sent), answer.encode()
        except OAuth2Error as error:
            return _json(400, {"error": error.error})
        return 404, {}, b""

    def _back(self, uri: str, method: str) -> str:
        """Where its person is sent back to, with a code or without one."""
        if self.refuses:
            asked = dict(parse_qsl(urlsplit(uri).query))
            back: str = AccessDeniedError(state=asked["state"]).in_uri(asked["redirect_uri"])
            return back
        sent, _, _ = self._server.create_authorization_response(
            uri, method, scopes=["openid"], credentials={"user": self.subject}
        )
        return str(sent["Location"])

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        key = self.keys[self.signs_by]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.signs_by} | header)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        }

    def _jwk(self, kid: str) -> dict[str, Any]:
        public = self.keys[kid].public_key()
        algorithm = jwt.algorithms.RSAAlgorithm if isinstance(public, rsa.RSAPublicKey) else jwt.algorithms.ECAlgorithm
        return {**algorithm.to_jwk(public, as_dict=True), "kid": kid, "use": "sig"}

    # --- what oauthlib asks

    def validate_client_id(self, client_id, request, *args, **kwargs):
        return client_id == CLIENT_ID

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        return True

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return response_type == "code"

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        return "openid" in scopes

    def validate_user_match(self, id_token_hint, scopes, claims, request):
        return True

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return grant_type == "authorization_code"

    def is_pkce_required(self, client_id, request):
        return True

    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        saved = ("redirect_uri", "nonce", "code_challenge", "code_challenge_method", "user")
        self._codes[code["code"]] = {name: getattr(request, name) for name in saved}

    def authenticate_client(self, request, *args, **kwargs):
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(text).decode().partition(":") if kind == "Basic" else ("", "", "")
        request.client = type("Client", (), {"client_id": CLIENT_ID})()
        return (unquote(name), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)

    def client_authentication_required(self, request, *args, **kwargs):
        return True

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        known = self._codes.get(code)
        if known is None:
            return False
        request.scopes, request.user, request.nonce = ["openid"], known["user"], known["nonce"]
        return True

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *args, **kwargs):
        return redirect_uri == self._codes[code]["redirect_uri"]

    def get_code_challenge(self, code, request):
        return self._codes[code]["code_challenge"]

    def get_code_challenge_method(self, code, request):
        return self._codes[code]["code_challenge_method"]

    def get_authorization_code_scopes(self, client_id, code, redirect_uri, request):
        return ["openid"]

    def get_authorization_code_nonce(self, client_id, code, redirect_uri, request):
        return self._codes[code]["nonce"]

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        del self._codes[code]

    def save_bearer_token(self, token, request, *args, **kwargs):
        pass

    def get_id_token(self, token, token_handler, request):
        return None

    def finalize_id_token(self, id_token, token, token_handler, request):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": request.user, "exp": now + 60, "auth_time": now} | self.claims | id_token
        return self.forge(claims) if self.forge is not None else self.sign(claims)


class _Handler(BaseHTTPRequestHandler):
    provider: IdentityProvider

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self, body: str) -> None:
        status, headers, content = self.provider.answer(self.command, self.path, body, dict(self.headers))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _json(status: int, value: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()

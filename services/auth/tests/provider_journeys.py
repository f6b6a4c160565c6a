"""What a browser does between here and an identity provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

HOME = "https://chat.example:8443/"


@dataclass
class Return:
    """What comes back with a person, as a device hands it over."""

    flow_token: str
    code: str
    state: str
    iss: str

    def body(self, **changes: str) -> dict[str, str]:
        return vars(self) | changes


def leave(api: Any, provider: str = "work", redirect_uri: str = HOME, **own: str) -> Any:
    """Begin; the answer."""
    place = f"me/providers/{provider}/begin" if own else f"providers/{provider}/begin"
    return api.post(place, {"redirect_uri": redirect_uri, **own})


def come_back(begun: Any) -> Return:
    """Follow the address to the provider and back to where it sends its person."""
    assert begun.status == 200, begun.body
    sent = httpx.get(begun.body["url"], follow_redirects=False, trust_env=False)
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["Location"])
    told = dict(parse_qsl(back.query))
    assert (
        f"{back.scheme}://{back.netloc}{back.path}"
        == dict(parse_qsl(urlsplit(begun.body["url"]).query))["redirect_uri"]
    )
    return Return(begun.body["flow_token"], told["code"], told["state"], told["iss"])


def finish(api: Any, back: Return, **changes: str) -> Any:
    return api.post("flows/app/v1/auth/provider/finish", back.body(**changes))


def sign_in(api: Any) -> Any:
    """The whole way."""
    return finish(api, come_back(leave(api)))


def sign_up(api: Any, username: str = "jane", **changes: str) -> Any:
    """The whole way for somebody who has no account yet."""
    missing = sign_in(api)
    assert missing.problem == "provider_account_missing", missing.body
    body = {"flow_token": missing.body["flow_token"], "username": username, "email": f"{username}@example.org"}
    return api.post("flows/app/v1/auth/provider/signup", body | changes)

"""Where somebody may go as their session stands: nobody comes past the gate before they have kept their recovery key."""

from __future__ import annotations

from typing import Final

from parley_app.model.session import Session

WELCOME: Final = "/"
SIGN_UP: Final = "/sign-up"
CONFIRM: Final = "/sign-up/code"
SIGN_IN: Final = "/sign-in"
RESTORE: Final = "/restore"
CODE: Final = "/sign-in/code"
LINK: Final = "/sign-in/link"
ANEW: Final = "/sign-in/anew"
PROVIDER: Final = "/sign-in/provider"
FORGOT: Final = "/forgot-password"
RESET: Final = "/new-password"
KEY: Final = "/recovery-key"
KEY_CONFIRM: Final = "/recovery-key/confirm"
HOME: Final = "/chats"
JOIN: Final = "/join"
LOCKED: Final = "/locked"
_GATE: Final = {WELCOME, SIGN_UP, CONFIRM, SIGN_IN, RESTORE, CODE, LINK, ANEW, PROVIDER, FORGOT, RESET}
_STEPS: Final = {"password": SIGN_IN, "recovery_key": RESTORE, "code": CODE, "provider": PROVIDER}


def allowed(session: Session, route: str) -> str:
    """The route, or another in its place where the session does not allow it."""
    match session.phase:
        case "signed_in":
            return HOME if route in {*_GATE, LOCKED} or route.startswith(KEY) else route
        case "keeping_key":
            return route if route in {KEY, KEY_CONFIRM} else KEY
        case "signed_out":
            if session.step != {CODE: "code", PROVIDER: "provider"}.get(route, session.step):
                return SIGN_IN
            return route if route in _GATE and (route != CONFIRM or session.unfinished) else WELCOME
        case "locked":
            return LOCKED
        case _:
            return route


def led_to(session: Session) -> str:
    """The page to which a provider or an invitation led somebody who has not come in; empty where none did.

    Whom a provider refused is led to where that is said.
    """
    if session.phase != "signed_out":
        return ""
    if session.by_provider.missing:
        return PROVIDER
    if session.sign_up["invitation"]:
        return SIGN_UP
    return SIGN_IN if session.by_provider.fault else ""


def step(session: Session) -> str:
    """The page at which signing in stands."""
    return _STEPS[session.step]

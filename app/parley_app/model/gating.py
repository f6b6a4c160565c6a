"""Where somebody may go as their session stands: nobody comes past the gate before they have kept their recovery key."""

from __future__ import annotations

from typing import Final

from parley_app.model.session import Session

WELCOME: Final = "/"
SIGN_UP: Final = "/sign-up"
SIGN_IN: Final = "/sign-in"
RESTORE: Final = "/restore"
CODE: Final = "/sign-in/code"
FORGOT: Final = "/forgot-password"
RESET: Final = "/new-password"
KEY: Final = "/recovery-key"
KEY_CONFIRM: Final = "/recovery-key/confirm"
_GATE: Final = {WELCOME, SIGN_UP, SIGN_IN, RESTORE, CODE, FORGOT, RESET}
_STEPS: Final = {"password": SIGN_IN, "recovery_key": RESTORE, "code": CODE}


def allowed(session: Session, route: str, home: str) -> str:
    """The route, or another in its place where the session does not allow it; `home` is where signed-in people begin."""
    match session.phase:
        case "signed_in":
            return home if route in _GATE or route.startswith(KEY) else route
        case "keeping_key":
            return route if route in {KEY, KEY_CONFIRM} else KEY
        case "signed_out":
            route = SIGN_IN if route == CODE and session.step != "code" else route
            return route if route in _GATE else WELCOME
        case _:
            return route


def step(session: Session) -> str:
    """The page at which signing in stands."""
    return _STEPS[session.step]

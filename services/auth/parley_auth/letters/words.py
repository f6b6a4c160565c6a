"""What letters say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parley_auth.letters.models import Letter


@dataclass(frozen=True)
class Words:
    """A letter's subject, its heading, what it says, and what it ends with."""

    subject: str
    says: tuple[str, ...]
    ends: str = ""


_NOT_YOU = "If this was not you, sign in, change your password and look at your devices."

WORDS: Mapping[str, Words] = {
    Letter.Kind.VERIFY: Words(
        "Confirm your e-mail address",
        ("Somebody gave this address for an account on this server. Enter this code in Parley to confirm it:",),
        "The code is good for a day. If this was not you, do nothing.",
    ),
    Letter.Kind.RESET: Words(
        "Set a new password",
        (
            "Somebody asked for a new password for your account.",
            "Before you go on: a new password does not open your encrypted history, and all sessions end.",
            "Messages from before come back on a device that had them, or by your recovery key.",
            "Enter this code in Parley to set a new password:",
        ),
        "The code is good for ten minutes. If this was not you, do nothing: your password stays as it is.",
    ),
    Letter.Kind.EMAIL_CHANGED: Words(
        "Your e-mail address was changed",
        ("Your account has another e-mail address now; this one gets no more letters.",),
        "If this was not you, tell whoever runs this server at once.",
    ),
    Letter.Kind.SECOND_FACTOR_ON: Words(
        "Two-step sign-in is on",
        ("From now on signing in to your account takes a code of your authenticator app, or a recovery code.",),
        _NOT_YOU,
    ),
    Letter.Kind.SECOND_FACTOR_OFF: Words(
        "Two-step sign-in is off",
        ("From now on your password alone signs in to your account.",),
        _NOT_YOU,
    ),
    Letter.Kind.PROVIDER_LINKED: Words(
        "Another way to sign in to your account",
        ("From now on an account at an identity provider signs in to yours:",),
        _NOT_YOU,
    ),
    Letter.Kind.PROVIDER_UNLINKED: Words(
        "A way to sign in was taken from your account",
        ("An account at an identity provider signs in to yours no more:",),
        _NOT_YOU,
    ),
    Letter.Kind.NEW_SIGN_IN: Words(
        "A new sign-in to your account",
        ("Somebody signed in to your account by a program or from a network that was not seen before:",),
        "If this was you, do nothing. " + _NOT_YOU,
    ),
    Letter.Kind.NEW_ROOT: Words(
        "Your account was begun anew",
        (
            "Somebody signed in to your account and gave it new keys, as who has lost all devices and the recovery key does.",
            "All of your devices are signed out. People you talk to are told, and let you in again one by one.",
        ),
        "If this was not you, tell whoever runs this server at once, and tell your people to let nobody in again.",
    ),
    Letter.Kind.PASSWORD_CHANGED: Words(
        "Your password was changed",
        ("Your account has a new password, and all other sessions have ended.",),
        _NOT_YOU,
    ),
    Letter.Kind.DELETION_ASKED: Words(
        "Your account is to be deleted",
        (
            "It is signed out everywhere, and goes for good with what the server keeps for you.",
            "What you wrote to others stays with them, without your name. Nobody can take your user name afterwards.",
        ),
        "To keep your account, sign in before then. If whoever runs this server asked for this, speak to them.",
    ),
    Letter.Kind.EXPORT_ASKED: Words(
        "An archive of your data is being made",
        ("Somebody who signed in to your account asked for everything that this server keeps of you.",),
        "It is for signed-in devices of yours alone, and is deleted after three days. " + _NOT_YOU,
    ),
    Letter.Kind.DELETION_TAKEN_BACK: Words(
        "Your account is kept",
        ("It was to be deleted, which was taken back.",),
        _NOT_YOU,
    ),
}

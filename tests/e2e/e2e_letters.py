"""Letters that lie in the stack's folder, their codes, and codes of an authenticator app."""

import hashlib
import hmac
import re
import struct
import time
from base64 import b32decode
from email import message_from_bytes, policy
from email.message import EmailMessage

from e2e_devices import Stack

CODE = re.compile(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}")
LETTER_WITHIN_S = 20.0
#: How long a code of an authenticator app is good, and how much of that it takes to get it to the server on a busy machine.
CODE_LIFETIME_S, CODE_ON_ITS_WAY_S = 30, 10
CONFIRM, RESET = "Confirm your e-mail address", "Set a new password"


def letters_to(stack: Stack, address: str) -> list[EmailMessage]:
    """The letters to an address that lie in the folder, in order."""
    found = []
    for file in sorted((stack.home / "data" / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        found += [letter] if letter["To"] == address else []
    return found


def code_to(stack: Stack, address: str, subject: str, *, letters: int = 1) -> str:
    """The code of the newest letter of that subject, once so many of them are there."""
    ends = time.monotonic() + LETTER_WITHIN_S
    while time.monotonic() < ends:
        found = [letter for letter in letters_to(stack, address) if letter["Subject"] == subject]
        if len(found) >= letters and (part := found[-1].get_body(("plain",))):
            return str(CODE.findall(str(part.get_content()))[0])
        time.sleep(0.2)
    raise TimeoutError(f"no letter {subject!r} came")


class AuthenticatorApp:
    """An authenticator app in somebody's hand. The server takes each code once, and only while the app shows it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.replace(" ", "")
        self._given = 0

    def code(self) -> str:
        """A code that was not given before, with time left to type it: waits for one."""
        while (now := time.time()) // CODE_LIFETIME_S <= self._given or -now % CODE_LIFETIME_S < CODE_ON_ITS_WAY_S:
            time.sleep(0.2)
        self._given = int(now) // CODE_LIFETIME_S
        return totp_code(self._secret, self._given)


def totp_code(secret: str, counter: int) -> str:
    """RFC 6238, worked out anew: SHA-1, six digits; `counter` counts half minutes."""
    digest = hmac.digest(b32decode(secret), struct.pack(">Q", counter), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"

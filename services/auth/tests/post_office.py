"""A real SMTP server for tests, and the letters that it took."""

from __future__ import annotations

import re
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from parley_auth.letters import sending

CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}")


class PostOffice:
    """Takes letters on a port of its own, or refuses them while `answer` says so."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.answer = ""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer:
            return self.answer
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters += [(address, letter) for address in envelope.rcpt_tos]
        return "250 OK"

    def take(self) -> tuple[str, EmailMessage]:
        """The only letter that came since the last one was taken."""
        ((address, letter),) = self.letters
        self.letters.clear()
        return address, letter

    def take_code(self) -> str:
        return code_in(self.take()[1])


def send_all() -> None:
    """Do what the worker does, until nothing is due."""
    while sending.send_next():
        pass


def code_in(letter: EmailMessage) -> str:
    (code,) = set(CODE.findall(text_of(letter, "plain")))
    return str(code)


def text_of(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())

"""Histories of real devices for the checker: what they sent and have by JSON-RPC, and the log as the gateway shows it."""

import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
from checker import Acknowledgement, Entry, History, Membership, Send, View
from e2e_devices import Device, Stack

from parley_contracts.encoding import b64decode
from parley_contracts.envelope import counts
from parley_contracts.policy import decode_policy


class Recorder:
    """What devices did and saw in one conversation. Devices are called by their user names."""

    def __init__(self, conversation: str, devices: Sequence[Device]) -> None:
        self.conversation = conversation
        self.sends: list[Send] = []
        self._names = {device("whoami")["user_id"]: device.username for device in devices}
        self._numbers: dict[str, int] = {}
        self._views: list[View] = []
        self._lock = threading.Lock()

    def send(self, writer: Device, text: str) -> None:
        """Let a device send, and note what was promised."""
        answer = writer("send", to=self.conversation, text=text)
        told = Acknowledgement(answer["sequence"], time.monotonic())
        with self._lock:
            number = self._numbers[writer.username] = self._numbers.get(writer.username, 0) + 1
            self.sends.append(
                Send(self.conversation, writer.username, answer["client_id"], number, text, "acknowledged", told)
            )

    def texts(self, *, but: str = "") -> set[str]:
        """Everything acknowledged, but for one's own."""
        return {send.payload for send in self.sends if send.device != but}

    def read_history(self, reader: Device, name: str = "") -> None:
        """Note everything that a device has: it must be all."""
        reader.wait_for_history(self.texts())
        began = time.monotonic()
        entries = self._entries(reader.history())
        last = max((entry.sequence for entry in entries), default=0)
        self._views.append(
            View(name or reader.username, self.conversation, entries, 0, last, whole=False, began_s=began)
        )

    def hear(self, listener: Device) -> None:
        """Note what arrived at a device as it happened; its own messages do not, so that such a view claims nothing."""
        entries = self._entries(listener.arrived)
        self._views.append(View(listener.username, self.conversation, entries, 0, 0, whole=False))

    def history(self, stack: Stack, token: str) -> History:
        """All of it, measured by the log that the owner of a token may read."""
        rows = list(_log(stack, token, self.conversation))
        shown = {entry.client_id for view in self._views for entry in view.entries}
        shown |= {send.client_id for send in self.sends}
        log = [self._stored(row, shown) for row in rows]
        views = [View("the log", self.conversation, log, 0, len(log), log=True), *self._views]
        # What devices send of themselves, such as a group's name: no person writes it, and none is shown it as a text.
        others = [Send(self.conversation, e.device, e.client_id, None, "", "open") for e in log if not e.shown]
        return History([*self.sends, *others], views, list(self._memberships(rows)))

    def _entries(self, messages: Iterable[dict[str, Any]]) -> list[Entry]:
        return [
            Entry(message["sequence"], message["sender"], message["client_id"], message["text"])
            for message in messages
            if message["conversation_id"] == self.conversation
        ]

    def _stored(self, row: dict[str, Any], shown: set[str]) -> Entry:
        if row["type"] != "message.created" or not counts(b64decode(row["header"])):
            return Entry(row["sequence"], message=False, ordinal=row["ordinal"])
        # What is inside only the devices know: the log's payload is empty.
        name, client_id = self._names[row["user_id"]], row["client_id"]
        return Entry(row["sequence"], name, client_id, ordinal=row["ordinal"], shown=client_id in shown)

    def _memberships(self, rows: Iterable[dict[str, Any]]) -> Iterable[Membership]:
        """Who belonged when, as the policies in the log say. Who never did sees nothing."""
        since: dict[str, int] = {}
        ever: set[str] = set()
        for row in rows:
            if "policy" not in row:
                continue
            roster = {self._names[user_id] for user_id in decode_policy(b64decode(row["policy"])).user_ids}
            for name in since.keys() - roster:
                yield Membership(name, self.conversation, since.pop(name), row["sequence"])
            since |= dict.fromkeys(roster - since.keys(), row["sequence"])
            ever |= roster
        yield from (Membership(name, self.conversation, first) for name, first in since.items())
        yield from (Membership(name, self.conversation, 1, 0) for name in set(self._names.values()) - ever)


def _log(stack: Stack, token: str, conversation: str) -> Iterable[dict[str, Any]]:
    context = ssl.create_default_context(cafile=stack.ca_file)
    path = f"/api/v1/messaging/conversations/{conversation}/entries"
    with httpx.Client(verify=context, base_url=stack.address, timeout=30) as client:
        after: int | None = 0
        while after is not None:
            answer = client.get(
                path, params={"after": after, "limit": 200}, headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 200, answer.text
            yield from answer.json()["entries"]
            after = answer.json()["next"]

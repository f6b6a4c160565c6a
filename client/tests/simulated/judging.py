"""What must hold in the end: the same group, the same log, nothing unopened, nothing that nobody said."""

import json
from collections import defaultdict

from parley_client.crypto.message import open_message
from parley_client.groups.judgement import leaves_of
from parley_client.store import messages
from parley_client.store.conversations import load_conversation
from parley_client.sync.opening import EPOCH_KEY_MISSING
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.policy import decode_policy
from parley_mls import default_primitives

P = default_primitives()
TEXT_KIND = 1


def settled(server) -> tuple:
    """What changes as long as somebody still has something to say."""
    logs = tuple((place, len(log.entries)) for place, log in sorted(server.logs.items()))
    return logs, len(server.archive), sum(map(len, server.history_keys.values()))


def known_in(server, all_devices) -> list[str]:
    """Everything that is wrong, a sentence each; empty where all is well."""
    complaints = []
    devices = [device for device in all_devices if not device.gone]
    keys = {device.device_id: device.device_key for device in all_devices if device.ready}
    for device in devices:
        found = device.client.unopened()
        gone = _gone_with_devices(server, device, all_devices)
        if found and found != {EPOCH_KEY_MISSING: gone}:
            complaints.append(f"{device.name} could not open: {found}, of which {gone} went with devices")
        complaints += [f"{device.name} noticed {n.code} at {n.sequence}: {n.detail}" for n in device.client.notices()]
    lost = {device.device_id: device.name for device in all_devices if device.locked_out}
    for place, log in sorted(server.logs.items()):
        belongs = {device.user_id for device in devices} & decode_policy(log.policy).user_ids
        complaints += [
            f"{place[-4:]}: {lost[leaf.device_id]} is locked out, and in the group"
            for leaf in leaves_of(log.public)
            if leaf.device_id in lost and leaf.user_id in belongs
        ]
        judge = _Judge(server, place, log, devices, keys)
        complaints += [f"{place[-4:]}: {text}" for text in judge.complaints()]
    return complaints


def _gone_with_devices(server, device, all_devices) -> int:
    """How many messages a device does not open because the only one of its person that knew their epoch is gone."""
    own = [other for other in all_devices if other.person == device.person]
    if not any(other.gone for other in own):
        return 0
    count = 0
    for row, entry in messages.unopened(device.store, EPOCH_KEY_MISSING):
        epoch = MessageHeader.decode(b64decode(entry.header)).epoch
        place = (row.conversation_id, epoch)
        sql = "SELECT 1 FROM epochs WHERE conversation_id = ? AND epoch = ? AND secret <> x''"
        known = any(other.store.execute(sql, place) for other in own if not other.gone)
        archived = any((u, c, int(e)) == (device.user_id, *place) for u, c, _, e, _ in server.archive)
        count += not known and not archived
    return count


class _Judge:
    """One conversation."""

    def __init__(self, server, place, log, devices, keys) -> None:
        self._keys = keys
        self._server, self._place, self._log, self._devices = server, place, log, devices
        self._secrets = defaultdict(set)
        self._epochs = defaultdict(set)
        for device in devices:
            sql = "SELECT epoch, secret FROM epochs WHERE conversation_id = ? AND secret <> x''"
            for epoch, secret in device.store.execute(sql, (place,)):
                self._secrets[epoch].add(bytes(secret))
                self._epochs[device.user_id].add(epoch)
        for user_id, conversation_id, _, epoch, _ in server.archive:
            if conversation_id == place:
                self._epochs[user_id].add(int(epoch))

    def complaints(self) -> list[str]:
        """What is wrong here."""
        told = [f"epoch {epoch} has {len(found)} secrets" for epoch, found in self._secrets.items() if len(found) > 1]
        truth = self._truth()
        texts = [text for *_, text in truth.values()]
        told += [f"{text!r} was stored twice" for text in {text for text in texts if texts.count(text) > 1}]
        belongs = decode_policy(self._log.policy).user_ids
        for device in self._devices:
            if device.user_id in self._log.first_visible:
                told += [f"{device.name} {text}" for text in self._shown(device, truth)]
            if device.user_id in belongs:
                told += [f"{device.name} {text}" for text in self._stands(device)]
        return told

    def _stands(self, device) -> list[str]:
        """Whether a member's device is where the log is."""
        row = load_conversation(device.store, self._place)
        if row is None:
            return ["does not know it"]
        wanted = ("member", len(self._log.entries), self._log.epoch, self._log.policy)
        found = (row.status, row.cursor, row.epoch, row.policy)
        if found != wanted:
            return [f"stands at {found[:3]}, the log at {wanted[:3]}, same policy: {found[3] == wanted[3]}"]
        member, _ = device.client.session.groups.load(self._place)
        if member is None or member.tree_hash != self._log.public.tree_hash:
            return ["has another tree"]
        return []

    def _shown(self, device, truth) -> list[str]:
        """Whether a device shows what its person may see, all of it since they last came in, and nothing else."""
        rows = messages.texts_of(device.store, self._place)
        shown = {row.sequence: (row.user_id, json.loads(row.body)["text"]) for row in rows}
        spans = self._spans(device.user_id)
        first, last = spans[-1]
        since = self._since(device, self._log.entries[first - 1].epoch)
        told = ["shows something twice"] if len(rows) != len(shown) else []
        for sequence, said in shown.items():
            epoch, *rest = truth.get(sequence, (None,))
            if tuple(rest) != said:
                told.append(f"shows {said[1]!r} at {sequence}, which is not what stands there")
            elif not any(begin <= sequence <= end for begin, end in spans):
                told.append(f"shows {said[1]!r} at {sequence}, where its person was out")
        for sequence, (epoch, _, text) in truth.items():
            due = first <= sequence <= last and since <= epoch in self._epochs[device.user_id]
            if due and sequence not in shown:
                told.append(f"does not show {text!r} at {sequence} of epoch {epoch}, which its person may see")
        return told

    def _since(self, device, first: int) -> int:
        """The epoch from which on the device must know all: for who came in by itself, what its person had archived by then.

        `first` is the epoch in which the person last came in.
        """
        if self._place not in device.wire.began:
            return first
        archived = [epoch for epoch in device.wire.began[self._place] if epoch >= first]
        own = [entry.epoch for entry in self._log.entries if entry.commit and entry.device_id == device.device_id]
        return min(archived or [epoch for epoch in own if epoch >= first], default=first)

    def _spans(self, user_id) -> list[tuple[int, int]]:
        """From where to where the person belonged, by the policies in the log."""
        spans, since = [], None
        for entry in self._log.entries:
            if entry.policy is None:
                continue
            inside = user_id in decode_policy(b64decode(entry.policy)).user_ids
            if inside and since is None:
                since = entry.sequence
            elif not inside and since is not None:
                spans.append((since, entry.sequence))
                since = None
        return [*spans, (since, len(self._log.entries))] if since is not None else spans

    def _truth(self) -> dict[int, tuple[int, str, str]]:
        """Epoch, person and text of each text in the log, opened with whatever any device knows."""
        truth = {}
        for entry in self._log.entries:
            if entry.type != "message.created":
                continue
            header = MessageHeader.decode(b64decode(entry.header))
            for secret in self._secrets[header.epoch]:
                opened = _opened(entry, secret, self._keys[entry.device_id])
                if opened is not None and opened.kind == TEXT_KIND:
                    truth[entry.sequence] = (header.epoch, entry.user_id, json.loads(opened.body)["text"])
        return truth


def _opened(entry, secret, key):
    header, ciphertext, signature = map(b64decode, (entry.header, entry.ciphertext, entry.signature))
    try:
        opened = open_message(
            P, epoch_secret=secret, header=header, ciphertext=ciphertext, signature=signature, sender_device_key=key
        )
    except ValueError:
        return None
    return opened.content

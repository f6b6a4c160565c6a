"""What must hold in the end: the same group, the same log, nothing unopened, nothing that nobody said."""

import json
from collections import defaultdict
from functools import partial

from parley_client.crypto.message import open_message
from parley_client.groups.judgement import leaves_of
from parley_client.store import messages
from parley_client.store.conversations import load_conversation
from parley_client.sync.opening import EPOCH_KEY_MISSING
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.policy import decode_policy
from parley_mls import PublicGroup, default_primitives

P = default_primitives()
TEXT_KIND = 1


def settled(server) -> tuple:
    """What changes as long as somebody still has something to say."""
    logs = tuple((place, len(log.entries)) for place, log in sorted(server.logs.items()))
    return logs, len(server.archive), sum(map(len, server.history_keys.values()))


def known_in(server, all_devices, spoiler) -> list[str]:
    """Everything that is wrong, a sentence each; empty where all is well."""
    spoilt = {place: _spoilt_from(log, spoiler) for place, log in server.logs.items()}
    complaints = []
    devices = [device for device in all_devices if not device.gone]
    keys = {device.device_id: device.device_key for device in all_devices if device.ready}
    for device in devices:
        found = device.client.unopened()
        excused = _excused(server, device, all_devices, spoilt)
        if found and found != {EPOCH_KEY_MISSING: excused}:
            complaints.append(
                f"{device.name} could not open: {found}, of which {excused} went with devices or were spoilt"
            )
        complaints += [
            f"{device.name} noticed {n.code} at {n.sequence}: {n.detail}"
            for n in device.client.notices()
            if not (
                n.code == "commit_unusable"
                and spoiler.is_spoilt(server.logs[n.conversation_id].entries[n.sequence - 1])
            )
        ]
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


def _spoilt_from(log, spoiler) -> dict[int, int]:
    """By generation: the first entry by which somebody was left out of what was said then."""
    found: dict[int, int] = {}
    for entry in log.entries:
        if spoiler.is_spoilt(entry):
            found.setdefault(entry.generation, entry.sequence)
    return found


def _in_since(log, user_id: str, generation: int, knows) -> float:
    """The entry by which a person is in a generation: its beginning, or the first commit of theirs.

    That is where the reset left them out, or where they do not know the epoch that it branched from: so cannot who is stuck
    at an earlier commit than the one that it went around.
    """
    (begun, *_) = [e for e in log.entries if e.type == "conversation.reset" and e.generation == generation] or [None]
    if begun is None:
        return 0
    group = PublicGroup.from_group_info(P, b64decode(begun.group_info))
    branched_from = (generation - 1, log.entries[begun.unusable - 1].epoch - 1)
    if user_id in {leaf.user_id for leaf in leaves_of(group)} and knows(*branched_from):
        return begun.sequence
    own = (e.sequence for e in log.entries if e.commit and e.generation == generation and e.user_id == user_id)
    return min(own, default=float("inf"))


def _excused(server, device, all_devices, spoilt) -> int:
    """How many messages a device rightly does not open.

    The only device of its person that knew their epoch is gone, a spoilt commit kept the epoch from all of them, or its person was
    not in the group yet that a reset began.
    """
    own = [other for other in all_devices if other.person == device.person]
    count = 0
    for row, entry in messages.unopened(device.store, EPOCH_KEY_MISSING):
        header = MessageHeader.decode(b64decode(entry.header))
        knows = partial(_knows, server, own, row.conversation_id)
        since = spoilt[row.conversation_id].get(header.generation)
        spoilt_for_it = since is not None and since < entry.sequence
        out = entry.sequence < _in_since(server.logs[row.conversation_id], device.user_id, header.generation, knows)
        reason = any(other.gone for other in own) or spoilt_for_it or out
        count += reason and not knows(header.generation, header.epoch)
    return count


def _knows(server, own, conversation_id: str, generation: int, epoch: int) -> bool:
    """Whether a person has the secret of an epoch: on a device that they still have, or in their archive."""
    place = (conversation_id, generation, epoch)
    sql = "SELECT 1 FROM epochs WHERE conversation_id = ? AND generation = ? AND epoch = ? AND secret <> x''"
    kept = any(other.store.execute(sql, place) for other in own if not other.gone)
    return kept or any((u, c, int(g), int(e)) == (own[0].whose, *place) for u, c, g, e, _ in server.archive)


class _Judge:
    """One conversation."""

    def __init__(self, server, place, log, devices, keys) -> None:
        self._keys = keys
        self._server, self._place, self._log, self._devices = server, place, log, devices
        self._secrets = defaultdict(set)
        self._epochs = defaultdict(set)
        for device in devices:
            sql = "SELECT generation, epoch, secret FROM epochs WHERE conversation_id = ? AND secret <> x''"
            for generation, epoch, secret in device.store.execute(sql, (place,)):
                self._secrets[generation, epoch].add(bytes(secret))
                self._epochs[device.user_id].add((generation, epoch))
        for user_id, conversation_id, generation, epoch, _ in server.archive:
            if conversation_id == place:
                self._epochs[user_id].add((int(generation), int(epoch)))

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
        wanted = ("member", len(self._log.entries), self._log.generation, self._log.epoch, self._log.policy)
        found = (row.status, row.cursor, row.generation, row.epoch, row.policy)
        if found != wanted:
            return [f"stands at {found[:4]}, the log at {wanted[:4]}, same policy: {found[4] == wanted[4]}"]
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
        since = self._since(device, _epoch_of(self._log.entries[first - 1]))
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

    def _since(self, device, first: tuple[int, int]) -> tuple[int, int]:
        """The epoch from which on the device must know all: for who came in by itself, what its person had archived by then.

        `first` is the epoch in which the person last came in.
        """
        if self._place not in device.wire.began:
            return first
        archived = [epoch for epoch in device.wire.began[self._place] if epoch >= first]
        own = [_epoch_of(entry) for entry in self._log.entries if entry.commit and entry.device_id == device.device_id]
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

    def _truth(self) -> dict[int, tuple[tuple[int, int], str, str]]:
        """Epoch with its generation, person and text of each text in the log, opened with whatever any device knows."""
        truth = {}
        for entry in self._log.entries:
            if entry.type != "message.created":
                continue
            header = MessageHeader.decode(b64decode(entry.header))
            place = (header.generation, header.epoch)
            for secret in self._secrets[place]:
                opened = _opened(entry, secret, self._keys[entry.device_id])
                if opened is not None and opened.kind == TEXT_KIND:
                    truth[entry.sequence] = (place, entry.user_id, json.loads(opened.body)["text"])
        return truth


def _epoch_of(entry) -> tuple[int, int]:
    return entry.generation, entry.epoch


def _opened(entry, secret, key):
    header, ciphertext, signature = map(b64decode, (entry.header, entry.ciphertext, entry.signature))
    try:
        opened = open_message(
            P, epoch_secret=secret, header=header, ciphertext=ciphertext, signature=signature, sender_device_key=key
        )
    except ValueError:
        return None
    return opened.content

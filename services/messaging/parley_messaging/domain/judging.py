"""Whether a submission may become the next entry: messages, creations and commits, judged without I/O.

Invariant: a message is valid only in the epoch that is current at its sequence, from a device with a leaf in that very
epoch (H8), whose person may send and is not muted, and never while somebody who has left could read it; a commit leaves the current epoch,
follows the policy, and pins the policy in force after it (C2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.identity import DeviceCertificate, entry_binding
from parley_contracts.ids import DeviceId, UserId, direct_conversation_id, self_conversation_id, uuid_bytes
from parley_contracts.limits import DEVICES_PER_GROUP_MAX, LEAF_LIFETIME_S_MAX, PUSH_DEVICES_MAX
from parley_contracts.policy import (
    POLICY_EXTENSION_TYPE,
    PolicyDocument,
    decode_policy,
    policy_hash,
)
from parley_contracts.policy_changes import check_change, check_creation, taken_in_again
from parley_contracts.problems import EpochStale, InvalidRequest, PolicyRefused
from parley_messaging.domain.conversation import PRIMITIVES, ConversationState, EpochState
from parley_messaging.domain.entries import Submission
from parley_mls import (
    SUITE,
    Changes,
    DecodeError,
    LeafNode,
    MlsError,
    PublicCommitProcessed,
    PublicGroup,
    find_extension,
    handshake_group_id,
)

_GROUP_ID_VERSION = "7"


@dataclass(frozen=True)
class Judged:
    """An accepted creation or commit: the epoch that it makes, and whom it brings in and takes out."""

    epoch: EpochState
    added: tuple[UserId, ...]
    removed: tuple[UserId, ...]
    #: Whose present root key the roster must pin: people new to it or taken in again, and who comes in from outside.
    pinned: tuple[tuple[UserId, str], ...]
    #: The certificates that it brings in or renews, of people who belong (`certifying`).
    certified: tuple[DeviceCertificate, ...]


def check_epoch(state: ConversationState, epoch: int, generation: int | None = None) -> None:
    """Raise `EpochStale` unless `epoch`, of that generation where one is given, is the current one."""
    if (generation if generation is not None else state.generation, epoch) != (state.generation, state.epoch):
        raise EpochStale(epoch=state.epoch, head=state.head)


def parse_header(submission: Submission) -> MessageHeader:
    """The message's header, which names the caller and this very submission; `InvalidRequest` otherwise."""
    try:
        header = MessageHeader.decode(submission.header)
    except (DecodeError, ValueError) as error:
        raise InvalidRequest("the header is malformed", field="header") from error
    named = (header.conversation_id, header.user_id, header.device_id, header.client_id)
    if named != (submission.conversation_id, submission.user_id, submission.device_id, submission.client_id):
        raise InvalidRequest("the header names another conversation, device or client id", field="header")
    return header


def judge_message(header: MessageHeader, epoch: EpochState, at_s: float) -> None:
    """Raise unless the message's device belongs to this epoch's group, may speak now, and the header names that group."""
    if epoch.devices.get(header.device_id) != header.user_id or epoch.policy.role_of(header.user_id) is None:
        raise PolicyRefused("this device is not in the group: join it first")
    epoch.policy.check_speaks(header.user_id, at_s)
    if epoch.strays:
        raise PolicyRefused("somebody has left: begin a new epoch first")
    if (header.group_id, header.generation, header.suite) != (
        epoch.group.group_id,
        epoch.policy.generation,
        SUITE.value,
    ):
        raise InvalidRequest("the header names another group", field="header")


def judge_creation(submission: Submission, server_name: str) -> Judged:
    """The epoch 0 of a new conversation."""
    policy = decode_policy(submission.policy)
    if policy.conversation_id != submission.conversation_id:
        raise InvalidRequest("the policy is another conversation's", field="policy")
    check_creation(policy, submission.user_id)
    _check_conversation_id(policy)
    try:
        group = PublicGroup.from_group_info(PRIMITIVES, submission.group_info)
    except (MlsError, DecodeError) as error:
        raise InvalidRequest("the GroupInfo is not valid", field="group_info") from error
    if group.epoch != 0 or len(group.members()) != 1:
        raise InvalidRequest("a conversation begins in epoch 0 with its creator's leaf", field="group_info")
    certificate = certificate_of(group.members()[0][1], server_name)
    if (certificate.user_id, certificate.device_id) != (submission.user_id, submission.device_id):
        raise PolicyRefused("the first leaf is not the caller's device")
    check_pin(group, submission.policy)
    check_push_secrets(submission, group)
    return Judged(
        epoch=EpochState.build(sequence=1, group=group, policy_sequence=1, policy_bytes=submission.policy),
        added=tuple(sorted(policy.user_ids)),
        removed=(),
        pinned=_pinned(policy, frozenset()),
        certified=(certificate,),
    )


def judge_commit(submission: Submission, before: EpochState, *, sequence: int, server_name: str) -> Judged:
    """The epoch that a commit makes as entry `sequence`, judged by the epoch that it leaves."""
    policy_bytes = submission.policy or before.policy_bytes
    policy = decode_policy(policy_bytes)
    group, changes = _follow(submission, before, head=sequence - 1)
    if changes.reinit is not None:
        raise PolicyRefused("a conversation's group is never re-initialised: nobody could write in it any more")
    actor = _committer(before.group, changes, server_name)
    if (actor.user_id, actor.device_id) != (submission.user_id, submission.device_id):
        raise PolicyRefused("the committer's leaf is not the caller's device")
    entered = [leaf for _, leaf in changes.added]
    _check_lifetimes(entered)
    added = [certificate_of(leaf, server_name) for leaf in entered]
    removed = [certificate_of(leaf, server_name) for _, leaf in changes.removed]
    external = changes.committer is None
    if external and removed:
        _check_coming_in_again(before.group, changes, actor, removed)
    _check_leaves(group, changes, server_name)
    epoch = EpochState.build(
        sequence=sequence,
        group=group,
        policy_sequence=sequence if submission.policy else before.policy_sequence,
        policy_bytes=policy_bytes,
    )
    check_change(
        before.policy,
        policy,
        actor=submission.user_id,
        added={certificate.user_id for certificate in added},
        removed={certificate.user_id for certificate in removed},
        present=set(epoch.devices.values()),
        external=external,
    )
    again = _taken_in_again(before, epoch)
    check_pin(group, policy_bytes)
    joined = {certificate.device_id for certificate in added} - {submission.device_id}
    check_welcome(submission, joined)
    check_push_secrets(submission, group)
    return Judged(
        epoch=epoch,
        added=tuple(sorted(policy.user_ids - before.policy.user_ids)),
        removed=tuple(sorted(before.policy.user_ids - policy.user_ids)),
        pinned=_pinned(policy, before.policy.user_ids - again - ({submission.user_id} if external else set())),
        certified=(*added, *_renewed(changes, policy.user_ids, server_name)),
    )


def _renewed(changes: Changes, user_ids: frozenset[UserId], server_name: str) -> list[DeviceCertificate]:
    """Certificates that take another's place in a leaf; who has left has nothing more to show."""
    renewed = [certificate_of(new, server_name) for _, old, new in changes.updated if old.identity != new.identity]
    return [certificate for certificate in renewed if certificate.user_id in user_ids]


def _check_lifetimes(entered: Sequence[LeafNode]) -> None:
    """No key package lives too long; none is refused for the hour, on which clocks differ."""
    for leaf in entered:
        if leaf.lifetime and leaf.lifetime.not_after - leaf.lifetime.not_before > LEAF_LIFETIME_S_MAX:
            raise PolicyRefused("a newcomer's key package lives too long")


def _taken_in_again(before: EpochState, after: EpochState) -> frozenset[UserId]:
    """Who comes in again under a new root key: with new devices only."""
    again = taken_in_again(before.policy, after.policy)
    if any(user_id in again and device_id in after.devices for device_id, user_id in before.devices.items()):
        raise PolicyRefused("who is taken in again under a new root key comes with new devices only")
    return again


def _follow(submission: Submission, before: EpochState, *, head: int) -> tuple[PublicGroup, Changes]:
    try:
        named = handshake_group_id(submission.commit)
        if named != before.group.group_id and named.startswith(uuid_bytes(submission.conversation_id)):
            raise EpochStale(epoch=before.epoch, head=head)  # a reset was first
        processed = before.group.process(PRIMITIVES, submission.commit)
        if not isinstance(processed, PublicCommitProcessed):
            raise InvalidRequest("this is a proposal, not a commit", field="commit")
        processed.group.check_group_info(PRIMITIVES, submission.group_info)
    except (MlsError, DecodeError) as error:
        raise InvalidRequest(f"the commit or its GroupInfo is not valid: {error}", field="commit") from error
    return processed.group, processed.changes


def _committer(before: PublicGroup, changes: Changes, server_name: str) -> DeviceCertificate:
    if changes.committer is not None:
        return certificate_of(dict(before.members())[changes.committer], server_name)
    if changes.external is None:
        raise InvalidRequest("the commit has no committer", field="commit")
    return certificate_of(dict(changes.added)[changes.external], server_name)


def _check_coming_in_again(
    before: PublicGroup, changes: Changes, own: DeviceCertificate, removed: Sequence[DeviceCertificate]
) -> None:
    """Who comes in from outside replaces its own leaf alone, by an earlier epoch's PSK or its person's word for this very commit (H11)."""
    if any(_identity(certificate) != _identity(own) for certificate in removed):
        raise PolicyRefused("a device that comes in replaces no leaf but its own")
    if not changes.resumes(before.group_id) and own.binding != entry_binding(before.group_id, before.epoch):
        raise PolicyRefused("a device comes in again by an earlier epoch's PSK, or by a certificate for that")


def _check_leaves(group: PublicGroup, changes: Changes, server_name: str) -> None:
    for _, old, new in changes.updated:
        was, now = certificate_of(old, server_name), certificate_of(new, server_name)
        if _identity(was) != _identity(now):
            raise PolicyRefused("a leaf stays with its device, and keeps its key")
    members = group.members()
    devices = Counter(DeviceCertificate.decode(leaf.identity).device_id for _, leaf in members)
    if len(members) > DEVICES_PER_GROUP_MAX or max(devices.values(), default=0) > 1:
        raise PolicyRefused("too many devices, or one of them twice")


def _identity(certificate: DeviceCertificate) -> tuple[UserId, DeviceId, bytes]:
    """Person, device and key, which a leaf keeps for ever."""
    return certificate.user_id, certificate.device_id, certificate.device_key


def certificate_of(leaf: LeafNode, server_name: str) -> DeviceCertificate:
    """The certificate in a leaf, for this server and the leaf's key."""
    try:
        certificate = DeviceCertificate.decode(leaf.identity)
    except (DecodeError, MlsError, ValueError) as error:
        raise InvalidRequest("a leaf holds no device certificate", field="commit") from error
    if certificate.server_name != server_name or certificate.device_key != leaf.signature_key:
        raise PolicyRefused("a leaf's certificate is for another server or key")
    return certificate


def _check_conversation_id(policy: PolicyDocument) -> None:
    people = [entry.user_id for entry in policy.roster]
    match policy.kind:
        case "group":
            fits = policy.conversation_id[14] == _GROUP_ID_VERSION
        case "open":  # a channel has no MLS group
            fits = False
        case "direct":
            fits = policy.conversation_id == direct_conversation_id(people[0], people[1])
        case "self":
            later = self_conversation_id(people[0], b64decode(policy.roster[0].root_fingerprint))
            fits = policy.conversation_id in {self_conversation_id(people[0]), later}
    if not fits:
        raise InvalidRequest("the conversation id does not fit its kind", field="conversation_id")


def check_pin(group: PublicGroup, policy_bytes: bytes) -> None:
    """Raise `PolicyRefused` unless the group pins this policy document."""
    if find_extension(group.extensions, POLICY_EXTENSION_TYPE) != policy_hash(policy_bytes):
        raise PolicyRefused("the group does not pin the policy in force")


def check_welcome(submission: Submission, joined: set[DeviceId]) -> None:
    """Raise `InvalidRequest` unless a Welcome goes to devices that come in."""
    named = set(submission.welcome_devices)
    if bool(named) != bool(submission.welcome) or not named <= joined:
        raise InvalidRequest("a Welcome goes to devices that the commit adds", field="welcome_devices")


def check_push_secrets(submission: Submission, group: PublicGroup) -> None:
    """The new epoch's secrets go to its devices, each at most once, and in small groups only."""
    named = [secret.device_id for secret in submission.push_secrets]
    if not named:
        return
    devices = {DeviceCertificate.decode(leaf.identity).device_id for _, leaf in group.members()}
    if len(devices) > PUSH_DEVICES_MAX or len(set(named)) != len(named) or not set(named) <= devices:
        raise InvalidRequest(
            f"push secrets go to devices of the new epoch, of which there are at most {PUSH_DEVICES_MAX}",
            field="push_secrets",
        )


def _pinned(policy: PolicyDocument, known: frozenset[UserId]) -> tuple[tuple[UserId, str], ...]:
    return tuple((e.user_id, e.root_fingerprint) for e in policy.roster if e.user_id not in known)

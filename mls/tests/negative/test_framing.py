"""RFC 9420 sections 2.1 and 6: handshakes whose framing breaks one rule."""

from dataclasses import replace

from mls_cases import Case, check_refused, committed, stage, table
from mls_forging import Faults, P, Voice, flipped, forge, forged_proposal, psk_id, seed_of

from parley_mls import CommitError, CommitProcessed, FramingError, WrongEpoch
from parley_mls.codec import Writer
from parley_mls.framing import AuthenticatedContent, ContentType, Sender, SenderType, sign_content
from parley_mls.group_context import GroupContext
from parley_mls.private_message import PrivateMessage
from parley_mls.proposals import PreSharedKey, Remove
from parley_mls.wire import WireFormat


def member(on):
    return Voice.member(on.members[1])


def honest(on):
    return forge(member(on))


def with_bytes(place, new):
    """An honest commit with other bytes at a place, where its framing is read before anything is verified."""

    def build(on):
        message = honest(on)
        return message[:place] + new + message[place + len(new) :]

    return build


def after_group_id(on):
    return 4 + 1 + len(on.follower.group_id)


def sender_type_at(on):
    return after_group_id(on) + 8


def with_sender_type(kind):
    return lambda on: with_bytes(sender_type_at(on), bytes([kind]))(on)


def with_content_type(kind):
    return lambda on: with_bytes(sender_type_at(on) + 6, bytes([kind]))(on)


def with_longer_length(on):
    message = honest(on)
    size = message[4]
    return message[:4] + Writer().uint16(1 << 14 | size).finish() + message[5:]


def changed_content(**changed):
    return committed(faults=Faults(content=lambda content: replace(content, **changed)))


def application(on):
    content = Faults(content=lambda content: replace(content, body=b"hello"))
    return forge(member(on), (), content)


def signed_by_another(on):
    return forge(member(on), (), Faults(seed=seed_of(on.members[2])))


def signed_in_another_epoch(on):
    return forge(member(on), (), Faults(sign_context=lambda c: replace(c, confirmed_transcript_hash=P.random(32))))


def signed_for_another_wire_format(on):
    def sign_again(signed: AuthenticatedContent) -> AuthenticatedContent:
        context: GroupContext = on.follower.public.context
        other = sign_content(P, WireFormat.PRIVATE_MESSAGE, signed.content, member(on).seed, context.encode())
        return replace(signed, signature=other.signature)

    return forge(member(on), (), Faults(signed=sign_again))


def proposed_by(kind, index=0):
    return lambda on: forged_proposal(member(on), Remove(3), Sender(kind, index))


def private(on):
    follower = on.follower
    sealed = PrivateMessage(follower.group_id, follower.epoch, ContentType.COMMIT, b"", P.random(28), P.random(200))
    return sealed.to_bytes()


def welcome(on):
    return Writer().uint16(1).uint16(WireFormat.WELCOME).uint16(1).opaque(b"").opaque(b"").finish()


def tagged_by_another_key(on):
    return forge(replace(member(on), membership_key=P.random(32)))


def changed_signature(on):
    return forge(member(on), (), Faults(signed=lambda s: replace(s, signature=flipped(s.signature))))


def changed_data(on):
    """The authenticated data is changed after the signature and the tags were made."""
    message = forge(member(on), (), Faults(content=lambda c: replace(c, authenticated_data=b"data")))
    return message.replace(b"\x04data", b"\x04dada", 1)


CASES = [
    Case("2.1.1-presence-octet", lambda on: honest_proposals_then(on, 2), FramingError, "presence octet"),
    Case("2.1.2-length-not-minimal", with_longer_length, FramingError, "not minimal"),
    Case("2.1.2-length-prefix", with_bytes(4, b"\xc5"), FramingError, "length prefix"),
    Case("6-version", with_bytes(0, b"\x00\x02"), FramingError, "MLS 1.0"),
    Case("6-wire-format", with_bytes(2, b"\x00\x09"), FramingError, "wire format"),
    Case("6-private-message", private, FramingError, "public messages"),
    Case("6-not-a-handshake", welcome, FramingError, "public messages"),
    Case("6-bytes-left-over", lambda on: honest(on) + b"\x00", FramingError, "left over"),
    Case("6-ends-early", lambda on: honest(on)[:-1], FramingError, "too early"),
    Case("6-sender-type", with_sender_type(9), FramingError, "type of sender"),
    Case("6-sender-type-reserved", with_sender_type(0), FramingError, "type of sender"),
    Case("6-content-type", with_content_type(9), FramingError, "type of content"),
    Case("6-content-type-reserved", with_content_type(0), FramingError, "type of content"),
    Case("6-application-in-clear", application, FramingError, "application data"),
    Case("6-other-group", changed_content(group_id=b"other"), FramingError, "another group"),
    Case("6-epoch-before", lambda on: changed_content(epoch=on.follower.epoch - 1)(on), WrongEpoch, "another epoch"),
    Case("6-epoch-ahead", lambda on: changed_content(epoch=on.follower.epoch + 1)(on), WrongEpoch, "another epoch"),
    Case("6.1-sender-blank", changed_content(sender=Sender(SenderType.MEMBER, 6)), FramingError, "no such sender"),
    Case("6.1-sender-outside", changed_content(sender=Sender(SenderType.MEMBER, 99)), FramingError, "no such sender"),
    Case("6.1-sender-another", changed_content(sender=Sender(SenderType.MEMBER, 2)), FramingError, "signature"),
    Case("6.1-signature", changed_signature, FramingError, "signature of the message"),
    Case("6.1-signature-of-another", signed_by_another, FramingError, "signature of the message"),
    Case("6.1-signature-covers-context", signed_in_another_epoch, FramingError, "signature of the message"),
    Case("6.1-signature-covers-wire-format", signed_for_another_wire_format, FramingError, "signature of the message"),
    Case("6.1-signature-covers-data", changed_data, FramingError, "signature of the message"),
    Case("6.1-external-sender", proposed_by(SenderType.EXTERNAL), FramingError, "from outside"),
    Case("6.1-external-commit", changed_content(sender=Sender(SenderType.EXTERNAL, 0)), FramingError, "from outside"),
    Case("6.1-new-member-proposal", proposed_by(SenderType.NEW_MEMBER_PROPOSAL), FramingError, "from outside"),
    Case("6.1-new-member-proposes", proposed_by(SenderType.NEW_MEMBER_COMMIT), FramingError, "no such sender"),
    Case(
        "6.1-confirmation-tag",
        committed(faults=Faults(confirmation=flipped)),
        CommitError,
        "confirmation tag",
        follower_sees=False,
    ),
    Case(
        "6.1-confirmation-tag-empty",
        committed(faults=Faults(confirmation=lambda _: b"")),
        CommitError,
        "confirmation tag",
        follower_sees=False,
    ),
    Case(
        "6.2-membership-tag",
        committed(faults=Faults(membership=flipped)),
        FramingError,
        "membership tag",
        follower_sees=False,
    ),
    Case(
        "6.2-membership-tag-empty",
        committed(faults=Faults(membership=lambda _: b"")),
        FramingError,
        "membership tag",
        follower_sees=False,
    ),
    Case("6.2-membership-key", tagged_by_another_key, FramingError, "membership tag", follower_sees=False),
]


def honest_proposals_then(on, octet):
    """A commit whose path has another presence octet."""
    message = forge(member(on), (PreSharedKey(psk_id(id=b"x")),), Faults(with_path=False))
    head = len(message) - 1 - 32 - 1 - 32 - 2 - 64 - 1
    assert message[head] == 0
    return message[:head] + bytes([octet]) + message[head + 1 :]


@table(CASES)
def test_refused(case):
    check_refused(case)


def test_the_honest_one_is_taken():
    """What the cases change is sound without the change."""
    message = honest(stage())
    processed = stage().members[0].process(P, message)
    assert isinstance(processed, CommitProcessed)
    assert processed.group.tree_hash == stage().follower.process(P, message).group.tree_hash

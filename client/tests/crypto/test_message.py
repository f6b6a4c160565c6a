from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.crypto.message import (
    COUNTER_MAX,
    PADDED_SIZE_BYTES_MIN,
    Content,
    MessageError,
    SealedMessage,
    epoch_secret,
    open_message,
    pad,
    seal_message,
)
from parley_contracts.checkpoints import HEAD_SIZE_BYTES
from parley_contracts.envelope import MESSAGE_LABEL, MessageHeader
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import CIPHERTEXT_SIZE_BYTES_MAX, TEXT_LENGTH_MAX
from parley_mls import SUITE, Group, default_primitives, expand_with_label, generate_signature_key, sign_with_label

P = default_primitives()
SECRET = bytes(range(32))
SEED, PUBLIC = generate_signature_key(P)
CONTENT = Content(counter=1, last_sequence=4, last_hash=b"h" * 32, kind=1, body=b'{"text": "hello"}')
FIELDS = {
    "suite": int(SUITE),
    "group_id": b"group",
    "generation": 0,
    "conversation_id": ConversationId(new_uuid7()),
    "epoch": 2,
    "transcript_prefix": b"t" * 16,
    "user_id": UserId(new_uuid7()),
    "device_id": DeviceId(new_uuid7()),
    "client_id": ClientId(new_uuid7()),
    "counts": True,
}


def sealed(content: Content = CONTENT, **changes: object) -> SealedMessage:
    return seal_message(P, epoch_secret=SECRET, content=content, device_seed=SEED, **(FIELDS | changes))


def opened(message: SealedMessage, **changes: object) -> Content:
    how = {"epoch_secret": SECRET, "sender_device_key": PUBLIC}
    parts = {"header": message.header, "ciphertext": message.ciphertext, "signature": message.signature}
    return open_message(P, **(parts | how | changes)).content


@settings(max_examples=50)
@given(
    st.builds(
        Content,
        counter=st.integers(0, COUNTER_MAX),
        last_sequence=st.integers(0, COUNTER_MAX),
        last_hash=st.binary(min_size=32, max_size=32),
        kind=st.integers(0, 65535),
        body=st.binary(max_size=3000),
        head=st.one_of(st.just(b""), st.binary(min_size=HEAD_SIZE_BYTES, max_size=HEAD_SIZE_BYTES)),
    )
)
def test_round_trip(content: Content):
    assert opened(sealed(content)) == content


def test_sealing_again_uses_another_key():
    one, two = sealed(), sealed()
    assert MessageHeader.decode(one.header).salt != MessageHeader.decode(two.header).salt
    assert one.ciphertext != two.ciphertext


@settings(max_examples=150)
@given(st.sampled_from(["header", "ciphertext", "signature"]), st.data())
def test_any_changed_byte_is_refused(part: str, data: st.DataObject):
    message = sealed()
    damaged = bytearray(getattr(message, part))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MessageError) as caught:
        opened(replace(message, **{part: bytes(damaged)}))
    assert caught.value.code in {"signature_invalid", "corrupted", "suite_unknown"}


def cause(message: SealedMessage, **changes: object) -> str:
    with pytest.raises(MessageError) as caught:
        opened(message, **changes)
    return caught.value.code


def test_each_cause_has_its_code():
    message = sealed()
    assert cause(message, sender_device_key=generate_signature_key(P)[1]) == "signature_invalid"
    assert cause(message, epoch_secret=bytes(32)) == "corrupted"
    assert cause(message, header=b"") == "corrupted"
    assert cause(sealed(suite=2)) == "suite_unknown"


def resigned(header: bytes, plaintext: bytes) -> SealedMessage:
    """What a sender who ignores the rules could produce."""
    both = expand_with_label(P, SECRET, "message", P.hash(header), 44)
    ciphertext = P.aead_seal(both[:32], both[32:], plaintext, header)
    return SealedMessage(header, ciphertext, sign_with_label(P, SEED, MESSAGE_LABEL, header + P.hash(ciphertext)))


def test_another_content_than_committed_is_refused():
    message = sealed()
    assert cause(resigned(message.header, pad(bytes(32) + CONTENT.encode()))) == "commitment_invalid"


def test_padding_must_be_zero():
    message = sealed()
    assert cause(resigned(message.header, pad(bytes(32) + CONTENT.encode())[:-1] + b"\x01")) == "corrupted"


@given(st.integers(0, 200_000))
def test_padding_leaks_little(size: int):
    padded = len(pad(bytes(size)))
    assert padded >= max(size, PADDED_SIZE_BYTES_MIN)
    assert padded <= max(PADDED_SIZE_BYTES_MIN, size * 1.12)


def test_the_longest_text_fits():
    assert len(sealed(replace(CONTENT, body=b"\xf0" * 4 * TEXT_LENGTH_MAX)).ciphertext) <= CIPHERTEXT_SIZE_BYTES_MAX


def test_each_epoch_and_generation_has_its_secret():
    group = Group.create(P, group_id=b"g", identity=b"a", signature_seed=SEED)
    following = group.commit(P).group
    secrets = {epoch_secret(P, group, 0), epoch_secret(P, group, 1), epoch_secret(P, following, 0)}
    assert len(secrets) == 3

"""RFC 9420 section 6.3: PrivateMessages, which groups here refuse and the library reads."""

from dataclasses import replace

import pytest
from mls_cases import stage
from mls_forging import P, flipped, seed_of

from parley_mls import CryptoError, FramingError
from parley_mls.codec import Writer
from parley_mls.framing import ContentType, FramedContent, Sender, SenderType, sign_content
from parley_mls.private_message import PrivateMessage, seal_private
from parley_mls.secret_tree import leaf_secret, ratchet_key, sender_data_key
from parley_mls.wire import WireFormat

SENDER_DATA, ENCRYPTION = P.random(32), P.random(32)


def keys(leaf, kind, generation):
    return ratchet_key(P, leaf_secret(P, ENCRYPTION, leaf, 8), kind, generation)


def sealed(generation: int = 0) -> PrivateMessage:
    context = stage().follower.public.context
    content = FramedContent(context.group_id, context.epoch, Sender(SenderType.MEMBER, 1), b"", b"hello")
    signed = sign_content(P, WireFormat.PRIVATE_MESSAGE, content, seed_of(stage().members[1]), context.encode())
    return seal_private(P, signed, SENDER_DATA, keys(1, "application", generation), generation)


def padded_with(padding: bytes) -> PrivateMessage:
    """A message whose plaintext, which its sender chose, ends so."""
    message = sealed()
    key = keys(1, "application", 0)
    body = Writer().opaque(b"hello").opaque(b"s" * 64).finish() + padding
    place = Writer().opaque(message.group_id).uint64(message.epoch).uint8(message.content_type).finish()
    ciphertext = P.aead_seal(key.key, key.nonce, body, place + Writer().opaque(b"").finish())
    hidden = sender_data_key(P, SENDER_DATA, ciphertext)
    data = Writer().uint32(1).uint32(0).raw(bytes(4)).finish()
    return replace(
        message, ciphertext=ciphertext, encrypted_sender_data=P.aead_seal(hidden.key, hidden.nonce, data, place)
    )


def test_the_honest_ones_open():
    assert sealed().open(P, SENDER_DATA, keys).content.body == b"hello"
    assert padded_with(bytes(100)).open(P, SENDER_DATA, keys).content.body == b"hello"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(lambda: padded_with(b"\x00\x01"), id="6.3.1-padding-not-zero"),
        pytest.param(lambda: padded_with(b"\x01" + bytes(30)), id="6.3.1-padding-begins-with-one"),
        pytest.param(lambda: replace(sealed(), ciphertext=flipped(sealed().ciphertext)), id="6.3.1-ciphertext"),
        pytest.param(lambda: replace(sealed(), authenticated_data=b"other"), id="6.3.1-authenticated-data"),
        pytest.param(lambda: replace(sealed(), content_type=ContentType.COMMIT), id="6.3.1-content-type"),
        pytest.param(lambda: replace(sealed(), epoch=99), id="6.3.2-epoch"),
        pytest.param(lambda: replace(sealed(), encrypted_sender_data=b""), id="6.3.2-sender-data-empty"),
        pytest.param(lambda: replace(sealed(), ciphertext=b""), id="6.3.1-ciphertext-empty"),
    ],
)
def test_refused(message):
    with pytest.raises(FramingError, match="does not open"):
        message().open(P, SENDER_DATA, keys)


def test_a_sender_who_is_nobody_is_refused_by_the_keys():
    """6.3.2: who opens a message gives keys to members' leaves only, and an error of its own family for others."""

    def of_members(leaf, kind, generation):
        if stage().follower.public.tree.leaf(leaf) is None:
            raise CryptoError("there is no such member")
        return keys(leaf, kind, generation)

    context = stage().follower.public.context
    content = FramedContent(context.group_id, context.epoch, Sender(SenderType.MEMBER, 6), b"", b"hello")
    signed = sign_content(P, WireFormat.PRIVATE_MESSAGE, content, P.random(32), context.encode())
    message = seal_private(P, signed, SENDER_DATA, keys(6, "application", 0), 0)
    with pytest.raises(FramingError, match="does not open"):
        message.open(P, SENDER_DATA, of_members)


def test_a_nonce_is_never_used_twice():
    """6.3.1: the reuse guard makes two sealings under one generation differ."""
    assert sealed().ciphertext != sealed().ciphertext


def test_groups_refuse_them():
    for group in (stage().members[0], stage().follower):
        with pytest.raises(FramingError, match="public messages"):
            group.process(P, sealed().to_bytes())

"""RFC 9420's official vectors below the group: tree maths, labels, key schedule, PSKs, secret tree, transcripts."""

from collections.abc import Callable
from typing import Any

import pytest

from parley_mls import default_primitives, expand_with_label, tree_math, verify_with_label
from parley_mls.codec import DecodeError, Reader, decode, encode_length
from parley_mls.framing import AuthenticatedContent, interim_transcript, next_transcript
from parley_mls.group_context import GroupContext
from parley_mls.key_schedule import (
    derive_epoch,
    epoch_secrets,
    exporter,
    external_key_pair,
    joiner_secret,
    welcome_secret,
)
from parley_mls.labels import (
    decrypt_with_label,
    derive_secret,
    derive_tree_secret,
    encrypt_with_label,
    ref_hash,
    sign_with_label,
)
from parley_mls.psk import PskId, PskType, psk_secret
from parley_mls.secret_tree import leaf_secret, ratchet_key, sender_data_key
from parley_mls.wire import WireFormat

Vectors = Callable[[str], Any]
P = default_primitives()
unhex = bytes.fromhex


def or_none(compute: Callable[[], int]) -> int | None:
    try:
        return compute()
    except ValueError:
        return None


def test_tree_math(vectors: Vectors):
    for case in vectors("mls/tree-math"):
        n = case["n_leaves"]
        assert tree_math.node_width(n) == case["n_nodes"]
        assert tree_math.root(n) == case["root"]
        for node in range(case["n_nodes"]):
            assert or_none(lambda node=node: tree_math.left(node)) == case["left"][node]
            assert or_none(lambda node=node: tree_math.right(node)) == case["right"][node]
            assert or_none(lambda node=node, n=n: tree_math.parent(node, n)) == case["parent"][node]
            assert or_none(lambda node=node, n=n: tree_math.sibling(node, n)) == case["sibling"][node]


def test_deserialization(vectors: Vectors):
    for case in vectors("mls/deserialization"):
        header = unhex(case["vlbytes_header"])
        assert Reader(header).length() == case["length"]
        assert encode_length(case["length"]) == header


@pytest.mark.parametrize("header", ["40", "4000", "403f", "80000000", "80003fff", "c0", "ff", "8000"])
def test_lengths_that_are_not_minimal_are_refused(header: str):
    with pytest.raises(DecodeError):
        Reader(unhex(header)).length()


def test_crypto_basics(vectors: Vectors):
    for case in vectors("mls/crypto-basics"):
        c = case["ref_hash"]
        assert ref_hash(P, c["label"], unhex(c["value"])).hex() == c["out"]
        c = case["expand_with_label"]
        out = expand_with_label(P, unhex(c["secret"]), c["label"], unhex(c["context"]), c["length"])
        assert out.hex() == c["out"]
        c = case["derive_secret"]
        assert derive_secret(P, unhex(c["secret"]), c["label"]).hex() == c["out"]
        c = case["derive_tree_secret"]
        out = derive_tree_secret(P, unhex(c["secret"]), c["label"], c["generation"], c["length"])
        assert out.hex() == c["out"]
        c = case["sign_with_label"]
        content, public = unhex(c["content"]), unhex(c["pub"])
        assert verify_with_label(P, public, c["label"], content, unhex(c["signature"]))
        own = sign_with_label(P, unhex(c["priv"]), c["label"], content)
        assert verify_with_label(P, public, c["label"], content, own)
        c = case["encrypt_with_label"]
        context, plaintext = unhex(c["context"]), unhex(c["plaintext"])
        for sealed in (
            (unhex(c["kem_output"]), unhex(c["ciphertext"])),
            encrypt_with_label(P, unhex(c["pub"]), c["label"], context, plaintext),
        ):
            assert decrypt_with_label(P, unhex(c["priv"]), c["label"], context, *sealed) == plaintext


def test_secret_tree(vectors: Vectors):
    for case in vectors("mls/secret-tree"):
        c = case["sender_data"]
        key = sender_data_key(P, unhex(c["sender_data_secret"]), unhex(c["ciphertext"]))
        assert (key.key.hex(), key.nonce.hex()) == (c["key"], c["nonce"])
        for index, generations in enumerate(case["leaves"]):
            secret = leaf_secret(P, unhex(case["encryption_secret"]), index, len(case["leaves"]))
            for g in generations:
                handshake = ratchet_key(P, secret, "handshake", g["generation"])
                application = ratchet_key(P, secret, "application", g["generation"])
                assert (handshake.key.hex(), handshake.nonce.hex()) == (g["handshake_key"], g["handshake_nonce"])
                assert application.key.hex() == g["application_key"]
                assert application.nonce.hex() == g["application_nonce"]


def test_key_schedule(vectors: Vectors):
    for case in vectors("mls/key-schedule"):
        init = unhex(case["initial_init_secret"])
        for epoch, c in enumerate(case["epochs"]):
            context = GroupContext(
                unhex(case["group_id"]), epoch, unhex(c["tree_hash"]), unhex(c["confirmed_transcript_hash"]), ()
            ).encode()
            assert context.hex() == c["group_context"]
            joiner = joiner_secret(P, init, unhex(c["commit_secret"]), context)
            psk = unhex(c["psk_secret"])
            assert joiner.hex() == c["joiner_secret"]
            assert welcome_secret(P, joiner, psk).hex() == c["welcome_secret"]
            s = epoch_secrets(P, joiner, psk, context)
            got = (s.sender_data, s.encryption, s.exporter, s.external, s.confirmation, s.membership)
            names = ("sender_data_secret", "encryption_secret", "exporter_secret", "external_secret")
            assert [v.hex() for v in got] == [c[n] for n in (*names, "confirmation_key", "membership_key")]
            assert s.resumption_psk.hex() == c["resumption_psk"]
            assert s.epoch_authenticator.hex() == c["epoch_authenticator"]
            assert external_key_pair(P, s.external)[1].hex() == c["external_pub"]
            e = c["exporter"]
            assert exporter(P, s.exporter, e["label"], unhex(e["context"]), e["length"]).hex() == e["secret"]
            init = s.init
            assert init.hex() == c["init_secret"]
            assert derive_epoch(P, bytes(32)) != s


def test_psk_secret(vectors: Vectors):
    for case in vectors("mls/psk_secret"):
        psks = [
            (PskId(PskType.EXTERNAL, unhex(c["psk_nonce"]), id=unhex(c["psk_id"])), unhex(c["psk"]))
            for c in case["psks"]
        ]
        assert psk_secret(P, psks).hex() == case["psk_secret"]


def test_transcript_hashes(vectors: Vectors):
    for case in vectors("mls/transcript-hashes"):
        authenticated = decode(
            unhex(case["authenticated_content"]),
            lambda r: AuthenticatedContent.read(r, WireFormat(r.uint16())),
        )
        assert authenticated.encode().hex() == case["authenticated_content"]
        confirmed = next_transcript(P, unhex(case["interim_transcript_hash_before"]), authenticated)
        assert confirmed.hex() == case["confirmed_transcript_hash_after"]
        assert P.hmac(unhex(case["confirmation_key"]), confirmed) == authenticated.confirmation_tag
        interim = interim_transcript(P, confirmed, authenticated.confirmation_tag)
        assert interim.hex() == case["interim_transcript_hash_after"]

"""Known answers of our own: what was sealed once opens for ever, and the formulas of a message by other means."""

import hashlib
import hmac
import json

import crypto_vectors
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from parley_client.crypto.account import VaultContent, certify_device, open_vault, verify_certificate, verify_identity
from parley_client.crypto.archive import ArchiveRecord, leaves_digest, open_record, seal_record
from parley_client.crypto.history import HistoryKey, open_history_key
from parley_client.crypto.index import open_index
from parley_client.crypto.message import Content, open_message, pad
from parley_client.crypto.passkeys import PasskeyWrap
from parley_client.crypto.passphrases import COST
from parley_client.crypto.recovery import format_recovery_key, parse_recovery_key
from parley_client.crypto.sealing import place_of
from parley_client.crypto.wraps import Wrapping
from parley_client.platforms.stretching import stretch
from parley_client.recovery.passkeys import PasskeySecret, open_by_passkey
from parley_contracts.auth_api import Identity, SignedStatement
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import chain_next, chain_start, message_hash
from parley_contracts.identity import AccountStatement
from parley_mls import default_primitives

P = default_primitives()
VECTORS = json.loads(crypto_vectors.FILE.read_text())
USER, DEVICE, CONVERSATION = (VECTORS[name] for name in ("user_id", "device_id", "conversation_id"))
WHOSE = {"user_id": USER, "server_name": VECTORS["server_name"]}
HISTORY_KEY = HistoryKey(1, bytes.fromhex(VECTORS["history_key"]["secret"]))


def raw(part: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[part][name])


def test_the_file_is_what_its_generator_makes():
    assert crypto_vectors.FILE.read_text() == crypto_vectors.written()


def test_recovery_key():
    assert format_recovery_key(raw("recovery", "key")) == VECTORS["recovery"]["text"]
    assert parse_recovery_key(VECTORS["recovery"]["text"]) == raw("recovery", "key")


def test_vault_and_statement():
    statement = AccountStatement.decode(raw("account", "statement"))
    keys = open_vault(
        P,
        sealed=raw("account", "vault"),
        recovery_key=raw("recovery", "key"),
        version=1,
        expected_hash=statement.vault_hash,
        **WHOSE,
    )
    assert keys == VaultContent(*(raw("account", name) for name in ("root_seed", "recovery_private", "signing_seed")))
    assert statement.root_key == P.ed25519_public(keys.root_seed)
    assert statement.recovery_key == P.x25519_public(keys.recovery_private)


def test_identity_and_certificate():
    statement = SignedStatement(
        1, b64encode(raw("account", "statement")), b64encode(raw("account", "statement_signature"))
    )
    identity = verify_identity(
        P, Identity(USER, [statement], []), server_name=VECTORS["server_name"], known_root=None, known_version=0
    )
    certificate = verify_certificate(P, raw("device", "certificate"), identity)
    assert certificate.device_key == raw("device", "key") == P.ed25519_public(raw("device", "seed"))
    again = certify_device(
        P,
        signing_seed=raw("account", "signing_seed"),
        device_id=DEVICE,
        statement_version=1,
        device_key=raw("device", "key"),
        **WHOSE,
    )
    assert again.encode() == raw("device", "certificate")


def test_history_key():
    statement = AccountStatement.decode(raw("account", "statement"))
    opened = open_history_key(
        P,
        raw("history_key", "sealed"),
        [raw("new_recovery", "recovery_private"), raw("account", "recovery_private")],
        version=1,
        signing_keys={1: statement.signing_key},
        **WHOSE,
    )
    assert opened == (HISTORY_KEY, 1)


def test_archive_record():
    record = ArchiveRecord(
        conversation_id=CONVERSATION,
        generation=0,
        epoch=3,
        group_id=raw("archive", "group_id"),
        epoch_secret=raw("archive", "epoch_secret"),
        interim_transcript_hash=raw("archive", "interim_transcript_hash"),
        leaves_digest=leaves_digest([(USER, DEVICE, raw("device", "key"))]),
        anchor_sequence=VECTORS["archive"]["anchor_sequence"],
        anchor_hash=raw("archive", "anchor_hash"),
    )
    sealed = raw("archive", "sealed")
    assert open_record(P, HISTORY_KEY, sealed, conversation_id=CONVERSATION, generation=0, epoch=3, **WHOSE) == record
    assert seal_record(P, HISTORY_KEY, record, **WHOSE) == sealed


def test_account_index():
    listed = open_index(P, HISTORY_KEY, raw("index", "sealed"), version=1, **WHOSE)
    assert list(listed) == VECTORS["index"]["conversation_ids"]


def test_message():
    opened = open_message(
        P,
        epoch_secret=raw("archive", "epoch_secret"),
        header=raw("message", "header"),
        ciphertext=raw("message", "ciphertext"),
        signature=raw("message", "signature"),
        sender_device_key=raw("device", "key"),
    )
    said = VECTORS["message"]
    body = said["body"].encode()
    assert opened.content == Content(said["counter"], said["last_sequence"], raw("archive", "anchor_hash"), 1, body)
    assert opened.header.client_id == VECTORS["client_id"]


def test_message_by_other_means():
    """The formulas once more, with nothing of ours: HKDF, AES-GCM, Ed25519 and HMAC of the libraries."""
    header, ciphertext = raw("message", "header"), raw("message", "ciphertext")

    def short(data: bytes) -> bytes:
        return bytes([len(data)]) + data

    info = (44).to_bytes(2, "big") + short(b"MLS 1.0 message") + short(hashlib.sha256(header).digest())
    both = HKDFExpand(SHA256(), 44, info).derive(raw("archive", "epoch_secret"))
    padded = AESGCM(both[:32]).decrypt(both[32:], ciphertext, header)
    assert len(padded) == 256
    commitment_key, content = padded[:32], padded[32:].rstrip(b"\0")
    body = VECTORS["message"]["body"].encode()
    numbers = (1).to_bytes(8, "big") + (7).to_bytes(8, "big")
    assert content == b"\x01" + numbers + raw("archive", "anchor_hash") + b"\x00\x01" + short(body)
    assert header[-32:] == hmac.digest(commitment_key, header[:-32] + content, "sha256")
    signed = header + hashlib.sha256(ciphertext).digest()
    long = (len(signed) | 1 << 14).to_bytes(2, "big") + signed
    Ed25519PublicKey.from_public_bytes(raw("device", "key")).verify(
        raw("message", "signature"), short(b"MLS 1.0 Parley Message 1") + long
    )


def test_hash_chain():
    entry = message_hash(*(raw("message", name) for name in ("header", "ciphertext", "signature")))
    assert entry == raw("message", "entry_hash")
    assert chain_start(CONVERSATION) == raw("message", "chain_start")
    assert chain_next(raw("archive", "anchor_hash"), 8, entry) == raw("message", "chain_next")


def test_padded_sizes():
    for size, padded in VECTORS["padding"]:
        assert len(pad(bytes(size))) == padded


def test_recovery_words():
    text, wrap, pepper = VECTORS["words"]["text"], raw("words", "wrap"), raw("words", "pepper")
    assert stretch(text.encode(), wrap[13:29], COST) == raw("words", "stretched")
    wrapping = Wrapping(P, stretch, "Parley Recovery Words 1")
    found = wrapping.unwrap(wrap, text, place_of(VECTORS["server_name"], USER).finish(), pepper)
    assert found == raw("recovery", "key")


def test_a_recovery_passkey():
    statement = AccountStatement.decode(raw("account", "statement"))
    given = PasskeySecret(
        PasskeyWrap(b"credential", raw("passkey", "salt"), raw("passkey", "wrap")), raw("passkey", "secret")
    )
    assert open_by_passkey(given, P, statement) == raw("recovery", "key")

"""Makes `contracts/vectors/encryption.json`, whose formulas `docs/encryption.md` gives: `python client/tests/crypto_vectors.py`.

Every secret and every random byte comes from a fixed stream, so the same file comes out each time.
"""

import hashlib
import json
from pathlib import Path

import msgspec

from parley_client.attachments.stream import Layout, new_key, stream_of
from parley_client.crypto.account import certify_device, create_account, first_history_version, succeed_account
from parley_client.crypto.archive import ArchiveRecord, leaves_digest, seal_record
from parley_client.crypto.history import HistoryKey, HistoryKeySigner, seal_history_key
from parley_client.crypto.index import seal_index
from parley_client.crypto.linking import (
    LinkPackage,
    LinkPlace,
    ScannedLink,
    commitment_to,
    digits_of,
    format_scan,
    seal_package,
    transcript_by_code,
    transcript_by_scan,
)
from parley_client.crypto.message import Content, pad, seal_message
from parley_client.crypto.passkeys import PasskeyWrapping
from parley_client.crypto.passphrases import COST
from parley_client.crypto.past import PastPlace, PastSecrets, seal_past
from parley_client.crypto.recovery import format_recovery_key
from parley_client.crypto.safety import safety_number
from parley_client.crypto.sealing import place_of, seal
from parley_client.crypto.settings import seal_settings
from parley_client.crypto.wraps import Wrapping
from parley_client.platforms.stretching import stretch
from parley_client.push.sealing import EpochSecret, seal_secret
from parley_client.recovery.passkeys import wrap_for_passkey
from parley_client.store import sealed
from parley_contracts.checkpoints import Checkpoint, NoteKey, origin_of, sign_head, write_note
from parley_contracts.envelope import chain_next, chain_start, message_hash
from parley_contracts.identity import KeptDevice, entry_binding, root_fingerprint
from parley_contracts.ids import self_conversation_id
from parley_contracts.key_log import Leaf, leaf_of
from parley_contracts.merkle import consistency_proof, root_of
from parley_contracts.push import PushPayload
from parley_contracts.resets import (
    REPORT_LABEL,
    Suspect,
    report_client_id,
    report_statement,
    reset_hash,
    unusable_hash,
)
from parley_mls import SUITE, generate_hpke_key, generate_signature_key, sign_with_label
from parley_mls.openssl import OpenSslPrimitives

FILE = Path(__file__).resolve().parents[2] / "contracts" / "vectors" / "encryption.json"
SERVER = "parley.example"
USER, DEVICE, CONVERSATION, CLIENT_ID, LINK = (f"01890000-0000-7000-8000-{number:012x}" for number in range(1, 6))
WHOSE = {"user_id": USER, "server_name": SERVER}
SIZES = (0, 1, 255, 256, 257, 300, 511, 512, 513, 1000, 1024, 4096, 4097, 65535, 65537, 90000)


class FixedRandom(OpenSslPrimitives):
    """Block n of the stream is SHA-256("parley vectors" || n), n in 8 bytes; each call takes fresh blocks."""

    def __init__(self) -> None:
        self._blocks = 0

    def random(self, size_bytes: int) -> bytes:
        stream = b""
        while len(stream) < size_bytes:
            stream += hashlib.sha256(b"parley vectors" + self._blocks.to_bytes(8, "big")).digest()
            self._blocks += 1
        return stream[:size_bytes]


class AtOnce:
    """`ChunkSealer` without a thread."""

    def __init__(self, p) -> None:
        self._p = p

    async def seal(self, key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
        return self._p.aead_seal(key, nonce, plaintext, b"")


def at_once(work):
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def vectors() -> dict:
    """All of it, ready for JSON."""
    p = FixedRandom()
    recovery_key = p.random(32)
    account = create_account(p, recovery_key=recovery_key, **WHOSE)
    device_seed, device_key = generate_signature_key(p)
    epoch_secret, transcript, anchor = p.random(32), p.random(32), p.random(32)
    group_id = bytes.fromhex(CONVERSATION.replace("-", "")) + p.random(16)
    return {
        "format": "Hexadecimal unless it is a name, an id or a number. Made by client/tests/crypto_vectors.py.",
        "server_name": SERVER,
        "user_id": USER,
        "device_id": DEVICE,
        "conversation_id": CONVERSATION,
        "client_id": CLIENT_ID,
        "recovery": {"key": recovery_key.hex(), "text": format_recovery_key(recovery_key)},
        "account": _account(account),
        "device": _device(p, account, device_seed, device_key),
        **_kept(p, account, device_key, (group_id, epoch_secret, transcript, anchor)),
        **_message(p, device_seed, (group_id, epoch_secret, transcript, anchor)),
        "attachment": _attachment(p),
        "safety": _safety(p, root_fingerprint(USER, account.statement.root_key)),
        "padding": [[size, len(pad(bytes(size)))] for size in SIZES],
        "key_log": _key_log(p, account),
        "lock_out": _lock_out(p, account, recovery_key, KeptDevice(DEVICE, device_key)),
        "link": _link(p, account),
        "begun_anew": _begun_anew(p),
        "words": _words(p, recovery_key),
        "store": _store(p),
        "unusable": _unusable(p, device_seed, group_id),
        "new_recovery": _new_recovery(p, account, KeptDevice(DEVICE, device_key)),
        "passkey": _passkey(p, account, recovery_key),
    }


def _account(account) -> dict:
    return {
        "root_seed": account.keys.root_seed.hex(),
        "signing_seed": account.keys.signing_seed.hex(),
        "recovery_private": account.keys.recovery_private.hex(),
        "vault": account.vault.hex(),
        "statement": account.statement.encode().hex(),
        "statement_signature": account.statement_signature.hex(),
        "root_fingerprint": root_fingerprint(USER, account.statement.root_key).hex(),
    }


def _begun_anew(p) -> dict:
    recovery_key = p.random(32)
    made = create_account(p, recovery_key=recovery_key, version=3, **WHOSE)
    later = root_fingerprint(USER, made.statement.root_key)
    return {
        "recovery_key": recovery_key.hex(),
        "root_seed": made.keys.root_seed.hex(),
        "signing_seed": made.keys.signing_seed.hex(),
        "recovery_private": made.keys.recovery_private.hex(),
        "vault": made.vault.hex(),
        "statement": made.statement.encode().hex(),
        "statement_signature": made.statement_signature.hex(),
        "root_fingerprint": later.hex(),
        "first_history_version": first_history_version(3),
        "note_to_self": self_conversation_id(USER, later),
    }


def _lock_out(p, account, recovery_key: bytes, kept: KeptDevice) -> dict:
    made = succeed_account(
        p, account.statement, account.keys, recovery_key=recovery_key, devices=(kept,), history_version=1
    )
    return {
        "history_version": 1,
        "signing_seed": made.keys.signing_seed.hex(),
        "vault": made.vault.hex(),
        "statement": made.statement.encode().hex(),
        "statement_signature": made.statement_signature.hex(),
    }


def _new_recovery(p, account, kept: KeptDevice) -> dict:
    recovery_key = p.random(32)
    made = succeed_account(
        p,
        account.statement,
        account.keys,
        recovery_key=recovery_key,
        devices=(kept,),
        history_version=2,
        new_recovery=True,
    )
    return {
        "recovery_key": recovery_key.hex(),
        "recovery_private": made.keys.recovery_private.hex(),
        "signing_seed": made.keys.signing_seed.hex(),
        "vault": made.vault.hex(),
        "statement": made.statement.encode().hex(),
    }


def _link(p, account) -> dict:
    place = LinkPlace(SERVER, USER, LINK)
    (old_private, old_key), (new_private, new_key) = generate_hpke_key(p), generate_hpke_key(p)
    nonce, secret = p.random(32), p.random(32)
    package = LinkPackage(account.statement.root_key, 1, account.keys.signing_seed, (HistoryKey(1, p.random(32)),))
    coded = transcript_by_code(place, old_key=old_key, new_key=new_key, nonce=nonce)
    scanned = transcript_by_scan(place, old_key=old_key, new_key=new_key)
    keys = {"old_private": old_private, "new_key": new_key}
    return {
        "link_id": LINK,
        "old_private": old_private.hex(),
        "new_private": new_private.hex(),
        "nonce": nonce.hex(),
        "commitment": commitment_to(place, new_key, nonce).hex(),
        "digits_of_new": digits_of(p, coded, "new"),
        "digits_of_old": digits_of(p, coded, "old"),
        "package": package.encode().hex(),
        "sealed_by_code": seal_package(p, package, coded, **keys).hex(),
        "secret": secret.hex(),
        "code_to_scan": format_scan(ScannedLink(LINK, old_key, secret)),
        "sealed_by_scan": seal_package(p, package, scanned, **keys, secret=secret).hex(),
    }


def _device(p, account, seed: bytes, key: bytes) -> dict:
    certificate = certify_device(
        p, signing_seed=account.keys.signing_seed, device_id=DEVICE, statement_version=1, device_key=key, **WHOSE
    )
    return {"seed": seed.hex(), "key": key.hex(), "certificate": certificate.encode().hex()}


def _kept(p, account, device_key: bytes, epoch: tuple[bytes, bytes, bytes, bytes]) -> dict:
    group_id, epoch_secret, transcript, anchor = epoch
    key, signer = HistoryKey(1, p.random(32)), HistoryKeySigner(1, account.keys.signing_seed)
    digest = leaves_digest([(USER, DEVICE, device_key)])
    record = ArchiveRecord(CONVERSATION, 0, 3, group_id, epoch_secret, transcript, digest, 7, anchor)
    place = PastPlace(SERVER, CONVERSATION, 0, 3, USER, DEVICE)
    private, public = generate_hpke_key(p)
    past = (p.random(32), p.random(32))
    settings = b'{"mute.x":"always"}'
    push_private, push_public = generate_hpke_key(p)
    secret = EpochSecret(CONVERSATION, group_id, 0, 3, epoch_secret)
    return {
        "history_key": {
            "version": 1,
            "secret": key.secret.hex(),
            "sealed": seal_history_key(p, key, account.statement.recovery_key, signer=signer, **WHOSE).hex(),
        },
        "archive": {
            "generation": 0,
            "epoch": 3,
            "group_id": group_id.hex(),
            "epoch_secret": epoch_secret.hex(),
            "interim_transcript_hash": transcript.hex(),
            "leaves_digest": digest.hex(),
            "anchor_sequence": 7,
            "anchor_hash": anchor.hex(),
            "sealed": seal_record(p, key, record, **WHOSE).hex(),
        },
        "index": {
            "version": 1,
            "conversation_ids": [CONVERSATION],
            "sealed": seal_index(p, key, [CONVERSATION], version=1, **WHOSE).hex(),
        },
        "settings": {
            "version": 1,
            "plaintext": settings.hex(),
            "sealed": seal_settings(p, key, settings, version=1, **WHOSE).hex(),
        },
        "past": {
            "private": private.hex(),
            "before": 3,
            "first": 1,
            "secrets": [one.hex() for one in past],
            "sealed": seal_past(p, PastSecrets(1, past), public, place).hex(),
        },
        "push": {
            "private": push_private.hex(),
            "sealed_secret": seal_secret(p, secret, push_public, server_name=SERVER, device_id=DEVICE).hex(),
        },
    }


def _message(p, device_seed: bytes, epoch: tuple[bytes, bytes, bytes, bytes]) -> dict:
    group_id, epoch_secret, transcript, anchor = epoch
    body = b'{"text":"hello"}'
    sealed = seal_message(
        p,
        epoch_secret=epoch_secret,
        suite=SUITE,
        group_id=group_id,
        generation=0,
        conversation_id=CONVERSATION,
        epoch=3,
        transcript_prefix=transcript[:16],
        user_id=USER,
        device_id=DEVICE,
        client_id=CLIENT_ID,
        counts=True,
        content=Content(1, 7, anchor, 1, body),
        device_seed=device_seed,
    )
    parts = (sealed.header, sealed.ciphertext, sealed.signature)
    entry = message_hash(*parts)
    return {
        "message": {
            "counter": 1,
            "last_sequence": 7,
            "kind": 1,
            "body": body.decode(),
            "header": sealed.header.hex(),
            "ciphertext": sealed.ciphertext.hex(),
            "signature": sealed.signature.hex(),
            "entry_hash": entry.hex(),
            "chain_start": chain_start(CONVERSATION).hex(),
            "chain_next": chain_next(anchor, 8, entry).hex(),
            "push_payload": PushPayload(CONVERSATION, b"", *parts).encode().decode(),
        }
    }


def _unusable(p, device_seed: bytes, group_id: bytes) -> dict:
    """A report on entry 8, the entry of a reset that goes around it, and the binding of coming in again after epoch 3."""
    entry, group_info, policy = hashlib.sha256(b"entry 8").digest(), b"GroupInfo", b"policy"
    suspect = Suspect(conversation_id=CONVERSATION, sequence=8, entry_hash=entry, generation=0, group_id=group_id)
    statement = report_statement(suspect, USER, DEVICE)
    signature = sign_with_label(p, device_seed, REPORT_LABEL, statement)
    return {
        "sequence": 8,
        "commit_hash": entry.hex(),
        "client_id": report_client_id(CONVERSATION, 8),
        "signature": signature.hex(),
        "report_hash": unusable_hash(8, signature).hex(),
        "group_info": group_info.hex(),
        "policy": policy.hex(),
        "reset_hash": reset_hash(8, group_info, policy).hex(),
        "binding": entry_binding(group_id, 3).hex(),
    }


def _safety(p, fingerprint: bytes) -> dict:
    other = p.random(32)
    return {"other_fingerprint": other.hex(), "number": safety_number(p, fingerprint, other)}


def _key_log(p, account) -> dict:
    """A log of five leaves, of which the third is the account's; its head as a note and as it rides in a message."""
    leaf = leaf_of(USER, 1, account.statement.encode())
    leaves = [Leaf(p.random(32), n, p.random(32)) for n in (1, 2)] + [leaf] + [Leaf(p.random(32), 1, p.random(32))] * 2
    hashes = [each.hash for each in leaves]
    seed = p.random(32)
    signer, checkpoint = (
        NoteKey(origin_of(SERVER), p.ed25519_public(seed)),
        Checkpoint(origin_of(SERVER), 5, root_of(hashes)),
    )
    head = sign_head(checkpoint, 1_700_000_000, lambda message: p.sign(seed, message))
    proof = consistency_proof(3, 5, lambda start, end: root_of(hashes[start:end]))
    return {
        "leaves": [each.encode().hex() for each in leaves],
        "own": 2,
        "first_root": root_of(hashes[:3]).hex(),
        "root": checkpoint.root.hex(),
        "consistency": [step.hex() for step in proof],
        "seed": seed.hex(),
        "key": signer.text(),
        "time": head.time,
        "head": head.encode().hex(),
        "note": write_note(checkpoint, signer, head),
        "content": Content(1, 7, bytes(32), 1, b'{"text":"hello"}', head.encode()).encode().hex(),
    }


def _attachment(p) -> dict:
    plaintext = bytes(range(100))
    key = new_key(p, hashlib.sha256(plaintext).digest())
    layout = Layout(len(plaintext), 64)
    stream = stream_of(p, AtOnce(p), key, layout)
    chunks = [at_once(stream.seal(n, plaintext[slice(*layout.plain_range(n))])) for n in range(layout.chunks)]
    return {
        "plaintext": plaintext.hex(),
        "chunk_size_bytes": 64,
        "key": key.hex(),
        "sealed_chunks": [chunk.hex() for chunk in chunks],
        "digests": [hashlib.sha256(chunk).hexdigest() for chunk in chunks],
    }


def _words(p, recovery_key: bytes) -> dict:
    text, pepper = "abacus abdomen abide ability ablaze able", p.random(32)
    wrap = Wrapping(p, stretch, "Parley Recovery Words 1").wrap(
        recovery_key, text, place_of(SERVER, USER).finish(), pepper
    )
    stretched = stretch(text.encode(), wrap[13:29], COST)
    return {"text": text, "stretched": stretched.hex(), "pepper": pepper.hex(), "wrap": wrap.hex()}


def _passkey(p, account, recovery_key: bytes) -> dict:
    """What a passkey opens of the recovery key, and of an app lock."""
    secret, salt, store_key = p.random(32), p.random(32), p.random(32)
    wrap = wrap_for_passkey(recovery_key, p, account.statement, salt=salt, secret=secret)
    lock = PasskeyWrapping(p, "Parley App Lock Passkey 1").wrap(store_key, secret, salt)
    said = {"secret": secret, "salt": salt, "wrap": wrap, "store_key": store_key, "lock_wrap": lock}
    return {name: value.hex() for name, value in said.items()}


def _store(p) -> dict:
    """What an app lock seals: the last chunk of an image, and the first record of its journal."""
    store_key, salt, image = p.random(32), p.random(16), b"the end of a database"
    key = sealed._key(p, store_key, salt)
    record = msgspec.msgpack.encode([("DELETE FROM drafts WHERE conversation_id = ?", ("c",))])
    return {
        "key": store_key.hex(),
        "salt": salt.hex(),
        "image": image.hex(),
        "chunk": seal(p, key, p.random(12), image, sealed._chunk_place(3, last=True)).hex(),
        "statements": record.hex(),
        "record": seal(p, key, p.random(12), record, sealed._record_place(1)).hex(),
    }


def written() -> str:
    """The file's text."""
    return json.dumps(vectors(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())

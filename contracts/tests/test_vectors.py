"""The formulas of docs/encryption.md once more, on the primitives of whatever platform runs this: `contracts/vectors/encryption.json`.

Nothing of the client core is here: what another client would do, with the page in hand. Runs on CPython and, on `@noble`, in Pyodide.
"""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from parley_contracts.envelope import MessageHeader, chain_next, chain_start, message_hash
from parley_contracts.identity import AccountStatement, DeviceCertificate
from parley_mls import (
    CryptoError,
    Reader,
    Writer,
    default_primitives,
    expand_with_label,
    hpke,
    hpke_open,
    sign_with_label,
    verify_with_label,
)

P = default_primitives()
VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "encryption.json").read_text())
SERVER = VECTORS["server_name"].encode()
USER, DEVICE, CONVERSATION = (
    bytes.fromhex(VECTORS[name].replace("-", "")) for name in ("user_id", "device_id", "conversation_id")
)


def raw(part: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[part][name])


def place() -> Writer:
    return Writer().opaque(SERVER).raw(USER)


def opened(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """AES-256-GCM with the nonce in front."""
    return P.aead_open(key, sealed[:12], sealed[12:], aad)


def label(secret: bytes, name: str, context: bytes, size: int = 32) -> bytes:
    return expand_with_label(P, secret, name, context, size)


def test_vault():
    at = place().uint32(1).finish()
    keys = opened(label(raw("recovery", "key"), "Parley Vault 1", at), raw("account", "vault"), at)
    assert keys == b"".join(raw("account", name) for name in ("root_seed", "recovery_private", "signing_seed"))
    statement = AccountStatement.decode(raw("account", "statement"))
    named = (P.ed25519_public(keys[:32]), P.x25519_public(keys[32:64]), P.ed25519_public(keys[64:]))
    assert named == (statement.root_key, statement.recovery_key, statement.signing_key)
    assert statement.vault_hash == hashlib.sha256(raw("account", "vault")).digest()


def test_statement_certificate_and_fingerprint():
    root = P.ed25519_public(raw("account", "root_seed"))
    statement, signature = raw("account", "statement"), raw("account", "statement_signature")
    assert verify_with_label(P, root, "Parley Account Statement 1", statement, signature)
    assert sign_with_label(P, raw("account", "root_seed"), "Parley Account Statement 1", statement) == signature
    certificate = DeviceCertificate.decode(raw("device", "certificate"))
    signing_key = P.ed25519_public(raw("account", "signing_seed"))
    signed = certificate.to_be_signed()
    assert verify_with_label(P, signing_key, "Parley Device Certificate 1", signed, certificate.signature)
    assert hashlib.sha256(b"parley root key" + USER + root).digest() == raw("account", "root_fingerprint")


def test_a_lock_out():
    """The next statement: the same root and recovery keys, a new signing key, and a vault that holds it."""
    at = place().uint32(2).finish()
    keys = opened(label(raw("recovery", "key"), "Parley Vault 1", at), raw("lock_out", "vault"), at)
    kept = raw("account", "root_seed") + raw("account", "recovery_private")
    assert keys == kept + raw("lock_out", "signing_seed") + (1).to_bytes(4, "big")
    before, after = (AccountStatement.decode(raw(part, "statement")) for part in ("account", "lock_out"))
    assert (after.version, after.root_key, after.recovery_key) == (2, before.root_key, before.recovery_key)
    assert after.signing_key == P.ed25519_public(raw("lock_out", "signing_seed"))
    assert after.vault_hash == hashlib.sha256(raw("lock_out", "vault")).digest()
    assert [(d.device_id, d.device_key) for d in after.devices] == [(VECTORS["device_id"], raw("device", "key"))]
    signature = raw("lock_out", "statement_signature")
    root = P.ed25519_public(raw("account", "root_seed"))
    assert verify_with_label(P, root, "Parley Account Statement 1", raw("lock_out", "statement"), signature)


def test_a_new_recovery_key():
    """The next statement names another recovery public key, and the vault holds the earlier private key behind all else."""
    at = place().uint32(2).finish()
    keys = opened(label(raw("new_recovery", "recovery_key"), "Parley Vault 1", at), raw("new_recovery", "vault"), at)
    seeds = raw("account", "root_seed") + raw("new_recovery", "recovery_private") + raw("new_recovery", "signing_seed")
    assert keys == seeds + (2).to_bytes(4, "big") + raw("account", "recovery_private")
    before, after = (AccountStatement.decode(raw(part, "statement")) for part in ("account", "new_recovery"))
    assert (after.version, after.root_key) == (2, before.root_key)
    assert after.recovery_key == P.x25519_public(raw("new_recovery", "recovery_private")) != before.recovery_key


def test_a_new_beginning():
    """A later statement under another root key: it keeps no device, and history keys and note-to-self begin anew with it."""
    at = place().uint32(3).finish()
    begun = VECTORS["begun_anew"]
    keys = opened(label(raw("begun_anew", "recovery_key"), "Parley Vault 1", at), raw("begun_anew", "vault"), at)
    seeds = b"".join(raw("begun_anew", name) for name in ("root_seed", "recovery_private", "signing_seed"))
    assert begun["first_history_version"] == 3 * 65_536
    assert keys == seeds + (3 * 65_536 - 1).to_bytes(4, "big")
    statement = AccountStatement.decode(raw("begun_anew", "statement"))
    root = P.ed25519_public(raw("begun_anew", "root_seed"))
    assert (statement.version, statement.root_key, statement.devices) == (3, root, ())
    signature = raw("begun_anew", "statement_signature")
    assert verify_with_label(P, root, "Parley Account Statement 1", raw("begun_anew", "statement"), signature)
    fingerprint = hashlib.sha256(b"parley root key" + USER + root).digest()
    assert fingerprint == raw("begun_anew", "root_fingerprint")
    note = bytearray(hashlib.sha256(b"parley note to self" + USER + fingerprint).digest()[:16])
    note[6], note[8] = 0x80 | note[6] & 0x0F, 0x80 | note[8] & 0x3F
    assert bytes(note).hex() == begun["note_to_self"].replace("-", "")


def link_place() -> bytes:
    return place().raw(bytes.fromhex(VECTORS["link"]["link_id"].replace("-", ""))).finish()


def test_a_link_by_code():
    old, new, nonce = (raw("link", name) for name in ("old_private", "new_private", "nonce"))
    old_key, new_key = P.x25519_public(old), P.x25519_public(new)
    commitment = hashlib.sha256(b"parley link\x01" + link_place() + new_key + nonce).digest()
    assert commitment == raw("link", "commitment")
    transcript = b"\x01" + link_place() + commitment + old_key + new_key + nonce
    for side, name in (("new", "Parley Link Code 1"), ("old", "Parley Link Answer 1")):
        drawn = label(hashlib.sha256(transcript).digest(), name, b"", 8)
        assert f"{int.from_bytes(drawn, 'big') % 10**6:06}" == VECTORS["link"][f"digits_of_{side}"]
    sealed = raw("link", "sealed_by_code")
    package = hpke_open(P, new, b"Parley Link 1", transcript, old_key + sealed)
    assert package == raw("link", "package")
    reader = Reader(package)
    assert (reader.uint8(), reader.raw(32)) == (1, P.ed25519_public(raw("account", "root_seed")))
    assert (reader.uint32(), reader.raw(32)) == (1, raw("account", "signing_seed"))
    assert [len(key) for key in reader.vector(lambda r: r.raw(36))] == [36]


def test_a_link_by_scanning():
    new, secret, old_key = (
        raw("link", "new_private"),
        raw("link", "secret"),
        P.x25519_public(raw("link", "old_private")),
    )
    said = b"\x01" + link_place()[-16:] + old_key + secret
    check = hashlib.sha256(b"parley link code" + said).digest()[:4]
    assert VECTORS["link"]["code_to_scan"] == "PARLEY LINK " + base64.b32encode(said + check).decode().rstrip("=")
    transcript = b"\x02" + link_place() + old_key + P.x25519_public(new)
    psk = hpke.Psk(secret, b"parley link")
    package = hpke.open_(P, new, b"Parley Link 1", transcript, old_key, raw("link", "sealed_by_scan"), psk)
    assert package == raw("link", "package")


def test_history_key():
    at = place().uint32(1).finish()
    plaintext = hpke_open(
        P, raw("account", "recovery_private"), b"Parley History Key 1", at, raw("history_key", "sealed")
    )
    secret, version, signature = plaintext[:32], plaintext[32:36], plaintext[36:]
    assert (secret, version) == (raw("history_key", "secret"), (1).to_bytes(4, "big"))
    signing_key = P.ed25519_public(raw("account", "signing_seed"))
    assert verify_with_label(P, signing_key, "Parley History Key 1", at + version + secret, signature)


def test_archive_record():
    told, sealed = VECTORS["archive"], raw("archive", "sealed")
    group_id = raw("archive", "group_id")
    at = place().raw(CONVERSATION).uint32(0).opaque(group_id).uint64(3).finish()
    front = b"\x01" + bytes([len(group_id)]) + group_id
    assert sealed.startswith(front)
    key = label(raw("history_key", "secret"), "Parley Archive Record 1", at)
    reader = Reader(opened(key, sealed[len(front) :], at))
    names = ("epoch_secret", "interim_transcript_hash", "leaves_digest")
    assert [reader.opaque() for _ in names] == [raw("archive", name) for name in names]
    assert (reader.uint64(), reader.opaque()) == (told["anchor_sequence"], raw("archive", "anchor_hash"))
    plaintext = opened(key, sealed[len(front) :], at)
    nonce_key = label(raw("history_key", "secret"), "Parley Archive Nonce 1", at)
    assert P.hmac(nonce_key, plaintext)[:12] == sealed[len(front) : len(front) + 12]
    leaves = Writer().raw(USER).raw(DEVICE).opaque(raw("device", "key")).finish()
    assert hashlib.sha256(b"parley leaves" + leaves).digest() == raw("archive", "leaves_digest")


@pytest.mark.parametrize(("part", "name"), [("index", "Parley Account Index 1"), ("settings", "Parley Settings 1")])
def test_index_and_settings(part, name):
    key, at = label(raw("history_key", "secret"), name, b""), place().uint32(1).finish()
    plaintext = opened(key, raw(part, "sealed"), at)
    assert plaintext == (bytes([16]) + CONVERSATION if part == "index" else raw("settings", "plaintext"))


def test_secrets_of_past_epochs():
    at = place().raw(CONVERSATION).uint32(0).uint64(3).raw(DEVICE).finish()
    plaintext = hpke_open(P, raw("past", "private"), b"Parley Past Secrets 1", at, raw("past", "sealed"))
    secrets = b"".join(bytes.fromhex(secret) for secret in VECTORS["past"]["secrets"])
    assert plaintext == Writer().uint8(1).uint64(1).opaque(secrets).finish()


def test_push_secret():
    at = Writer().opaque(SERVER).raw(CONVERSATION).opaque(raw("archive", "group_id")).uint32(0).uint64(3)
    sealed = raw("push", "sealed_secret")
    secret = hpke_open(P, raw("push", "private"), b"Parley Push Secret 1", at.raw(DEVICE).finish(), sealed)
    assert secret == raw("archive", "epoch_secret")


def test_message():
    header, ciphertext = raw("message", "header"), raw("message", "ciphertext")
    both = label(raw("archive", "epoch_secret"), "message", P.hash(header), 44)
    inside = P.aead_open(both[:32], both[32:], ciphertext, header)
    said = VECTORS["message"]
    content = (
        Writer()
        .uint8(1)
        .uint64(said["counter"])
        .uint64(said["last_sequence"])
        .raw(raw("archive", "anchor_hash"))
        .uint16(said["kind"])
        .opaque(said["body"].encode())
        .finish()
    )
    assert inside == (inside[:32] + content).ljust(256, b"\0")
    assert P.hmac(inside[:32], header[:-32] + content) == header[-32:] == MessageHeader.decode(header).commitment
    signed = header + P.hash(ciphertext)
    assert verify_with_label(P, raw("device", "key"), "Parley Message 1", signed, raw("message", "signature"))
    with pytest.raises(CryptoError):
        P.aead_open(both[:32], both[32:], ciphertext, header + b"\0")


def test_safety_number():
    def digits(fingerprint: bytes) -> str:
        drawn = label(fingerprint, "Parley Safety Number 1", b"", 30)
        return "".join(f"{int.from_bytes(drawn[at : at + 5], 'big') % 100_000:05}" for at in range(0, 30, 5))

    both = sorted((digits(raw("account", "root_fingerprint")), digits(raw("safety", "other_fingerprint"))))
    assert "".join(both) == VECTORS["safety"]["number"]


def test_hash_chain():
    entry = message_hash(*(raw("message", name) for name in ("header", "ciphertext", "signature")))
    assert entry == raw("message", "entry_hash")
    assert chain_start(VECTORS["conversation_id"]) == raw("message", "chain_start")
    assert chain_next(raw("archive", "anchor_hash"), 8, entry) == raw("message", "chain_next")


def test_a_report_a_reset_and_coming_in_again():
    part, group_id = VECTORS["unusable"], raw("archive", "group_id")
    sequence = part["sequence"].to_bytes(8, "big")
    statement = b"\x01" + CONVERSATION + bytes(4) + Writer().opaque(group_id).finish() + sequence
    statement += Writer().opaque(raw("unusable", "commit_hash")).finish() + USER + DEVICE
    signature = raw("unusable", "signature")
    assert verify_with_label(P, raw("device", "key"), "Parley Commit Unusable 1", statement, signature)
    digest = bytearray(hashlib.sha256(b"parley report" + CONVERSATION + sequence).digest()[:16])
    digest[6], digest[8] = digest[6] & 15 | 128, digest[8] & 63 | 128
    assert digest.hex() == part["client_id"].replace("-", "")
    report = sequence + Writer().opaque(signature).finish()
    assert raw("unusable", "report_hash") == hashlib.sha256(b"parley unusable" + report).digest()
    reset = sequence + Writer().opaque(raw("unusable", "group_info")).opaque(raw("unusable", "policy")).finish()
    assert raw("unusable", "reset_hash") == hashlib.sha256(b"parley reset" + reset).digest()
    left = Writer().opaque(group_id).uint64(3).finish()
    assert raw("unusable", "binding") == hashlib.sha256(b"parley entry" + left).digest()


def test_attachment():
    told, plaintext = VECTORS["attachment"], raw("attachment", "plaintext")
    context = Writer().uint64(len(plaintext)).uint64(told["chunk_size_bytes"]).finish()
    both = label(raw("attachment", "key"), "attachment", context, 32 + 7)
    sealed = [bytes.fromhex(chunk) for chunk in told["sealed_chunks"]]
    found = b""
    for number, chunk in enumerate(sealed):
        last = bytes([number == len(sealed) - 1])
        found += P.aead_open(both[:32], both[32:] + number.to_bytes(4, "big") + last, chunk, b"")
    assert found == plaintext
    assert [hashlib.sha256(chunk).hexdigest() for chunk in sealed] == told["digests"]


def test_key_log():
    """Leaves, tree, proof and head of the log of people's keys."""
    said = VECTORS["key_log"]
    leaves = [bytes.fromhex(leaf) for leaf in said["leaves"]]
    statement = hashlib.sha256(raw("account", "statement")).digest()
    assert leaves[said["own"]] == hashlib.sha256(b"parley kt" + USER).digest() + bytes([0, 0, 0, 1]) + statement
    a, b, c, d, e = (hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves)
    ab, cd = hashlib.sha256(b"\x01" + a + b).digest(), hashlib.sha256(b"\x01" + c + d).digest()
    abcd = hashlib.sha256(b"\x01" + ab + cd).digest()
    root = hashlib.sha256(b"\x01" + abcd + e).digest()
    assert root == raw("key_log", "root") and raw("key_log", "first_root") == hashlib.sha256(b"\x01" + ab + c).digest()
    assert [bytes.fromhex(step) for step in said["consistency"]] == [c, d, ab, e]
    key = P.ed25519_public(raw("key_log", "seed"))
    origin = f"{VECTORS['server_name']}/keys"
    checkpoint = f"{origin}\n5\n{base64.b64encode(root).decode()}\n"
    head = raw("key_log", "head")
    assert head[:48] == (5).to_bytes(8, "big") + root + said["time"].to_bytes(8, "big")
    assert P.verify(key, f"cosignature/v1\ntime {said['time']}\n{checkpoint}".encode(), head[48:])
    key_id = hashlib.sha256(f"{origin}\n".encode() + b"\x04" + key).digest()[:4]
    assert said["key"] == f"{origin}+{key_id.hex()}+{base64.b64encode(bytes([4]) + key).decode()}"
    assert said["note"] == f"{checkpoint}\n\u2014 {origin} {base64.b64encode(key_id + head[40:]).decode()}\n"
    content = raw("key_log", "content")
    assert content[0] == 2 and content.endswith(head)


def test_recovery_words():
    """From what Argon2id gives on."""
    wrap = raw("words", "wrap")
    assert wrap[:13] == bytes([1]) + b"".join(number.to_bytes(4, "big") for number in (65536, 3, 1))
    at = place().finish() + wrap[:29]
    key = label(P.hmac(raw("words", "pepper"), raw("words", "stretched")), "Parley Recovery Words 1", at)
    assert opened(key, wrap[29:-4], at) == raw("recovery", "key")
    assert wrap[-4:] == hashlib.sha256(wrap[:-4]).digest()[:4]


def test_keys_under_a_passkey():
    secret, salt = raw("passkey", "secret"), raw("passkey", "salt")
    at = place().raw(AccountStatement.decode(raw("account", "statement")).recovery_key).raw(salt).finish()
    key = label(secret, "Parley Recovery Passkey 1", at)
    assert opened(key, raw("passkey", "wrap"), at) == raw("recovery", "key")
    key = label(secret, "Parley App Lock Passkey 1", salt)
    assert opened(key, raw("passkey", "lock_wrap"), salt) == raw("passkey", "store_key")


def test_a_sealed_store():
    key = label(raw("store", "key"), "Parley Store 1", raw("store", "salt"))
    assert opened(key, raw("store", "chunk"), bytes([1, *bytes(7), 3, 1])) == raw("store", "image")
    assert opened(key, raw("store", "record"), bytes([2, *bytes(7), 1])) == raw("store", "statements")

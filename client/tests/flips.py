"""Every byte flipped, one at a time: whatever is sealed or signed, and what opens it (for `hostile/test_every_byte.py`)."""

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from parley_client.attachments.stream import Layout, Stream
from parley_client.crypto.account import certify_device, create_account, open_vault, verify_certificate, verify_identity
from parley_client.crypto.archive import ArchiveRecord, open_record, seal_record
from parley_client.crypto.history import HistoryKey, HistoryKeySigner, open_history_key, seal_history_key
from parley_client.crypto.index import open_index, seal_index
from parley_client.crypto.message import Content, MessageErrorCode, _key_and_nonce, seal_message
from parley_client.crypto.passkeys import PasskeyWrap
from parley_client.crypto.passphrases import Cost
from parley_client.crypto.past import PastPlace, PastSecrets, open_past, seal_past
from parley_client.crypto.recovery import format_recovery_key, parse_recovery_key
from parley_client.crypto.settings import open_settings, seal_settings
from parley_client.crypto.wraps import Wrapping
from parley_client.push.opening import PushKeys, open_push
from parley_client.push.sealing import EpochSecret, PushDirectory, PushPerson, seal_directory, seal_secret
from parley_client.recovery.passkeys import PasskeySecret, open_by_passkey, wrap_for_passkey
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf
from parley_client.sync.opening import Memory, open_entry
from parley_contracts.auth_api import Identity, SignedStatement
from parley_contracts.checkpoints import (
    Checkpoint,
    CheckpointError,
    Head,
    NoteKey,
    open_note,
    origin_of,
    parse_key,
    sign_head,
    write_note,
)
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import MESSAGE_LABEL
from parley_contracts.ids import new_uuid7
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import POLICY_EXTENSION_TYPE
from parley_contracts.push import PushPayload
from parley_mls import (
    SUITE,
    Extension,
    Group,
    KeyPackage,
    Lifetime,
    PublicGroup,
    create_key_package,
    default_primitives,
    generate_hpke_key,
    generate_signature_key,
    sign_with_label,
)

P = default_primitives()
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
ALL_BITS = range(8)
SERVER, USER, DEVICE, CONVERSATION, CLIENT_ID = "parley.example", *(new_uuid7() for _ in range(4))
WHOSE = {"user_id": USER, "server_name": SERVER}
#: Why a message does not open: what `MessageError` may say.
MESSAGE_CAUSES = frozenset(get_args(MessageErrorCode))


@dataclass(frozen=True)
class Target:
    """Something sealed or signed: its bytes, and what opens them. `bits` None: one of each byte, by the seed."""

    data: bytes
    open: Callable[[bytes], object]
    bits: range | None = ALL_BITS


def flipped(target: Target) -> Iterator[tuple[int, bytes]]:
    """The place, and the bytes with one bit there turned over."""
    dice = random.Random(SEED)
    for place in range(len(target.data)):
        for bit in target.bits or (dice.randrange(8),):
            changed = bytearray(target.data)
            changed[place] ^= 1 << bit
            yield place, bytes(changed)


RECOVERY_KEY = bytes(range(32))
ACCOUNT = create_account(P, server_name=SERVER, user_id=USER, recovery_key=RECOVERY_KEY)
DEVICE_SEED, DEVICE_KEY = generate_signature_key(P)
CERTIFICATE = certify_device(
    P,
    signing_seed=ACCOUNT.keys.signing_seed,
    device_id=DEVICE,
    statement_version=1,
    device_key=DEVICE_KEY,
    binding=bytes(32),
    **WHOSE,
).encode()
STATEMENT = ACCOUNT.statement.encode()
HISTORY_KEY = HistoryKey(1, bytes(32))
PRIVATE, PUBLIC = generate_hpke_key(P)


def identity(statement: bytes = STATEMENT, signature: bytes = ACCOUNT.statement_signature):
    signed = SignedStatement(1, b64encode(statement), b64encode(signature))
    return verify_identity(P, Identity(USER, [signed], []), server_name=SERVER, known_root=None, known_version=0)


def vault(sealed: bytes, expected: bytes | None = None):
    hash_ = expected or ACCOUNT.statement.vault_hash
    return open_vault(P, sealed=sealed, recovery_key=RECOVERY_KEY, version=1, expected_hash=hash_, **WHOSE)


def accounts() -> dict[str, Target]:
    owner = identity()
    typed = format_recovery_key(RECOVERY_KEY).encode()
    return {
        "account statement": Target(STATEMENT, identity),
        "statement, signature": Target(ACCOUNT.statement_signature, lambda b: identity(signature=b)),
        "device certificate": Target(CERTIFICATE, lambda b: verify_certificate(P, b, owner)),
        "vault": Target(ACCOUNT.vault, vault),
        "vault, its hash made to fit": Target(ACCOUNT.vault, lambda b: vault(b, hashlib.sha256(b).digest())),
        "recovery key as typed": Target(typed, lambda b: parse_recovery_key(b.decode("latin-1"))),
    }


def wraps() -> dict[str, Target]:
    """A key under a passphrase: changed, and changed by somebody who makes the check fit; and the recovery key under a passkey."""

    def cheap(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        return hashlib.sha256(salt + cost.encode() + passphrase).digest()

    wrapping = Wrapping(P, cheap, "Flipped")
    wrap = wrapping.wrap(bytes(32), "correct horse", b"place")

    def fitted(data: bytes) -> object:
        return wrapping.unwrap(data + hashlib.sha256(data).digest()[:4], "correct horse", b"place")

    statement, salt, secret = ACCOUNT.statement, bytes(32), b"s" * 32
    by_passkey = wrap_for_passkey(RECOVERY_KEY, P, statement, salt=salt, secret=secret)

    def of_passkey(**changed: bytes) -> object:
        parts = {"salt": salt, "wrap": by_passkey, "secret": secret} | changed
        kept = PasskeyWrap(b"credential", parts["salt"], parts["wrap"])
        return open_by_passkey(PasskeySecret(kept, parts["secret"]), P, statement)

    return {
        "recovery passkey": Target(by_passkey, lambda b: of_passkey(wrap=b)),
        "recovery passkey, its salt": Target(salt, lambda b: of_passkey(salt=b)),
        "recovery passkey, what it gave": Target(secret, lambda b: of_passkey(secret=b)),
        "wrap": Target(wrap, lambda b: wrapping.unwrap(b, "correct horse", b"place")),
        "wrap, its check made to fit": Target(wrap[:-4], fitted),
    }


LOG_SEED, LOG_KEY = generate_signature_key(P)
LOG = NoteKey(origin_of(SERVER), LOG_KEY)
CHECKPOINT = Checkpoint(LOG.name, 5, bytes(range(32)))
HEAD = sign_head(CHECKPOINT, 1_700_000_000, lambda message: P.sign(LOG_SEED, message))


def read_head(data: bytes) -> Head:
    """A head as it comes with a message, held to the log's key."""
    head = Head.decode(data)
    if not head.holds(LOG, LOG.name, P.verify):
        raise CheckpointError("it is not signed by the log")
    return head


def key_log() -> dict[str, Target]:
    """Heads of the log of people's keys, and the key that it shows."""
    note = write_note(CHECKPOINT, LOG, HEAD).encode()
    return {
        "head of the key log": Target(HEAD.encode(), read_head),
        "head of the key log, as a note": Target(
            note, lambda b: open_note(b.decode(errors="replace"), LOG, LOG.name, P.verify)
        ),
        "head of the key log, its key": Target(LOG.text().encode(), lambda b: parse_key(b.decode("latin-1"))),
    }


RECORD = ArchiveRecord(CONVERSATION, 0, 3, b"group-id-16bytes", b"e" * 32, b"t" * 32, b"l" * 32, 7, b"h" * 32)
PAST_PLACE = PastPlace(SERVER, CONVERSATION, 0, 7, USER, DEVICE)


def kept_by_the_server() -> dict[str, Target]:
    """What the server keeps for a person's devices."""
    place = {"conversation_id": CONVERSATION, "generation": 0, "epoch": 3} | WHOSE
    numbered = {"version": 1} | WHOSE
    return {
        "archive record": Target(
            seal_record(P, HISTORY_KEY, RECORD, **WHOSE), lambda b: open_record(P, HISTORY_KEY, b, **place)
        ),
        "account index": Target(
            seal_index(P, HISTORY_KEY, [CONVERSATION], **numbered), lambda b: open_index(P, HISTORY_KEY, b, **numbered)
        ),
        "settings": Target(
            seal_settings(P, HISTORY_KEY, b"{}", **numbered), lambda b: open_settings(P, HISTORY_KEY, b, **numbered)
        ),
        "history key, wrapped": Target(
            seal_history_key(P, HISTORY_KEY, PUBLIC, signer=HistoryKeySigner(1, ACCOUNT.keys.signing_seed), **WHOSE),
            lambda b: open_history_key(P, b, [PRIVATE], signing_keys={1: ACCOUNT.statement.signing_key}, **numbered),
        ),
        "secrets of past epochs": Target(
            seal_past(P, PastSecrets(5, (bytes(32),) * 2), PUBLIC, PAST_PLACE),
            lambda b: open_past(P, PRIVATE, b, PAST_PLACE),
        ),
    }


EPOCH = EpochRow(
    conversation_id=CONVERSATION,
    generation=0,
    epoch=3,
    secret=b"e" * 32,
    group_id=b"group-id-16bytes",
    transcript_hash=b"t" * 32,
    leaves_digest=b"l" * 32,
    anchor_sequence=7,
    anchor_hash=b"h" * 32,
)
MESSAGE = seal_message(
    P,
    epoch_secret=EPOCH.secret,
    suite=SUITE,
    group_id=EPOCH.group_id,
    generation=0,
    conversation_id=CONVERSATION,
    epoch=3,
    transcript_prefix=EPOCH.transcript_hash[:16],
    user_id=USER,
    device_id=DEVICE,
    client_id=CLIENT_ID,
    counts=True,
    content=Content(1, 7, b"h" * 32, 1, b'{"text": "hello"}'),
    device_seed=DEVICE_SEED,
)
ROW = ConversationRow(
    conversation_id=CONVERSATION, kind="group", policy=b"", cursor=8, chain_hash=b"", epoch=3, status="member"
)
MEMORY = Memory(lambda _: EPOCH, lambda _: (Leaf(USER, DEVICE, DEVICE_KEY),), lambda _: False)


PARTS = {"header": MESSAGE.header, "ciphertext": MESSAGE.ciphertext, "signature": MESSAGE.signature}


def opened_in_log(**parts: bytes) -> object:
    """What `sync.opening` makes of a message in the log."""
    entry = Entry(
        type="message.created",
        conversation_id=CONVERSATION,
        sequence=8,
        ordinal=1,
        epoch=3,
        user_id=USER,
        device_id=DEVICE,
        client_id=CLIENT_ID,
        stored_at="",
        **{name: b64encode(data) for name, data in parts.items()},
    )
    return open_entry(P, ROW, entry, 3, MEMORY)


def opened_as_signed(header: bytes, ciphertext: bytes) -> object:
    """The same of what its own sender signed, whatever it is."""
    signature = sign_with_label(P, DEVICE_SEED, MESSAGE_LABEL, header + P.hash(ciphertext))
    return opened_in_log(header=header, ciphertext=ciphertext, signature=signature)


def messages() -> dict[str, Target]:
    """A message: changed on its way, and by its own sender, who signs and seals what they like."""

    def changed(part: str) -> Target:
        return Target(PARTS[part], lambda b: opened_in_log(**PARTS | {part: b}))

    key, nonce = _key_and_nonce(P, EPOCH.secret, MESSAGE.header)
    inside = P.aead_open(key, nonce, MESSAGE.ciphertext, MESSAGE.header)

    def sealed(plaintext: bytes) -> object:
        return opened_as_signed(MESSAGE.header, P.aead_seal(key, nonce, plaintext, MESSAGE.header))

    return {f"message, {part}": changed(part) for part in PARTS} | {
        "message, header signed anew": Target(MESSAGE.header, lambda b: opened_as_signed(b, MESSAGE.ciphertext)),
        "message, ciphertext signed anew": Target(MESSAGE.ciphertext, lambda b: opened_as_signed(MESSAGE.header, b)),
        "message, inside sealed and signed anew": Target(inside, sealed),
    }


def pushes() -> dict[str, Target]:
    """A push as it reaches a sleeping device, and what that device keeps."""
    secret = EpochSecret(CONVERSATION, EPOCH.group_id, 0, 3, EPOCH.secret)
    sealed = seal_secret(P, secret, PUBLIC, server_name=SERVER, device_id=DEVICE)
    people = {USER: PushPerson("anna", {DEVICE: b64encode(DEVICE_KEY)})}
    directory = seal_directory(P, PushDirectory(people), PUBLIC, server_name=SERVER, device_id=DEVICE)
    parts = (MESSAGE.header, MESSAGE.ciphertext, MESSAGE.signature)
    whole, bare = PushPayload(CONVERSATION, sealed, *parts), PushPayload(CONVERSATION, b"", *parts)
    keys = PushKeys(SERVER, DEVICE, PRIVATE, directory)

    def kept(names: bytes, epoch: bytes):
        return PushKeys(SERVER, DEVICE, PRIVATE, names, {(CONVERSATION, 0, 3): epoch})

    return {
        "push": Target(whole.encode(), lambda b: open_push(P, b, keys), None),
        "names kept for pushes": Target(directory, lambda b: open_push(P, whole.encode(), kept(b, sealed)), None),
        "epoch kept for pushes": Target(sealed, lambda b: open_push(P, bare.encode(), kept(directory, b))),
    }


class AtOnce:
    """`ChunkSealer` without a thread for each of so many chunks."""

    async def seal(self, key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
        return P.aead_seal(key, nonce, plaintext, b"")

    async def open(self, key: bytes, nonce: bytes, sealed: bytes) -> bytes:
        return P.aead_open(key, nonce, sealed, b"")


def at_once(work):
    """What a coroutine that waits for nothing returns."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def chunks() -> dict[str, Target]:
    stream = Stream(Layout(150, 64), AtOnce(), bytes(32), bytes(7))
    sealed = at_once(stream.seal(1, bytes(64)))
    digest = hashlib.sha256(sealed).digest()
    return {
        "chunk of a file": Target(sealed, lambda b: at_once(stream.open(1, b, digest))),
        "chunk, its digest made to fit": Target(
            sealed, lambda b: at_once(stream.open(1, b, hashlib.sha256(b).digest()))
        ),
    }


def handshakes() -> dict[str, Target]:
    """What MLS sends: one bit of each byte, for a look at it costs more."""
    policy = Extension(POLICY_EXTENSION_TYPE, bytes(32))
    group = Group.create(
        P, group_id=EPOCH.group_id, identity=CERTIFICATE, signature_seed=DEVICE_SEED, extensions=[policy]
    )
    joining_seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P,
        identity=b"b",
        signature_seed=joining_seed,
        lifetime=Lifetime(0, 1),
        extension_types=(POLICY_EXTENSION_TYPE,),
    )
    made = group.commit(P, add=[bundle.key_package])
    member = Group.join(P, made.welcome, bundle, joining_seed)
    following = made.group.commit(P)
    outsider = Group.join_external(
        P,
        made.group_info,
        identity=b"c",
        signature_seed=generate_signature_key(P)[0],
        extension_types=(POLICY_EXTENSION_TYPE,),
    )

    def certain(welcome: bytes):
        return Group.join(P, welcome, bundle, joining_seed)

    return {
        "key package": Target(bundle.key_package.to_bytes(), lambda b: KeyPackage.from_bytes(b).validate(P), None),
        "Welcome": Target(made.welcome, certain, None),
        "GroupInfo": Target(made.group_info, lambda b: PublicGroup.from_group_info(P, b), None),
        "commit, by a member": Target(following.commit, lambda b: member.process(P, b), None),
        "external commit, by a member": Target(outsider.commit, lambda b: member.process(P, b), None),
    }


def targets() -> dict[str, Target]:
    """All of it, by name."""
    return accounts() | wraps() | key_log() | kept_by_the_server() | messages() | pushes() | chunks() | handshakes()

"""Root keys as rosters pin them, beside those that people have now: who waits to be let in again, and where nobody may write before.

Invariant: a roster's root keys change by a commit of somebody who may, and by nothing that the server says; no network here.
"""

from __future__ import annotations

from parley_client.crypto.account import VerifiedIdentity
from parley_client.errors import IdentityChanged, NotLetInYet, UntrustedIdentity
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.settings.marks import Value, values, verified_people
from parley_client.store.conversations import load_conversation
from parley_client.store.documents import load_account
from parley_client.store.people import restated_people
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.identity import root_fingerprint
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import PolicyDocument


def renewed_people(session: Session, policy: PolicyDocument) -> list[UserId]:
    """Who of a private conversation has another root key by now than its roster pins, in the roster's order."""
    restated = restated_people(session.store)
    return [
        entry.user_id
        for entry in policy.roster
        if entry.user_id in restated
        and (identity := _identity(session, entry.user_id)) is not None
        and identity.follows(identity.root_fingerprint, b64decode(entry.root_fingerprint))
    ]


def expect_confirmed(session: Session, conversation_id: ConversationId) -> None:
    """`IdentityChanged` while this person is to say something about somebody's new keys before anything is written there."""
    doubted = _doubted_there(session, conversation_id)
    if doubted:
        names = ", ".join(session.directory.known_name(user_id) for user_id in doubted)
        raise IdentityChanged(f"{names} has new keys: make sure that it is them before you write here")


def is_doubted(session: Session, conversation_id: ConversationId) -> bool:
    """Whether `expect_confirmed` would refuse."""
    return bool(_doubted_there(session, conversation_id))


def _doubted_there(session: Session, conversation_id: ConversationId) -> list[UserId]:
    row = load_conversation(session.store, conversation_id)
    if row is None:
        return []
    settings = values(session.store) if row.kind == "group" else {}
    return doubted_people(session, known_policy(row.policy), settings)


def doubted_people(session: Session, policy: PolicyDocument, settings: dict[str, Value]) -> list[UserId]:
    """Who keeps this person from writing.

    In a direct conversation whoever has a new root key that is not accepted or not in the roster; in groups whom this person had
    verified and the roster pins otherwise, but not by an earlier key than that.
    """
    if policy.kind == "direct":
        renewed = renewed_people(session, policy)
        restated = restated_people(session.store) - {session.device.user_id}
        unknown = [who for who in policy.user_ids & restated if not _is_accepted(session, who)]
        return list(dict.fromkeys([*renewed, *unknown]))
    verified = verified_people(settings) if policy.kind == "group" else {}
    pinned = {entry.user_id: b64decode(entry.root_fingerprint) for entry in policy.roster if entry.user_id in verified}
    return [
        user_id
        for user_id, fingerprint in pinned.items()
        if verified[user_id] != fingerprint and not _is_earlier(session, user_id, fingerprint, verified[user_id])
    ]


def expect_own_root(session: Session, policy: PolicyDocument) -> None:
    """`NotLetInYet` where a roster pins the root key that this account had before it was begun anew."""
    account, own = load_account(session.store), session.device.user_id
    pinned = [entry.root_fingerprint for entry in policy.roster if entry.user_id == own]
    if account is not None and pinned != [b64encode(root_fingerprint(own, account.root_key))]:
        raise NotLetInYet("your account was begun anew: somebody in this conversation has to let you in again")


def _identity(session: Session, user_id: UserId) -> VerifiedIdentity | None:
    try:
        return session.directory.known(user_id)
    except UntrustedIdentity:  # whoever compared on another device was shown another person's keys
        return None


def _is_earlier(session: Session, user_id: UserId, fingerprint: bytes, than: bytes) -> bool:
    identity = _identity(session, user_id)
    return identity is not None and identity.follows(than, fingerprint)


def _is_accepted(session: Session, user_id: UserId) -> bool:
    try:
        return session.directory.is_accepted(user_id)
    except UntrustedIdentity:
        return False

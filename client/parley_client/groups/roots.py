"""Root keys as rosters pin them, beside those that people have now: who waits to be let in again, and where nobody may write before.

Invariant: a roster's root keys change by a commit of somebody who may, and by nothing that the server says; no network here.
"""

from __future__ import annotations

from parley_client.errors import IdentityChanged, NotLetInYet
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
        and (identity := session.directory.known(entry.user_id)) is not None
        and identity.follows(identity.root_fingerprint, b64decode(entry.root_fingerprint))
    ]


def expect_confirmed(session: Session, conversation_id: ConversationId) -> None:
    """`IdentityChanged` while this person is to say something about somebody's new keys before anything is written there."""
    row = load_conversation(session.store, conversation_id)
    if row is not None and (doubted := doubted_people(session, known_policy(row.policy), values(session.store))):
        names = ", ".join(session.directory.known_name(user_id) for user_id in doubted)
        raise IdentityChanged(f"{names} has new keys: make sure that it is them before you write here")


def doubted_people(session: Session, policy: PolicyDocument, settings: dict[str, Value]) -> list[UserId]:
    """Who keeps this person from writing.

    In a direct conversation whoever has a new root key that is not accepted or not in the roster; in groups whom this person had
    verified and the roster pins otherwise.
    """
    if policy.kind == "direct":
        renewed = renewed_people(session, policy)
        restated = restated_people(session.store) - {session.device.user_id}
        unknown = [who for who in policy.user_ids & restated if not session.directory.is_accepted(who)]
        return list(dict.fromkeys([*renewed, *unknown]))
    verified = verified_people(settings) if policy.kind == "group" else {}
    pinned = {entry.user_id: b64decode(entry.root_fingerprint) for entry in policy.roster if entry.user_id in verified}
    return [user_id for user_id, fingerprint in pinned.items() if verified[user_id] != fingerprint]


def expect_own_root(session: Session, policy: PolicyDocument) -> None:
    """`NotLetInYet` where a roster pins the root key that this account had before it was begun anew."""
    account, own = load_account(session.store), session.device.user_id
    pinned = [entry.root_fingerprint for entry in policy.roster if entry.user_id == own]
    if account is not None and pinned != [b64encode(root_fingerprint(own, account.root_key))]:
        raise NotLetInYet("your account was begun anew: somebody in this conversation has to let you in again")

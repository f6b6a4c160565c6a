"""Handing the secrets of past epochs on to devices that came in later.

Invariant: secrets go only to a device that by this device's own record is in the group now, only of epochs since which the
policy has shared history, and only once: whoever answers does so in the log, where all others see it.
"""

from __future__ import annotations

import contextlib
import hashlib

import msgspec

from parley_client import outbox
from parley_client.content.kinds import KIND_PAST_SECRETS
from parley_client.crypto.past import PastPlace, PastSecrets, seal_past
from parley_client.errors import ClientError
from parley_client.groups.judgement import leaves_of
from parley_client.groups.policies import known_policy
from parley_client.past.saying import SecretsBody
from parley_client.session import Session
from parley_client.store import past as pasts
from parley_client.store import queues
from parley_client.store.conversations import ConversationRow, load_conversation, secrets_before
from parley_client.store.past import PastRequest
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, new_uuid7
from parley_contracts.limits import PAST_ASK_AGAIN_S, PAST_EPOCHS_PER_ANSWER_MAX, PAST_OTHERS_WAIT_S
from parley_contracts.problems import Problem
from parley_mls import CryptoError


async def give(session: Session, *, patient: bool) -> None:
    """Answer what devices of others want. `patient`: who let somebody in answers first, others only after a while."""
    for request in pasts.list_requests(session.store):
        row = load_conversation(session.store, request.conversation_id)
        secrets = _secrets_for(session, row, request) if row is not None else []
        if row is None or not secrets:
            pasts.remove_request(session.store, request)
        elif not (patient and session.clock() < _due_at(session, request)):
            with contextlib.suppress(ClientError, Problem):
                await _answer(session, row, request, secrets)


def _secrets_for(session: Session, row: ConversationRow, request: PastRequest) -> list[bytes]:
    """What this device has to hand on; nothing where the device may not have it, or not from this person."""
    policy, own = known_policy(row.policy), session.device.user_id
    member, _ = session.groups.load(row.conversation_id)
    who = (request.user_id, request.device_id)
    belongs = member is not None and who in {(leaf.user_id, leaf.device_id) for leaf in leaves_of(member)}
    if not belongs or policy.role_of(request.user_id) is None or not policy.shares_history:
        return []
    if row.status != "member" or own in request.refused or not policy.speaks(own, session.clock()):
        return []
    return secrets_before(session.store, row, request.before, limit=PAST_EPOCHS_PER_ANSWER_MAX)


def _due_at(session: Session, request: PastRequest) -> float:
    """Each device waits for another part of the time, so that seldom two answer."""
    if request.let_in_by == session.device.device_id:
        return request.seen_at
    # Whoever asks again and again is not answered again and again.
    answered_at = session.answered.get(request.device_id)
    if answered_at is not None and request.seen_at < answered_at + PAST_ASK_AGAIN_S:
        return answered_at + PAST_ASK_AGAIN_S
    digest = hashlib.sha256(f"{session.device.device_id} {request.device_id}".encode()).digest()
    return request.seen_at + PAST_OTHERS_WAIT_S * (0.5 + digest[0] / 512)


async def _answer(session: Session, row: ConversationRow, request: PastRequest, secrets: list[bytes]) -> None:
    waiting = queues.list_outbox(session.store, row.conversation_id)
    if any(kept.kind == KIND_PAST_SECRETS and failure is None for kept, failure in waiting):
        return  # it goes as soon as the server can be reached
    place = PastPlace(
        session.device.server_name,
        row.conversation_id,
        row.generation,
        request.before,
        session.device.user_id,
        request.device_id,
    )
    found = PastSecrets(request.before - len(secrets), tuple(secrets))
    try:
        sealed = seal_past(session.primitives, found, request.key, place)
    except CryptoError:  # the key is none
        pasts.remove_request(session.store, request)
        return
    body = msgspec.json.encode(SecretsBody(request.device_id, request.before, b64encode(sealed)))
    message = OutboxRow(
        client_id=ClientId(new_uuid7()), conversation_id=row.conversation_id, kind=KIND_PAST_SECRETS, body=body
    )
    await outbox.deliver_message(session, message)
    pasts.remove_request(session.store, request)

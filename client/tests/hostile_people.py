"""What a lying server and its friends do: forge, swap, withhold, repeat. And what they could read of it in the end."""

import contextlib
import json
import os
from unittest import mock

import msgspec

from parley_client.crypto.account import certify_device
from parley_client.crypto.message import epoch_secret, open_message
from parley_client.errors import ClientError
from parley_client.groups.commits import Plan, commit_change
from parley_client.resets import making
from parley_client.store import resets
from parley_client.store.conversations import load_conversation
from parley_client.store.documents import load_account
from parley_client.sync.catch_up import catch_up
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import new_uuid7
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE, POLICY_EXTENSION_TYPE, decode_policy
from parley_contracts.problems import Problem
from parley_mls import Group, default_primitives, generate_signature_key, treekem

P = default_primitives()
SERVER = "parley.test"


def user(client):
    return client.whoami().user_id


def signing_seed(client):
    """The account signing key, as a thief of the device has it."""
    return load_account(client.store).signing_secret


def certificate(seed, *, user_id, device_key, device_id=None, version=1):
    """A device's certificate under some signing key."""
    return certify_device(
        P,
        signing_seed=seed,
        server_name=SERVER,
        user_id=user_id,
        device_id=device_id or new_uuid7(),
        statement_version=version,
        device_key=device_key,
    )


def append_commit(log, conversation_id, who, commit, policy=None):
    """Put a commit into the log as if the real server had taken it."""
    log.public = log.public.process(P, commit).group
    fields = {"commit": b64encode(commit), "policy": policy and b64encode(policy)}
    user_id, device_id = who
    return log.append(
        conversation_id=conversation_id,
        client_id=new_uuid7(),
        type="commit.created",
        user_id=user_id,
        device_id=device_id,
        **fields,
    )


def enter_by_force(log, conversation_id, identity, seed, *, remove_prior=None):
    """An external commit by a device with this certificate; the secrets that it gets out of it."""
    group_info = b64decode(log.states[log.epoch][1])
    made = Group.join_external(
        P,
        group_info,
        identity=identity.encode(),
        signature_seed=seed,
        remove_prior=remove_prior,
        extension_types=(POLICY_EXTENSION_TYPE, ANCHOR_EXTENSION_TYPE),
    )
    append_commit(log, conversation_id, (identity.user_id, identity.device_id), made.commit)
    log.states[log.epoch] = (len(log.entries), b64encode(made.group_info), log.policy)
    return epoch_secret(P, made.group, 0)


def device_of(user_id, seed):
    """A device of that person that this signing key certifies: certificate and device seed."""
    device_seed, device_key = generate_signature_key(P)
    return certificate(seed, user_id=user_id, device_key=device_key), device_seed


def read_by(log, secrets, clients):
    """The texts in the log that somebody with these epoch secrets can read: what an attack must never give."""
    keys = {c.session.device.device_id: P.ed25519_public(c.session.device.device_secret) for c in clients}
    found = []
    for entry in log.entries:
        if entry.type != "message.created" or entry.ciphertext is None:
            continue
        header, ciphertext, signature = map(b64decode, (entry.header, entry.ciphertext, entry.signature))
        for secret in secrets:
            try:
                key = keys[MessageHeader.decode(header).device_id]
                opened = open_message(
                    P,
                    epoch_secret=secret,
                    header=header,
                    ciphertext=ciphertext,
                    signature=signature,
                    sender_device_key=key,
                )
            except (ValueError, KeyError):
                continue
            found += [json.loads(opened.content.body).get("text")]
    return [text for text in found if text]


def epoch_at(client, conversation_id):
    return load_conversation(client.store, conversation_id).epoch


@contextlib.contextmanager
def spoilt_paths(*victims):
    """Commits made meanwhile seal random bytes for the leaves of these clients, or for everybody."""
    plain = treekem.encrypt_with_label
    keys = {key for victim, where in victims for key in leaf_keys(victim, where)}

    def encrypt(p, key, label, context, secret):
        return plain(p, key, label, context, os.urandom(len(secret)) if not keys or key in keys else secret)

    with mock.patch.object(treekem, "encrypt_with_label", encrypt):
        yield


def leaf_keys(client, where):
    member, _ = client.session.groups.load(where)
    return [leaf.encryption_key for index, leaf in member.members() if index == member.own_index]


async def commits(client, where):
    """A commit that changes nothing but the epoch."""
    before = epoch_at(client, where)

    async def plan(row, member):
        return Plan() if row.epoch == before else None

    await commit_change(client.session, where, plan)


def notices(client):
    return {notice.code for notice in client.notices()}


def with_roster(policy, *people):
    """The document with these entries more."""
    document = decode_policy(policy)
    return msgspec.structs.replace(document, roster=(*document.roster, *people)).encode()


async def shown(client):
    """Every text that a device shows in any conversation."""
    found = []
    for conversation in client.conversations():
        found += [message.text for message in await client.history(conversation.conversation_id)]
    return sorted(found)


def standing(client, where):
    row = load_conversation(client.store, where)
    return row.generation, row.epoch, row.status


async def all_sync(*clients, rounds=2):
    for _ in range(rounds):
        for client in clients:
            with contextlib.suppress(ClientError, Problem):
                await client.sync()


async def reports_by_force(client, where, sequence):
    """A report as the client would send it, of a commit that it may well be able to use."""
    await catch_up(client.session, where)
    await making._report(
        client.session, resets.commit_at(client.store, load_conversation(client.store, where), sequence)
    )

"""Parley's client core without a screen: `Client` is one device of one person.

    client              the public surface; answers, events: what it says
    rpc, calls          the same by method names and JSON
    timeline, items     what screens show
    account, directory  keys of one's own account, people and theirs
    groups              conversations as MLS groups
    sync, live          the log, applied in sequence; the socket
    outbox, history     what is sent, what is archived
    content             what is sealed: kinds, bodies, and what later ones make of earlier ones
    state, settings     positions, typing, presence, privacy; marks and drafts of this person
    people              contacts, requests of strangers, blocks, being found
    schedule            messages that are sent later
    bot                 devices that answer by themselves
    attachments         files: sealed, sent in parts, opened chunk by chunk
    push                notifications while nothing runs
    crypto              messages, vault, archive: pure functions
    api, store          the server and the database behind small interfaces
    cli                 the command line and JSON-RPC

Invariant: keys and texts leave the device only sealed.
"""

from parley_client.answers import AttachmentInfo, Conversation, Message, Registration, Sent, WhoAmI
from parley_client.attachments.preparing import Attachable
from parley_client.client import Client
from parley_client.errors import ClientError, NetworkError

__all__ = [
    "Attachable",
    "AttachmentInfo",
    "Client",
    "ClientError",
    "Conversation",
    "Message",
    "NetworkError",
    "Registration",
    "Sent",
    "WhoAmI",
]

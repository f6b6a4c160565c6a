"""Parley's notifications: where devices take pushes, who is told of what, and how each attempt went.

Rooms: `subscriptions` (devices and preferences), `webpush` (RFC 8030, 8291 and 8292, and which addresses may be reached),
`deliveries` (the events that come in, the decisions, the sending), `web` (callers, bodies, problems, rates).
Invariant: what it stores and sends of a message is ciphertext, and no address inside is ever connected to.
"""

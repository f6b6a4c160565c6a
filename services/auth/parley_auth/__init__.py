"""Parley's accounts: sign-up, sessions and tokens, profiles, devices, and the directory of keys.

Rooms: `accounts` (who a person is), `signin` (sessions and tokens), `directory` (statements, devices, key packages),
`events` (the outbox and its publication), `web` (problems, request ids, bodies, rate limits).
Invariant: a request changes something only by a valid access token of a session that has not ended.
"""

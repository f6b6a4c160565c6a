"""Signing in by identity providers (OpenID Connect): the server is the relying party, and keeps nothing of theirs but who it is.

    configuration   the operator's file
    remote          what a provider says over HTTP: its metadata, its keys, the answer to a code
    id_tokens       whether an ID token is good
    flows           what is kept between leaving for a provider and coming back
    identities      which account at a provider is which account here
    views           the flows that end in a session; api: those of somebody who is signed in

Invariant: an account at a provider is its issuer and `sub`, and nothing else: no address or name that it tells finds an account.
"""

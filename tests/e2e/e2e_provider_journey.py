"""The identity provider that the stack trusts; somebody comes by it, to a new account and on a second device, and links another."""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from e2e_devices import Stack
from identity_provider import IdentityProvider

from parley_client import Client

PROVIDER = "test"
#: The provider's private key. It is always the same, because a stack keeps the public one for longer than tests run.
_KEY = 0x9A11E7


@contextmanager
def trusted_provider() -> Iterator[IdentityProvider]:
    """The provider, running, with somebody whom no account knows signed in there."""
    provider = IdentityProvider(int(os.environ["PARLEY_TEST_PROVIDER_PORT"]))
    provider.keys, provider.signs_by = {"lasting": ec.derive_private_key(_KEY, ec.SECP256R1())}, "lasting"
    provider.subject = secrets.token_hex(8)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


async def come_by_provider(open_client: Callable[[str], Client], stack: Stack) -> None:
    """The whole round, by the client core through the gateway."""
    with trusted_provider() as provider:
        async with open_client("dora") as dora:
            assert await sign_in(dora, stack) == "sign_up"
            username = f"dora_{secrets.token_hex(4)}"
            made = await dora.provider_register(username=username, email=f"{username}@example.org")
            sent = await dora.send(f"@{username}", "a note")
            await dora.settle()
            await link_another(dora, provider, stack)
        async with open_client("dora-2") as second:
            assert await sign_in(second, stack) == "restore"
            assert (await second.provider_restore(made.recovery_key)).user_id == made.user_id
            assert [item.text for item in await second.history(sent.conversation_id)] == ["a note"]


async def sign_in(client: Client, stack: Stack) -> str:
    url = await client.provider_begin(
        server=stack.address, ca_file=stack.ca_file, provider=PROVIDER, redirect_uri=f"{stack.address}/"
    )
    return (await client.provider_finish(await follow(url))).step


async def link_another(client: Client, provider: IdentityProvider, stack: Stack) -> None:
    first, provider.subject = provider.subject, secrets.token_hex(8)
    url = await client.provider_own_begin(PROVIDER, redirect_uri=f"{stack.address}/", purpose="link")
    links = await client.provider_own_finish(await follow(url))
    assert await client.provider_links() == links and len(links) == 2
    await client.provider_unlink(links[1].link_id)
    provider.subject = first


async def follow(url: str) -> str:
    """What a browser does at the provider: the address to which it is sent back."""
    answer = await asyncio.to_thread(httpx.get, url, follow_redirects=False, trust_env=False)
    return str(answer.headers["Location"])

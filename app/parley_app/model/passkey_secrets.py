"""The secret that a passkey gives (WebAuthn's PRF extension), asked of the system that the app runs on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError, Json


async def secret_of(bridge: Bridge, options: Json) -> str:
    """What a passkey gives when it is asked by these options; raises `EngineError`, also where it gives nothing."""
    secret = _secret_in(await bridge.use_passkey(options))
    if secret is None:
        raise EngineError("passkey_unfit", "this passkey gives no secret")
    return secret


async def make_with_secret(
    bridge: Bridge, options: Json, question: Callable[[str], Awaitable[Json]]
) -> tuple[str, str]:
    """Have a passkey made; its credential, and what it gives. `question` makes the options that ask it. Raises `EngineError`."""
    made = await bridge.make_passkey(options)
    credential = str(made["rawId"])
    secret = _secret_in(made)
    if secret is None:  # some give it only once they are asked
        secret = await secret_of(bridge, await question(credential))
    return credential, secret


async def restore_by_passkey(engine: Engine, bridge: Bridge, options: Json) -> None:
    """Make this a device by the passkey that stands for the recovery key; nothing is to be done without options. Raises `EngineError`."""
    if options is not None:
        await engine.call("recovery_passkey.restore", {"secret": await secret_of(bridge, options)})


def _secret_in(credential: Json) -> str | None:
    extensions = credential.get("clientExtensionResults") or {}
    secret = ((extensions.get("prf") or {}).get("results") or {}).get("first")
    return secret if isinstance(secret, str) else None

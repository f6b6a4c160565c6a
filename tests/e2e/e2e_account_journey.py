"""Somebody uses whatever the API offers for the account itself: address, password, second factors, sessions."""

import asyncio
import io
import json
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from e2e_devices import Stack
from e2e_letters import CONFIRM, RESET, AuthenticatorApp, code_to
from PIL import Image
from soft_authenticator import SoftAuthenticator

from parley_client import Client
from parley_client.api.network import Answer
from parley_contracts.auth_api import FLOW_TOKEN_HEADER, Assertion, ProfileChange

FLOWS = "/api/v1/auth/flows/app/v1/auth"
FACTORS = "/api/v1/auth/me/second-factors"
EXPORT_LOOKS_MAX = 200
Call = Callable[..., Awaitable[Answer]]


async def keep_the_account(call: Call, client: Client, stack: Stack, *, username: str, password: str) -> None:
    """The whole round; at its end the person is signed out everywhere."""
    email = f"{username}@example.org"
    await client.sign_up_rules(server=stack.address, ca_file=stack.ca_file)
    made = await client.invite(uses=1, lifetime_s=3600)
    assert await client.invitations() == [made.invitation]
    await client.withdraw_invitation(made.invitation.invitation_id)
    await client.sign_ins()
    await show_oneself(call, client)
    await be_told(client, stack)
    await client.request_verification()
    await client.verify_email(await letter(stack, email, CONFIRM, letters=2))
    await client.change_email(f"new.{email}")
    await client.verify_email(await letter(stack, f"new.{email}", CONFIRM))
    await client.reauthenticate(password)
    own = {"username": username, "password": password}
    codes = await set_up_totp(client)
    await sign_in(call, own, "2fa/authenticate", code=codes[0])
    await client.renew_recovery_codes()
    token = await client.session.api.access_token()
    key = SoftAuthenticator(origin=stack.address)
    number = await add_passkey(call, key, token)
    await sign_in(call, own, "webauthn/authenticate", key=key)
    alone = json.loads((await call("GET", f"{FLOWS}/webauthn/login")).body)
    flow = {FLOW_TOKEN_HEADER: alone["meta"]["session_token"]}
    signed = {"credential": key.get(alone["data"]["request_options"])}
    await call("POST", f"{FLOWS}/webauthn/login", signed, **flow)
    await prove(client, key)
    await client.remove_passkey(number)
    await client.remove_totp()
    assert (await client.second_factors()).passkeys == []
    await take_along(client)
    await leave(client, stack, email=f"new.{email}", username=username, password=password)


async def show_oneself(call: Call, client: Client) -> None:
    me = client.whoami().user_id
    await client.change_profile(ProfileChange(display_name="Clara", about="Plants", time_zone="Europe/Berlin"))
    painted = io.BytesIO()
    Image.new("RGB", (500, 300), "teal").save(painted, "PNG")
    await client.show_avatar(painted.getvalue())
    shown = await client.profile(me)
    assert (shown.profile.about, shown.picture[8:12]) == ("Plants", b"WEBP")
    path = f"/api/v1/auth/avatars/{me}/{shown.profile.avatar}"
    answer = await call("GET", path, token=await client.session.api.access_token())
    assert answer.body == shown.picture
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    await client.show_avatar(None)
    assert (await client.profile(me)).picture == b""


async def be_told(client: Client, stack: Stack) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("Be kind to one another.")
        file.flush()
        assert (await asyncio.to_thread(stack.ops, "terms", "publish", file.name)).returncode == 0
    asked = (await client.own_terms()).due
    assert asked is not None
    assert (await client.agree(asked.version)).due is None
    assert (await asyncio.to_thread(stack.ops, "terms", "withdraw")).returncode == 0
    await client.announcements()


async def set_up_totp(client: Client) -> list[str]:
    setup = await client.begin_totp()
    code = await asyncio.to_thread(AuthenticatorApp(setup.secret).code)
    return (await client.confirm_totp(setup=setup.setup, code=code)).codes


async def add_passkey(call: Call, key: SoftAuthenticator, token: str) -> int:
    setup = json.loads((await call("POST", f"{FACTORS}/passkeys", token=token)).body)
    body = {"setup": setup["setup"], "name": "Blue key", "credential": key.create(setup["options"])}
    added = json.loads((await call("PUT", f"{FACTORS}/passkeys", body, token)).body)
    return int(added["passkey"]["number"])


async def prove(client: Client, key: SoftAuthenticator) -> None:
    """A passkey in place of the password."""
    asked = await client.begin_passkey_check()
    signed = msgspec.convert(key.get(asked.options), Assertion)
    await client.confirm_passkey_check(challenge=asked.challenge, credential=signed)


async def sign_in(
    call: Call, own: dict[str, str], step: str, *, code: str = "", key: SoftAuthenticator | None = None
) -> None:
    first = json.loads((await call("POST", f"{FLOWS}/login", own)).body)
    flow = {FLOW_TOKEN_HEADER: first["flow_token"]}
    body: dict[str, Any] = {"code": code}
    if key is not None:
        asked = json.loads((await call("GET", f"{FLOWS}/{step}", **flow)).body)
        body = {"credential": key.get(asked["data"]["request_options"])}
    await call("POST", f"{FLOWS}/{step}", body, **flow)


async def take_along(client: Client) -> None:
    asked = await client.ask_export()
    for _ in range(EXPORT_LOOKS_MAX):
        if (await client.exports())[0].state == "ready":
            break
        await asyncio.sleep(0.3)
    assert (await client.export_part(asked.export_id, 0)).startswith(b"PK")


async def leave(client: Client, stack: Stack, *, email: str, username: str, password: str) -> None:
    """Sessions, another password, a forgotten one, and the account itself."""
    sessions = await client.sessions()
    for session in sessions:
        if session.is_current:
            await client.rename_session(session.session_id, "Kitchen")
    other = next(session for session in sessions if not session.is_current)
    await client.end_session(other.session_id)
    await client.end_other_sessions()
    await client.change_password(current=password, new=f"{password} changed")
    where: dict[str, Any] = {"server": stack.address, "ca_file": stack.ca_file}
    await client.request_reset(**where, email=email)
    code = await letter(stack, email, RESET)
    await client.reset_password(**where, code=code, new=f"{password} reset")
    await client.login(**where, username=username, password=f"{password} reset", recovery_key=None)
    await client.delete_account()


async def letter(stack: Stack, address: str, subject: str, *, letters: int = 1) -> str:
    return await asyncio.to_thread(code_to, stack, address, subject, letters=letters)

"""Signing in by an identity provider, on the client: what is missing of whoever comes back, and what a lost answer leaves."""

import asyncio
import http.client
from urllib.parse import parse_qs, urlsplit

import pytest

from parley_client.errors import AlreadySignedIn, NetworkError, RecoveryKeyRefused, RecoveryKeyRequired, UsageError
from parley_client.platforms.loopback import by_way_of
from parley_contracts.problems import ProviderRefused, Unauthenticated, UsernameTaken

WHERE = {"server": "https://parley.test", "ca_file": None}
HOME = "https://parley.test/"
BACK = f"{HOME}?code=grace-there&state=state&iss=https://id.test"


async def leave(client, **more):
    return await client.provider_begin(**WHERE, provider="work", redirect_uri=HOME, **more)


async def came_back(client):
    assert await leave(client) == f"https://id.test/?to={HOME}"
    return await client.provider_finish(BACK)


async def register(client, **changes):
    step = await came_back(client)
    assert (step.step, step.username) == ("sign_up", "grace")
    return await client.provider_register(**{"username": "grace", "email": "grace@x.test"} | changes)


async def test_a_new_account_makes_its_own_keys_and_another_device_takes_the_recovery_key(people):
    first = people.open("first")
    made = await register(first)
    assert first.whoami().username == "grace"
    sent = await first.send("@grace", "a note")
    await first.settle()
    second = people.open("second")
    step = await came_back(second)
    assert (step.step, step.username) == ("restore", "grace")
    with pytest.raises(RecoveryKeyRequired):
        await second.provider_restore(None)
    with pytest.raises(RecoveryKeyRefused):
        await second.provider_restore("PARLEY-AAAA")
    assert (await second.provider_restore(made.recovery_key)).user_id == made.user_id
    assert [item.text for item in await second.history(sent.conversation_id)] == ["a note"]


async def test_its_own_profile_comes_in_without_a_recovery_key(people):
    client = people.open("first")
    await register(client)
    assert (await came_back(client)).step == "restore"
    assert (await client.provider_restore(None)).username == "grace"


async def test_a_name_that_is_taken_may_be_changed(people):
    await people.register("linus")
    client = people.open("first")
    with pytest.raises(UsernameTaken):
        await register(client, username="linus")
    assert (await client.provider_register(username="grace", email="grace@x.test")).recovery_key


async def test_a_lost_answer_is_repaired_by_coming_back_again(people):
    client = people.open("first")
    people.server.fault = lambda request: "lose_answer" if request.path.endswith("/signup") else None
    with pytest.raises(NetworkError):
        await register(client)
    people.server.fault = lambda request: None
    assert (await came_back(client)).step == "restore"
    assert (await client.provider_register(username="another", email="grace@x.test")).recovery_key
    assert client.whoami().username == "grace"


async def test_an_account_with_keys_gets_no_others(people):
    await register(people.open("first"))
    second = people.open("second")
    await came_back(second)
    with pytest.raises(AlreadySignedIn):
        await second.provider_register(username="grace", email="grace@x.test")


async def test_a_profile_of_somebody_else_stays_theirs(people):
    await register(people.open("first"))
    linus = await people.register("linus")
    await came_back(linus)
    with pytest.raises(AlreadySignedIn):
        await linus.provider_restore(None)
    assert linus.whoami().username == "linus"


async def test_a_page_that_was_loaded_again_goes_on_with_its_flow_and_its_invitation(people):
    client = people.open("first")
    await leave(client, invitation="7K2QD")
    client = await people.reopen("first", client)
    step = await client.provider_finish(BACK)
    assert (step.step, step.invitation) == ("sign_up", "7K2QD")


@pytest.mark.parametrize("address", [HOME, f"{HOME}?error=access_denied&state=state", BACK.replace("=state", "=x")])
async def test_what_comes_back_wrong_is_refused_and_uses_the_flow_up(people, address):
    client = people.open("first")
    await leave(client)
    with pytest.raises(ProviderRefused):
        await client.provider_finish(address)
    with pytest.raises(UsageError):
        await client.provider_finish(BACK)


async def test_nobody_comes_back_who_did_not_leave(people):
    client = people.open("first")
    for call in (
        client.provider_finish(BACK),
        client.provider_code("123456"),
        client.provider_restore(None),
        client.provider_register(username="grace", email="grace@x.test"),
    ):
        with pytest.raises(UsageError):
            await call


async def test_a_flow_that_is_over_is_said(people):
    client = people.open("first")
    await leave(client)
    people.server.provider_flows.clear()
    with pytest.raises(Unauthenticated):
        await client.provider_finish(BACK)


async def test_who_comes_back_is_heard_by_loopback_and_nothing_else_is():
    """Other programs of this machine may knock, too: only a page that comes back with something ends the waiting."""
    visited = []
    asked = asyncio.get_running_loop().create_future()

    def knock(method, target):
        connection = http.client.HTTPConnection("127.0.0.1", asked.result(), timeout=10)
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read()

    async def begin(redirect_uri):
        asked.set_result(urlsplit(redirect_uri).port)
        return "https://id.test/"

    async def visit(address):
        visited.append(address)

    waiting = asyncio.create_task(by_way_of(begin, visit))
    await asked
    for method, target in (("GET", "/favicon.ico"), ("POST", "/?code=x"), ("GET", "/?code=there&state=state")):
        status, body = await asyncio.to_thread(knock, method, target)
        assert status == 200 and b"close this page" in body
    assert parse_qs(urlsplit(await waiting).query) == {"code": ["there"], "state": ["state"]}
    assert visited == ["https://id.test/"]

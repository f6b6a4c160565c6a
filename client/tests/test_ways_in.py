"""Ways into an account beside its password: a passkey after it or alone; and a sign-up that waits for its address."""

import asyncio

import msgspec
import pytest
from sign_in_words import sign_in_words
from soft_passkeys import given

from parley_client.api.auth import PasskeyAnswer
from parley_client.errors import AlreadySignedIn, NoPasskey, NotSignedIn, RecoveryKeyRefused, RecoveryKeyRequired
from parley_client.rpc import Rpc
from parley_contracts import problems
from parley_contracts.auth_api import FLOW_TOKEN_HEADER, Assertion, AssertionResponse
from parley_contracts.encoding import b64encode

WORDS = sign_in_words("alice")
KEY = Assertion("key", "key", "public-key", AssertionResponse("data", "authenticator", "alice"))


class Keyed:
    """In front of a `FakeServer`. Asks for a second step where `keys` says so; a passkey's signature is the name of whose it is."""

    def __init__(self):
        super().__init__()
        self.keys = {}
        self.confirmed = True
        self.revoked = set()

    def _route(self, request):
        flow = request.headers.get(FLOW_TOKEN_HEADER, "")
        match request.method, request.path.rpartition("/flows/app/v1/auth/")[2]:
            case "GET", "webauthn/login":
                return self._asked([], token="flow-of-anybody")
            case "GET", "webauthn/authenticate":
                return self._asked(self.keys[flow])
            case "POST", "webauthn/login" | "webauthn/authenticate":
                credential = msgspec.json.decode(request.body)["credential"]
                return self._signed(flow, credential["response"]["signature"])
            case "POST", "login" if (name := msgspec.json.decode(request.body)["username"]) in self.keys:
                raise problems.SecondFactorRequired(flow_token=name)
        return super()._route(request)

    def _asked(self, allowed, token=None):
        options = {"publicKey": {"challenge": "q83v", "allowCredentials": allowed}}
        return {"status": 200, "data": {"request_options": options}, "meta": {"session_token": token}}

    def _signed(self, flow, name):
        if flow not in {name, "flow-of-anybody"} or name not in self.users:
            raise problems.WrongCode(field="credential")
        user = {"id": self.users[name]["id"], "username": name, "display": name}
        tokens = self._tokens({"user": user["id"], "device": None})
        return {"status": 200, "data": {"user": user, "methods": []}, "meta": tokens}

    def _auth_me(self, session, method, rest, body, query):
        if rest[:1] == ["statements"] and not self.confirmed:
            raise problems.EmailUnverified
        if rest == ["email", "verify"]:
            self.confirmed = body["code"] == "right"
            if not self.confirmed:
                raise problems.WrongCode(field="code")
            rest = []
        if rest[:1] == ["devices"] and rest[1] in self.revoked:
            raise problems.Conflict
        return super()._auth_me(session, method, rest, body, query)


@pytest.fixture
def keyed(server, people, no_pauses):
    people.server = type("KeyedServer", (Keyed, type(server)), {})()
    return people


async def test_a_passkey_is_the_second_step(keyed):
    alice = await keyed.register("alice")
    keyed.server.keys["alice"] = [{"id": "key", "type": "public-key"}]
    phone = keyed.open("phone")
    words = WORDS | {"recovery_key": keyed.recovery_keys["alice"]}
    with pytest.raises(problems.SecondFactorRequired):
        await phone.login(**words)
    asked = await phone.ask_passkey(**WORDS)
    assert asked.options["publicKey"]["allowCredentials"]
    with pytest.raises(problems.WrongCode):
        await phone.login(**words, passkey=PasskeyAnswer("somebody else's flow", KEY))
    await phone.login(**words, passkey=PasskeyAnswer(asked.flow, KEY))
    assert phone.whoami().user_id == alice.whoami().user_id


async def test_without_a_passkey_there_is_nothing_to_ask_for(keyed):
    await keyed.register("alice")
    phone = keyed.open("phone")
    with pytest.raises(NoPasskey):
        await phone.ask_passkey(**WORDS)
    keyed.server.keys["alice"] = []
    with pytest.raises(NoPasskey):
        await phone.ask_passkey(**WORDS)
    with pytest.raises(problems.WrongCredentials):
        await phone.ask_passkey(**WORDS | {"username": "nobody"})


async def test_a_passkey_alone_says_who_it_is(keyed):
    alice = await keyed.register("alice")
    phone = keyed.open("phone")
    where = {"server": WORDS["server"], "ca_file": None}
    asked = await phone.ask_passkey(**where)
    answer = PasskeyAnswer(asked.flow, KEY)
    await phone.login(**where, recovery_key=keyed.recovery_keys["alice"], passkey=answer)
    assert (phone.whoami().username, phone.whoami().user_id) == ("alice", alice.whoami().user_id)


async def test_the_history_opens_by_a_passkey_after_either_way_in(keyed):
    alice = await keyed.register("alice")
    options = await alice.recovery_passkey_begin(keyed.recovery_keys["alice"])
    await alice.recovery_passkey_keep(b"credential", given(options, b"inside"))
    where = {"server": WORDS["server"], "ca_file": None}
    keyed.server.keys["alice"] = [{"id": "key", "type": "public-key"}]
    for words in (WORDS, where):
        device = keyed.open(f"signed in with {len(words)} words")
        answer = PasskeyAnswer((await device.ask_passkey(**words)).flow, KEY)
        asked = await device.recovery_passkey_ask(**words, passkey=answer)
        await device.recovery_passkey_restore(given(asked, b"inside"))
        assert device.whoami().user_id == alice.whoami().user_id


async def test_a_server_that_asks_for_a_passkey_s_secret_is_not_told_it(keyed):
    """It knows which credential stands for the recovery key and its salt, and has the page ask that one where somebody signs in."""
    await keyed.register("alice")
    phone = keyed.open("phone")
    asked = await phone.ask_passkey(server=WORDS["server"], ca_file=None)
    secret = b64encode(
        given({"publicKey": {"extensions": {"prf": {"eval": {"first": b64encode(bytes(32))}}}}}, b"inside")
    )
    signed = msgspec.to_builtins(KEY) | {"clientExtensionResults": {"prf": {"results": {"first": secret}}}}
    words = {"server": WORDS["server"], "recovery_key": keyed.recovery_keys["alice"]}
    before = len(keyed.server.requests)
    await Rpc(phone).call("login", words | {"passkey": {"flow": asked.flow, "credential": signed}})
    sent = [request.body for request in keyed.server.requests[before:]]
    assert any(b"alice" in body for body in sent) and not any(secret.encode() in body for body in sent)


async def test_a_passkey_of_somebody_else_leaves_the_device_as_it_was(keyed):
    await keyed.register("alice")
    bob = await keyed.register("bob")
    before = await bob.session.api.access_token()
    where = {"server": WORDS["server"], "ca_file": None}
    answer = PasskeyAnswer((await bob.ask_passkey(**where)).flow, KEY)
    with pytest.raises(AlreadySignedIn):
        await bob.login(**where, recovery_key=keyed.recovery_keys["alice"], passkey=answer)
    assert await bob.session.api.access_token() == before and bob.whoami().username == "bob"


async def test_a_sign_up_waits_until_the_address_is_confirmed_and_goes_on_in_another_process(keyed):
    keyed.server.confirmed = False
    alice = keyed.open("alice")
    assert alice.unfinished_sign_up() is None
    with pytest.raises(problems.EmailUnverified):
        await alice.register(**WORDS, email="alice@x.test")
    alice = await keyed.reopen("alice", alice)
    assert alice.unfinished_sign_up().username == "alice"
    with pytest.raises(NotSignedIn):
        alice.whoami()
    with pytest.raises(problems.WrongCode):
        await alice.verify_email("wrong")
    await alice.verify_email("right")
    made = await alice.register(**WORDS | {"password": ""}, email="")
    assert made.recovery_key and alice.whoami().username == "alice" and alice.unfinished_sign_up() is None


async def test_a_device_that_was_signed_out_from_elsewhere_returns_as_a_new_one(keyed):
    alice, bob = await keyed.register("alice"), await keyed.register("bob")
    await bob.send("@alice", "before")
    await alice.sync()
    old = alice.whoami().device_id
    keyed.server.revoked.add(old)
    with pytest.raises(RecoveryKeyRequired):
        await alice.login(**WORDS, recovery_key=None)
    with pytest.raises(RecoveryKeyRefused):
        await alice.login(**WORDS, recovery_key=keyed.recovery_keys["bob"])
    assert alice.whoami().device_id == old and alice.conversations(), "a wrong key costs nothing"
    await alice.login(**WORDS, recovery_key=keyed.recovery_keys["alice"])
    assert alice.whoami().device_id != old
    await bob.send("@alice", "after")
    await alice.sync()
    (where,) = [each.conversation_id for each in alice.conversations()]
    assert [message.text for message in await alice.history(where)] == ["before", "after"]


async def test_two_who_sign_in_at_once_on_one_profile_are_one_device(keyed):
    alice = await keyed.register("alice")
    phone = keyed.open("phone")
    words = WORDS | {"recovery_key": keyed.recovery_keys["alice"]}
    first, second = await asyncio.gather(phone.login(**words), phone.login(**words))
    assert first == second == phone.whoami()
    devices = set(keyed.server.devices[alice.whoami().user_id])
    assert devices == {alice.whoami().device_id, first.device_id}


async def test_a_device_that_is_still_good_stays_the_same(keyed):
    alice = await keyed.register("alice")
    old = alice.whoami().device_id
    await alice.login(**WORDS, recovery_key=None)
    assert alice.whoami().device_id == old

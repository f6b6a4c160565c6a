"""Notifications with real text while a device sleeps: pushed end to end, opened by the device's push key alone."""

import datetime as dt
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import redis
from e2e_devices import Device, Refused, Stack
from e2e_notification import wait_until, wait_until_decided, wait_until_unsubscribed
from e2e_search import found_in
from push_receiver import Browser, PushReceiver, Received

from parley_client.push.opening import OpenedPush, PushError, PushKeys, open_push
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import DeviceId
from parley_contracts.limits import TEXT_LENGTH_MAX
from parley_contracts.push import SELF_TEST
from parley_mls import default_primitives, generate_hpke_key

Make = Callable[..., Device]
P = default_primitives()


@dataclass
class Sleeper:
    """What stays of a device that is closed: its push key, and what it kept sealed."""

    device: Device
    browser: Browser
    private: bytes = b""
    kept: dict = field(default_factory=dict)

    def subscribe(self) -> None:
        self.private, public = generate_hpke_key(P)
        upload = self.browser.upload() | {"push_public_key": b64encode(public)}
        self.device("push.subscribe", **upload)
        self.keep()

    def keep(self) -> None:
        self.kept = self.device("push.secrets")

    def keys(self) -> PushKeys:
        return PushKeys(
            self.kept["server_name"],
            DeviceId(self.kept["device_id"]),
            self.private,
            b64decode(self.kept["directory"]),
            {(s["conversation_id"], s["generation"], s["epoch"]): b64decode(s["sealed"]) for s in self.kept["secrets"]},
        )

    def open(self, received: Received) -> OpenedPush:
        return open_push(P, received.payload, self.keys())

    def texts(self) -> list[str]:
        return [self.open(received).text for received in list(self.browser.received)]

    def wait_for(self, texts: set[str]) -> None:
        self.browser.wait_until(lambda _: texts <= set(self.texts()))


@pytest.fixture(scope="module")
def witness(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """A device that has to do with nobody."""
    made = Device(tmp_path_factory.mktemp("witness") / "profile", stack, f"witness_{secrets.token_hex(4)}")
    made.register()
    yield made
    made.stop()


@pytest.fixture
def sleeper(receiver: PushReceiver, witness: Device) -> Callable[[Device], Sleeper]:
    def make(device: Device) -> Sleeper:
        wait_until_decided(witness)
        made = Sleeper(device, receiver.browser(secrets.token_hex(8)))
        made.subscribe()
        return made

    return make


def test_a_sleeping_device_shows_sender_and_text(device: Make, sleeper, stack: Stack):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="before")
    berta.wait_for({"before"})
    asleep = sleeper(berta)
    berta.stop()
    text = f"Grüße {secrets.token_hex(8)}"
    anna("send", to=f"@{berta.username}", text=text)
    (received,) = asleep.browser.wait(1)
    opened = asleep.open(received)
    assert (opened.sender, opened.text) == (anna.username, text)
    # The push service, and whoever decrypts for it, sees ciphertext only.
    structure = b64decode(received.payload.decode())
    assert text.encode() not in structure
    assert anna.username.encode() not in structure
    # Another push key opens nothing.
    stranger = PushKeys(**{**vars(asleep.keys()), "private_key": generate_hpke_key(P)[0]})
    with pytest.raises(PushError):
        open_push(P, received.payload, stranger)
    endpoint = asleep.browser.endpoint.encode()
    assert found_in(stack.home, [asleep.private, text.encode(), endpoint, asleep.browser.auth]) == []


def test_a_commit_made_meanwhile_brings_its_secret_along(device: Make, sleeper):
    anna, berta, guest = device("anna"), device("berta"), device("guest")
    where = anna("group.create", name="Garden", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="begin")
    berta.wait_for({"begin"})
    asleep = sleeper(berta)
    berta.stop()
    known = max(secret["epoch"] for secret in asleep.kept["secrets"])
    anna("group.add", conversation_id=where, members=[f"@{guest.username}"])
    anna("group.remove", conversation_id=where, members=[f"@{guest.username}"])
    anna("send", to=where, text="after two commits")
    asleep.wait_for({"after two commits"})
    opened = asleep.open(asleep.browser.received[-1])
    assert (opened.conversation, opened.sender) == ("Garden", anna.username)
    assert (where, 0, known + 2) not in asleep.keys().secrets


def test_who_joined_while_asleep_is_not_believed_yet(device: Make, sleeper):
    """Its device key is not in the directory: the push names the conversation, and no text."""
    anna, berta, guest = device("anna"), device("berta"), device("guest")
    where = anna("group.create", name="Garden", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="begin")
    berta.wait_for({"begin"})
    asleep = sleeper(berta)
    berta.stop()
    anna("group.add", conversation_id=where, members=[f"@{guest.username}"])
    wait_until(lambda: guest("conversations") != [])
    guest("send", to=where, text="I am new")
    (received,) = asleep.browser.wait(1)
    with pytest.raises(PushError) as caught:
        asleep.open(received)
    assert (caught.value.code, caught.value.conversation_id) == ("sender_unknown", where)


def test_a_conversation_begun_while_asleep_is_pushed(device: Make, sleeper):
    """A new conversation's Add carries the secret for the sleeping device, whose key package has its push key."""
    anna, berta = device("anna"), device("berta")
    asleep = sleeper(berta)
    berta.stop()
    anna("send", to=f"@{berta.username}", text="hello")
    received = asleep.browser.wait(1)
    with pytest.raises(PushError) as caught:
        asleep.open(received[0])
    assert caught.value.code == "sender_unknown"


def test_a_long_text_names_the_conversation_only(device: Make, sleeper):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="before")
    berta.wait_for({"before"})
    asleep = sleeper(berta)
    where = anna("send", to=f"@{berta.username}", text="x" * TEXT_LENGTH_MAX)["conversation_id"]
    (received,) = asleep.browser.wait(1)
    with pytest.raises(PushError) as caught:
        asleep.open(received)
    assert (caught.value.code, caught.value.conversation_id) == ("no_envelope", where)


def test_the_sending_device_and_muted_people_hear_nothing(device: Make, sleeper, witness: Device):
    anna, berta = device("anna"), device("berta")
    where = anna("group.create", name="Garden", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="begin")
    berta.wait_for({"begin"})
    own, asleep = sleeper(anna), sleeper(berta)
    berta("push.set_level", conversation_id=where, level="none")
    anna("send", to=where, text="quiet")
    wait_until_decided(witness)
    berta("push.set_level", conversation_id=where, level="all")
    assert berta("push.levels") == []
    anna("send", to=where, text="loud")
    asleep.wait_for({"loud"})
    assert asleep.texts() == ["loud"]
    assert own.browser.received == []


def test_a_conversation_muted_in_the_settings_pushes_nothing(device: Make, sleeper, witness: Device):
    """Muted on one device, silent on the other; what ends by itself ends by itself."""
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="begin")["conversation_id"]
    berta.wait_for({"begin"})
    other = device("unused", registered=False)
    other.login(berta)
    asleep = sleeper(berta)
    other("settings.change", conversation_id=where, muted_until="always")
    wait_until(lambda: [level["conversation_id"] for level in berta("push.levels")] == [where])
    anna("send", to=where, text="quiet")
    wait_until_decided(witness)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    berta("settings.change", conversation_id=where, muted_until=soon.isoformat())
    wait_until(lambda: [level.get("until") for level in berta("push.levels")] != [None])
    wait_until(lambda: berta("push.levels") == [])
    anna("send", to=where, text="loud")
    asleep.wait_for({"loud"})
    assert asleep.texts() == ["loud"]
    assert berta("conversation", conversation_id=where)["muted_until"] is None


def test_a_self_test_says_what_happened(device: Make, sleeper):
    berta = device("berta")
    with pytest.raises(Refused) as caught:
        berta("push.self_test")
    assert caught.value.slug == "not_found"
    asleep = sleeper(berta)
    assert berta("push.self_test") == {"outcome": "sent", "reason": "accepted", "status": 201}
    assert [received.payload for received in asleep.browser.received] == [SELF_TEST]
    asleep.browser.answers = [(410, {})]
    assert berta("push.self_test") == {"outcome": "gone", "reason": "subscription_ended", "status": 410}
    with pytest.raises(Refused):
        berta("push.self_test")


def test_redis_may_be_wiped_at_any_time(device: Make, sleeper, stack: Stack):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="before")
    berta.wait_for({"before"})
    asleep = sleeper(berta)
    texts = {f"text {number}" for number in range(12)}
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as client:
        for number, text in enumerate(sorted(texts)):
            anna("send", to=f"@{berta.username}", text=text)
            if number % 3 == 1:
                client.flushdb()
    asleep.wait_for(texts)
    time.sleep(1)  # what would be doubled comes again by then
    assert sorted(asleep.texts()) == sorted(texts)


def test_a_device_signed_out_is_pushed_to_no_more(device: Make, sleeper, stack: Stack):
    anna, berta = device("anna"), device("berta")
    other = device("unused", registered=False)
    other.login(berta)
    anna("send", to=f"@{berta.username}", text="before")
    other.wait_for_history({"before"})
    asleep, awake = sleeper(other), sleeper(berta)
    anna("send", to=f"@{berta.username}", text="both")
    asleep.wait_for({"both"})
    awake.wait_for({"both"})
    other("logout")
    wait_until_unsubscribed(stack, asleep.kept["device_id"])
    anna("send", to=f"@{berta.username}", text="one")
    awake.wait_for({"one"})
    assert asleep.browser.asked == 1


def test_the_key_is_that_of_the_server(device: Make, receiver: PushReceiver, sleeper):
    berta = device("berta")
    asleep = sleeper(berta)
    berta("push.self_test")
    header = asleep.browser.received[0].headers["Authorization"]
    assert f"k={berta('push.key')['public_key']}" in header
    assert receiver.check_vapid(header)["sub"] == berta.stack.address
    assert json.loads(json.dumps(asleep.kept))["server_name"] == berta.stack.address.removeprefix("https://")

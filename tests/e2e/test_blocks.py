"""A block through the whole stack: made at auth, told to both nodes, and held while Redis is emptied."""

import time
from collections.abc import Callable

import redis
from e2e_devices import Device, Refused, Stack

Make = Callable[..., Device]
#: A node reads blocks every two seconds; a hint makes that sooner.
HOLDS_S = 10.0


def refused(device: Device, method: str, **params: object) -> str:
    """Why something does not work, empty where it does."""
    try:
        device(method, **params)
    except Refused as error:
        return error.slug
    return ""


def user_id(device: Device) -> str:
    found: str = device("whoami")["user_id"]
    return found


def test_a_block_holds_everywhere_and_outlasts_redis(stack: Stack, device: Make):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="one")["conversation_id"]
    berta.wait_for({"one"})
    berta("send", to=where, text="two")
    group = anna("group.create", name="Garden", members=[berta.username])["conversation_id"]
    anna("presence.watch", user_ids=[user_id(berta)])
    anna.heard("presence.changed", lambda params: params["status"] == "online")

    since = len(anna.events)
    berta("person.block", username=anna.username)
    assert [each["username"] for each in berta("blocks")] == [anna.username]
    anna.heard("presence.changed", lambda params: params["status"] == "offline", since=since, timeout_s=HOLDS_S)
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as server:
        server.flushdb()
    time.sleep(0.2)
    for _ in range(6):  # whichever node answers
        assert refused(anna, "send", to=where, text="three") == "policy_refused"
    assert refused(anna, "group.create", name="Trap", members=[berta.username]) == "policy_refused"
    # Where both belong they go on reading each other.
    anna("send", to=group, text="to all")
    berta.wait_for({"to all"})
    assert "three" not in {message["text"] for message in berta.arrived}

    berta("person.unblock", username=anna.username)
    deadline = time.monotonic() + HOLDS_S
    while slug := refused(anna, "send", to=where, text="four"):
        assert slug == "policy_refused" and time.monotonic() < deadline
        time.sleep(0.1)
    berta.wait_for({"four"})


def test_who_is_not_found_by_name_and_wants_no_strangers_is_left_alone(device: Make):
    shy, friend, stranger = device("shy"), device("friend"), device("stranger")
    friend("send", to=f"@{shy.username}", text="hi")
    shy.wait_for({"hi"})
    assert shy("discovery.change", by_name=False) == {"by_name": False}
    assert shy("privacy.change", strangers=False)["strangers"] is False
    assert refused(stranger, "send", to=f"@{shy.username}", text="hello?") == "not_found"
    assert friend("send", to=f"@{shy.username}", text="still here")["sequence"]
    shy.wait_for({"still here"})

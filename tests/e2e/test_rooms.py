"""Groups through the gateway, two nodes, real devices: roles, links, bans, leaving, and a person's own marks."""

import ssl
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from e2e_devices import CALL_TIMEOUT_S, Device, Refused, Stack, access_token

Make = Callable[..., Device]


def wait_until(found: Callable[[], Any], timeout_s: float = CALL_TIMEOUT_S) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return result


def listed(device: Device, where: str) -> dict[str, Any]:
    """The conversation as the device lists it, empty where it does not."""
    return next((c for c in device("conversations") if c["conversation_id"] == where), {})


def inside(device: Device, where: str) -> bool:
    return listed(device, where).get("status") == "member"


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return str(caught.value.slug)


@pytest.fixture
def choir(device: Make) -> tuple[Device, Device, Device, str]:
    """Anna's group with Berta and Carl."""
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    members = [f"@{berta.username}", f"@{carl.username}"]
    where = anna("group.create", name="Choir", topic="Bach", members=members)["conversation_id"]
    for other in (berta, carl):
        wait_until(lambda other=other: listed(other, where).get("name") == "Choir")
    return anna, berta, carl, where


def test_a_fourth_comes_by_link_and_a_banned_one_stays_out(device: Make, choir, stack: Stack):
    anna, berta, carl, where = choir
    dora = device("dora")
    assert refused(lambda: berta("group.link.create", conversation_id=where)) == "policy_refused"
    anna("group.role", conversation_id=where, member=berta.username, role="admin")
    wait_until(lambda: "invite" in berta("group.info", conversation_id=where)["may"])
    link = berta("group.link.create", conversation_id=where, uses_max=2, lifetime_s=600)
    anna("send", to=where, text="before dora")
    assert dora("group.join", link=link["url"]) == {"conversation_id": where, "state": "requested"}
    (asking,) = wait_until(lambda: anna("group.requests", conversation_id=where))
    assert asking["username"] == dora.username
    anna("group.approve", conversation_id=where, members=[dora.username])
    anna("send", to=where, text="welcome dora")
    dora.wait_for({"welcome dora"})
    info = wait_until(lambda: (found := dora("group.info", conversation_id=where))["name"] and found)
    assert (info["name"], info["topic"], info["role"]) == ("Choir", "Bach", "member")
    assert "before dora" not in {message["text"] for message in dora.history()}
    dora("send", to=where, text="dora sings")
    for other in (anna, berta, carl):
        other.wait_for({"dora sings"})

    berta("group.ban", conversation_id=where, members=[dora.username])
    wait_until(lambda: listed(dora, where)["status"] == "removed")
    anna("send", to=where, text="without dora")
    carl.wait_for({"without dora"})
    assert refused(lambda: dora("send", to=where, text="let me in")) in {"not_a_member", "not_found"}
    assert refused(lambda: dora("group.join", link=link["url"])) == "not_found"
    assert refused(lambda: anna("group.add", conversation_id=where, members=[dora.username])) == "policy_refused"
    again = device("unused", registered=False)
    again.login(dora)
    assert not inside(again, where)
    assert "without dora" not in {m["text"] for each in (dora, again) for m in each.history()}
    for banned in (again, dora):
        for path in (f"conversations/{where}/group-info", f"conversations/{where}/join-requests"):
            assert asks(stack, banned, path) == 404

    anna("group.unban", conversation_id=where, members=[dora.username])
    eve = device("eve")
    eve("group.join", link=link["url"])
    anna("group.approve", conversation_id=where, members=[eve.username])
    late = device("late")
    assert refused(lambda: late("group.join", link=link["url"])) == "not_found"
    wait_until(lambda: inside(eve, where))


def asks(stack: Stack, device: Device, path: str) -> int:
    """The status that a device's token gets at the gateway."""
    token = access_token(device)
    device.start()
    address = f"{stack.address}/api/v1/messaging/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(address, headers=headers, verify=ssl.create_default_context(cafile=stack.ca_file)).status_code


def test_who_leaves_sees_nothing_after(device: Make, choir):
    anna, berta, carl, where = choir
    phone = device("unused", registered=False)
    phone.login(berta)
    wait_until(lambda: inside(phone, where))
    anna("send", to=where, text="all together")
    phone.wait_for_history({"all together"})
    assert berta("group.leave", conversation_id=where)["status"] == "removed"
    wait_until(lambda: listed(phone, where)["status"] == "removed")
    anna("send", to=where, text="after berta")
    carl("send", to=where, text="carl, too")
    anna.wait_for({"carl, too"})
    wait_until(lambda: berta.username not in listed(carl, where)["members"])
    restored = device("unused", registered=False)
    restored.login(berta)
    restored.wait_for_history({"all together"})
    for each in (berta, phone, restored):
        assert refused(lambda each=each: each("send", to=where, text="still here?")) in {"not_a_member", "not_found"}
        assert not {"after berta", "carl, too"} & {m["text"] for m in each.history()}
    anna("group.add", conversation_id=where, members=[berta.username])
    anna("send", to=where, text="berta is back")
    berta.wait_for({"berta is back"})
    assert "after berta" not in {m["text"] for m in berta.history()}


def test_an_automatic_link_admits_by_itself(device: Make, choir):
    anna, _, carl, where = choir
    link = anna("group.link.create", conversation_id=where, automatic=True, role="guest")
    guests = [device("guest") for _ in range(2)]
    for guest in guests:
        guest("group.join", link=link["url"])
    for guest in guests:
        wait_until(lambda guest=guest: inside(guest, where))
        guest("send", to=where, text=f"hello from {guest.username}")
    carl.wait_for({f"hello from {guest.username}" for guest in guests})
    wait_until(lambda: anna("group.links", conversation_id=where)[0]["uses"] == 2)
    late = device("late")
    adding = {"conversation_id": where, "members": [late.username]}
    assert refused(lambda: guests[0]("group.add", **adding)) == "policy_refused"
    anna("group.link.revoke", conversation_id=where, link_id=link["link_id"])
    assert refused(lambda: late("group.join", link=link["url"])) == "not_found"


def test_only_few_speak_in_an_announcement_group(choir):
    anna, berta, carl, where = choir
    anna("group.permissions", conversation_id=where, permissions={"send": "moderator"})
    wait_until(lambda: "send" not in berta("conversation", conversation_id=where)["may"])
    assert refused(lambda: berta("send", to=where, text="may I?")) == "policy_refused"
    anna("group.role", conversation_id=where, member=berta.username, role="moderator")
    wait_until(lambda: "send" in berta("conversation", conversation_id=where)["may"])
    berta("send", to=where, text="now I may")
    carl.wait_for({"now I may"})
    assert refused(lambda: berta("group.role", conversation_id=where, member=berta.username, role="owner")) == (
        "policy_refused"
    )
    assert refused(lambda: berta("group.remove", conversation_id=where, members=[anna.username])) == "policy_refused"


def test_marks_are_the_same_on_all_devices_and_restored(device: Make, choir):
    anna, _, _, where = choir
    laptop = device("unused", registered=False)
    laptop.login(anna)
    wait_until(lambda: inside(laptop, where))
    anna("settings.change", conversation_id=where, archived=True, folder="Music")
    laptop("settings.change", conversation_id=where, favourite=True, pinned=True)
    anna("draft.save", conversation_id=where, text="Dear choir")
    expected = {"archived": True, "folder": "Music", "favourite": True, "pinned": True, "muted_until": None}

    def kept(each: Device) -> bool:
        summary = each("conversation", conversation_id=where)
        return {name: summary[name] for name in expected} == expected and summary["draft"] == "Dear choir"

    for each in (anna, laptop):
        wait_until(lambda each=each: kept(each))
    restored = device("unused", registered=False)
    restored.login(anna)
    assert kept(restored)
    assert restored("settings")["conversations"] == {where: expected}


def test_a_moderator_mutes_and_all_of_it_is_listed(choir):
    anna, berta, carl, where = choir
    anna("group.role", conversation_id=where, member=berta.username, role="moderator")
    wait_until(lambda: "remove" in berta("group.info", conversation_id=where)["may"])
    rude = carl("send", to=where, text="rude")["sequence"]
    berta.wait_for({"rude"})
    berta("group.mute", conversation_id=where, members=[carl.username], lifetime_s=3600)
    assert refused(lambda: carl("send", to=where, text="and rude again")) == "muted"
    berta("message.delete", conversation_id=where, sequence=rude)
    wait_until(lambda: "send" not in carl("conversation", conversation_id=where)["may"])
    assert refused(lambda: carl("group.unmute", conversation_id=where, members=[carl.username])) == "policy_refused"
    berta("group.unmute", conversation_id=where, members=[carl.username])
    carl("send", to=where, text="sorry")
    anna.wait_for({"sorry"})
    deeds = [
        (anna.username, "role_given", berta.username),
        (berta.username, "muted", carl.username),
        (berta.username, "message_removed", carl.username),
        (berta.username, "unmuted", carl.username),
    ]
    for reader in (anna, berta):
        page = reader("group.audit", conversation_id=where)
        told = [(deed["by"]["username"], deed["kind"], deed["person"]["username"]) for deed in page["deeds"]]
        assert told == list(reversed(deeds))
    assert refused(lambda: carl("group.audit", conversation_id=where)) == "not_permitted"
    assert "and rude again" not in {message["text"] for message in anna.history()}

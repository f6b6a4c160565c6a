"""An account that is asked to go: signed out at once, kept for a while, then gone from every table and every service."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from neighbour_services import neighbours
from post_office import send_all, text_of

from parley_auth.accounts.models import User
from parley_auth.audit.chain import verify
from parley_auth.audit.models import AuditEntry
from parley_auth.directory.models import Device, KeyPackage, Statement
from parley_auth.events.models import OutboxEvent
from parley_auth.events.publisher import prune
from parley_auth.invitations.keeping import make_invitation
from parley_auth.invitations.models import Invitation
from parley_auth.operators.command import answer
from parley_auth.relations.models import Block
from parley_auth.resealing import reseal
from parley_auth.rights.erasing import erase_next, left_of
from parley_auth.rights.models import Deletion, ReservedName
from parley_auth.rights.verifying import SERVICES, verify_next
from parley_auth.signin.models import Session
from parley_contracts.limits import EVENTS_KEPT_S, RECENT_SIGN_IN_S

DAY_S = 24 * 3600


def ask_to_go(person):
    answered = person.api.post("me/deletion")
    assert answered.status == 200, answered.body
    return answered.body["due_at"]


def let_time_pass():
    Deletion.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def look_now():
    Deletion.objects.filter(erased_at__isnull=False).update(look_at=timezone.now())


def ask(act, **members):
    said = json.loads(answer(json.dumps({"by": "root", "ask": {"act": act, **members}}).encode()))
    return said["done"] if "done" in said else said["problem"]


def acts_of(person):
    return list(AuditEntry.objects.filter(subject=person.user_id).order_by("number").values_list("act", flat=True))


def erase(person):
    ask_to_go(person)
    let_time_pass()
    assert erase_next()
    return User.objects.get(pk=person.user_id)


# --- asking, and taking it back


def test_who_asks_is_signed_out_everywhere_at_once(alice, login):
    phone = login("alice").body["meta"]["access_token"]
    assert ask_to_go(alice)
    for token in (alice.api.token, phone):
        assert type(alice.api)(token).get("me").problem == "unauthenticated"
    revoked = OutboxEvent.objects.filter(type="session.revoked").values_list("data", flat=True)
    assert [event["device_id"] for event in revoked] == [None, None], "devices stay known until the account is gone"
    assert not Device.objects.filter(revoked_at__isnull=False).exists()
    assert acts_of(alice)[-3:] == ["session.ended", "session.ended", "deletion.asked"]


def test_asking_takes_a_recent_sign_in(alice):
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    assert alice.api.post("me/deletion").problem == "sign_in_again"
    assert not Deletion.objects.exists() and alice.api.get("me").status == 200


def test_signing_in_takes_it_back_and_a_letter_tells_of_both(alice, bob, login, confirm, post_office):
    confirm(alice)
    ask_to_go(alice)
    assert bob.api.get(f"users/{alice.user_id}").body["username"] == "alice", "until it is gone, nothing is seen of it"
    assert login("alice", "not the password at all").status != 200
    assert Deletion.objects.exists()
    assert login("alice").status == 200
    assert not Deletion.objects.exists()
    let_time_pass()
    assert not erase_next()
    send_all()
    told = {letter["Subject"]: text_of(letter, "plain") for address, letter in post_office.letters}
    assert {"Your account is to be deleted", "Your account is kept"} <= set(told)
    assert "It is deleted on" in told["Your account is to be deleted"]
    assert "deletion.taken_back" in acts_of(alice)


def test_the_same_device_goes_on_after_it_was_taken_back(alice, login):
    ask_to_go(alice)
    tokens = login("alice").body["meta"]
    alice.take(tokens)
    body = alice.registration() | {"proof": alice.proof(alice.certificate)}
    assert alice.api.put(f"me/devices/{alice.device_id}", body).status == 200


# --- what goes


def test_nothing_is_left_but_what_others_need(alice, bob, confirm, login):
    confirm(alice)
    for person in (alice, bob):
        assert person.upload_key_packages(3).status == 200
    assert alice.claim(bob).status == 200 and bob.claim(alice).status == 200
    assert alice.api.post("me/second-factors/totp").status == 200
    invitation = make_invitation(User.objects.get(pk=alice.user_id), uses=3, lifetime_s=DAY_S)
    statement = bytes(Statement.objects.get(user=alice.user_id).statement)
    user = erase(alice)
    assert left_of(user) == {}
    assert (user.display_name, bytes(user.email_sealed), user.is_active) == ("", b"", False)
    assert not user.has_usable_password() and not KeyPackage.objects.filter(device__user=user).exists()
    assert Invitation.objects.get(pk=invitation.invitation.invitation_id).revoked_at is not None
    # The event of her sign-up is forgotten after a week, and no account goes sooner than after two.
    OutboxEvent.objects.filter(type="account.created").delete()
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {model._meta.db_table} t")
            assert "alice" not in cursor.fetchone()[0], model
    assert Device.objects.get(pk=alice.device_id).name == ""
    # What others check signatures by stays, and leads to no device.
    identity = bob.api.get(f"users/{alice.user_id}/identity").body
    assert identity["devices"] == [] and len(identity["statements"]) == 1
    assert bytes(Statement.objects.get(user=user).statement) == statement
    assert bob.api.get("me/vault").status == 200
    assert Device.objects.get(pk=alice.device_id).revoked_at is not None
    shown = bob.api.get(f"users/{alice.user_id}").body
    assert {name: value for name, value in shown.items() if value} == {"user_id": alice.user_id, "username": "deleted"}
    assert bob.api.post("profiles", {"user_ids": [alice.user_id]}).body["profiles"] == [shown]
    assert bob.api.get("users?username=alice").problem == "not_found"
    assert bob.claim(alice, "k" * 20).problem == "not_found"
    assert login("alice").problem == "wrong_credentials"
    assert reseal() == 0
    assert verify().fault == ""


def test_the_name_stays_reserved(alice, signup, make_person):
    erase(alice)
    for name in ("alice", "Alice"):
        assert signup(name).problem == "username_taken"
    assert ask("user.create", username="alice", email="a@example.org")["type"] == "urn:parley:problem:username_taken"
    (kept,) = ReservedName.objects.all()
    assert b"alice" not in bytes(kept.name_index)
    make_person("alicia")


def test_others_are_told_by_an_event_and_may_ask_from_any_position(alice, bob, service):
    ask_to_go(alice)
    assert service.get("deletions?since=0").body == {"deletions": [], "next": 0}
    let_time_pass()
    assert erase_next() and not erase_next()
    event = OutboxEvent.objects.get(type="account.deleted")
    assert event.data == {"user_id": alice.user_id}
    told = {"deletions": [{"position": event.position, "user_id": alice.user_id}], "next": event.position}
    assert service.get("deletions?since=0").body == told
    assert service.get(f"deletions?since={event.position}").body == {"deletions": [], "next": event.position}
    assert service.get(f"deletions?since={event.position + 100}").body == told, "a restored database begins anew"
    assert service.get("deletions?since=x").problem == "invalid_request"
    assert OutboxEvent.objects.filter(type="device.revoked", data__device_id=alice.device_id).exists()


def test_blocks_end_with_either_of_the_two_and_the_services_are_told(alice, bob, make_person, service):
    carol = make_person()
    for blocker, blocked in ((alice, bob), (bob, alice), (bob, carol)):
        assert blocker.api.put(f"me/blocks/{blocked.user_id}").status == 200
    known = service.get("blocks?since=0").body["next"]
    user = erase(alice)
    ended = [{"blocker_id": one.user_id, "blocked_id": other.user_id} for one, other in ((alice, bob), (bob, alice))]
    told = [event.data for event in OutboxEvent.objects.filter(type="block.changed", position__gt=known)]
    assert told == [pair | {"state": "ended"} for pair in ended]
    changes = service.get(f"blocks?since={known}").body["changes"]
    assert [{name: change[name] for name in pair} for change, pair in zip(changes, ended, strict=True)] == ended
    assert not any(change["active"] for change in changes)
    assert [each["user_id"] for each in bob.api.get("me/blocks").body["blocks"]] == [carol.user_id]
    assert left_of(user) == {}
    Block.objects.filter(blocked=user).update(ended_at=timezone.now() - timedelta(seconds=EVENTS_KEPT_S + 1))
    prune()
    assert not Block.objects.filter(blocked=user).exists()


# --- verifying


@pytest.fixture
def services():
    with neighbours() as found:
        yield found


def test_an_account_is_gone_once_every_service_says_so(alice, services):
    erase(alice)
    assert not verify_next(), "others get a moment first"
    look_now()
    assert verify_next()
    assert Deletion.objects.get().verified_at is not None
    assert {asked.partition(" ")[0] for asked in services.asked} == set(SERVICES)
    assert {asked.partition(" ")[2] for asked in services.asked} == {f"/internal/people/{alice.user_id}/leftovers"}
    look_now()
    assert not verify_next()
    assert acts_of(alice)[-2:] == ["account.deleted", "deletion.verified"]


def test_who_has_something_left_is_told_once_more(alice, services):
    erase(alice)
    before = Deletion.objects.get().position
    services.left["media"] = {"objects": 2}
    look_now()
    assert verify_next()
    again = Deletion.objects.get()
    assert again.verified_at is None and again.position > before and again.look_at > timezone.now()
    assert OutboxEvent.objects.filter(type="account.deleted").count() == 2
    services.left.clear()
    look_now()
    assert verify_next() and Deletion.objects.get().verified_at is not None


def test_a_service_that_is_away_is_asked_later(alice):
    erase(alice)
    look_now()
    assert verify_next()
    deletion = Deletion.objects.get()
    assert deletion.verified_at is None and deletion.look_at > timezone.now()
    assert OutboxEvent.objects.filter(type="account.deleted").count() == 1


def test_what_came_after_the_account_was_gone_is_found_here_too(alice, services):
    user = erase(alice)
    Session.objects.create(user=user, expires_at=timezone.now() + timedelta(days=1))
    look_now()
    assert verify_next() and Deletion.objects.get().verified_at is None
    assert left_of(user) == {}
    look_now()
    assert verify_next() and Deletion.objects.get().verified_at is not None


# --- by operators


def test_operators_let_an_account_go_and_may_restore_it_until_then(alice, login):
    due_at = ask("user.delete", name="alice")["due_at"]
    assert due_at.endswith("Z")
    assert alice.api.get("me").problem == "unauthenticated"
    assert login("alice").problem == "wrong_credentials", "only an operator takes it back"
    assert Deletion.objects.exists()
    assert ask("user.show", name="alice")["deleted_at"] == due_at
    assert ask("user.delete", name="alice")["status"] == 409
    assert ask("user.restore", name="alice") is None
    assert not Deletion.objects.exists() and login("alice").status == 200
    rows = AuditEntry.objects.filter(act__startswith="user.").order_by("number")
    assert [(row.act, row.actor) for row in rows] == [
        ("user.deleted", "machine:root"),
        ("user.restored", "machine:root"),
    ]


def test_an_account_that_is_gone_is_not_restored(alice):
    ask("user.delete", name="alice")
    let_time_pass()
    assert erase_next()
    assert ask("user.restore", name=alice.user_id)["status"] == 409
    assert [user["username"] for user in ask("user.list")["users"]] == []
    shown = ask("user.show", name=alice.user_id)
    assert shown["email"] is None and shown["deleted_at"] is not None
    assert ask("audit.list", name=alice.user_id)["entries"][0]["subject_name"] == ""


def test_a_suspended_person_does_not_get_back_what_they_let_go(alice):
    ask_to_go(alice)
    ask("user.suspend", name="alice")
    ask("user.restore", name="alice")
    assert Deletion.objects.exists(), "they asked for it themselves"

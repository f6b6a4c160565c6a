"""Archives of everything: what is in one, for whom it is, how it lies, and how long."""

import io
import json
import os
import zipfile
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils import timezone
from neighbour_services import neighbours
from post_office import send_all

from parley_auth.accounts.models import User
from parley_auth.audit.models import AuditEntry
from parley_auth.resealing import reseal
from parley_auth.rights import objects
from parley_auth.rights.exporting import let_go_next, make_next
from parley_auth.rights.gathering import LEFT_OUT, TABLES
from parley_auth.rights.models import Export
from parley_auth.rights.sealing import SEALED_PART_SIZE_BYTES, SealingFile, open_part
from parley_auth.signin.models import Session
from parley_contracts.limits import EXPORT_ATTEMPTS_MAX, EXPORT_PART_SIZE_BYTES, EXPORTS_PER_DAY_MAX, RECENT_SIGN_IN_S


@pytest.fixture
def services():
    with neighbours() as found:
        yield found


def asked(person):
    answer = person.api.post("me/exports")
    assert answer.status == 200, answer.body
    return answer.body


def archive_path(export_id, part=0):
    return f"me/exports/{export_id}/archive?part={part}"


def fetched(person, export_id, size_bytes):
    """The archive, part by part, as a device takes it."""
    found = b""
    while len(found) < size_bytes:
        path = f"/api/v1/auth/{archive_path(export_id, len(found) // EXPORT_PART_SIZE_BYTES)}"
        answer = person.api.client.get(path, headers={"Authorization": f"Bearer {person.api.token}"})
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/octet-stream")
        found += answer.content
    return zipfile.ZipFile(io.BytesIO(found))


def made(person, services):
    """A ready archive of somebody, with its number and size."""
    export_id = asked(person)["export_id"]
    assert make_next()
    (told,) = [each for each in person.api.get("me/exports").body["exports"] if each["export_id"] == export_id]
    assert (told["state"], told["progress_percent"]) == ("ready", 100)
    return export_id, told["size_bytes"]


def test_everything_that_is_kept_is_in_the_archive_and_no_secret(alice, services, confirm, post_office):
    confirm(alice)
    services.kept = {
        "messaging": [{"kind": "archive", "sealed": os.urandom(32).hex()} for _ in range(500)],
        "media": [{"kind": "file", "object_id": "o1"}],
    }
    archive = fetched(alice, *made(alice, services))
    assert archive.testzip() is None
    account = json.loads(archive.read("account.json"))
    assert (account["username"], account["email"], account["id"]) == ("alice", alice.email, alice.user_id)
    (session,) = json.loads(archive.read("auth/session.json"))
    assert (session["device_id"], session["network"]) == (alice.device_id, "192.0.2.0/24")
    (device,) = json.loads(archive.read("auth/device.json"))
    assert device["name"] == "Laptop"
    assert json.loads(archive.read("auth/statement.json"))[0]["vault"]
    assert len(archive.read("messaging.jsonl").splitlines()) == 500
    assert json.loads(archive.read("media.jsonl"))["object_id"] == "o1"
    assert archive.read("notification.jsonl") == b""
    acts = [json.loads(line)["act"] for line in archive.read("audit.jsonl").splitlines()]
    assert acts[0] == "account.created" and acts[-1] == "export.asked"
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"argon2", alice.refresh_token.encode(), alice.api.token.encode()):
        assert secret not in everything
    assert {path.partition(" ")[0] for path in services.asked} == {"messaging", "media", "notification"}
    send_all()
    assert "An archive of your data is being made" in {letter["Subject"] for _, letter in post_office.letters}


def test_every_table_that_names_a_person_is_in_it_or_left_out_for_a_reason():
    relations = [r for r in User._meta.get_fields(include_hidden=True) if isinstance(r, ForeignObjectRel)]
    assert {relation.related_model for relation in relations} == TABLES.keys() | LEFT_OUT.keys()
    assert not TABLES.keys() & LEFT_OUT.keys()


def test_it_is_for_its_owner_alone_who_gave_the_password_lately(alice, bob, anonymous, services, login):
    export_id, _ = made(alice, services)
    path = archive_path(export_id)
    absent = archive_path("01900000-0000-7000-8000-000000000000")
    assert (bob.api.get(path).status, bob.api.get(path).body["type"]) == (404, bob.api.get(absent).body["type"])
    assert bob.api.get("me/exports").body == {"exports": []}
    assert anonymous.get(path).problem == "unauthenticated"
    for odd in ("", "x", "-1", "9" * 10):
        assert alice.api.get(archive_path(export_id, odd)).problem == "invalid_request"
    assert alice.api.get(archive_path(export_id, 1)).problem == "not_found"
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=2 * RECENT_SIGN_IN_S))
    assert alice.api.get(path).problem == "sign_in_again"
    assert alice.api.post("me/exports").problem == "sign_in_again"
    alice.api.token = login("alice").body["meta"]["access_token"]
    assert alice.api.client.get(f"/api/v1/auth/{path}", headers={"Authorization": f"Bearer {alice.api.token}"}).content


def test_one_at_a_time_and_a_few_a_day(alice, services):
    asked(alice)
    assert alice.api.post("me/exports").problem == "conflict"
    for _ in range(EXPORTS_PER_DAY_MAX - 1):
        assert make_next()
        asked(alice)
    assert make_next()
    refused = alice.api.post("me/exports")
    assert (refused.problem, refused.body["limit"]) == ("too_many", EXPORTS_PER_DAY_MAX)
    assert AuditEntry.objects.filter(act="export.asked").count() == EXPORTS_PER_DAY_MAX


def test_it_lies_sealed_and_goes_when_its_time_is_over(alice, services):
    export_id, size_bytes = made(alice, services)
    export = Export.objects.get()
    lying = objects.read(export.place)
    assert len(lying) == size_bytes + 16 and b"PK\x03\x04" not in lying
    assert not let_go_next()
    Export.objects.update(expires_at=timezone.now())
    assert alice.api.get(archive_path(export_id)).problem == "not_found"
    assert let_go_next() and not let_go_next()
    assert objects.count(export.user) == 0 and not Export.objects.exists()


def test_a_service_that_is_away_or_breaks_off_is_asked_again(alice, services):
    asked(alice)
    services.kept = {"media": [{"kind": "file"}]}
    services.broken.add("media")
    assert make_next() and not make_next()
    export = Export.objects.get()
    assert (export.state, export.progress_percent) == ("waiting", 0) and export.due_at > timezone.now()
    services.broken.clear()
    Export.objects.update(due_at=timezone.now())
    assert make_next() and Export.objects.get().state == "ready"


def test_what_cannot_be_made_is_given_up(alice):
    asked(alice)
    for _ in range(EXPORT_ATTEMPTS_MAX + 1):
        Export.objects.update(due_at=timezone.now())
        assert make_next()
    assert not make_next()
    assert alice.api.get("me/exports").body["exports"][0]["state"] == "failed"
    asked(alice)


def test_whoever_is_gone_leaves_no_archive(alice, services):
    made(alice, services)
    user = User.objects.get(pk=alice.user_id)
    assert objects.count(user) == 1
    objects.delete_all(user)
    assert objects.count(user) == 0


def test_its_key_is_sealed_anew_with_the_others(alice, services, monkeypatch):
    made(alice, services)
    before = bytes(Export.objects.get().key_sealed)
    key = Export.objects.get().open_key()
    assert reseal() == 0 and key not in before
    assert Export.objects.get().open_key() == key


@pytest.mark.parametrize("size", [0, 1, EXPORT_PART_SIZE_BYTES, EXPORT_PART_SIZE_BYTES + 1])
def test_parts_open_one_by_one_and_in_their_places_only(size):
    key, content, sealed = os.urandom(32), os.urandom(size), io.BytesIO()
    sink = SealingFile(key, sealed)
    for start in range(0, size, 100_003):
        sink.write(content[start : start + 100_003])
    sink.close()
    whole = sealed.getvalue()
    parts = [whole[at : at + SEALED_PART_SIZE_BYTES] for at in range(0, len(whole), SEALED_PART_SIZE_BYTES)]
    assert b"".join(open_part(key, number, part) for number, part in enumerate(parts)) == content
    for number, part in enumerate(parts):
        with pytest.raises(InvalidTag):
            open_part(key, number + 1, part)

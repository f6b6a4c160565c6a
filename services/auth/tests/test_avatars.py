"""The picture of a person, in the real object store: shown to who is signed in, replaced, deleted, and nothing left behind."""

import base64
import hashlib
import io
import uuid
from types import SimpleNamespace

import pytest
from django.core.files.storage import storages
from django.db.models import QuerySet
from PIL import Image
from test_operator_pages import app, operator, pages  # noqa: F401 - fixtures
from test_operators import ask, last_row

from parley_auth.accounts.models import User
from parley_contracts.limits import AVATAR_UPLOAD_SIZE_BYTES_MAX, PROFILES_PER_LOOKUP_MAX


def text_of(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def picture(colour):
    made = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(made, "PNG")
    return text_of(made.getvalue())


def fetch(api, path):
    headers = {"Authorization": f"Bearer {api.token}"} if api.token else {}
    return api.client.get(f"/api/v1/auth/{path}", headers=headers)


def stored(person):
    return storages["profiles"].listdir(f"avatars/{person.user_id}")[1]


def test_a_picture_is_shown_and_replaced_and_taken_away(alice, bob, anonymous):
    first = alice.api.put("me/avatar", {"image": picture("red")}).body["avatar"]
    assert bob.api.get(f"users/{alice.user_id}").body["avatar"] == first
    place = f"avatars/{alice.user_id}/{first}"
    answer = fetch(bob.api, place)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == first
    assert fetch(anonymous, place).status_code == 401

    second = alice.api.put("me/avatar", {"image": picture("blue")}).body["avatar"]
    assert second != first
    assert stored(alice) == [second]
    assert fetch(bob.api, place).status_code == 404
    assert alice.api.put("me/avatar", {"image": picture("blue")}).body["avatar"] == second
    assert stored(alice) == [second]

    assert alice.api.call("DELETE", "me/avatar").body["avatar"] == ""
    assert stored(alice) == []
    assert alice.api.call("DELETE", "me/avatar").status == 200
    assert fetch(bob.api, f"avatars/{alice.user_id}/{second}").status_code == 404


def test_what_a_crash_left_behind_goes_with_the_next_change(alice, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("the process dies before the row names it")

    with monkeypatch.context() as broken:
        broken.setattr(QuerySet, "update", crash)
        assert alice.api.put("me/avatar", {"image": picture("red")}).status == 500
    assert len(stored(alice)) == 1
    assert alice.api.get("me").body["avatar"] == ""
    kept = alice.api.put("me/avatar", {"image": picture("green")}).body["avatar"]
    assert stored(alice) == [kept]
    alice.api.call("DELETE", "me/avatar")


def test_moderators_take_away_what_somebody_shows(alice, bob, operator):  # noqa: F811 - the fixture
    page = operator("moderator")
    bob.api.patch("me", {"display_name": "Rude <b>", "about": "Ruder", "pronouns": "it", "time_zone": "UTC"})
    shown = bob.api.put("me/avatar", {"image": picture("red")}).body["avatar"]
    there = page.get(f"accounts/user/{bob.user_id}/change/").content.decode()
    inside = base64.b64encode(fetch(alice.api, f"avatars/{bob.user_id}/{shown}").content).decode()
    assert f'src="data:image/webp;base64,{inside}"' in there and "Rude &lt;b&gt;" in there and "Ruder" in there
    assert page.act(bob, "clear-profile").status_code == 302
    assert last_row() == ("user.profile_cleared", alice.user_id, bob.user_id, {})
    found = alice.api.get(f"users/{bob.user_id}").body
    assert (found["display_name"], found["about"], found["avatar"]) == ("bob", "", "")
    assert stored(bob) == []
    assert ask("user.clear-profile", name="bob") is None, "again is harmless"
    assert bob.api.patch("me", {"about": "Sorry"}).status == 200


def test_the_same_picture_of_two_people_is_two_objects(alice, bob):
    names = {person.api.put("me/avatar", {"image": picture("red")}).body["avatar"] for person in (alice, bob)}
    assert len(names) == 1
    alice.api.call("DELETE", "me/avatar")
    assert fetch(alice.api, f"avatars/{bob.user_id}/{names.pop()}").status_code == 200
    bob.api.call("DELETE", "me/avatar")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"image": text_of(b"<svg/>")}, "invalid_request"),
        ({"image": "!"}, "invalid_request"),
        ({"image": 1}, "invalid_request"),
        ({}, "invalid_request"),
        ({"image": "A" * (AVATAR_UPLOAD_SIZE_BYTES_MAX * 4 // 3 + 4)}, "too_large"),
    ],
)
def test_what_is_no_picture_is_refused(alice, body, problem):
    assert alice.api.put("me/avatar", body).problem == problem
    assert stored(alice) == []


def test_a_store_that_is_away_is_said(alice, monkeypatch):
    for name, gone in (("_bucket", None), ("_connections", SimpleNamespace()), ("endpoint_url", "http://127.0.0.1:9")):
        monkeypatch.setattr(storages["profiles"], name, gone)
    assert alice.api.put("me/avatar", {"image": picture("red")}).problem == "unavailable"
    assert alice.api.get("me").body["avatar"] == ""


def test_absent_pictures_have_one_answer(alice, bob):
    gone = User.objects.filter(id=bob.user_id)
    shown = bob.api.put("me/avatar", {"image": picture("red")}).body["avatar"]
    place = f"avatars/{bob.user_id}/{shown}"
    assert fetch(alice.api, place).status_code == 200
    gone.update(is_active=False)
    paths = [place, f"avatars/{uuid.uuid4()}/{shown}", f"avatars/{alice.user_id}/{shown}"]
    paths += [f"avatars/{alice.user_id}/{name}" for name in ("x", "%00", "..%2f", "0" * 64)]
    answers = [alice.api.get(path) for path in paths]
    assert {(answer.status, answer.problem) for answer in answers} == {(404, "not_found")}
    gone.update(is_active=True)
    bob.api.call("DELETE", "me/avatar")


def test_many_profiles_at_once(alice, bob, person):
    User.objects.filter(id=person.user_id).update(is_active=False)
    wanted = [alice.user_id, bob.user_id, person.user_id, str(uuid.uuid4()), bob.user_id]
    found = alice.api.post("profiles", {"user_ids": wanted}).body["profiles"]
    assert {profile["username"] for profile in found} == {"alice", "bob"}
    assert len(found) == 2
    for odd in ("x", "\u0000", "", bob.user_id.upper()):
        answer = alice.api.post("profiles", {"user_ids": [bob.user_id, odd]})
        assert (answer.problem, answer.body["field"]) == ("invalid_request", "user_ids")
    many = [str(uuid.uuid4()) for _ in range(PROFILES_PER_LOOKUP_MAX + 1)]
    assert alice.api.post("profiles", {"user_ids": many}).problem == "invalid_request"

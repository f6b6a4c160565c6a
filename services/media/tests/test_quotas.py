"""Quotas of single people: set by auth alone, and held."""

from types import SimpleNamespace

import pytest

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import MEDIA_BYTES_PER_USER_MAX
from parley_contracts.tokens import sign_service_token


@pytest.fixture
def ask(node, stack):
    """Ask for a quota, or change it, as a service."""

    def call(person, method="GET", body=None, *, service="auth"):
        key = {"auth": stack.auth.operating_key, "notification": stack.auth.notification_key}[service]
        headers = {"Authorization": f"Bearer {sign_service_token(key, service=service, audience='media')}"}
        user_id = person if isinstance(person, str) else person.user_id
        with node.client() as client:
            return client.request(method, f"/internal/quotas/{user_id}", json=body, headers=headers)

    return call


def test_an_own_quota_is_held_and_taken_back(api, anna, conversation, ask):
    assert ask(anna).json() == {"used_bytes": 0, "objects": 0, "limit_bytes": MEDIA_BYTES_PER_USER_MAX}
    assert ask(anna, "PUT", {"limit_bytes": 250}).json()["limit_bytes"] == 250
    assert api.announce(anna, conversation, 100).status == 200
    assert api.announce(anna, conversation, 150).status == 200
    refused = api.announce(anna, conversation, 100)
    assert (refused.problem, refused.body["limit_bytes"]) == ("quota_exceeded", 250)
    assert ask(anna).json() == {"used_bytes": 250, "objects": 2, "limit_bytes": 250}
    assert ask(anna, "PUT", {"limit_bytes": 0}).json()["limit_bytes"] == 0
    assert api.announce(anna, conversation, 100).problem == "quota_exceeded"
    assert ask(anna, "PUT", {"limit_bytes": None}).json()["limit_bytes"] == MEDIA_BYTES_PER_USER_MAX
    assert api.announce(anna, conversation, 100).status == 200


def test_more_than_everybody_has_can_be_given(anna, ask):
    assert ask(anna, "PUT", {"limit_bytes": 2 * MEDIA_BYTES_PER_USER_MAX}).status_code == 200
    assert ask(anna).json()["limit_bytes"] == 2 * MEDIA_BYTES_PER_USER_MAX


@pytest.mark.parametrize("limit_bytes", [-1, 2**50 + 1, "much", 1.5])
def test_impossible_quotas_are_refused(anna, ask, limit_bytes):
    assert ask(anna, "PUT", {"limit_bytes": limit_bytes}).status_code == 400


def test_only_auth_asks(anna, ask, node):
    for method, body in (("GET", None), ("PUT", {"limit_bytes": 1})):
        assert ask(anna, method, body, service="notification").status_code == 403
        with node.client() as client:
            assert client.request(method, f"/internal/quotas/{anna.user_id}", json=body).status_code == 401
    stranger = SimpleNamespace(user_id=new_uuid7())
    assert ask(stranger).status_code == 200
    assert ask("nobody").status_code == 404

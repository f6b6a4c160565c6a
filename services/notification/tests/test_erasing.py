"""Who is gone: subscriptions, preferences and deliveries go, and nobody else's."""

from __future__ import annotations

import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from parley_contracts.ids import UserId, new_uuid7
from parley_contracts.tokens import sign_service_token
from parley_notification import internal
from parley_notification.deliveries.erasing import erase_who_is_gone, left_of
from parley_notification.deliveries.handing_out import lines
from parley_notification.deliveries.models import Delivery, FeedPosition
from parley_notification.subscriptions.models import Preference, Subscription

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_of_a_person_is_left(conversation, auth, device, receiver, producer, consume):
    producer.store(conversation.anna, conversation.id)
    consume()
    berta = UserId(conversation.berta.user_id)
    Preference.objects.create(user_id=uuid.UUID(berta), conversation_id=uuid.UUID(conversation.id), level="none")
    other = device()
    other.subscribe(receiver.browser("other").upload())
    assert left_of(berta) == {
        Subscription._meta.db_table: 1,
        Preference._meta.db_table: 1,
        Delivery._meta.db_table: 1,
    }
    told = [json.loads(line) for line in lines(berta)]
    assert [line["kind"] for line in told] == ["subscription", "preference", "delivery"]
    assert told[0]["endpoint"].startswith("https://") and told[1]["level"] == "none"
    auth.delete(berta)
    erase_who_is_gone()
    assert left_of(berta) == {}
    assert [str(row.device_id) for row in Subscription.objects.all()] == [other.device_id]
    assert FeedPosition.objects.get(stream="deletions:auth").position == "1"
    auth.delete(other.user_id)
    erase_who_is_gone()
    assert not Subscription.objects.exists()


def test_auth_alone_is_told_what_is_left(monkeypatch, device):
    keys = {name: Ed25519PrivateKey.generate() for name in ("auth", "media")}
    monkeypatch.setattr(internal, "service_keys", lambda: {name: key.public_key() for name, key in keys.items()})

    def ask(service, user_id):
        token = sign_service_token(keys[service], service=service, audience="notification")
        path = f"/internal/people/{user_id}/leftovers"
        return Client().get(path, headers={"Authorization": f"Bearer {token}"})

    assert ask("auth", new_uuid7()).json() == {"left": {}}
    assert Client().get(f"/internal/people/{new_uuid7()}/export").status_code == 401
    assert ask("auth", "nobody").status_code == 404
    assert ask("media", new_uuid7()).status_code == 403
    assert Client().get(f"/internal/people/{new_uuid7()}/leftovers").status_code == 401

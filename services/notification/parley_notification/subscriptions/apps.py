"""Django's entry for subscriptions, which also makes the service's schema."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.models.signals import pre_migrate


class SubscriptionsConfig(AppConfig):
    """Label `subscriptions`."""

    name = "parley_notification.subscriptions"
    label = "subscriptions"

    def ready(self) -> None:
        """Have the service's schema made before its first table."""
        pre_migrate.connect(_make_schema, sender=self)


def _make_schema(using: str, **_: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {settings.SCHEMA}")

"""Django's entry for the outbox."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Label `events`."""

    name = "parley_auth.events"
    label = "events"

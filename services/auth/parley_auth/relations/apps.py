"""Django's entry for relations between people."""

from django.apps import AppConfig


class RelationsConfig(AppConfig):
    """Label `relations`."""

    name = "parley_auth.relations"
    label = "relations"

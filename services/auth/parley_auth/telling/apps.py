"""Django's entry for announcements and terms."""

from django.apps import AppConfig


class TellingConfig(AppConfig):
    """Label `telling`."""

    name = "parley_auth.telling"
    label = "telling"

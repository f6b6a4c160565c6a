"""Django's entry for letters."""

from django.apps import AppConfig


class LettersConfig(AppConfig):
    """Label `letters`."""

    name = "parley_auth.letters"
    label = "letters"

"""Django's entry for sessions."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Label `signin`: `sessions` is Django's own."""

    name = "parley_auth.signin"
    label = "signin"

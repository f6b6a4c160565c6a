"""Django's entry for the rooms of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Label `accounts`: `auth` is Django's own."""

    name = "parley_auth.accounts"
    label = "accounts"

"""Django's entry for rights."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """Label `rights`."""

    name = "parley_auth.rights"
    label = "rights"

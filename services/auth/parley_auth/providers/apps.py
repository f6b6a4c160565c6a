"""Django's entry for identity providers."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Label `providers`."""

    name = "parley_auth.providers"
    label = "providers"

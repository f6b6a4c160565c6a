"""Django's entry for operators."""

from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    """Label `operators`."""

    name = "parley_auth.operators"
    label = "operators"

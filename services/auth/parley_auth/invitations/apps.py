"""Django's entry for invitations."""

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """Label `invitations`."""

    name = "parley_auth.invitations"
    label = "invitations"

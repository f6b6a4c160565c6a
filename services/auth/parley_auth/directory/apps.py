"""Django's entry for the directory."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """Label `directory`."""

    name = "parley_auth.directory"
    label = "directory"

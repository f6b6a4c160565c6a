"""What the environment says: addresses, folders and profiles, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from parley_serving.django.config import DjangoConfig


class Config(DjangoConfig):
    """The environment of one process of the service."""

    @property
    def server_name(self) -> str:
        """Host and port of the origin (without the port that https has anyway): the name in signed structures."""
        return urlsplit(self.origin).netloc.lower().removesuffix(":443")


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)

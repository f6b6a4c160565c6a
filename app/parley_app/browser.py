"""The app in a browser: what the worker (`app/web/src/worker.js`) starts once Python is there."""

from __future__ import annotations

import random
import sys

import flet as ft

from parley_app.main import main


def start() -> None:
    """Run the app; returns at once, the event loop of the worker carries on."""
    # A memory snapshot is the same for everybody: nothing random of it may be used.
    random.seed()
    sys.path_importer_cache.clear()
    ft.run(main)

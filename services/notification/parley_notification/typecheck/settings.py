"""The service's settings over an environment of throw-away values: nothing is connected to, nothing is kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.gettempdir()) / f"parley-notification-typecheck-{os.getuid()}"
_folder.mkdir(mode=0o700, exist_ok=True)
(_folder / "django_secret_key").write_text("type checking only")
os.environ |= {
    "PARLEY_POSTGRES_URL": "postgresql://127.0.0.1/notification",
    "PARLEY_REDIS_URL": "redis://127.0.0.1",
    "PARLEY_ORIGIN": "https://localhost",
    "PARLEY_SECRETS_DIR": str(_folder),
    "PARLEY_SERVICE_KEYS": '{"keys": []}',
    "PARLEY_RUN_DIR": str(_folder),
}

from parley_notification.settings import *  # noqa: E402, F403 - they read the environment above

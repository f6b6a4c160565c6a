"""The service's settings over an environment of throw-away values: nothing is connected to, nothing is kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.gettempdir()) / f"parley-auth-typecheck-{os.getuid()}"
_folder.mkdir(mode=0o700, exist_ok=True)
(_folder / "django_secret_key").write_text("type checking only")
os.environ |= {
    "PARLEY_POSTGRES_URL": "postgresql://127.0.0.1/auth",
    "PARLEY_REDIS_URL": "redis://127.0.0.1",
    "PARLEY_ORIGIN": "https://localhost",
    "PARLEY_SECRETS_DIR": str(_folder),
    "PARLEY_SERVICE_KEYS": '{"keys": []}',
    "PARLEY_RUN_DIR": str(_folder),
    "PARLEY_S3_ENDPOINT": "http://127.0.0.1:8080",
    "PARLEY_S3_REGION": "us-east-1",
    "PARLEY_S3_ACCESS_KEY": "parley",
    "PARLEY_S3_SECRET_KEY": "type checking only",
}

from parley_auth.settings import *  # noqa: E402, F403 - they read the environment above

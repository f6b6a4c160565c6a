"""Django's settings of a service's PostgreSQL database: a pool of connections, each statement bounded in time."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from parley_contracts.limits import STORE_TIMEOUT_S


def postgres(url: str, name: str, *, schema: str = "") -> dict[str, Any]:
    """What stands in `DATABASES`; `name` is the database where `url` names none, `schema` where its tables are made."""
    parts = conninfo_to_dict(url)
    bounded = f"-c statement_timeout={STORE_TIMEOUT_S * 1000} -c lock_timeout={STORE_TIMEOUT_S * 1000}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", name),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": f"test_parley_{name}"},
        "OPTIONS": {
            **parts,
            "connect_timeout": 3,
            "options": f"-c search_path={schema} {bounded}" if schema else bounded,
            # One idle connection is enough; each further one costs the database megabytes.
            "pool": {"min_size": 1, "max_size": 12, "timeout": 3, "max_idle": 30, "max_waiting": 64},
        },
    }

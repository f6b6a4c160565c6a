"""Logging: structlog in front, JSON lines on standard error, the standard library's loggers included.

Invariant: a line carries names, numbers and identifiers, never a body, a query, a token or an address.
"""

from __future__ import annotations

import logging
import sys

import structlog

#: The least level that is heard of a library's logger.
_LEVELS = {
    # Django's own lines repeat what the middleware says, with paths and queries.
    "django.request": logging.CRITICAL,
    "django.security": logging.CRITICAL,
    # These say each request and each retry: noise, and addresses, of which a push endpoint's is a secret.
    "httpcore": logging.ERROR,
    "httpx": logging.ERROR,
    "psycopg.pool": logging.ERROR,
    "pymongo": logging.ERROR,
    "uvicorn.error": logging.ERROR,
    "websockets": logging.ERROR,
}


def configure_logging(log_format: str) -> None:
    """Send everything to standard error; `log_format` is `json` or `text`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if log_format == "text"
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)

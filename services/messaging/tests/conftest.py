"""Real nodes over real engines, and devices that speak MLS with them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from messaging_people import Api, Room, make_person, make_room, roster
from messaging_stack import ORIGIN, AuthStandIn, NodeProcess, Stack, flush_redis
from pymongo import MongoClient

REDIS_DATABASE = 11
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
TRIALS = int(os.environ.get("PARLEY_TRIALS", "1"))


def pytest_report_header() -> str:
    return f"messaging: seed {SEED} (PARLEY_SEED), trials x{TRIALS} (PARLEY_TRIALS)"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def trials() -> int:
    return TRIALS


# --- the deployment ---------------------------------------------------------------------------------------------------


def _named(url: str, name: str) -> str:
    head, _, options = url.partition("?")
    return head.rstrip("/") + f"/{name}" + (f"?{options}" if options else "")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    run_dir = Path(tempfile.mkdtemp(prefix="pm-"))
    auth = AuthStandIn(run_dir)
    secret = auth.service_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (run_dir / "service_key.pem").write_bytes(secret)
    (run_dir / "field_key").write_text(os.urandom(32).hex())
    (run_dir / "lasting_key").write_text(os.urandom(32).hex())
    mongodb_url = _named(os.environ["PARLEY_MONGODB_URL"], f"dev_messaging_{os.getpid()}")
    redis_url = os.environ["PARLEY_REDIS_URL"].rstrip("/") + f"/{REDIS_DATABASE}"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    measured = {name: value for name, value in os.environ.items() if "COVERAGE" in name}
    environment = (
        kept
        | measured
        | {
            "PARLEY_ORIGIN": ORIGIN,
            "PARLEY_MONGODB_URL": mongodb_url,
            "PARLEY_REDIS_URL": redis_url,
            "PARLEY_SECRETS_DIR": str(run_dir),
            "PARLEY_SERVICE_KEYS": auth.service_jwks,
            "PARLEY_RUN_DIR": str(run_dir),
            "PARLEY_LIMITS_PROFILE": "test",
            "PYTHONWARNINGS": "error",
        }
    )
    found = Stack(run_dir, auth, mongodb_url, redis_url, environment)
    flush_redis(found)
    subprocess.run([sys.executable, "-m", "parley_messaging", "migrate"], env=environment, check=True, timeout=30)
    yield found
    auth.stop()
    with MongoClient(mongodb_url) as client:
        client.drop_database(client.get_default_database().name)
    flush_redis(found)
    shutil.rmtree(run_dir)


@pytest.fixture(scope="session")
def nodes(stack: Stack) -> Iterator[list[NodeProcess]]:
    found = [stack.node("messaging-1"), stack.node("messaging-2")]
    time.sleep(2.1)  # each has heard of the other
    yield found
    for node in found:
        if node.process.poll() is None:
            assert node.stop() == 0


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def person(stack: Stack) -> Any:
    """Makes people."""
    return lambda: make_person(stack)


@pytest.fixture
def policy_of() -> Any:
    return roster


@pytest.fixture
async def api(stack: Stack, nodes: list[NodeProcess]) -> AsyncIterator[Api]:
    found = Api(nodes[0])
    yield found
    await found.close()


@pytest.fixture
async def other_api(stack: Stack, nodes: list[NodeProcess]) -> AsyncIterator[Api]:
    found = Api(nodes[1])
    yield found
    await found.close()


@pytest.fixture
def room_of() -> Any:
    """Makes conversations: `await room_of(api, creator, others)`."""
    return make_room


@pytest.fixture
def new_room() -> Any:
    """The class, for conversations that the server shall refuse."""
    return Room

"""A real node over real MongoDB and real S3, and people who use it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from media_stack import Api, MessagingStandIn, NodeProcess, Person, Stack, environment_of
from messaging_stack import AuthStandIn
from pymongo import MongoClient

from parley_contracts.ids import new_uuid7


def _named(url: str, name: str) -> str:
    head, _, options = url.partition("?")
    return head.rstrip("/") + f"/{name}" + (f"?{options}" if options else "")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    run_dir = Path(tempfile.mkdtemp(prefix="pmedia-"))
    auth = AuthStandIn(run_dir, "media")
    secret = auth.service_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (run_dir / "service_key.pem").write_bytes(secret)
    mongodb_url = _named(os.environ["PARLEY_MONGODB_URL"], f"dev_media_{os.getpid()}")
    messaging = MessagingStandIn(run_dir, auth)
    found = Stack(run_dir, auth, messaging, environment_of(run_dir, auth, mongodb_url))
    command = [sys.executable, "-m", "parley_media", "migrate"]
    for _ in range(2):
        subprocess.run(command, env=found.environment, check=True, timeout=30)
    yield found
    messaging.stop()
    auth.stop()
    with MongoClient(mongodb_url) as client:
        client.drop_database(client.get_default_database().name)
    shutil.rmtree(run_dir)


@pytest.fixture(scope="session")
def node(stack: Stack) -> Iterator[NodeProcess]:
    running = NodeProcess(stack)
    yield running
    running.stop()


@pytest.fixture
def api(stack: Stack, node: NodeProcess) -> Iterator[Api]:
    found = Api(node, stack.environment["PARLEY_S3_ENDPOINT"])
    yield found
    found.close()


@pytest.fixture
def conversation() -> str:
    return new_uuid7()


@pytest.fixture
def anna(stack: Stack, conversation: str) -> Person:
    person = stack.person()
    person.joins(conversation)
    return person


@pytest.fixture
def berta(stack: Stack, conversation: str) -> Person:
    person = stack.person()
    person.joins(conversation)
    return person

"""Every fault of `./parley bench faults`, a few times each: under load, and judged by the checker of histories."""

import os
import random
from collections.abc import Callable

import pytest
from e2e_devices import Stack
from e2e_loops import run
from faults import run as strike
from parts import Parts
from pymongo import DESCENDING, AsyncMongoClient
from striking import FAULTS, Fault, Scene

from parley_messaging.config import SERVICE

TRIALS = int(os.environ.get("PARLEY_FAULT_TRIALS", "1"))
SEED = int(os.environ.get("PARLEY_SEED", str(random.SystemRandom().randrange(2**32))))
FREEZE_S = 2.0
#: A database that dies in the stack that all tests share would take other tests' connections with it; MongoDB's set of three
#: stands in `ops/tests/test_replicas.py`.
HERE = [fault for fault in FAULTS if fault.name != "postgresql killed" and not fault.needs_set]


def taking_out(mongodb_url: str) -> Fault:
    """The planted fault: a message that was acknowledged is gone from the database."""

    async def take_out(scene: Scene) -> None:
        async with AsyncMongoClient(mongodb_url) as client:
            entries = client[SERVICE]["entries"]
            assert await entries.find_one_and_delete({"type": "message.created"}, sort=[("_id", DESCENDING)])

    return Fault("entry taken out", 1, take_out)


@pytest.mark.timeout(600)
def test_whatever_fails_under_load_the_log_is_sound(stack: Stack, say_trials: Callable[[str], None]):
    scene = Scene(Parts(stack.home), random.Random(SEED), stack.engines["PARLEY_REDIS_URL"], FREEZE_S)
    planted = taking_out(stack.engines["PARLEY_MONGODB_URL"])
    *outcomes, caught = run(strike(scene, [*((fault, TRIALS) for fault in HERE), (planted, 1)]))
    for outcome in outcomes:
        say_trials(" ".join(f"{name}={value}" for name, value in outcome.figures().items()) + f" seed={SEED}")
    assert {outcome.fault.name: outcome.complaints() for outcome in outcomes if outcome.complaints()} == {}
    assert {violation.kind for violation in caught.violations} & {"lost", "false_ack"}

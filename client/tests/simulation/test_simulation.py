"""Many devices, much misfortune, one log: whatever the dice do, all devices end at the same place and every message opens.

`./parley bench simulation` plays it in full; both print n and the seed (PARLEY_SEED repeats a run).
"""

import asyncio
import os
import random
from types import SimpleNamespace

import pytest
from simulated.bugs import BUGS
from simulated.clock import VirtualLoop, give_virtual_time
from simulated.play import STEPS, STORM, Failure, Play, Size
from simulated.spoiling import Spoiler

#: The same few plays for everybody who changes the client; `bench` draws new ones.
SEED = int(os.environ.get("PARLEY_SEED", "77"))
FULL = int(os.environ.get("PARLEY_SIMULATIONS", "0"))
SMALL, WHOLE = Size(people=4, devices=8, groups=2, steps=70), Size(people=20, devices=60, groups=6, steps=1000)
BRIEF = Size(people=3, devices=6, groups=1, steps=60)
#: So many plays must be enough to catch a planted bug.
TRIES_MAX = 60


@pytest.fixture
def play(world, tmp_path_factory, monkeypatch):
    """Play a seed to its end, in virtual time; gives the play."""
    give_virtual_time(monkeypatch)
    # What a device has in stock costs most of its making, and no rule hangs on how much it is.
    monkeypatch.setattr("parley_client.key_packages.STOCK", 4)
    monkeypatch.setattr("parley_client.key_packages.KEY_PACKAGES_REFILL_BELOW", 2)

    spoiler = Spoiler(monkeypatch)

    def played(seed, size, weather=STEPS):
        drawn = Play(world().server, tmp_path_factory.mktemp("devices"), seed, size, spoiler, weather)
        monkeypatch.setattr("parley_client.backoff.secrets", SimpleNamespace(randbelow=drawn.dice.randrange))
        # Keys and ids as well: what failed once can be looked at again.
        monkeypatch.setattr(os, "urandom", random.Random(f"{seed} keys and ids").randbytes)
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(drawn.run())
        return drawn

    return played


def test_all_devices_end_at_the_same_place_and_everything_opens(play, say_trials):
    size, seeds = (WHOLE, FULL) if FULL else (SMALL, 5)
    devices = messages = commits = resets = 0
    steps = {}
    for number in range(seeds):
        played = play(f"{SEED}-{number}", size)
        devices += len(played.devices)
        messages += played.entries("message.created")
        commits += played.entries("commit.created")
        resets += played.entries("conversation.reset")
        steps = {kind: steps.get(kind, 0) + count for kind, count in played.counts.items()} | {
            kind: count for kind, count in steps.items() if kind not in played.counts
        }
    drawn = " ".join(f"{kind}={count}" for kind, count in sorted(steps.items()))
    total = f"simulations n={seeds} steps={seeds * size.steps} devices={devices} messages={messages} commits={commits} resets={resets}"
    say_trials(f"{total} undecryptable=0 seed={SEED} drawn: {drawn}")
    assert messages
    assert commits


def test_a_seed_repeats_a_play(play):
    one, other = (play(str(SEED), BRIEF, STORM) for _ in range(2))
    assert one.trace == other.trace
    assert [log.hashes for log in one.server.logs.values()] == [log.hashes for log in other.server.logs.values()]


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug, play, monkeypatch, say_trials):
    bug(monkeypatch)
    for number in range(TRIES_MAX):
        try:
            play(f"{SEED}-{number}", BRIEF, STORM)
        except Failure:
            say_trials(f"{bug.__name__}: caught by simulation {number + 1} of at most {TRIES_MAX}, seed={SEED}")
            return
    raise AssertionError(f"seed {SEED}: nothing was noticed")

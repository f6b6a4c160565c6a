"""A few of the sockets of `./parley bench sockets`: held while a group writes, and all back after every node was killed."""

from e2e_devices import Stack
from e2e_loops import run
from parts import Parts
from sockets import Trial

COUNT = 16
WRITING_S = 2.0
BEHIND = 200
#: How long the way back takes is the benchmark's matter: here other tests are at work beside.
BACK_S_MAX = 200.0


async def short(stack: Stack) -> Trial:
    trial = Trial(Parts(stack.home), COUNT)
    await trial.people()
    trial.crowd.live()
    await trial.crowd.connect(trial.crowd.slots)
    await trial.write(WRITING_S)
    await trial.come_back(BACK_S_MAX)
    await trial.leave()
    await trial.catch_up(BEHIND)
    await trial.close()
    return trial


def test_a_crowd_is_held_and_comes_back(stack: Stack):
    trial = run(short(stack))
    assert trial.faults == []
    assert trial.large.deliveries == len(trial.active) * WRITING_S * 20

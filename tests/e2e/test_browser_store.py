"""The store in Chromium: the checks that sqlite3 passes, on the origin private file system, also after a crash."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e_web import WebApp, ask, ready_worker
from playwright.sync_api import Worker

CHECKS = (Path(__file__).resolve().parents[2] / "client" / "tests" / "store_port.py").read_text()
OPEN = """
from parley_client.platforms.opfs import open_profile
import __main__
__main__.profile = await open_profile("trial-store")
__main__.store = __main__.profile.open_plain()
"""
CLOSE = "import __main__; __main__.store.close(); __main__.profile.close()"
CHECK = """
import __main__
module = {}
exec(checks, module)
failed = []
for check in module["CHECKS"]:
    try:
        check(__main__.store)
    except Exception as error:
        failed.append([check.__name__, repr(error)[:500]])
return failed
"""
LOCK = """
import time, __main__
from parley_client.crypto.passphrases import COST
from parley_client.errors import WrongPassphrase
from parley_client.locking.lock import AppLock, LockSettings
from parley_client.platforms.opfs import open_profile
from parley_client.platforms.stretching import stretch
from parley_mls import default_primitives

async def opened():
    return AppLock(await open_profile("trial-lock"), default_primitives(), stretch, time.time)
"""
SEAL = """
lock = await opened()
store = lock.open()
store.execute("INSERT INTO drafts VALUES ('d', 'written before')")
began = time.perf_counter()
known = stretch(b"\\x01\\x02", bytes(16), COST).hex()[:16]
took = time.perf_counter() - began
store = lock.set("correct horse battery", LockSettings())
store.execute("INSERT INTO drafts VALUES ('e', 'written after')")
return [known, took]
"""


@dataclass
class Crashed:
    """A worker after a crash of the one before, which had a store in the clear and a sealed one open, and what that said."""

    worker: Worker
    failed: list[Any]
    stretched: str
    stretched_s: float


@pytest.fixture(scope="module")
def crashed(started_once: WebApp) -> Crashed:
    worker = ready_worker(started_once.page)
    ask(worker, OPEN)
    failed = ask(worker, CHECK, checks=CHECKS)
    ask(worker, "import __main__; __main__.store.execute('INSERT INTO trial VALUES (7, ?)', (b'kept',))")
    stretched, stretched_s = ask(worker, LOCK + SEAL)
    # The page goes without closing anything, as a crash does.
    return Crashed(started_once.open(), failed, stretched, stretched_s)


def test_opfs_keeps_the_port(crashed: Crashed):
    assert crashed.failed == []
    ask(crashed.worker, OPEN)
    assert ask(
        crashed.worker,
        "import __main__; return [bytes(v).decode() for (v,) in __main__.store.execute('SELECT value FROM trial WHERE place = 7')]",
    ) == ["kept"]
    ask(crashed.worker, CLOSE)


def test_a_browser_s_store_is_sealed_under_a_lock(crashed: Crashed, say_trials):
    """The same Argon2id as on CPython; what was sealed outlives the page, and nothing in the clear stays beside it."""
    assert crashed.stretched == "dfb27ab1ca0fab89"
    say_trials(f"argon2id seconds={crashed.stretched_s:.2f}")
    assert ask(
        crashed.worker,
        LOCK
        + """
lock = await opened()
refused = False
try:
    lock.open("wrong one")
except WrongPassphrase:
    refused = True
pool = lock._profile._pool
sealed = bytes(lock._outer.image())
store = lock.open("correct horse battery")
texts = [text for (text,) in store.execute("SELECT text FROM drafts ORDER BY text")]
store = lock.remove()
again = [text for (text,) in store.execute("SELECT text FROM drafts ORDER BY text")]
left = [pool.has("/client.db"), pool.has("/sealed.db")]
lock.close()
return [refused, b"written" in sealed, texts, again, left]
""",
    ) == [True, False, ["written after", "written before"], ["written after", "written before"], [True, False]]


def test_a_profile_has_one_holder(started: WebApp):
    worker = ready_worker(started.page)
    ask(worker, OPEN)
    page = started.context.new_page()
    page.goto(started.address)
    other = ready_worker(page)
    refused = ask(
        other,
        """
        from parley_client.errors import ProfileInUse
        from parley_client.platforms.opfs import open_profile
        try:
            await open_profile("trial-store", lock_timeout_s=0.5)
        except ProfileInUse:
            return True
        """,
    )
    assert refused
    ask(worker, CLOSE)
    ask(other, "from parley_client.platforms.opfs import open_profile; await open_profile('trial-store')")
    page.close()

"""The store in Chromium: the checks that sqlite3 passes, on the origin private file system, also after a crash."""

from pathlib import Path

from e2e_web import WebApp, ask, ready_worker

CHECKS = (Path(__file__).resolve().parents[2] / "client" / "tests" / "store_port.py").read_text()
OPEN = """
from parley_client.platforms.opfs import open_store
import __main__
__main__.store = await open_store("trial-store")
"""


def test_opfs_keeps_the_port(started: WebApp):
    worker = ready_worker(started.page)
    ask(worker, OPEN)
    failed = ask(
        worker,
        """
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
        """,
        checks=CHECKS,
    )
    assert failed == []
    ask(worker, "import __main__; __main__.store.execute('INSERT INTO trial VALUES (7, ?)', (b'kept',))")
    # The page goes without closing anything, as a crash does.
    worker = started.open()
    ask(worker, OPEN)
    assert ask(
        worker,
        "import __main__; return [bytes(v).decode() for (v,) in __main__.store.execute('SELECT value FROM trial WHERE place = 7')]",
    ) == ["kept"]
    ask(worker, "import __main__; __main__.store.close()")


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
        from parley_client.platforms.opfs import open_store
        try:
            await open_store("trial-store", lock_timeout_s=0.5)
        except ProfileInUse:
            return True
        """,
    )
    assert refused
    ask(worker, "import __main__; __main__.store.close()")
    ask(other, "from parley_client.platforms.opfs import open_store; await open_store('trial-store')")
    page.close()

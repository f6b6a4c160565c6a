"""The page as a browser gets it: it starts clean, under its policy, also without a network, and takes links into it."""

import re

from e2e_web import WebApp, ask, ready_worker


def test_the_page_boots_without_a_fault(started: WebApp):
    assert ask(ready_worker(started.page), "import sys; return sys.platform") == "emscripten"
    assert not started.watched.faults, "\n".join(started.watched.faults)


def test_the_app_can_be_installed(started: WebApp):
    session = started.context.new_cdp_session(started.page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_the_site_names_no_other_origin_in_what_it_loads(started: WebApp):
    page = started.context.request.get(started.address).text()  # as it is sent: what Flet adds when it runs is refused
    assert "<script" in page
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)


def test_a_link_opens_the_app_and_assistive_technology_needs_no_switch_where_it_asks(started: WebApp):
    started.open("/rooms/garden?a11y")
    button = started.page.get_by_role("button", name="Create an account", exact=True).first
    button.wait_for(state="attached", timeout=20_000)
    assert started.page.title() == "Parley"
    assert not started.watched.faults, "\n".join(started.watched.faults)


def test_two_starts_share_nothing_random(started: WebApp):
    """The memory snapshot is the same for everybody; what must differ is drawn after it was restored."""
    first = ask(ready_worker(started.page), DRAW)
    second = ask(started.open(), DRAW)
    starts = [line for line in started.said if line.startswith("worker {")]
    assert len(starts) >= 2
    assert all('"restored":true' in line for line in starts), starts
    assert not set(first) & set(second)


def test_the_app_starts_without_a_network(started: WebApp):
    assert started.page.evaluate("navigator.serviceWorker.ready.then((found) => !!found.active)")
    started.context.set_offline(True)
    try:
        worker = started.open()
        assert ask(worker, "from parley_client.client import Client; return Client.__name__") == "Client"
    finally:
        started.context.set_offline(False)


DRAW = """
import asyncio, gc, os, random, secrets, tempfile, uuid
from parley_app.shared_engine import SharedEngine
from parley_mls import default_primitives
while not (found := [each for each in gc.get_objects() if type(each) is SharedEngine]):
    await asyncio.sleep(0.1)
return [
    str(random.getrandbits(64)), secrets.token_hex(), os.urandom(16).hex(), str(uuid.uuid4()), found[0]._name,
    default_primitives().random(16).hex(), next(tempfile._get_candidate_names()),
]
"""

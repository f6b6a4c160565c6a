"""The page as a browser gets it: it starts clean, under its policy, also without a network, and takes links into it."""

import re

from e2e_devices import Stack
from e2e_web import WebApp, ask, browser_profile
from playwright.sync_api import Playwright


def test_the_page_boots_without_a_fault(web_app: WebApp):
    worker = web_app.open()
    assert ask(worker, "import sys; return sys.platform") == "emscripten"
    assert not web_app.watched.faults, "\n".join(web_app.watched.faults)


def test_a_link_into_the_app_opens_the_app(web_app: WebApp):
    web_app.open("/rooms/garden")
    for _ in range(100):
        if web_app.page.title() == "Parley":
            break
        web_app.page.wait_for_timeout(100)
    assert web_app.page.title() == "Parley"
    assert not web_app.watched.faults, "\n".join(web_app.watched.faults)


def test_assistive_technology_needs_no_switch_where_the_address_asks(web_app: WebApp):
    web_app.open("/?a11y")
    button = web_app.page.get_by_role("button", name="Create an account", exact=True).first
    button.wait_for(state="attached", timeout=20_000)
    assert not web_app.watched.faults, "\n".join(web_app.watched.faults)


def test_the_app_starts_without_a_network(web_app: WebApp):
    web_app.open()
    assert web_app.page.evaluate("navigator.serviceWorker.ready.then((found) => !!found.active)")
    web_app.context.set_offline(True)
    worker = web_app.open()
    assert ask(worker, "from parley_client.client import Client; return Client.__name__") == "Client"


def test_the_app_can_be_installed(web_app: WebApp):
    web_app.open()
    session = web_app.context.new_cdp_session(web_app.page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_the_site_names_no_other_origin_in_what_it_loads(stack: Stack, web_app: WebApp):
    answer = web_app.page.goto(stack.address)  # as it is sent: what Flet adds to it when it runs is refused
    assert answer is not None
    page = answer.text()
    assert "<script" in page
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)


def test_two_starts_share_nothing_random(chromium: Playwright, stack: Stack):
    """The memory snapshot is the same for everybody; what must differ is drawn after it was restored."""
    drawn = []
    for _ in range(2):
        with browser_profile() as folder:
            app = WebApp(chromium, stack.address, folder)
            restored: list[str] = []
            app.page.on("console", lambda said, restored=restored: restored.append(said.text))
            worker = app.open()
            drawn.append(ask(worker, DRAW))
            assert any('"restored":true' in line for line in restored), restored
            app.close()
    assert not set(drawn[0]) & set(drawn[1])


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

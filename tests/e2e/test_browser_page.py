"""The page as a browser gets it: it starts clean, under its policy, also without a network, and takes links into it."""

import re

from e2e_devices import Stack
from e2e_web import WebApp, ask


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
    web_app.page.goto(stack.address)
    page = web_app.page.content()
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)

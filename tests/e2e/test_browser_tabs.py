"""Several tabs of one browser: one runs the device, all use it, and the next takes over."""

import secrets
from typing import Any

from e2e_devices import Stack
from e2e_web import WebApp, ask, ready_worker
from playwright.sync_api import Worker

ENGINE = """
import asyncio, gc
from parley_app.shared_engine import SharedEngine
while not (found := [each for each in gc.get_objects() if type(each) is SharedEngine]):
    await asyncio.sleep(0.1)
(engine,) = found
"""


def call(worker: Worker, method: str, **params: Any) -> Any:
    return ask(worker, f"{ENGINE}\nreturn await engine.call(method, params)", method=method, params=params)


def leads(worker: Worker) -> bool:
    return ask(worker, f"{ENGINE}\nreturn engine._leader == engine._name")


def test_tabs_share_one_device_and_survive_its_tab(web_app: WebApp, stack: Stack):
    first = web_app.open()
    second_page = web_app.context.new_page()
    second_page.goto(stack.address)
    second = ready_worker(second_page)
    assert call(second, "session")["signed_in"] is False
    assert (leads(first), leads(second)) == (True, False)
    name = f"tabs_{secrets.token_hex(4)}"
    person = {"username": name, "email": f"{name}@example.org", "password": "copper-lantern-19"}
    call(second, "register", server=stack.address, **person)
    sent = call(second, "send", to=f"@{name}", text="to myself")
    assert [summary["conversation_id"] for summary in call(first, "summaries")] == [sent["conversation_id"]]
    web_app.page.close()
    for _ in range(300):  # the tab's worker ends a little after the tab, and answers until then
        if leads(second):
            break
        second_page.wait_for_timeout(100)
    session = call(second, "session")
    assert (session["signed_in"], session["username"], leads(second)) == (True, name, True)
    rows = call(second, "history.page", conversation_id=sent["conversation_id"])["items"]
    assert [row["text"] for row in rows if row.get("text")] == ["to myself"]
    assert not web_app.watched.faults, "\n".join(web_app.watched.faults)

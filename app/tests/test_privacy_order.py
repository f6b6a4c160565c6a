"""What somebody switched stays as they put it, whichever answer comes last."""

import asyncio

from parley_app.model.privacy import Privacy


class Slow:
    """An engine whose answers the test gives."""

    def __init__(self):
        self.asked = []

    async def call(self, method, params=None):
        answer = asyncio.get_running_loop().create_future()
        self.asked.append((method, params, answer))
        return await answer


def test_an_answer_from_before_a_change_does_not_take_it_back():
    async def play():
        engine = Slow()
        privacy = Privacy(engine)
        privacy.heard({"receipts": True, "typing": True, "presence": True})
        load = asyncio.create_task(privacy.load())
        await asyncio.sleep(0)
        change = asyncio.create_task(privacy.change("typing", on=False))
        await asyncio.sleep(0)
        (_, _, loaded), (method, params, changed) = engine.asked
        assert (method, params) == ("privacy.change", {"typing": False})
        changed.set_result({"receipts": True, "typing": False, "presence": True})
        await change
        loaded.set_result({"receipts": True, "typing": True, "presence": True})
        await load
        assert privacy.values["typing"] is False

    asyncio.run(play())

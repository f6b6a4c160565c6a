"""Bots: what they answer, what they remember, and that nothing is handled never."""

import asyncio

import pytest

from parley_client.bot import Bot, Trial
from parley_client.cli.main import main


@pytest.fixture
def bot():
    made = Bot()

    @made.command("ping", "answers pong")
    async def ping(said):
        await said.reply("pong " + " ".join(said.words) if said.words else "pong")

    @made.command("count")
    async def count(said):
        seen = said.memory.load("seen", 0) + 1
        said.memory.save("seen", seen)
        await said.say(str(seen))

    @made.command("broken")
    async def broken(said):
        raise ValueError("a bug")

    @made.listen
    async def thank(said):
        if "thanks" in said.text:
            await said.react("❤️")

    return made


async def test_a_bot_is_tried_without_a_server(bot, caplog):
    talk = Trial(bot)
    assert await talk.say("/ping") == ["pong"]
    assert await talk.say("/PING a b") == ["pong a b"]
    assert [await talk.say("/count"), await talk.say("/count")] == [["1"], ["2"]]
    assert await talk.say("/help") == ["/broken\n/count\n/help: lists the commands\n/ping: answers pong"]
    assert await talk.say("many thanks") == [] and [emoji for _, emoji in talk.reactions] == ["❤️"]
    assert await talk.say("/unknown") == await talk.say("") == []
    assert await talk.say("/broken") == []
    assert "a handler failed" in caplog.text
    assert await talk.say("/ping") == ["pong"]


def test_handlers_are_coroutines(bot):
    with pytest.raises(TypeError):
        bot.command("x")(lambda said: None)
    with pytest.raises(TypeError):
        bot.listen(lambda said: None)


async def answered(client, count):
    found = []
    async with asyncio.timeout(10):
        while len(found) < count:
            batch = await client.receive(timeout_s=5)
            client.received(batch)
            found += [message.text for message in batch]
    return found


async def test_a_bot_answers_as_a_device(people, bot):
    alice, device = await people.register("alice"), await people.register("pingbot")
    alice.connect()
    await alice.send("@pingbot", "/ping before it runs")
    serving = asyncio.create_task(bot.serve(device))
    assert await answered(alice, 1) == ["pong before it runs"]
    await alice.send("@pingbot", "/count")
    await alice.send("@pingbot", "/count")
    assert await answered(alice, 2) == ["1", "2"]
    serving.cancel()
    device = await people.reopen("pingbot", device)
    await alice.send("@pingbot", "/count")
    serving = asyncio.create_task(bot.serve(device))
    assert await answered(alice, 1) == ["3"]
    serving.cancel()


async def test_what_was_not_handled_comes_again(people):
    alice, device = await people.register("alice"), await people.register("slowbot")
    alice.connect()
    begun, again, handled = asyncio.Event(), asyncio.Event(), []
    slow = Bot()

    @slow.listen
    async def listen(said):
        handled.append(said.text)
        if len(handled) == 1:
            begun.set()
            await asyncio.Event().wait()
        again.set()

    await alice.send("@slowbot", "one")
    serving = asyncio.create_task(slow.serve(device))
    await begun.wait()
    serving.cancel()
    device = await people.reopen("slowbot", device)
    serving = asyncio.create_task(slow.serve(device))
    async with asyncio.timeout(10):
        await again.wait()
    serving.cancel()
    assert handled == ["one", "one"]


@pytest.mark.parametrize("content", [None, "", "bot = 5"])
def test_a_file_without_a_bot_is_refused(tmp_path, capsys, content):
    file = tmp_path / "bot.py"
    if content is not None:
        file.write_text(content)
    assert main(["--profile", str(tmp_path / "profile"), "bot", str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1

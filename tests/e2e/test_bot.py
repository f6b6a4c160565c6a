"""A bot of ten lines, run from the command line, in an encrypted group."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from e2e_devices import Device, Stack

BOT = """
from parley_client.bot import Bot

bot = Bot()

@bot.command("roll", "counts the words")
async def roll(said):
    total = said.memory.load("total", 0) + len(said.words)
    said.memory.save("total", total)
    await said.react("🎲")
    await said.reply(f"{total} so far")
"""


def test_a_bot_answers_in_a_group(stack: Stack, device: Callable[..., Device], tmp_path: Path):
    anna, registered = device("anna"), device("dicebot")
    where = anna("group.create", name="Games", members=[f"@{registered.username}"])["conversation_id"]
    registered.stop()
    (tmp_path / "dicebot.py").write_text(BOT)
    command = [sys.executable, "-m", "parley_client", "--profile", str(registered.profile)]
    process = subprocess.Popen([*command, "bot", str(tmp_path / "dicebot.py")])
    try:
        first = anna("send", to=where, text="/roll a b c")["sequence"]
        anna.wait_for({"3 so far"})
        anna("send", to=where, text="/roll d")
        anna.wait_for({"4 so far"})
        seen = anna("message", conversation_id=where, sequence=first)["message"]
        assert [reaction["emoji"] for reaction in seen["reactions"]] == ["🎲"]
        answer = next(m for m in anna.arrived if m["text"] == "3 so far")["sequence"]
        shown = anna("message", conversation_id=where, sequence=answer)["message"]
        assert shown["reply_to"]["text"] == "/roll a b c"
    finally:
        process.terminate()
        process.wait(timeout=20)
        registered.start()

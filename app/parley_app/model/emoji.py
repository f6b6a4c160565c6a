"""The emoji that the picker offers, by category, and the search among their names.

The names are those of Unicode, which Python knows; `_ALSO` holds what people call some of them instead.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

#: Offered at once in a message's menu.
QUICK: Final = ("👍", "❤️", "😂", "🎉", "🙏", "👏")
FOUND_MAX: Final = 48

#: In the order of `words.EMOJI_CATEGORIES`.
CATEGORIES: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(each.split())
    for each in (
        ("😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 😚 😋 😛 😜 🤪 😝 🤗 🤭 🤫 🤔 🤐 🤨 😐 😑 "
         "😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤢 🤧 🥵 🥶 🤯 🤠 🥳 😎 🤓 🧐 😕 😟 🙁 😮 😲 😳 🥺 😢 😭 😱"),
        ("👋 🤚 ✋ 🖖 👌 🤏 🤞 🤟 🤘 🤙 👈 👉 👆 👇 👍 👎 ✊ 👊 🤛 🤜 👏 🙌 👐 🤲 🤝 🙏 💪 👂 👃 🧠 👀 👄 "
         "👶 🧒 👦 👧 🧑 👨 👩 🧓 👴 👵 🙍 🙅 🙆 💁 🙋 🙇 🤦 🤷 👮 👷 👸 🤴 🎅 🧙 🧚 💃 🕺 🚶 🏃 👫 👪 💏"),
        ("🐶 🐱 🐭 🐹 🐰 🦊 🐻 🐼 🐨 🐯 🦁 🐮 🐷 🐸 🐵 🙈 🙉 🙊 🐔 🐧 🐦 🐤 🦆 🦅 🦉 🐺 🐴 🦄 🐝 🐛 🦋 🐌 "
         "🐞 🐜 🐢 🐍 🐙 🦀 🐠 🐬 🐳 🦈 🐊 🐘 🦒 🐑 🐐 🐓 🌵 🎄 🌲 🌳 🌴 🌱 🍀 🍁 🍂 🌹 🌻 🌷 🌸 🌍 🌙 🌈"),
        ("🍏 🍎 🍐 🍊 🍋 🍌 🍉 🍇 🍓 🍒 🍑 🍍 🥥 🥝 🍅 🥑 🍆 🥔 🥕 🌽 🥒 🥦 🍄 🥜 🍞 🥐 🥖 🥨 🧀 🍳 🥞 🥓 "
         "🍔 🍟 🍕 🌭 🥪 🌮 🌯 🥗 🍝 🍜 🍲 🍛 🍣 🍱 🍚 🍙 🍦 🍰 🎂 🍭 🍫 🍿 🍩 🍪 🍯 🥛 ☕ 🍵 🍶 🍺 🍷 🍸"),
        ("⚽ 🏀 🏈 ⚾ 🎾 🏐 🏉 🎱 🏓 🏸 🏒 🏏 ⛳ 🏹 🎣 🥊 🥋 ⛸️ 🎿 🏂 🏋️ 🤸 🏄 🏊 🚴 🏆 🥇 🥈 🥉 🏅 🎫 🎪 "
         "🎭 🎨 🎬 🎤 🎧 🎼 🎹 🥁 🎷 🎺 🎸 🎻 🎲 🎯 🎳 🎮 🧩 🎉 🎊 🎈 🎁 🎀 🎃 🎆 🎇 ✨ 🧨 🎐 🎏 🎎 🎋 🎍"),
        ("🚗 🚕 🚌 🚎 🏎️ 🚓 🚑 🚒 🚐 🚚 🚜 🛴 🚲 🛵 🏍️ 🚨 🚃 🚄 🚅 🚆 🚇 🚉 ✈️ 🛫 🛬 🚀 🛸 🚁 ⛵ 🚤 🛳️ ⛴️ "
         "🚢 ⚓ ⛽ 🚧 🚦 🗺️ 🗽 🗼 🏰 🏯 🎡 🎢 🎠 ⛲ 🏖️ 🏝️ 🌋 ⛰️ 🏔️ 🗻 🏕️ ⛺ 🏠 🏡 🏢 🏥 🏦 🏨 🏫 ⛪ 🕌 🌉"),
        ("⌚ 📱 💻 ⌨️ 🖥️ 🖨️ 💾 💿 📷 📹 🎥 📞 📺 📻 ⏰ ⏳ 🔋 🔌 💡 🔦 🕯️ 🧯 💸 💰 💳 💎 🔧 🔨 🔩 🧲 💣 "
         "🔪 🛡️ 🔑 🗝️ 🚪 🛋️ 🛏️ 🛁 🚿 🧹 🧺 🧻 🧼 🛒 ✉️ 📦 📜 📄 📊 📈 📅 📌 📍 📎 ✂️ 📏 🔒 🔓 📚 📖 ✏️ 🔍"),
        ("❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💞 💓 💗 💖 💘 💝 ✅ ☑️ ✔️ ❌ ❎ ➗ ❓ ❗ ‼️ ⁉️ 💯 🔥 💢 💥 💫 "
         "💦 💨 💤 💬 💭 ♻️ ⚠️ 🚫 ⛔ 🔞 🆗 🆕 🆒 🔝 🔴 🟠 🟡 🟢 🔵 🟣 ⚫ ⚪ 🔺 🔻 🔶 🔷 ▶️ ⏸️ ⏹️ ☀️ ⭐ 🌟"),
        ("🏁 🚩 🏴 🏳️ 🇦🇷 🇦🇹 🇦🇺 🇧🇪 🇧🇷 🇨🇦 🇨🇭 🇨🇱 🇨🇳 🇨🇴 🇨🇿 🇩🇪 🇩🇰 🇪🇬 🇪🇸 🇪🇺 🇫🇮 🇫🇷 🇬🇧 🇬🇷 🇮🇪 🇮🇱 🇮🇳 🇮🇷 🇮🇹 🇯🇵 🇰🇪 "
         "🇰🇷 🇱🇧 🇲🇦 🇲🇽 🇳🇬 🇳🇱 🇳🇴 🇳🇿 🇵🇪 🇵🇱 🇵🇹 🇷🇴 🇷🇺 🇸🇦 🇸🇪 🇹🇳 🇹🇷 🇺🇦 🇺🇸 🇻🇳 🇿🇦"),
    )
)  # fmt: skip
_ALSO: Final = {
    "👍": "like yes agree ok", "👎": "dislike no disagree", "❤️": "love", "😂": "laugh lol", "🤣": "laugh lol",
    "🎉": "celebrate tada hooray", "🙏": "thanks please pray", "👏": "applause bravo", "🔥": "lit hot",
    "💯": "hundred perfect", "😢": "sad cry", "😭": "sad cry", "😊": "happy", "😀": "happy", "🤔": "think",
    "👀": "look see", "✅": "done yes", "❌": "no wrong", "🙌": "hooray", "🤷": "dunno whatever", "🚀": "ship launch",
    "☕": "coffee", "🍺": "beer", "🎂": "birthday", "😴": "tired", "😱": "shock", "🤦": "oops", "✨": "sparkle magic",
}  # fmt: skip
_FIRST_LETTER: Final = 0x1F1E6
_LAST_LETTER: Final = 0x1F1FF


@cache
def name_of(emoji: str) -> str:
    """What an emoji is called, in small letters; a flag by the letters of its country."""
    if _FIRST_LETTER <= ord(emoji[0]) <= _LAST_LETTER:
        return "flag " + "".join(chr(ord(each) - _FIRST_LETTER + ord("a")) for each in emoji)
    return unicodedata.name(emoji[0], emoji).lower()


def search(query: str) -> tuple[str, ...]:
    """The emoji whose names have words that begin like each word of the query, at most `FOUND_MAX`."""
    wanted = query.lower().split()
    found = dict.fromkeys(emoji for group in CATEGORIES for emoji in group if _fits(emoji, wanted))
    return tuple(found)[:FOUND_MAX]


def _fits(emoji: str, wanted: list[str]) -> bool:
    called = f"{name_of(emoji)} {_ALSO.get(emoji, '')}".replace("-", " ").split()
    return all(any(word.startswith(each) for word in called) for each in wanted)

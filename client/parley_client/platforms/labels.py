"""What a device calls itself where its person sees all of theirs."""

from __future__ import annotations

import platform
from typing import Final, NamedTuple

from parley_contracts.limits import DEVICE_NAME_LENGTH_MAX

#: What a browser's own words hold, the more telling first: most of them claim to be several others, too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


class DeviceLabel(NamedTuple):
    """A device's first name, which its person may change, and what it is."""

    name: str
    platform: str


def this_computer() -> DeviceLabel:
    """A device on CPython."""
    return DeviceLabel(f"parley on {platform.node() or 'a computer'}"[:DEVICE_NAME_LENGTH_MAX], "cli")


def this_browser(user_agent: str) -> DeviceLabel:
    """A device in a browser, by what the browser says of itself."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "Browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return DeviceLabel(f"{browser} on {system}" if system else browser, "web")

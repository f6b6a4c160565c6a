"""What devices call themselves."""

import pytest

from parley_client.platforms.labels import this_browser, this_computer
from parley_contracts.limits import DEVICE_NAME_LENGTH_MAX

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64) {_WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Mac"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1",
            "Safari on iPhone",
        ),
        ("something else", "Browser"),
    ],
)
def test_a_browser_says_which_it_is_and_where(user_agent, name):
    assert this_browser(user_agent) == (name, "web")


def test_a_computer_has_a_name_that_the_server_takes():
    name, platform = this_computer()
    assert name.startswith("parley on ") and len(name) <= DEVICE_NAME_LENGTH_MAX and platform == "cli"

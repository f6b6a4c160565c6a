"""What people type to sign in at the server in memory."""

from typing import Any

PASSWORD = "a long enough password"


def sign_in_words(username: str) -> dict[str, Any]:
    """Server, name and password, by the names of `Client.login`."""
    return {"server": "https://parley.test", "ca_file": None, "username": username, "password": PASSWORD}

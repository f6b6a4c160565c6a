"""User names that mean something; without a library behind it, so that the app's snapshot can hold it."""

from __future__ import annotations

from typing import Final

#: The user name in the profile of an account that is gone; nobody can be called so.
DELETED_USERNAME: Final = "deleted"

"""`/api/v1/auth`, what the server tells its people: one function for each endpoint, named after it."""

from __future__ import annotations

from parley_client.api.http import AUTH, Api
from parley_contracts.telling_api import Agreement, Announcements, Consent, Terms


async def get_announcements(api: Api) -> Announcements:
    """What operators tell everybody at present."""
    return await api.call("GET", f"{AUTH}/announcements", Announcements)


async def get_terms(api: Api) -> Terms:
    """The newest terms; `NotFound`."""
    return await api.anonymous(f"{AUTH}/terms", Terms)


async def get_consent(api: Api) -> Consent:
    """What one agreed to, and what one is asked for."""
    return await api.call("GET", f"{AUTH}/me/consent", Consent)


async def put_consent(api: Api, version: int) -> Consent:
    """Agree to the newest terms; `VersionStale` where these are others by now."""
    return await api.call("PUT", f"{AUTH}/me/consent", Consent, body=Agreement(version))

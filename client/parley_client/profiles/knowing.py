"""What this device knows of how people show themselves, and brings up to date when it is asked for.

Invariant: nothing here decides who somebody is: names that may be chosen freely, words and pictures are shown beside the user name and
never in its place, and a picture is taken only from the person's own server, by its hash.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection

import msgspec

from parley_client.api import profiles as api
from parley_client.errors import ClientError
from parley_client.session import Session
from parley_client.store.conversations import load_conversation
from parley_client.store.profiles import KnownProfile, load_profiles, save_profile
from parley_contracts.auth_api import Profile
from parley_contracts.ids import UserId, direct_conversation_id
from parley_contracts.limits import PROFILE_AGE_S_MAX, PROFILES_PER_LOOKUP_MAX
from parley_contracts.names import DELETED_USERNAME
from parley_contracts.problems import Problem

_FETCHES_AT_ONCE = 4


async def up_to_date(
    session: Session, user_ids: Collection[UserId], *, fresh: bool = False
) -> dict[UserId, KnownProfile]:
    """These people as they show themselves, with `fresh` asked for now; where the server is away, as it was last heard."""
    with contextlib.suppress(ClientError, Problem):
        await _ask(session, user_ids, fresh=fresh)
    return load_profiles(session.store, user_ids)


def heard(session: Session, profile: Profile) -> None:
    """Keep a profile that the server has just told."""
    before = load_profiles(session.store, [profile.user_id]).get(profile.user_id) or KnownProfile(profile, 0)
    same = bool(before.avatar) and before.avatar == profile.avatar
    kept = (before.avatar, before.picture) if same else ("", b"")
    save_profile(session.store, KnownProfile(profile, int(session.clock()), *kept))
    if profile.username == DELETED_USERNAME and not session.directory.is_gone(profile.user_id):
        session.directory.remember(profile)
        _tell_who_wrote_with(session, profile.user_id)


def _tell_who_wrote_with(session: Session, user_id: UserId) -> None:
    """The direct conversation with somebody shows that they are gone."""
    conversation_id = direct_conversation_id(session.device.user_id, user_id)
    if load_conversation(session.store, conversation_id) is not None:
        session.announce(conversation_id)


async def _ask(session: Session, user_ids: Collection[UserId], *, fresh: bool) -> None:
    known = load_profiles(session.store, user_ids)
    oldest = session.clock() - PROFILE_AGE_S_MAX
    wanted = [u for u in dict.fromkeys(user_ids) if fresh or u not in known or known[u].asked_at < oldest]
    for first in range(0, len(wanted), PROFILES_PER_LOOKUP_MAX):
        page = wanted[first : first + PROFILES_PER_LOOKUP_MAX]
        told = {profile.user_id: profile for profile in await api.get_profiles(session.api, page)}
        with session.store.transaction():
            for user_id in page:  # who is not here any more shows nothing
                heard(session, told.get(user_id) or Profile(user_id, "", ""))
    await _fetch_pictures(session, user_ids)


async def _fetch_pictures(session: Session, user_ids: Collection[UserId]) -> None:
    limit = asyncio.Semaphore(_FETCHES_AT_ONCE)

    async def fetch(known: KnownProfile) -> None:
        name = known.profile.avatar
        async with limit:
            with contextlib.suppress(ClientError, Problem):  # asked for again with the next profile
                picture = await api.get_avatar(session.api, known.profile.user_id, name)
                save_profile(session.store, msgspec.structs.replace(known, avatar=name, picture=picture))

    known = load_profiles(session.store, user_ids).values()
    await asyncio.gather(*[fetch(each) for each in known if each.profile.avatar != each.avatar])

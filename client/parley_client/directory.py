"""People and their keys: looked up at the server, verified here, pinned for ever.

Invariant: an identity leaves this module only after its statements were verified: they lead back to the root key that was pinned
at first sight and to the one that this person compared, go on from those seen before, and where they are new here, they are in the log
of people's keys. A later root key is nobody's until this person says so (`identity`), and of oneself never.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from parley_client.api import auth
from parley_client.api.http import Api
from parley_client.api.profiles import get_profiles
from parley_client.crypto.account import VerifiedIdentity, verify_identity
from parley_client.errors import IdentityChanged, UntrustedIdentity, UntrustedLog
from parley_client.groups.policies import known_policy
from parley_client.settings.marks import accepted_fingerprint, verified_fingerprint
from parley_client.store.conversations import list_conversations
from parley_client.store.documents import load_account
from parley_client.store.people import Person, find_person, load_person, save_person
from parley_client.store.port import Store
from parley_client.transparency.log import KeyLog
from parley_contracts.auth_api import Identity, Profile
from parley_contracts.encoding import b64decode
from parley_contracts.ids import DeviceId, UserId, as_channel, is_uuid
from parley_contracts.limits import PROFILES_PER_LOOKUP_MAX
from parley_contracts.names import DELETED_USERNAME
from parley_contracts.problems import NotFound
from parley_mls import MlsError, Primitives

_FETCHES_AT_ONCE = 8


class Directory:
    """What this device knows of people."""

    def __init__(self, store: Store, api: Api, primitives: Primitives, server_name: str) -> None:
        self._store = store
        self._api = api
        self._primitives = primitives
        self._server_name = server_name
        self._verified: dict[UserId, VerifiedIdentity] = {}
        self.log = KeyLog(store, api, primitives, server_name)

    def known(self, user_id: UserId) -> VerifiedIdentity | None:
        """The verified identity that is stored, whether or not its present root key was accepted, or None; no network."""
        if user_id not in self._verified:
            person = load_person(self._store, user_id)
            if person is None or person.identity is None:
                return None
            self._verified[user_id] = self._verify(person, person.identity)
        return self._verified[user_id]

    async def fetch(self, user_ids: Iterable[UserId]) -> None:
        """Bring these identities up to date; `UntrustedIdentity` where one breaks the rules, `NotFound` where one is not shown."""
        for outcome in await self._fetch_each(user_ids):
            if outcome is not None:
                raise outcome

    async def refresh(self, user_ids: Iterable[UserId]) -> None:
        """`fetch`; of who is not shown, what is known stays: one person's absence keeps nobody from anything."""
        for outcome in await self._fetch_each(user_ids):
            if outcome is not None and not isinstance(outcome, NotFound):
                raise outcome

    async def _fetch_each(self, user_ids: Iterable[UserId]) -> list[BaseException | None]:
        limit = asyncio.Semaphore(_FETCHES_AT_ONCE)

        async def fetch_one(user_id: UserId) -> None:
            async with limit:
                await self._fetch_one(user_id)

        return await asyncio.gather(*map(fetch_one, set(user_ids)), return_exceptions=True)

    async def identity(self, user_id: UserId) -> VerifiedIdentity:
        """The person's present identity, freshly asked for; `IdentityChanged` where its root key is not the accepted one."""
        await self._fetch_one(user_id)
        if not self.is_accepted(user_id):
            raise IdentityChanged(
                f"{self.known_name(user_id)} has new keys: make sure by another way that it is them, and accept these keys first"
            )
        return self._verified[user_id]

    def is_accepted(self, user_id: UserId) -> bool:
        """Whether somebody's present root key is the one compared, or else accepted or pinned; True where none is known. No network.

        A device that is new here has pinned the present one: there the rosters know which came before.
        """
        identity, person = self.known(user_id), load_person(self._store, user_id)
        if identity is None or person is None:
            return True
        compared = verified_fingerprint(self._store, user_id)
        if compared is not None:
            return compared == identity.root_fingerprint
        if accepted_fingerprint(self._store, user_id) == identity.root_fingerprint:
            return True
        return person.root_key == identity.root_key and not self._is_pinned_otherwise(identity)

    def _is_pinned_otherwise(self, identity: VerifiedIdentity) -> bool:
        """Whether a conversation pins an earlier root key of somebody who has a later one."""
        if not identity.later_root:
            return False
        pinned = {
            b64decode(entry.root_fingerprint)
            for row in list_conversations(self._store)
            for entry in known_policy(row.policy).roster
            if entry.user_id == identity.user_id and as_channel(row.conversation_id) is None
        }
        return any(identity.follows(identity.root_fingerprint, fingerprint) for fingerprint in pinned)

    def devices(self, user_id: UserId) -> frozenset[DeviceId]:
        """The person's devices that are not revoked, as last heard from the server."""
        person = load_person(self._store, user_id)
        return frozenset(d.device_id for d in person.identity.devices) if person and person.identity else frozenset()

    async def by_username(self, username: str) -> UserId:
        """The person with that user name, or of an identifier that is known here; `NotFound`."""
        if is_uuid(username) and load_person(self._store, UserId(username)) is not None:
            return UserId(username)
        if username == DELETED_USERNAME:
            raise NotFound("nobody can be called so")
        person = find_person(self._store, username)
        if person is not None:
            return person.user_id
        return self.remember(await auth.find_user(self._api, username)).user_id

    async def username(self, user_id: UserId) -> str:
        """The person's user name, as the server says."""
        person = load_person(self._store, user_id)
        if person is None or not person.username:
            person = self.remember(await auth.get_user(self._api, user_id))
        return person.username

    async def learn_names(self, user_ids: Iterable[UserId]) -> None:
        """Ask for those user names that were never seen here, many at a time; whoever is not here has none afterwards either."""
        unknown = [user_id for user_id in set(user_ids) if self.known_name(user_id) == user_id]
        for first in range(0, len(unknown), PROFILES_PER_LOOKUP_MAX):
            page = unknown[first : first + PROFILES_PER_LOOKUP_MAX]
            told = await get_profiles(self._api, page)
            with self._store.transaction():
                for profile in told:
                    if profile.user_id in page:
                        self.remember(profile)

    def known_name(self, user_id: UserId) -> str:
        """The user name that was last seen, or the id where none was; no network."""
        person = load_person(self._store, user_id)
        return person.username if person and person.username else user_id

    def pin(self, user_id: UserId, username: str, root_key: bytes) -> None:
        """Hold a person (oneself) to a root key that was learnt otherwise."""
        known = load_person(self._store, user_id)
        version, identity = (known.version, known.identity) if known and known.root_key == root_key else (0, None)
        save_person(self._store, Person(user_id, username, root_key, version, identity))

    def is_gone(self, user_id: UserId) -> bool:
        """Whether the person's account was deleted, as far as was heard."""
        return self.known_name(user_id) == DELETED_USERNAME

    def remember(self, profile: Profile) -> Person:
        """Keep the user name that the server told."""
        old = load_person(self._store, profile.user_id) or Person(profile.user_id, profile.username)
        person = Person(old.user_id, profile.username, old.root_key, old.version, old.identity)
        save_person(self._store, person)
        return person

    async def _fetch_one(self, user_id: UserId) -> None:
        person = load_person(self._store, user_id) or Person(user_id, "")
        identity = await self._ask_for(user_id)
        known = person.identity is not None and identity.statements == person.identity.statements
        in_log = self.log.has(user_id, identity)
        try:
            await self.log.follow(unless_fresh=in_log)
        except UntrustedLog:
            if not (known and in_log):
                raise
        if not self.log.has(user_id, identity):
            known, identity = False, await self._ask_for(user_id)  # the person may have stated something meanwhile
        self.log.expect(user_id, identity, known=known)
        verified = self._verify(person, identity)
        self._verified[user_id] = verified
        # The root key that was pinned stays, whatever follows it.
        pinned = person.root_key or verified.root_key
        save_person(self._store, Person(user_id, person.username, pinned, verified.statement.version, identity))
        if not identity.devices and person.username and not self.is_gone(user_id):
            # Who has no device any more may be gone.
            with contextlib.suppress(NotFound):
                self.remember(await auth.get_user(self._api, user_id))

    async def _ask_for(self, user_id: UserId) -> Identity:
        try:
            return await auth.get_identity(self._api, user_id)
        except NotFound as error:
            raise NotFound("this person has not set up any keys yet") from error

    def _verify(self, person: Person, unverified_identity: Identity) -> VerifiedIdentity:
        try:
            verified = verify_identity(
                self._primitives,
                unverified_identity,
                server_name=self._server_name,
                known_root=person.root_key,
                known_version=person.version,
            )
        except (MlsError, ValueError) as error:
            raise UntrustedIdentity(
                "this person's keys cannot be trusted: they do not lead to the known root"
            ) from error
        if verified.user_id != person.user_id:
            raise UntrustedIdentity("the server answered with the keys of somebody else")
        before = person.identity.statements if person.identity is not None else []
        if unverified_identity.statements[: len(before)] != before:
            raise UntrustedIdentity("the server shows other statements of this person than before")
        compared = verified_fingerprint(self._store, person.user_id)
        if compared is not None and compared not in verified.fingerprints.values():
            raise UntrustedIdentity(
                "the server shows other keys of this person than those whose safety number you compared"
            )
        own = load_account(self._store)
        is_own = own is not None and own.stage == "ready" and own.user_id == person.user_id
        if own is not None and is_own and own.root_key != verified.root_key:
            raise IdentityChanged(
                "your account was begun anew, with keys that this device does not have; if it was not you, tell whoever runs the server"
            )
        return verified

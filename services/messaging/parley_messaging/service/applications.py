"""Applications of open channels: letting them in, and what they do there for the person who did.

Invariant: an application does nothing that its scopes do not name, nothing in another channel, and nothing once its person may
not invite there any more.
"""

from __future__ import annotations

from parley_contracts.applications_api import (
    Application,
    ApplicationCreation,
    ApplicationPost,
    Applications,
    ApplicationSecrets,
    Scope,
    checked_application,
)
from parley_contracts.channels_api import POST, read_post
from parley_contracts.content_kinds import KIND_TEXT
from parley_contracts.ids import ApplicationId, ChannelId, ClientId, ConversationId, DeviceId, UserId, as_channel
from parley_contracts.messaging_api import Appended, EntryPage
from parley_contracts.problems import Forbidden, InvalidRequest, NotFound, PolicyRefused, RateLimited, Unauthenticated
from parley_messaging.channel_ports import ApplicationStore
from parley_messaging.domain.applications import (
    Hooks,
    StoredApplication,
    application_of,
    client_id_of,
    is_token_of,
    new_token,
    post_body,
    token_hash,
)
from parley_messaging.domain.entries import Submission, now_text
from parley_messaging.ports import Attempts
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.appending import Appending
from parley_messaging.service.channels import Channels
from parley_messaging.service.reading import Reading
from parley_messaging.service.states import States
from parley_serving.outbound.endpoints import EndpointError, parse_endpoint


class ChannelApplications:
    """The applications of this server's channels."""

    def __init__(
        self,
        store: ApplicationStore,
        *,
        states: States,
        channels: Channels,
        appending: Appending,
        reading: Reading,
        hooks: Hooks,
        attempts: Attempts,
    ) -> None:
        self._store = store
        self._states = states
        self._channels = channels
        self._appending = appending
        self._reading = reading
        self._hooks = hooks
        self._attempts = attempts

    # --- for people

    async def create(
        self, user_id: UserId, unverified_id: str, application_id: ApplicationId, creation: ApplicationCreation
    ) -> ApplicationSecrets:
        """Let an application in; its secrets are told this once."""
        wanted = checked_application(creation)
        channel_id = await self._managed(user_id, unverified_id)
        url = _checked_url(wanted.callback_url) if wanted.callback_url is not None else None
        about = (application_id, channel_id, wanted.name, wanted.scopes, user_id, now_text())
        application = Application(*about, callback_url=url)
        token = new_token(application_id)
        head = (await self._states.refresh(channel_id)).head
        stored = StoredApplication(application, token_hash(token), position=head)
        await self._store.add(stored)
        return ApplicationSecrets(application, token, self._hooks.secret(stored))

    async def listed(self, user_id: UserId, unverified_id: str) -> Applications:
        """The applications of a channel."""
        channel_id = await self._managed(user_id, unverified_id)
        return Applications([stored.application for stored in await self._store.of_channel(channel_id)])

    async def revoke(self, user_id: UserId, unverified_id: str, application_id: ApplicationId) -> None:
        """Put an application out at once."""
        channel_id = await self._managed(user_id, unverified_id)
        if not await self._store.remove(channel_id, application_id):
            raise NotFound

    async def _managed(self, user_id: UserId, unverified_id: str) -> ChannelId:
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        channel_id = as_channel(ConversationId(unverified_id))
        if channel_id is None or access.span.last is not None:
            raise NotFound
        await self._check_person(channel_id, user_id)
        return channel_id

    async def _check_person(self, channel_id: ChannelId, user_id: UserId) -> None:
        state = await self._states.refresh(channel_id)
        channel = await self._channels.state(channel_id, state.policy_sequence)
        if not channel.policy.may(user_id, "invite"):
            raise PolicyRefused("your role does not have the permission 'invite' here", permission="invite")

    # --- for applications

    async def by_token(self, unverified_token: str, scope: Scope | None = None) -> StoredApplication:
        """Whose token it is; `Unauthenticated`, or `Forbidden` where it lacks the scope or its person may not invite any more."""
        stored = await self._store.get(application_of(unverified_token))
        if stored is None or not is_token_of(stored, unverified_token):
            raise Unauthenticated
        await self._check(stored, scope)
        return stored

    async def entries(self, stored: StoredApplication, *, after: int, limit: int) -> EntryPage:
        """A page of the application's channel."""
        application = stored.application
        where, who = application.conversation_id, application.created_by
        return await self._reading.entries(who, where, after=after, before=None, around=None, limit=limit)

    async def post(self, stored: StoredApplication, client_id: ClientId, post: ApplicationPost) -> Appended:
        """Say something in the application's channel, in its name and with its person's rights."""
        application = stored.application
        body = post_body(application, post)
        read_post(KIND_TEXT, body)
        wait_s = await self._attempts.wait_s(application.application_id)
        if wait_s:
            raise RateLimited("This application posts very often; wait a little.", retry_after_s=wait_s)
        submission = Submission(
            type=POST,
            conversation_id=application.conversation_id,
            user_id=application.created_by,
            device_id=DeviceId(application.application_id),
            client_id=client_id,
            content_kind=KIND_TEXT,
            body=body,
        )
        return await self._appending.submit(submission, attended=False)

    async def hook(
        self, application_id: ApplicationId, unverified_timestamp: str, unverified_signature: str, body: bytes
    ) -> tuple[StoredApplication, ClientId]:
        """Who signed a request, and the client id that it makes; `Unauthenticated`, whether or not there is such an application."""
        stored = await self._store.get(application_id)
        if stored is None:
            raise Unauthenticated("The signature does not hold.")
        self._hooks.check(stored, unverified_timestamp, unverified_signature, body)
        await self._check(stored, "post")
        return stored, client_id_of(unverified_signature)

    async def _check(self, stored: StoredApplication, scope: Scope | None) -> None:
        if scope is not None and not stored.has(scope):
            raise Forbidden(f"This application does not have the scope {scope!r}.")
        await self._check_person(stored.application.conversation_id, stored.application.created_by)


def _checked_url(unverified: str) -> str:
    """An address that may be called, as far as its form goes; where its name leads is looked at before each call."""
    try:
        return parse_endpoint(unverified).url
    except EndpointError as error:
        raise InvalidRequest(str(error), field="callback_url") from error

"""What `Client` offers of accounts begun anew: one's own, and those of others who want to be let in again."""

from __future__ import annotations

from parley_client.answers import Conversation, Registration
from parley_client.api import auth
from parley_client.api.network import parse_server
from parley_client.entrance.providers import ProviderMethods
from parley_client.errors import SafetyNumberDiffers, UsageError
from parley_client.groups.policies import known_policy
from parley_client.groups.roots import renewed_people
from parley_client.parts import entering
from parley_client.renewal.beginning import NewRoot
from parley_client.renewal.returning import accept_keys, let_in_again
from parley_client.store.conversations import load_conversation
from parley_client.store.documents import Account
from parley_client.store.returning import not_let_in
from parley_client.trust.methods import SafetyNumber, TrustMethods
from parley_contracts.auth_api import Tokens
from parley_contracts.ids import ConversationId, UserId, direct_conversation_id


class RenewalMethods(TrustMethods, ProviderMethods):
    """A part of `Client`."""

    async def begin_anew(
        self,
        *,
        server: str,
        ca_file: str | None,
        username: str = "",
        password: str = "",
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
    ) -> Registration:
        """Begin one's account anew, where every device and the recovery key are lost; this profile is its first device then.

        History of before stays closed for good, all sessions end, and people let this person in again one by one. After a crash or
        a lost answer, call it again. `AlreadySignedIn` on a device that has the keys; `SecondFactorRequired`, `WrongCredentials`.
        """
        account = Account(server=parse_server(server), ca_file=ca_file, username=username, stage="signed_in")
        return await self._begun_anew(account, password=password, code=code, passkey=passkey)

    async def provider_begin_anew(self) -> Registration:
        """`begin_anew` for somebody who came back from a provider, instead of `provider_restore`."""
        waiting = self._expect_waiting()
        if waiting.entered is None:
            raise UsageError("a code or an account is missing before that")
        account = Account(
            server=waiting.left.server,
            ca_file=waiting.left.ca_file,
            username=waiting.entered.username,
            stage="signed_in",
        )
        made = await self._begun_anew(account, tokens=waiting.entered.tokens)
        self._waiting = None
        return made

    @entering
    async def _begun_anew(
        self,
        account: Account,
        *,
        password: str = "",
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
        tokens: Tokens | None = None,
    ) -> Registration:
        await self._stop()  # of a device that was signed out from elsewhere
        setting_up = NewRoot(self._store, self._api(account), self._primitives, self._set_up(account).label)
        account = await setting_up.begin(account, password=password, code=code, passkey=passkey, tokens=tokens)
        return await self._registered(account)

    def awaiting(self) -> list[ConversationId]:
        """Conversations of before one began anew whose people have not let one in again yet; no network."""
        return not_let_in(self.session.store)

    async def accept_keys(self, person: str, number: str | None = None) -> SafetyNumber:
        """Believe somebody's new keys, and let them into the direct conversation again; that they were verified is over.

        `number` is the safety number that was shown to who accepts: `SafetyNumberDiffers` where the keys are others by now.
        """
        user_id = await self._other(person)
        present = await self._number(user_id)
        if number is not None and "".join(number.split()) != present.number:
            raise SafetyNumberDiffers("these keys have changed since they were shown: look at the number again")
        accept_keys(self.session, user_id)
        await self._let_into_direct(user_id)
        return await self._number(user_id)

    async def verify(self, person: str, number: str) -> SafetyNumber:
        """As in `TrustMethods`; whoever has new keys comes into the direct conversation again by it."""
        verified = await super().verify(person, number)
        await self._let_into_direct(verified.user_id)
        return verified

    async def let_in_again(self, conversation: str, person: str) -> Conversation:
        """Let somebody with new keys, which this person has accepted or compared, into a private conversation again."""
        conversation_id = self.conversation_id(conversation)
        user_id = await self._other(person)
        row = load_conversation(self.session.store, conversation_id)
        if row is None or user_id not in renewed_people(self.session, known_policy(row.policy)):
            raise UsageError("this person does not wait to be let in again there")
        await let_in_again(self.session, conversation_id, user_id)
        return self._known(conversation_id)

    async def _let_into_direct(self, user_id: UserId) -> None:
        row = load_conversation(self.session.store, direct_conversation_id(self.session.device.user_id, user_id))
        if (
            row is not None
            and row.status == "member"
            and user_id in renewed_people(self.session, known_policy(row.policy))
        ):
            await let_in_again(self.session, row.conversation_id, user_id)

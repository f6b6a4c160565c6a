"""The ways into the app: signing up, signing in, a forgotten password; each ends at the conversations."""

from __future__ import annotations

from parley_app.bridge import Visit
from parley_app.model import gating
from parley_app.model.chats import Chats
from parley_app.model.joining import Joining
from parley_app.model.observing import Observed
from parley_app.model.session import Session


class Entering(Observed):
    """A part of `App`, which implements these."""

    session: Session
    chats: Chats
    joining: Joining
    route: str

    def go(self, route: str) -> None:
        """Go somewhere, as far as the session allows."""
        raise NotImplementedError

    def look_around(self) -> None:
        """Hear how people stand."""
        raise NotImplementedError

    async def register(self) -> None:
        """Make the account, then show the recovery key, or ask for the code of the first letter where the server wants it."""
        if await self.session.register():
            self.go(gating.KEY)
            self.session.forget_typed()
        elif self.session.unfinished:
            self.go(gating.CONFIRM)

    async def confirm_sign_up(self, *, load: bool = False) -> None:
        """Confirm the address by the form's code, or with `load` only look whether it is, and go on with the sign-up."""
        email = self.session.security.email
        await (email.load() if load else email.confirm())
        if email.confirmed and await self.session.finish():
            self.go(gating.KEY)
            self.session.forget_typed()

    async def restore(self) -> None:
        """Sign in with the recovery key, then show what came back, or ask for a code."""
        await self.follow_sign_in(came_in=await self.session.restore())

    async def restore_by_passkey(self) -> None:
        """Sign in with a passkey that stands for the recovery key, then as `restore`."""
        await self.follow_sign_in(came_in=await self.session.restore_by_passkey())

    async def give_code(self) -> None:
        """The second step of signing in."""
        await self.follow_sign_in(came_in=await self.session.give_code())

    async def give_passkey(self) -> None:
        """The second step of signing in, by a passkey."""
        await self.follow_sign_in(came_in=await self.session.give_passkey())

    async def visit_provider(self, provider: str, visit: Visit) -> None:
        """Send somebody to an identity provider, and show what is missing where they come back to this very app."""
        if await self.session.visit_provider(provider, visit):
            self.go(gating.PROVIDER)

    async def return_from_provider(self, address: str) -> None:
        """Somebody came back from a provider to an app that began anew."""
        await self.session.return_from_provider(address)
        self.go(gating.PROVIDER)

    def moved(self, address: str) -> None:
        """The page's address has changed.

        Flutter may tell of the first one only after a provider's answer has led somebody on from there: then it leads to that answer.
        """
        route = address.split("?", maxsplit=1)[0]
        answered = self.session.by_provider.missing or self.session.by_provider.fault
        if route == gating.WELCOME and answered:
            route = self._welcome(route)
        if route != self.route:
            self.go(route)

    async def finish_by_provider(self, *, passkey: bool = False) -> None:
        """Give what is missing of somebody who came back, or a passkey in place of the recovery key; then show what is here."""
        came_in = await self.session.finish_by_provider(passkey=passkey)
        if self.session.unfinished and not came_in:
            self.go(gating.CONFIRM)
            return
        await self.follow_sign_in(came_in=came_in)

    def lose_everything(self, *, by_provider: bool) -> None:
        """Show what beginning anew would mean to somebody who has lost everything."""
        self.session.anew.by_provider = by_provider
        self.go(gating.ANEW)

    async def begin_anew(self, *, passkey: bool = False) -> None:
        """Begin the account anew, then show the new recovery key."""
        if await self.session.anew.begin(passkey=passkey):
            self.go(gating.KEY)
            self.session.forget_typed()

    async def replace_key(self) -> None:
        """Replace the recovery key, then show the new one."""
        if await self.session.security.new_recovery_key.replace():
            await self.session.load()
            self.go(gating.KEY)

    async def reset_password(self) -> None:
        """Set the new password, then sign in by it."""
        if await self.session.forgotten.reset():
            self.go(gating.SIGN_IN)
            self.session.forgotten.forget_typed()

    async def confirm_key(self) -> None:
        """Show that the recovery key was kept, then begin."""
        if await self.session.confirm_key():
            await self.follow_sign_in(came_in=True)

    async def follow_sign_in(self, *, came_in: bool) -> None:
        """Show what is here, or the step at which signing in stands."""
        if not came_in:
            self.go(gating.step(self.session))
            return
        await self.chats.load()
        self.look_around()
        self.go(self._welcome())
        self.session.forget_typed()

    async def join(self) -> None:
        """Ask to join by the link of the form; open the group where this person is in it already."""
        conversation_id = await self.joining.ask()
        if conversation_id:
            await self.chats.refresh(conversation_id)
            self.go(f"{gating.HOME}/{conversation_id}")

    def invited(self, link: str) -> None:
        """Somebody followed an invitation link: to an account, or into a group once they have signed in."""
        if not self.session.sign_up.follow(link):
            self.joining.fill("link", link)
        self.go(self._welcome(self.route))

    def _welcome(self, otherwise: str = gating.HOME) -> str:
        """Where a link or a provider led somebody who has just come, if any did."""
        joins = self.session.phase == "signed_in" and self.joining["link"]
        return gating.led_to(self.session) or (gating.JOIN if joins else otherwise)

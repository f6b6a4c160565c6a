"""Where signatures are quicker asked together, as in a browser, coming into a group asks none of them one after the other."""

from collections.abc import Iterable

from hostile_people import commits, spoilt_paths

from parley_mls import SignatureCheck
from parley_mls.openssl import OpenSslPrimitives


class Together(OpenSslPrimitives):
    """Primitives that take a batch, as a browser's; what is asked of them that was in no batch, they remember."""

    def __init__(self, known: frozenset[SignatureCheck] | None = None) -> None:
        self.known = known
        self.batches: list[int] = []
        self.missed: list[SignatureCheck] = []

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        check = SignatureCheck(public, message, signature)
        if self.known is not None and check not in self.known:
            self.missed.append(check)
        return super().verify(public, message, signature)

    async def knowing(self, checks: Iterable[SignatureCheck]) -> "Together":
        asked = frozenset(checks)
        self.batches.append(len(asked))
        child = Together(asked)
        child.missed = self.missed
        return child


async def test_coming_in(people, no_pauses, monkeypatch):
    """By a Welcome, from the archive and by an external commit."""
    alice, _ = await people.register("alice"), await people.register("carol")
    together = Together()
    monkeypatch.setattr("parley_client.platforms.cpython.default_primitives", lambda: together)
    bob = await people.register("bob")
    where = (await alice.group_create("Trip", ["@bob", "@carol"])).conversation_id
    await bob.sync()
    # Of the group three leaves and the GroupInfo; of the devices first those of people who are known, then all.
    group, _, devices = together.batches
    assert (group, devices, together.missed) == (4, 3, [])
    together.batches.clear()
    laptop = await people.restore("bob", "laptop")
    await laptop.sync()
    assert laptop.session.groups.load(where)[0].epoch == 2
    # From the archive, as who follows; then, as one of them, of the group once more.
    group, _, devices, again = together.batches
    assert (group, devices, again, together.missed) == (4, 3, 4, [])


async def test_a_reset(people, no_pauses, monkeypatch):
    """That it may stand, and coming in by its Welcome."""
    bob = await people.register("bob")
    together = Together()
    monkeypatch.setattr("parley_client.platforms.cpython.default_primitives", lambda: together)
    alice = await people.register("alice")
    where = (await alice.send("@bob", "before")).conversation_id
    await bob.sync()
    with spoilt_paths():
        await commits(alice, where)
    await bob.sync()
    together.batches.clear()
    await alice.sync()
    assert alice.session.groups.load(where)[0].epoch == 1
    # Of the reset's GroupInfo its own signature, two leaves and two certificates; of the Welcome's the first three.
    assert (together.batches, together.missed) == ([5, 3], [])

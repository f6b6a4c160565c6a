"""A process that dies at a write, and another one on the same profile."""

import asyncio


class Crash(BaseException):
    """The process is gone."""


def crash_at(client, step):
    """Make the client's store die at its n-th statement from now; gives the count of statements so far."""
    store, plain, count = client._store, client._store.execute, [0]

    def execute(sql, parameters=()):
        count[0] += 1
        if count[0] >= step:
            raise Crash
        return plain(sql, parameters)

    store.execute = execute
    return count


async def revive(people, profile, client):
    client._store.execute = type(client._store).execute.__get__(client._store)
    return await people.reopen(profile, client)


def crashed(error):
    if isinstance(error, BaseExceptionGroup):
        return any(crashed(inner) for inner in error.exceptions)
    return isinstance(error, Crash | asyncio.CancelledError)

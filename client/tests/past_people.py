"""What people of a group that shares its history do and see: for the tests of it."""

from parley_client import timeline
from parley_client.content.kinds import KIND_PAST_SECRETS
from parley_client.store import messages
from parley_client.sync.catch_up import catch_up


async def say(client, where, *words):
    """Say something; own words are applied in between, so that epochs end when they are full."""
    for word in words:
        await client.send(where, word)
        await catch_up(client.session, where)


async def texts(client, where):
    return [message.text for message in await client.history(where)]


async def up_to_date(client):
    """Synced so often that what was asked for and answered has been read."""
    for _ in range(3):
        await client.sync()


def items(client, where):
    return [(item.kind, item.text) for item in page_of(client, where).items]


def page_of(client, where):
    return timeline.page(client.session, where)


def answers(server, client, where):
    """How many answers are in the log, as a member sees it."""
    rows = [messages.row_at(client.store, where, entry.sequence) for entry in server.logs[where].entries]
    return [row.user_id for row in rows if row is not None and row.kind == KIND_PAST_SECRETS]

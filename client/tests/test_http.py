"""Requests: tokens refreshed once and stored before use, retries, and problems as their classes."""

import asyncio
import json
import time

import msgspec
import pytest

from parley_client.api import messaging
from parley_client.api.http import Api, decode_answer
from parley_client.api.network import Answer
from parley_client.errors import NetworkError, NotSignedIn
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.documents import TokenPair, load_tokens, save_tokens
from parley_contracts import problems
from parley_contracts.auth_api import Tokens
from parley_contracts.messaging_api import Heads

HEADS = b'{"conversations":[]}'


class Prepared:
    """A network with prepared answers; it records the requests."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    async def request(self, request):
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path)
    save_tokens(opened, TokenPair("old", "refresh-1", int(time.time()) + 600))
    yield opened
    opened.close()


def problem(kind, **extra):
    raised = kind(**extra)
    return Answer(raised.status, {}, json.dumps(raised.to_dict()).encode())


def tokens(access, refresh):
    return Answer(200, {}, msgspec.json.encode(Tokens(access, refresh, 600)))


async def test_refused_token_is_refreshed_once(store, no_pauses):
    refused = problem(problems.TokenExpired)
    network = Prepared(refused, refused, tokens("new", "refresh-2"), Answer(200, {}, HEADS), Answer(200, {}, HEADS))
    api = Api(network, store)
    await asyncio.gather(messaging.get_conversations(api), messaging.get_conversations(api))
    refreshes = [r for r in network.requests if r.path.endswith("/token/refresh")]
    assert len(refreshes) == 1
    assert [r.headers["authorization"] for r in network.requests[-2:]] == ["Bearer new"] * 2
    assert load_tokens(store).refresh_token == "refresh-2"


async def test_lost_refresh_is_repeated_with_its_key(store, no_pauses):
    lost = NetworkError("timeout", "lost")
    network = Prepared(problem(problems.TokenExpired), lost, tokens("new", "refresh-2"), Answer(200, {}, HEADS))
    save_tokens(store, TokenPair("old", "refresh-1", 0))
    api = Api(network, store)
    network.answers.pop(0)
    await messaging.get_conversations(api)
    keys = [r.headers["idempotency-key"] for r in network.requests if "idempotency-key" in r.headers]
    assert len(keys) == 2 and len(set(keys)) == 1
    assert load_tokens(store).refresh_key is None


async def test_ended_session_asks_for_signing_in(store):
    save_tokens(store, TokenPair("old", "refresh-1", 0))
    api = Api(Prepared(problem(problems.RefreshReused)), store)
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            await api.access_token()


async def test_unavailable_is_tried_again(store, no_pauses):
    away = Answer(503, {"retry-after": "0"}, b"<html>")
    network = Prepared(away, NetworkError("unreachable", "away"), Answer(200, {}, HEADS))
    assert await messaging.get_conversations(Api(network, store)) == Heads([])
    assert len({r.headers["x-request-id"] for r in network.requests}) == 1


async def test_long_waits_are_the_callers_business(store, no_pauses):
    network = Prepared(problem(problems.RateLimited, retry_after_s=3600))
    with pytest.raises(problems.RateLimited) as raised:
        await messaging.get_conversations(Api(network, store))
    assert raised.value.retry_after_s == 3600


@pytest.mark.parametrize("kind", sorted(problems.PROBLEMS.values(), key=lambda kind: kind.slug))
def test_problems_come_out_as_their_classes(kind):
    with pytest.raises(kind):
        decode_answer(problem(kind), Heads)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b'{"conversations":[{"head":"x"}]}', b"\xff"])
def test_nonsense_is_a_network_error(body):
    with pytest.raises(NetworkError):
        decode_answer(Answer(200, {}, body), Heads)
    with pytest.raises(NetworkError):
        decode_answer(Answer(418, {}, body), Heads)

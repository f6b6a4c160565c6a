"""Search in open channels: words by Unicode's rules, only where one belongs, only as it stands."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging_channels import TestChannel

from parley_contracts.content_kinds import KIND_DELETE, KIND_EDIT, KIND_POLL
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import SEARCH_TOKEN_SIZE_BYTES
from parley_contracts.problems import InvalidRequest
from parley_messaging.domain.tokens import Tokenizer, words

KEY = Tokenizer(b"k" * 32)


@pytest.fixture
async def channel(api, person):
    owner, member = person().device(), person().device()
    found = TestChannel()
    await found.create(api, owner)
    await found.join(api, member)
    return found, owner, member


async def search(api, device, query, **fields):
    answer = await api.call("POST", "search", device, {"query": query} | fields)
    assert answer.status == 200, answer.body
    return answer.body


async def found(api, device, query, **fields):
    return [hit["sequence"] for hit in (await search(api, device, query, **fields))["hits"]]


async def test_words_are_found_in_any_form_and_only_whole(api, other_api, channel):
    room, owner, member = channel
    place = (await room.say(api, owner, "Die Straße nach \uff34\uff4f\uff4b\uff59\uff4f: 東京駅 ist offen")).body[
        "sequence"
    ]
    poll = (await room.post(api, owner, KIND_POLL, {"text": "Essen?", "options": ["Äpfel", "Brot"]})).body["sequence"]
    for query in ("STRASSE", "tokyo", "die offen", "東京", "京", "京駅 ist"):
        assert await found(other_api, member, query) == [place], query
    assert await found(other_api, member, "a\u0308pfel brot") == [poll]
    for query in ("straß", "駅東", "offen geschlossen"):
        assert await found(other_api, member, query) == []


async def test_only_members_find_and_only_in_their_channels(api, channel, person):
    room, owner, member = channel
    word = f"w{new_uuid7()[-12:]}"
    place = (await room.say(api, owner, f"about {word}")).body["sequence"]
    stranger = person().device()
    assert await found(api, stranger, word) == []
    named = await api.call("POST", "search", stranger, {"query": word, "conversation_id": room.id})
    absent = await api.call("POST", "search", stranger, {"query": word, "conversation_id": TestChannel().id})
    assert (named.problem, named.body["detail"]) == (absent.problem, absent.body["detail"])
    assert named.problem == "not_found"
    assert await found(api, member, word, conversation_id=room.id) == [place]
    await room.leave(api, member)
    assert await found(api, member, word) == []


async def test_edits_and_deletions_keep_it_true(api, channel):
    room, owner, member = channel
    place = (await room.say(api, owner, "old words stand")).body["sequence"]
    assert await found(api, member, "old") == [place]
    for text in ("first change", "new words stand"):
        assert (await room.post(api, owner, KIND_EDIT, {"target": place, "text": text})).status == 200
    assert await found(api, member, "old") == []
    assert await found(api, member, "change") == []
    assert await found(api, member, "stand") == [place]
    (hit,) = (await search(api, member, "new words"))["hits"]
    assert (hit["text"], hit["sequence"], hit["user_id"]) == ("new words stand", place, owner.person.user_id)
    assert (await room.post(api, owner, KIND_DELETE, {"target": place})).status == 200
    assert await found(api, member, "stand") == []


async def test_what_is_removed_leaves_no_token(api, channel, stack):
    room, owner, member = channel
    place = (await room.say(api, owner, "a secret slip")).body["sequence"]
    assert (await api.call("DELETE", f"conversations/{room.id}/entries/{place}", owner)).status == 204
    assert await found(api, member, "slip") == []
    with stack.database() as database:
        query = {"conversation": bytes.fromhex(room.id.replace("-", "")), "sequence": place}
        stored = database["entries"].find_one(query)
    assert not {"body", "tokens", "files"} & stored.keys()


async def test_filters_and_pages(api, other_api, channel):
    room, owner, member = channel
    mark = f"m{new_uuid7()[-12:]}"
    sent = [(await room.say(api, (owner, member)[i % 2], f"{mark} number {i}")).body for i in range(7)]
    with_file = (await room.say(api, owner, mark, attachments=[{"name": "x"}])).body
    places = [answer["sequence"] for answer in sent]
    assert await found(api, owner, mark, with_files=True) == [with_file["sequence"]]
    assert await found(api, owner, mark, sender=member.person.user_id) == places[1::2][::-1]
    middle = sent[3]["stored_at"]
    assert set(await found(api, owner, mark, since=middle)) == {
        *(a["sequence"] for a in sent if a["stored_at"] >= middle),
        with_file["sequence"],
    }
    assert set(await found(api, owner, mark, until=middle)) == {a["sequence"] for a in sent if a["stored_at"] < middle}
    seen, after = [], None
    for i in range(9):
        page = await search((api, other_api)[i % 2], owner, mark, limit=1, after=after)
        seen += [hit["sequence"] for hit in page["hits"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [with_file["sequence"], *places[::-1]]


@pytest.mark.parametrize(
    "fields",
    [
        {"query": ""},
        {"query": "…!?"},
        {"query": "w " * 300},
        {"query": " ".join(f"w{i}" for i in range(40))},
        {"sender": "000"},
        {"sender": "zoë"},
        {"since": "yesterday"},
        {"until": "2026-01-01"},
        {"after": "x"},
        {"limit": 0},
        {"limit": 500},
        {"query": "x", "more": 1},
    ],
)
async def test_what_makes_no_sense_is_refused(api, channel, fields):
    _, owner, _ = channel
    assert (await api.call("POST", "search", owner, {"query": "x"} | fields)).problem == "invalid_request"


def test_tokens_are_keyed_and_tell_no_word():
    (token,) = KEY.of_query("word")
    assert len(token) == SEARCH_TOKEN_SIZE_BYTES
    assert KEY.of_query("word") != Tokenizer(b"j" * 32).of_query("word")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_a_text_is_found_by_each_of_its_own_words_in_any_form(text):
    tokens = set(KEY.of_text(text))
    for form in (text, text.upper() if len(text.upper()) == len(text) else text, unicodedata.normalize("NFD", text)):
        try:
            assert set(KEY.of_query(form)) <= tokens or form != text
        except InvalidRequest:
            continue
    assert set(KEY.of_text(unicodedata.normalize("NFD", text))) == tokens
    assert set(words(text, pairs_only=True)) <= set(words(text))

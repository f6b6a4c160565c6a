"""Search in open channels: only those that the person belongs to, and only what is said there still.

Invariant: a hit's present words hold every word of the query; the index may know more than stands, never less.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from parley_contracts.channels_api import SearchHit, SearchPage, SearchUpload, read_post
from parley_contracts.content_kinds import COUNTED_KINDS, KIND_DELETE, KIND_EDIT
from parley_contracts.ids import ChannelId, ConversationId, UserId, as_channel, is_uuid
from parley_contracts.limits import SEARCH_LOOKED_AT_MAX, SEARCH_PAGE_MAX, SEARCH_QUERY_LENGTH_MAX
from parley_contracts.problems import InvalidRequest, NotFound, RateLimited
from parley_messaging.channel_ports import Candidate, ChannelStore, Looked
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.ports import Attempts, MembershipStore

_BATCH = 100
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@dataclass(frozen=True)
class _Wanted:
    """What a message must be, besides holding the tokens: of a time, with files."""

    tokens: set[bytes]
    since: str
    until: str
    with_files: bool

    def fits(self, message: StoredEntry) -> bool:
        """Whether it is."""
        in_time = self.since <= message.stored_at < self.until
        return in_time and (not self.with_files or bool(read_post(message.content_kind, message.body).attachments))


class Searching:
    """Searches of this node."""

    def __init__(
        self, memberships: MembershipStore, store: ChannelStore, tokenizer: Tokenizer, attempts: Attempts
    ) -> None:
        self._memberships = memberships
        self._store = store
        self._tokenizer = tokenizer
        self._attempts = attempts

    async def search(self, user_id: UserId, upload: SearchUpload) -> SearchPage:
        """A page of hits, the newest first."""
        _check(upload)
        tokens = self._tokenizer.of_query(upload.query)
        wait_s = await self._attempts.wait_s(user_id)
        if wait_s:
            raise RateLimited("You have searched very often; wait a little.", retry_after_s=wait_s)
        channel_ids = await self._readable(user_id, upload.conversation_id)
        hits: list[SearchHit] = []
        wanted = _Wanted(set(tokens), upload.since or "", upload.until or "~", with_files=upload.with_files)
        after, looked_at = upload.after, 0
        while channel_ids and looked_at < SEARCH_LOOKED_AT_MAX:
            looked = Looked(channel_ids, tokens, upload.sender, upload.since, upload.until, after)
            found = await self._store.find(looked, limit=_BATCH)
            looked_at += len(found)
            for candidate, hit in await self._present(found, wanted):
                after = candidate.place
                hits += [hit] if hit is not None else []
                if len(hits) >= upload.limit:
                    return SearchPage(hits, after)
            if len(found) < _BATCH:
                return SearchPage(hits, None)
        return SearchPage(hits, after if channel_ids else None)

    async def _readable(self, user_id: UserId, unverified_id: str | None) -> list[ChannelId]:
        """The channels that the person belongs to; of a named one `NotFound` where they do not."""
        spans = await self._memberships.spans(user_id)
        living = [as_channel(where) for where, span in spans.items() if span.last is None]
        readable = [channel_id for channel_id in living if channel_id is not None]
        if unverified_id is None:
            return readable
        wanted = as_channel(ConversationId(unverified_id))
        if wanted is None or wanted not in readable:
            raise NotFound
        return [wanted]

    async def _present(self, found: Sequence[Candidate], wanted: _Wanted) -> list[tuple[Candidate, SearchHit | None]]:
        """For each candidate what stands there now, None where that is not a hit, or the hit of another candidate."""
        places: dict[ChannelId, set[int]] = defaultdict(set)
        for candidate in found:
            places[ChannelId(candidate.entry.conversation_id)].add(candidate.target or candidate.entry.sequence)
        standing: dict[tuple[ConversationId, int], tuple[StoredEntry, StoredEntry]] = {}
        for channel_id, sequences in places.items():
            standing |= await self._standing(channel_id, sequences)
        answers: list[tuple[Candidate, SearchHit | None]] = []
        for candidate in found:
            entry = candidate.entry
            stands = standing.get((entry.conversation_id, candidate.target or entry.sequence))
            # The entry that holds the present words is the one that is found, so nothing is found twice.
            if stands is None or stands[1].sequence != entry.sequence or not wanted.fits(stands[0]):
                answers.append((candidate, None))
                continue
            message, words = stands[0], read_post(entry.content_kind, entry.body).words
            hit = SearchHit(
                ChannelId(entry.conversation_id), message.sequence, message.user_id, message.stored_at, words
            )
            answers.append((candidate, hit if wanted.tokens <= set(self._tokenizer.of_text(words)) else None))
        return answers

    async def _standing(
        self, channel_id: ChannelId, sequences: set[int]
    ) -> dict[tuple[ConversationId, int], tuple[StoredEntry, StoredEntry]]:
        """Of messages that stand: the message, and the entry with its present words, itself or its last edit."""
        posts = await self._store.posts(channel_id, sequences)
        found: dict[tuple[ConversationId, int], tuple[StoredEntry, StoredEntry]] = {
            (channel_id, post.sequence): (post, post)
            for post in posts
            if post.content_kind in COUNTED_KINDS and post.body
        }
        for said in await self._store.about(channel_id, sequences):
            place = (channel_id, said.target)
            if place not in found:
                continue
            if said.entry.content_kind == KIND_DELETE:
                del found[place]
            elif said.entry.content_kind == KIND_EDIT and said.entry.body:
                found[place] = (found[place][0], said.entry)
        return found


def _check(upload: SearchUpload) -> None:
    if len(upload.query) > SEARCH_QUERY_LENGTH_MAX:
        raise InvalidRequest(f"a search has at most {SEARCH_QUERY_LENGTH_MAX} characters", field="query")
    if not 1 <= upload.limit <= SEARCH_PAGE_MAX:
        raise InvalidRequest(f"`limit` is between 1 and {SEARCH_PAGE_MAX}", field="limit")
    if upload.sender is not None and not is_uuid(upload.sender):
        raise InvalidRequest("a sender is named by an id", field="sender")
    for name in ("since", "until"):
        moment = getattr(upload, name)
        if moment is not None and not _TIME.fullmatch(moment):
            raise InvalidRequest("a time is written as in 2026-01-31T09:00:00Z", field=name)

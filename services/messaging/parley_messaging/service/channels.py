"""Open channels at a node: planning their next entries, and what they are called, for everybody to see.

Invariant: a private conversation never comes here and a channel never leaves: `as_channel` of the id decides, nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from parley_contracts.channels_api import CHANNEL_CREATED, CHANNEL_DESCRIBED, POST, ChannelDescription, read_post
from parley_contracts.ids import ChannelId
from parley_contracts.problems import ConversationExists, Internal, NotFound, PolicyRefused, Problem
from parley_messaging.channel_ports import ChannelStore
from parley_messaging.domain.channels import ChannelState, judge_post, judge_standing, next_clear_entry
from parley_messaging.domain.conversation import ConversationState
from parley_messaging.domain.entries import StoredEntry, Submission
from parley_messaging.domain.rates import Rates, count_message
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.ports import Directory, LogStore
from parley_messaging.service.plans import Plan
from parley_messaging.service.states import Lru

CHANNELS_MAX = 5_000


class Channels:
    """What this node knows of channels."""

    def __init__(
        self, log: LogStore, store: ChannelStore, directory: Directory, tokenizer: Tokenizer, messages: Rates
    ) -> None:
        self._log = log
        self._store = store
        self._directory = directory
        self._tokenizer = tokenizer
        self._messages = messages
        self._states: Lru[tuple[ChannelId, int], ChannelState] = Lru(CHANNELS_MAX)

    async def state(self, channel_id: ChannelId, policy_sequence: int) -> ChannelState:
        """The standing that an entry made."""
        found = self._states.get((channel_id, policy_sequence))
        if found is None:
            made_by = await self._log.lean(channel_id, policy_sequence)
            if made_by is None or not made_by.standing:
                raise Internal(f"the log refers to a standing {policy_sequence} that it does not hold")
            found = ChannelState.of(made_by.stood())
            self._states.put((channel_id, policy_sequence), found)
        return found

    async def plan(self, channel_id: ChannelId, state: ConversationState, submissions: Sequence[Submission]) -> Plan:
        """The plan for submissions that arrived in this order; raises `Unavailable` where it cannot be made."""
        plan = Plan(state)
        standing = await self.state(channel_id, state.policy_sequence) if state.head else None
        for submission in submissions:
            try:
                if submission.type == POST:
                    await self._plan_post(plan, submission, standing)
                else:
                    await self._plan_standing(plan, channel_id, submission, standing)
            except Problem as problem:
                if problem.status >= 500:
                    raise
                plan.refused[submission.key] = problem
        return plan

    async def _plan_post(self, plan: Plan, submission: Submission, standing: ChannelState | None) -> None:
        if standing is None:
            raise NotFound
        post = read_post(submission.content_kind, submission.body)
        target = await self._target(plan, post.target) if post.target is not None else None
        judge_post(submission, post, standing.policy, target, time.time())
        count_message(self._messages, submission)
        tokens = self._tokenizer.of_text(post.words)
        plan.add(next_clear_entry(plan.state, submission, before=standing.policy, tokens=tokens, post=post))

    async def _target(self, plan: Plan, sequence: int) -> StoredEntry | None:
        planned = [entry for entry in plan.entries if entry.sequence == sequence]
        if planned or sequence > plan.state.head:
            return planned[0] if planned else None
        found = await self._log.at([(plan.state.conversation_id, sequence)])
        return found[0] if found else None

    async def _plan_standing(
        self, plan: Plan, channel_id: ChannelId, submission: Submission, standing: ChannelState | None
    ) -> None:
        if submission.type == CHANNEL_CREATED and standing is not None:
            raise ConversationExists
        after = judge_standing(submission, channel_id, plan.state, standing)
        before = standing.policy if standing is not None else None
        await self._check_people(submission, before.user_ids if before is not None else frozenset(), after)
        if submission.type in {CHANNEL_CREATED, CHANNEL_DESCRIBED}:
            # Ahead of the entry, so that no channel is ever missing; whoever lists looks into the log.
            await self._store.name(channel_id, msgspec.json.decode(submission.body, type=ChannelDescription).name)
        plan.add(next_clear_entry(plan.state, submission, before=before, after=after))

    async def _check_people(self, submission: Submission, known: frozenset[str], after: ChannelState) -> None:
        """People whom somebody else brings in exist."""
        wanted = sorted(after.policy.user_ids - known - {submission.user_id})
        if wanted and set(await self._directory.root_fingerprints(wanted)) < set(wanted):
            raise PolicyRefused("the roster names someone unknown")

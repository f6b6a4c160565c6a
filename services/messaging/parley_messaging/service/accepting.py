"""Planning the next entries: submissions judged in order by the state after the last one.

Invariant: a plan is only as good as the state it starts from; the insert at the planned sequences proves that state.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from parley_contracts.channels_api import CLEAR_TYPES
from parley_contracts.ids import UserId, as_channel
from parley_contracts.problems import ConversationExists, InvalidRequest, NotFound, Problem
from parley_contracts.resets import RESET, UNUSABLE
from parley_messaging.domain.certifying import check_certified
from parley_messaging.domain.conversation import ConversationState, EpochState, next_entry
from parley_messaging.domain.entries import Submission
from parley_messaging.domain.judging import (
    Judged,
    check_epoch,
    judge_commit,
    judge_creation,
    judge_message,
    parse_header,
)
from parley_messaging.domain.judging_resets import checked_suspect, judge_report, judge_reset
from parley_messaging.domain.rates import Rates, count_message
from parley_messaging.ports import Directory
from parley_messaging.service.channels import Channels
from parley_messaging.service.plans import Plan
from parley_messaging.service.reaching import Reaching, unreachable
from parley_messaging.service.states import States


class Accepting:
    """Judges submissions with what this node knows and what auth says of people."""

    def __init__(
        self,
        states: States,
        directory: Directory,
        reaching: Reaching,
        channels: Channels,
        server_name: str,
        messages: Rates,
    ) -> None:
        self._states = states
        self._channels = channels
        self._directory = directory
        self._reaching = reaching
        self._server_name = server_name
        self._messages = messages

    async def plan(self, state: ConversationState, submissions: Sequence[Submission]) -> Plan:
        """The plan for submissions that arrived in this order; raises `Unavailable` where it cannot be made."""
        channel_id = as_channel(state.conversation_id)
        if channel_id is not None:
            return await self._channels.plan(channel_id, state, submissions)
        plan = Plan(state, await self._states.epoch(state) if state.head else None)
        for submission in submissions:
            try:
                await self._plan_one(plan, submission)
            except Problem as problem:
                if problem.status >= 500:
                    raise
                plan.refused[submission.key] = problem
        return plan

    async def _plan_one(self, plan: Plan, submission: Submission) -> None:
        if submission.type in CLEAR_TYPES:
            raise InvalidRequest("this conversation is private: nothing is said there in the clear")
        if submission.type == "conversation.created":
            await self._plan_creation(plan, submission)
            return
        epoch = plan.epoch
        if epoch is None or epoch.policy.role_of(submission.user_id) is None:
            raise NotFound
        if submission.type in {UNUSABLE, RESET}:
            await self._plan_beyond_commit(plan, submission, epoch)
            return
        if submission.type == "message.created":
            header = parse_header(submission)
            check_epoch(plan.state, header.epoch, header.generation)
            judge_message(header, epoch, time.time())
            kind, counts = plan.state.kind, header.counts
            if kind == "direct":
                self._reaching.check_writes(submission.user_id, epoch.policy.user_ids - {submission.user_id})
            count_message(self._messages, submission)
            plan.add(next_entry(plan.state, submission, kind=kind, counts=counts, policy=epoch.policy))
            return
        check_epoch(plan.state, submission.epoch)
        judged = await asyncio.to_thread(
            judge_commit, submission, epoch, sequence=plan.state.head + 1, server_name=self._server_name
        )
        await self._take_judged(plan, submission, judged)

    async def _plan_beyond_commit(self, plan: Plan, submission: Submission, epoch: EpochState) -> None:
        """A report on a commit, or a reset that goes around it."""
        suspect = await self._states.entry(submission.conversation_id, submission.unusable)
        suspect = checked_suspect(plan.state, suspect)
        before = await self._states.epoch_before(suspect)
        if submission.type == UNUSABLE:
            judge_report(submission, suspect, before, epoch)
            plan.add(next_entry(plan.state, submission, kind=plan.state.kind, policy=epoch.policy))
            return
        reporters = await self._states.reporters(suspect)
        judged = await asyncio.to_thread(
            judge_reset,
            submission,
            epoch,
            before,
            suspect,
            reporters,
            sequence=plan.state.head + 1,
            server_name=self._server_name,
        )
        await self._take_judged(plan, submission, judged)

    async def _plan_creation(self, plan: Plan, submission: Submission) -> None:
        judged = await asyncio.to_thread(judge_creation, submission, self._server_name)
        if plan.epoch is not None:
            known = plan.epoch.policy.role_of(submission.user_id) is not None or judged.epoch.policy.kind != "group"
            raise ConversationExists if known else NotFound
        await self._take_judged(plan, submission, judged)

    async def _take_judged(self, plan: Plan, submission: Submission, judged: Judged) -> None:
        await self._check_people(judged, submission.user_id)
        await self._check_certified(judged)
        policy, added, removed = judged.epoch.policy, judged.added, judged.removed
        plan.add(next_entry(plan.state, submission, kind=policy.kind, added=added, removed=removed, policy=policy))
        plan.epoch = judged.epoch
        plan.epochs.append(judged.epoch)

    async def _check_certified(self, judged: Judged) -> None:
        """The devices that it brings in or renews are those of their people."""
        if judged.certified:
            people = sorted({certificate.user_id for certificate in judged.certified})
            stated = await self._directory.statements(people)
            await asyncio.to_thread(check_certified, judged.certified, stated, judged.epoch.policy)

    async def _check_people(self, judged: Judged, user_id: UserId) -> None:
        """These people exist, under the root keys that they have published last, and let this person bring them in."""
        wanted: dict[UserId, str] = dict(judged.pinned)
        if not wanted:
            return
        known = await self._directory.root_fingerprints(list(wanted))
        if any(known.get(user_id) != fingerprint for user_id, fingerprint in wanted.items()):
            raise unreachable()
        others = set(judged.added) - {user_id}
        if not others:
            return
        if judged.epoch.policy.kind == "direct":
            self._reaching.check_writes(user_id, others)
        await self._reaching.check_brings_in(user_id, others, judged.epoch.policy.conversation_id)

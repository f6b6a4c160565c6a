"""After an election reads show everything that was acknowledged before it, or nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from parley_contracts.problems import Unavailable
from parley_messaging.adapters.mongo.elections import ATTEMPTS, Elections


class Members:
    """A set whose primary shows all it has only once somebody has written to it."""

    def __init__(self, *, kind: str = "ReplicaSetWithPrimary") -> None:
        self.kind = kind
        self.election = 1
        self.away = False
        self.written: list[int] = []
        self.asked: list[int] = []
        marks = SimpleNamespace(update_one=self._write)
        self.database: Any = _Database(self, marks)

    @property
    def topology_description(self) -> Any:
        servers = {
            "a": SimpleNamespace(server_type_name="RSSecondary", election_id=None),
            "b": SimpleNamespace(server_type_name="RSPrimary", election_id=self.election),
        }
        return SimpleNamespace(topology_type_name=self.kind, server_descriptions=lambda: servers)

    async def _write(self, *_: object, upsert: bool) -> None:
        assert upsert
        self.written.append(self.election)
        if self.away:
            raise AutoReconnect

    async def query(self) -> str:
        self.asked.append(self.election)
        return "everything" if self.election in self.written and not self.away else "less"


class _Database(dict[str, Any]):
    def __init__(self, client: Members, marks: Any) -> None:
        super().__init__(elections=marks)
        self.client = client


async def test_an_election_costs_one_write_and_then_nothing():
    members = Members()
    elections = Elections(members.database)
    for _ in range(3):
        assert await elections.read(members.query) == "everything"
    assert members.written == [1]
    members.election = 2
    for _ in range(3):
        assert await elections.read(members.query) == "everything"
    assert members.written == [1, 2]


async def test_what_was_read_across_an_election_is_read_again():
    members = Members()
    elections = Elections(members.database)
    assert await elections.read(members.query) == "everything"

    async def query() -> str:
        if members.election == 1:  # the first primary goes away, and the driver asks the next one
            members.election = 2
        return await members.query()

    assert await elections.read(query) == "everything"
    assert members.asked[-2:] == [2, 2]


async def test_elections_without_end_are_an_outage():
    members = Members()
    elections = Elections(members.database)

    async def query() -> str:
        members.election += 1
        return await members.query()

    with pytest.raises(Unavailable):
        await elections.read(query)
    assert len(members.asked) == ATTEMPTS


async def test_who_waits_for_the_same_write_fails_with_it():
    members = Members()
    members.away = True
    elections = Elections(members.database)
    waiting = [asyncio.create_task(elections.read(members.query)) for _ in range(3)]
    for each in waiting:
        with pytest.raises(Unavailable):
            await each
    assert members.written == [1]
    members.away = False
    assert await elections.read(members.query) == "everything"


async def test_behind_a_router_of_shards_there_are_reads_too():
    members = Members(kind="Sharded")
    assert await Elections(members.database).read(members.query) == "everything"

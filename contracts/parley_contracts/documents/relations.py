"""The operations of `/api/v1/auth` around how people stand to each other: who is found, blocks."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation
from parley_contracts.people_api import Blocks, Discovery
from parley_contracts.problems import TooMany

RELATIONS = (
    Operation(
        name="get_discovery",
        method="GET",
        path="/me/discovery",
        summary="Whether people find one by one's user name.",
        caller="session",
        answer=Discovery,
    ),
    Operation(
        name="put_discovery",
        method="PUT",
        path="/me/discovery",
        summary="Let people find one by one's user name, or nobody.",
        caller="session",
        body=Discovery,
        answer=Discovery,
    ),
    Operation(
        name="get_blocks",
        method="GET",
        path="/me/blocks",
        summary="Whom one has blocked, the last first.",
        caller="session",
        answer=Blocks,
    ),
    Operation(
        name="put_block",
        method="PUT",
        path="/me/blocks/{user_id}",
        summary="Block a person: in every service, within two seconds.",
        description="They find, write to, add and watch one as if one were not there. Nobody tells them.",
        caller="session",
        answer=Blocks,
        problems=(TooMany,),
    ),
    Operation(
        name="delete_block",
        method="DELETE",
        path="/me/blocks/{user_id}",
        summary="Block a person no more; again changes nothing.",
        caller="session",
        answer=Blocks,
    ),
)

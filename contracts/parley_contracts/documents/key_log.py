"""The operations of the log of people's keys, a part of `/api/v1/auth`."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation, Parameter, integer
from parley_contracts.key_log import Cosignature, KeyLogHead, KeyLogPage, KeyLogProof
from parley_contracts.limits import KEY_LOG_LEAVES_MAX, KEY_LOG_PAGE_MAX
from parley_contracts.problems import NotFound

_SIZE = integer(maximum=KEY_LOG_LEAVES_MAX)

KEY_LOG_OPERATIONS = (
    Operation(
        name="get_key_log_head",
        method="GET",
        path="/key-log/head",
        summary="The newest checkpoint of the log of people's keys, and what its witnesses signed.",
        description="Anybody may follow the log: it names nobody.",
        caller="anybody",
        answer=KeyLogHead,
    ),
    Operation(
        name="get_key_log_leaves",
        method="GET",
        path="/key-log/leaves",
        summary=f"Leaves of the log, at most {KEY_LOG_PAGE_MAX} at a time.",
        caller="anybody",
        query={
            "first": Parameter(_SIZE, "The number of the first leaf, counted from 0.", required=True),
            "size": Parameter(_SIZE, "Only leaves of the tree of this size.", required=True),
        },
        answer=KeyLogPage,
        problems=(NotFound,),
    ),
    Operation(
        name="get_key_log_consistency",
        method="GET",
        path="/key-log/consistency",
        summary="A proof that one tree of the log is the beginning of another.",
        caller="anybody",
        query={
            "first": Parameter(_SIZE, "The smaller size, at least 1.", required=True),
            "second": Parameter(_SIZE, "The larger size.", required=True),
        },
        answer=KeyLogProof,
        problems=(NotFound,),
    ),
    Operation(
        name="post_key_log_cosignature",
        method="POST",
        path="/key-log/cosignatures",
        summary="A checkpoint that a witness of this server signed.",
        caller="anybody",
        body=Cosignature,
        answer=None,
        problems=(NotFound,),
    ),
)

"""The route of `parley_contracts.reporting_api`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.envelope import COMMITMENT_SIZE_BYTES
from parley_contracts.limits import CIPHERTEXT_SIZE_BYTES_MAX
from parley_contracts.reporting_api import ReportUpload
from parley_messaging.api.admitting import caller_of
from parley_messaging.node import node_of
from parley_serving.fastapi.requests import binary, read_body

router = APIRouter(prefix="/api/v1/messaging")
Place = Annotated[int, Path(ge=0, le=2**53)]


@router.put("/conversations/{conversation_id}/reports/{sequence}")
async def put_report(request: Request, conversation_id: str, sequence: Place) -> Response:
    """Report a message."""
    node = node_of(request)
    caller = await caller_of(request)
    upload = await read_body(request, ReportUpload)
    size = COMMITMENT_SIZE_BYTES
    key = binary(upload.commitment_key, "commitment_key", size_bytes_max=size, size_bytes_min=size)
    content = binary(upload.content, "content", size_bytes_max=CIPHERTEXT_SIZE_BYTES_MAX)
    await node.reporting.report(
        caller.user_id, conversation_id, sequence, content=content, commitment_key=key, reason=upload.reason
    )
    return Response(status_code=204)

"""The operations of `/api/v1/media`."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation, Service
from parley_contracts.media_api import ObjectDownload, StoredObject, Upload, UploadCreation
from parley_contracts.problems import ClientIdReused, QuotaExceeded, UploadIncomplete

MEDIA = Service(
    name="media",
    prefix="/api/v1/media",
    description=(
        "Sealed files. The bytes themselves go by the signed paths below `/media/objects/` that these answers hold:"
        " PUT or GET them without a token, before they expire."
    ),
    operations=(
        Operation(
            name="put_upload",
            method="PUT",
            path="/uploads/{upload_id}",
            summary="Announce an object, or ask again where its parts go.",
            description="The same `upload_id` again goes on with the same upload.",
            body=UploadCreation,
            answer=Upload,
            problems=(ClientIdReused, QuotaExceeded),
        ),
        Operation(
            name="post_complete",
            method="POST",
            path="/uploads/{upload_id}/complete",
            summary="Declare all parts sent; again is harmless.",
            answer=StoredObject,
            problems=(UploadIncomplete,),
        ),
        Operation(
            name="get_object",
            method="GET",
            path="/objects/{object_id}",
            summary="Where the caller may fetch an object from.",
            answer=ObjectDownload,
        ),
    ),
)

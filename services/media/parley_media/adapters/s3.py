"""The object store by its S3 interface: botocore in a few threads, as its calls block.

Invariant: whatever is signed is signed for the host under which the store sees requests that come by the gateway, and
for one method, one key and (where bytes are put) one size; what leaves here is the path alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from parley_contracts.limits import OBJECT_STORE_CALLS_AT_ONCE_MAX, OBJECT_STORE_TIMEOUT_S
from parley_contracts.problems import Unavailable
from parley_media.ports import StoredPart
from parley_serving.object_store import S3Settings

BUCKET = "media"
_PARTS_PAGE_MAX = 1000
_GONE = frozenset({"NoSuchUpload", "NoSuchKey", "404", "NotFound"})

T = TypeVar("T")


class S3Store:
    """`ObjectStore` over one bucket; `signed_host` is the Host under which the store sees what comes by the gateway."""

    def __init__(self, settings: S3Settings, signed_host: str) -> None:
        self._threads = ThreadPoolExecutor(OBJECT_STORE_CALLS_AT_ONCE_MAX, thread_name_prefix="s3")
        self._client = _client(settings, settings.endpoint)
        scheme = urlsplit(settings.endpoint).scheme
        self._signer = _client(settings, f"{scheme}://{signed_host}")

    def close(self) -> None:
        """End the threads and the connections."""
        self._threads.shutdown(cancel_futures=True)
        self._client.close()
        self._signer.close()

    async def check(self) -> None:
        """See the bucket; `Unavailable`."""
        await self._call(lambda: self._client.head_bucket(Bucket=BUCKET))

    async def begin_multipart(self, key: str) -> str:
        """Begin an upload in parts; its id."""
        answer = await self._call(lambda: self._client.create_multipart_upload(Bucket=BUCKET, Key=key))
        return str(answer["UploadId"])

    async def parts(self, key: str, multipart_id: str) -> dict[int, StoredPart] | None:
        """The parts that are there, by number; None where the upload has ended."""
        place = {"Bucket": BUCKET, "Key": key, "UploadId": multipart_id, "MaxParts": _PARTS_PAGE_MAX}
        answer = await self._call(lambda: self._client.list_parts(**place), gone=True)
        if answer is None:
            return None
        return {part["PartNumber"]: StoredPart(part["Size"], part["ETag"]) for part in answer.get("Parts", [])}

    async def finish_multipart(self, key: str, multipart_id: str, etags: Sequence[str]) -> bool:
        """Join the parts from 1 on; False where the upload has ended."""
        chosen = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
        place = {"Bucket": BUCKET, "Key": key, "UploadId": multipart_id, "MultipartUpload": {"Parts": chosen}}
        return await self._call(lambda: self._client.complete_multipart_upload(**place), gone=True) is not None

    async def size(self, key: str) -> int | None:
        """The size of an object in bytes; None where there is none."""
        answer = await self._call(lambda: self._client.head_object(Bucket=BUCKET, Key=key), gone=True)
        return None if answer is None else int(answer["ContentLength"])

    async def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Throw parts away; again is harmless."""
        place = {"Bucket": BUCKET, "Key": key, "UploadId": multipart_id}
        await self._call(lambda: self._client.abort_multipart_upload(**place), gone=True)

    async def delete(self, key: str) -> None:
        """Remove an object; again is harmless."""
        await self._call(lambda: self._client.delete_object(Bucket=BUCKET, Key=key), gone=True)

    async def sign_parts(self, key: str, multipart_id: str | None, sizes: Sequence[int], lifetime_s: int) -> list[str]:
        """For each part the path to which exactly that many bytes may be put; without `multipart_id`, the whole object."""
        place: dict[str, object] = {"Bucket": BUCKET, "Key": key}

        def sign() -> list[str]:
            if multipart_id is None:
                wanted = [("put_object", place | {"ContentLength": size}) for size in sizes]
            else:
                part = place | {"UploadId": multipart_id}
                numbered = enumerate(sizes, start=1)
                wanted = [("upload_part", part | {"PartNumber": n, "ContentLength": size}) for n, size in numbered]
            return [self._sign(method, parameters, lifetime_s) for method, parameters in wanted]

        return await self._call(sign)

    async def sign_get(self, key: str, lifetime_s: int) -> str:
        """The path from which the object may be fetched."""
        return await self._call(lambda: self._sign("get_object", {"Bucket": BUCKET, "Key": key}, lifetime_s))

    def _sign(self, method: str, parameters: dict[str, object], lifetime_s: int) -> str:
        url = urlsplit(self._signer.generate_presigned_url(method, Params=parameters, ExpiresIn=lifetime_s))
        return f"{url.path}?{url.query}"

    async def _call(self, work: Callable[[], T], *, gone: bool = False) -> T:
        """What `work` gives; with `gone`, None where the store says that there is no such thing."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except ClientError as error:
            if gone and error.response["Error"]["Code"] in _GONE:
                return None  # type: ignore[return-value] # callers that pass `gone` look for it
            raise Unavailable("The object store refuses.", retry_after_s=1) from error
        except BotoCoreError as error:
            raise Unavailable("The object store does not answer.", retry_after_s=1) from error


def _client(settings: S3Settings, endpoint: str) -> Any:
    config = ClientConfig(
        signature_version="s3v4",
        connect_timeout=2,
        read_timeout=OBJECT_STORE_TIMEOUT_S,
        retries={"total_max_attempts": 1},
        max_pool_connections=OBJECT_STORE_CALLS_AT_ONCE_MAX,
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=config,
    )

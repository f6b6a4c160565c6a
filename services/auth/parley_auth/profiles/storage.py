"""The bucket of pictures, by django-storages; nobody reaches it from outside."""

from __future__ import annotations

from types import SimpleNamespace

from boto3.s3.transfer import TransferConfig
from botocore.config import Config as ClientConfig
from django.conf import settings
from storages.backends.s3 import S3Storage

from parley_contracts.limits import AUTH_THREADS, OBJECT_STORE_TIMEOUT_S

BUCKET = "profiles"


class ProfileStorage(S3Storage):  # type: ignore[misc] # the library has no types
    """Files of `BUCKET`; a file of a name that is there is replaced."""

    def __init__(self) -> None:
        store = settings.CONFIG.s3
        super().__init__(
            bucket_name=BUCKET,
            endpoint_url=store.endpoint,
            region_name=store.region,
            access_key=store.access_key,
            secret_key=store.secret_key,
            transfer_config=TransferConfig(use_threads=False),
            client_config=ClientConfig(
                signature_version="s3v4",
                connect_timeout=2,
                read_timeout=OBJECT_STORE_TIMEOUT_S,
                retries={"total_max_attempts": 1},
                max_pool_connections=AUTH_THREADS,
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        # One connection for all threads, of which each would take 15 MB: clients may be shared (boto3's guide on clients).
        self._connections = SimpleNamespace()

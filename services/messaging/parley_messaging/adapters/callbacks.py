"""Posting to callbacks of applications, in threads of their own: each address is looked up anew and never leads inside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from parley_contracts.limits import CALLBACKS_AT_ONCE_MAX
from parley_messaging.channel_ports import Called
from parley_serving.outbound.endpoints import EndpointError, ResolutionError, find_target, parse_endpoint, resolve
from parley_serving.outbound.posting import Unreachable, post


class HttpsCallbacks:
    """`Callbacks` over TLS, to `hosts` alone where there are some."""

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        self._hosts = hosts
        self._pool = ThreadPoolExecutor(max_workers=CALLBACKS_AT_ONCE_MAX, thread_name_prefix="callback")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Called:
        """Post once; see the port."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _post, url, body, headers, self._hosts)

    def close(self) -> None:
        """Give the threads back; what is on its way ends by its own time-out."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _post(url: str, body: bytes, headers: Mapping[str, str], hosts: Sequence[str]) -> Called:
    try:
        target = find_target(parse_endpoint(url), resolve, loopback_allowed=False, hosts=hosts)
        answered = post(target, body, headers)
    except EndpointError as error:
        return Called("never", error.reason)
    except ResolutionError:
        return Called("later", "unresolved")
    except Unreachable as error:
        return Called("later", error.reason)
    if HTTPStatus.OK <= answered.status < HTTPStatus.MULTIPLE_CHOICES:
        return Called("delivered")
    if answered.status == HTTPStatus.GONE:
        return Called("never", "gone")
    return Called("later", f"status_{answered.status}", answered.retry_after_s)

"""What 200 logins at once do to everybody else: how they are answered, and the 99th percentile of other routes meanwhile.

    ./parley bench logins [SECONDS]

The guesses come in bursts of 200 under as many names; others read their profile and their conversations 20 times a second. Nothing is
retried, so that what is refused is seen.
"""

import asyncio
import secrets
import ssl
import sys
import time
from collections import Counter

import httpx
from parts import Parts, percentile, print_row

AT_ONCE = 200
READS_PER_S = 20
FLOWS = "/api/v1/auth/flows/app/v1/auth"
ROUTES = ("/api/v1/auth/me", "/api/v1/auth/me/sessions", "/.well-known/jwks.json")


class Others:
    """Somebody who is signed in and reads."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}
        self.latencies_s: list[float] = []
        self.statuses: Counter[int] = Counter()

    async def read(self, seconds: float) -> None:
        """Read by the clock, however long answers take."""
        self.latencies_s, self.statuses = [], Counter()
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(seconds * READS_PER_S)):
                await asyncio.sleep(max(0.0, began + number / READS_PER_S - time.perf_counter()))
                tasks.create_task(self._ask(ROUTES[number % len(ROUTES)]))

    async def _ask(self, route: str) -> None:
        began = time.perf_counter()
        answer = await self._client.get(route, headers=self._headers)
        self.latencies_s.append(time.perf_counter() - began)
        self.statuses[answer.status_code] += 1


async def guess(client: httpx.AsyncClient, stopped: asyncio.Event, answers: Counter[int], waits_s: list[float]) -> None:
    """Bursts of guesses, one after the other, until `stopped`."""

    async def one() -> None:
        began = time.perf_counter()
        body = {"username": f"nobody{secrets.token_hex(4)}", "password": "wrong-password-1"}
        answer = await client.post(f"{FLOWS}/login", json=body)
        waits_s.append(time.perf_counter() - began)
        answers[answer.status_code] += 1

    while not stopped.is_set():
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def measure(seconds: float) -> None:
    """Others alone, then others beside the guesses."""
    parts = Parts()
    tls = ssl.create_default_context(cafile=parts.ca_file)
    limits = httpx.Limits(max_connections=AT_ONCE)
    name = f"reader{secrets.token_hex(4)}"
    async with (
        httpx.AsyncClient(base_url=parts.address, verify=tls, timeout=60) as reading,
        httpx.AsyncClient(base_url=parts.address, verify=tls, timeout=60, limits=limits) as guessing,
    ):
        body = {"username": name, "email": f"{name}@example.org", "password": "plum teapot horizon 7"}
        answer = await reading.post(f"{FLOWS}/signup", json=body)
        others = Others(reading, answer.raise_for_status().json()["meta"]["access_token"])
        await others.read(2)
        await others.read(seconds)
        alone, alone_n = percentile(others.latencies_s, 0.99), len(others.latencies_s)
        stopped, answers, waits_s = asyncio.Event(), Counter[int](), list[float]()
        guesses = asyncio.create_task(guess(guessing, stopped, answers, waits_s))
        await others.read(seconds)
        stopped.set()
        await guesses
    beside = percentile(others.latencies_s, 0.99)
    print_row(
        "logins",
        n=sum(answers.values()),
        at_once=AT_ONCE,
        answers=dict(sorted(answers.items())),
        login_s_p99=round(percentile(waits_s, 0.99), 2),
        reads=alone_n,
        read_answers=dict(sorted(others.statuses.items())),
        read_ms_p99_alone=round(alone * 1e3, 1),
        read_ms_p99_beside=round(beside * 1e3, 1),
        ratio=round(beside / alone, 2),
    )


def main() -> None:
    """Measure, and print a row."""
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0))


if __name__ == "__main__":
    main()

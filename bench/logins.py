"""What 200 logins at once do to everybody else: how they are answered, and the 99th percentile of other routes meanwhile.

    ./parley bench logins [SECONDS]

The limits are those of service. Bursts of 200 guesses under as many names come from one address and one after the other, over
connections that are open, by a process at the lowest priority, since what guessing costs the guesser is not asked; at another
address somebody reads 12 times a second. Nothing is retried, so that what is refused is seen.
"""

import asyncio
import multiprocessing
import os
import secrets
import ssl
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection

import httpx
from parts import Parts, percentile, print_row

AT_ONCE = 200
#: Below every limit of one person.
READS_PER_S = 12
SECONDS = 60.0
GUESSERS_ADDRESS = "127.0.0.77"
LOWEST_PRIORITY = 19
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


def guess(address: str, ca_file: str, told: Connection) -> None:
    """A process that guesses, burst after burst, until it is told to stop; then it tells the answers and how long each took."""
    os.nice(LOWEST_PRIORITY)
    told.send(asyncio.run(_guess(address, ca_file, told)))


async def _guess(address: str, ca_file: str, told: Connection) -> tuple[Counter[int], list[float]]:
    answers, waits_s = Counter[int](), list[float]()
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    transport = httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context(cafile=ca_file), limits=limits, local_address=GUESSERS_ADDRESS
    )
    async with httpx.AsyncClient(base_url=address, timeout=60, transport=transport) as client:

        async def one() -> None:
            began = time.perf_counter()
            body = {"username": f"nobody{secrets.token_hex(4)}", "password": "wrong-password-1"}
            answer = await client.post(f"{FLOWS}/login", json=body)
            waits_s.append(time.perf_counter() - began)
            answers[answer.status_code] += 1

        await asyncio.gather(*(client.get("/.well-known/jwks.json") for _ in range(AT_ONCE)))
        told.send(None)
        while not told.poll():
            await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return answers, waits_s


async def measure(seconds: float) -> None:
    """Others alone, then others beside the guesses."""
    parts = Parts()
    tls = ssl.create_default_context(cafile=parts.ca_file)
    name = f"reader{secrets.token_hex(4)}"
    async with httpx.AsyncClient(base_url=parts.address, verify=tls, timeout=60) as reading:
        body = {"username": name, "email": f"{name}@example.org", "password": "plum teapot horizon 7"}
        answer = await reading.post(f"{FLOWS}/signup", json=body)
        others = Others(reading, answer.raise_for_status().json()["meta"]["access_token"])
        await others.read(2)
        await others.read(seconds)
        alone, alone_n = percentile(others.latencies_s, 0.99), len(others.latencies_s)
        ours, theirs = multiprocessing.Pipe()
        guesser = multiprocessing.get_context("spawn").Process(
            target=guess, args=(parts.address, parts.ca_file, theirs)
        )
        guesser.start()
        await asyncio.to_thread(ours.recv)
        await others.read(seconds)
        ours.send(None)
        answers, waits_s = await asyncio.to_thread(ours.recv)
        guesser.join()
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
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))


if __name__ == "__main__":
    main()

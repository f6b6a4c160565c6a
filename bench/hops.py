"""What each hop of a message costs, and what more nodes and more members of MongoDB cost.

    ./parley bench hops [SECONDS [ROUNDS]]

First the way of one durable message to a room of 200 sockets, each path turn by turn: straight to the nodes' Unix sockets, through
an nginx without TLS, and through the gateway with TLS 1.3; CPU of application, nginx, database and Redis apart. Then 64 senders
writing to the same 16 conversations on stacks of one, two and four nodes, and of two nodes with a replica set of three members.
"""

import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import uvloop
from lean import PATH, Door, LeanSocket
from parts import Parts, percentile, print_row
from peer import Program
from peers_parley import counting
from room import Room, Sender
from stacks import running_stack
from tally import Tally

from parley_ops.binaries import nginx_program
from parley_ops.errors import OperationError
from parley_ops.instance import choose_port
from parley_ops.layout import runtime
from parley_ops.privilege import service_user

SECONDS, ROUNDS = 10.0, 3
PEOPLE, SOCKETS = 20, 200
SENDERS, CONVERSATIONS = 64, 16
SETTLE_S = 1.0
#: (name, nodes, members of MongoDB's set); what the others are compared with comes first.
STACKS = (("1 node", 1, 1), ("2 nodes", 2, 1), ("4 nodes", 4, 1), ("2 nodes, 3 members", 2, 3))
#: How much of one node's sends several nodes keep.
SHARE_MIN = 0.8
_PLAIN_NGINX = """worker_processes 1; daemon off; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  upstream nodes {{ least_conn; {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location = {path} {{
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_buffering off;
      proxy_read_timeout 75s;
    }}
  }}
}}
"""

Figures = dict[str, float]


def nodes_of(parts: Parts) -> list[Path]:
    """The Unix sockets of a stack's nodes."""
    return [parts.home / "run" / f"{name}.sock" for name in sorted(parts.pids) if name.startswith("messaging")]


@contextlib.contextmanager
def plain_nginx(parts: Parts) -> Iterator[tuple[str, Program]]:
    """An nginx without TLS before the same nodes; its address, and the program for its CPU."""
    with tempfile.TemporaryDirectory(prefix="parley-nginx-", ignore_cleanup_errors=True) as place:
        user, port = service_user(), choose_port()
        program = Program(Path(place), user.pw_name if user else "")
        servers = " ".join(f'server "unix:{path}";' for path in nodes_of(parts))
        (program.folder / "nginx.conf").write_text(_PLAIN_NGINX.format(servers=servers, port=port, path=PATH))
        program.start([str(nginx_program()), "-p", place, "-c", f"{place}/nginx.conf", "-e", "stderr"], port)
        try:
            yield f"http://127.0.0.1:{port}", program
        finally:
            program.stop()


async def paths(seconds: float, rounds: int) -> None:
    """The three paths of the running stack."""
    parts = Parts()
    room = Room(parts)
    await room.invite(PEOPLE)
    owner, *others = room.people
    sender = await room.sender(owner, await room.group(owner, others), "x" * 300)
    nodes = nodes_of(parts)
    with plain_nginx(parts) as (address, program):

        def cpu_s(path: str) -> Figures:
            used = parts.cpu_s()
            return used | ({"nginx": program.cpu_s()} if path == "nginx without TLS" else {})

        doors = {
            "no gateway": [Door(parts.address, uds=node) for node in nodes],
            "nginx without TLS": [Door(address)],
            "nginx with TLS": [Door(parts.address, parts.ca_file)],
        }
        found: dict[tuple[str, str], list[Figures]] = defaultdict(list)
        for _ in range(rounds):
            for path, through in doors.items():
                sockets, tally = await listening(room, through)
                speaking = await through[0].open(await room.token(owner))

                async def send(speaking: LeanSocket = speaking) -> None:
                    speaking.send(sender.frame()[1])

                for name, in_flight in (("lockstep", 1), ("8 in flight", 8)):
                    before = cpu_s(path)
                    await tally.fan(send, seconds, in_flight)
                    after = cpu_s(path)
                    used = {part: after[part] - before[part] for part in after}
                    found[path, name].append(thousands(tally.deliveries, used))
                for socket in (*sockets, speaking):
                    socket.close()
                await asyncio.sleep(SETTLE_S)
    for (path, name), figures in found.items():
        median = {part: statistics.median(f[part] for f in figures) for part in figures[0]}
        print_row("hops", path=path, work=name, rounds=rounds, thousand_deliveries_per_cpu_s=median)
    await room.close()


def thousands(deliveries: int, used: Figures) -> Figures:
    """Thousand deliveries per CPU-second of each part and of all together; 0 where a part had nothing to do."""
    every = used | {"together": sum(used.values())}
    return {part: round(deliveries / s / 1e3, 1) if s >= 0.02 else 0.0 for part, s in every.items()}


async def listening(room: Room, through: list[Door]) -> tuple[list[LeanSocket], Tally]:
    """Sockets of the room's people that count, spread over these doors."""
    tally, sockets = Tally(SOCKETS), []
    for number in range(SOCKETS):
        token = await room.token(room.people[number % PEOPLE])
        door = through[number % len(through)]
        sockets.append(await door.open(token, counting(tally.arrived, number)))
    return sockets, tally


class Writer:
    """A sender with one message on its way: the next goes with the answer to the last."""

    def __init__(self, sender: Sender, latencies_s: list[float]) -> None:
        self._sender, self._latencies_s, self.until_s = sender, latencies_s, 0.0
        self._ref, self._sent_s = b"", 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.socket: LeanSocket

    def write(self) -> None:
        """Send one."""
        ref, frame = self._sender.frame()
        self._ref, self._sent_s = f'"ref":"{ref}"'.encode(), time.perf_counter()
        self.socket.send(frame)

    def heard(self, frame: bytes) -> None:
        """Go on, unless the time is over."""
        if self._ref not in frame or self.over.done():
            return
        now = time.perf_counter()
        if b'"type":"ack"' not in frame:
            self.over.set_exception(OperationError(f"A send was refused: {frame[:300].decode()}"))
            return
        self._latencies_s.append(now - self._sent_s)
        if now < self.until_s:
            self.write()
        else:
            self.over.set_result(None)


class Written:
    """One stack of `STACKS` with its conversations and senders."""

    def __init__(self, name: str, parts: Parts) -> None:
        self.name, self.parts, self.room = name, parts, Room(parts)
        self.senders: list[Sender] = []

    async def prepare(self) -> None:
        """Make the conversations."""
        await self.room.invite(CONVERSATIONS // 2)
        for client in self.room.people:
            for _ in range(2):
                where = await self.room.conversation(client, [])
                self.senders.append(await self.room.sender(client, where))

    async def write(self, seconds: float) -> Figures:
        """All senders at once for so long: sends per second, their latencies in ms, CPU of each in µs by part."""
        tokens = {id(client): await self.room.token(client) for client in self.room.people}
        doors = [Door(self.parts.address, uds=node) for node in nodes_of(self.parts)]
        latencies_s: list[float] = []
        writers = []
        for number in range(SENDERS):
            at = number % len(self.senders)
            writer = Writer(self.senders[at], latencies_s)
            token = tokens[id(self.room.people[at // 2])]
            writer.socket = await doors[number % len(doors)].open(token, writer.heard)
            writers.append(writer)
        before, began = self.parts.cpu_s(), time.perf_counter()
        for writer in writers:
            writer.until_s = began + seconds
            writer.write()
        await asyncio.wait_for(asyncio.gather(*(writer.over for writer in writers)), seconds + 60)
        took, after = time.perf_counter() - began, self.parts.cpu_s()
        for writer in writers:
            writer.socket.close()
        return {
            "sends/s": len(latencies_s) / took,
            **{f"ms p{share}": percentile(latencies_s, share / 100) * 1e3 for share in (50, 99)},
            **{f"µs, {part}": (after[part] - before[part]) / len(latencies_s) * 1e6 for part in after},
        }


@contextlib.contextmanager
def stack(nodes: int, members: int) -> Iterator[Parts]:
    """A running stack of so many nodes and members of MongoDB's set, in a home of its own."""
    home = runtime() / "bench-hops" / f"{nodes}-{members}"
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(exist_ok=True)
    try:
        with running_stack(home, "--nodes", str(nodes), "--replicas", str(members)) as parts:
            yield parts
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def growth(seconds: float, rounds: int) -> None:
    """The stacks beside each other, turn by turn."""
    with contextlib.ExitStack() as running:
        written = [Written(name, running.enter_context(stack(nodes, members))) for name, nodes, members in STACKS]
        found: dict[str, list[Figures]] = defaultdict(list)
        for one in written:
            await one.prepare()
            await one.write(min(SETTLE_S, seconds))
        for _ in range(rounds):
            for one in written:
                found[one.name].append(await one.write(seconds))
        for one in written:
            await one.room.close()
    first = found[STACKS[0][0]]
    for name, figures in found.items():
        median = {figure: round(statistics.median(f[figure] for f in figures), 1) for figure in figures[0]}
        share = statistics.median(mine["sends/s"] / base["sends/s"] for mine, base in zip(figures, first, strict=True))
        judged = {"aim": SHARE_MIN, "met": share >= SHARE_MIN} if name in {"2 nodes", "4 nodes"} else {}
        print_row("hops", stack=name, rounds=rounds, **median, share_of_one_node=round(share, 2), **judged)


async def measure(seconds: float, rounds: int) -> None:
    await paths(seconds, rounds)
    await growth(seconds, rounds)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    uvloop.run(measure(seconds, int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))


if __name__ == "__main__":
    main()

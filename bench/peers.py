"""Parley beside ejabberd, Prosody and Synapse: the same work on each in one run, turn by turn, with ratios and aims.

    ./parley bench peers [MEMBERS [ROUNDS [SECONDS]]]

Everything is durable: archives on, SQLite as packaged for the peers, a majority-journalled write for Parley. A round gives each
system the same seconds of each work: a room of MEMBERS in lockstep and with eight in flight, one-to-one sends with sixteen in
flight, and the room at 20 messages a second. Parley is reached through its gateway with TLS and sends sealed and signed messages,
the peers over plain TCP without encryption. CPU is the server processes' own.
"""

import asyncio
import statistics
import sys
from collections import defaultdict

import uvloop
from parts import print_row
from peer import TEXT, Peer
from peers_matrix import SynapsePeer
from peers_parley import ParleyPeer
from peers_xmpp import XmppPeer

MEMBERS = 200
ROUNDS = 3
SECONDS = 10.0
PER_S = 20.0
SETTLE_S = 1.0
#: Warming up: a round that is not counted.
WARM_S = 1.0
#: (figure, peer): how many times the peer's figure Parley aims at.
AIMS = {
    ("lockstep, application and database", "ejabberd"): 5,
    ("8 in flight, application and database", "ejabberd"): 10,
    ("lockstep, application and database", "synapse"): 100,
    ("8 in flight, application and database", "synapse"): 100,
    ("sends/s", "ejabberd"): 10,
    ("sends/s", "synapse"): 30,
}
#: Milliseconds that Parley aims at in the room at 20 messages a second.
LATENCY_AIMS_MS = {"ms p50": 8.0, "ms p99": 20.0}

Figures = dict[str, float]


async def one_round(peer: Peer, seconds: float) -> Figures:
    """All works of one system: deliveries per CPU-second by part, sends per second, latencies in ms."""
    await peer.renew()
    figures: Figures = {}
    for name, in_flight in (("lockstep", 1), ("8 in flight", 8)):
        before = peer.cpu_s()
        await peer.room.fan(peer.say, seconds, in_flight)
        used = spent(before, peer.cpu_s())
        figures |= {f"{name}, {part}": peer.room.deliveries / s for part, s in used.items() if s > 0}
        await asyncio.sleep(SETTLE_S)
    before = peer.cpu_s()
    took = await peer.pair.fan(peer.tell, seconds, 16)
    used = spent(before, peer.cpu_s())
    figures |= {"sends/s": peer.pair.sent / took}
    figures |= {f"µs of CPU a send, {part}": s / peer.pair.sent * 1e6 for part, s in used.items()}
    await asyncio.sleep(SETTLE_S)
    await peer.room.paced(peer.say, seconds, PER_S)
    figures |= {"ms p50": peer.room.milliseconds(0.5), "ms p99": peer.room.milliseconds(0.99)}
    await asyncio.sleep(SETTLE_S)
    return figures


def spent(before: Figures, after: Figures) -> Figures:
    """CPU seconds by part, and sums: what the peers have in one process, and all that a message passes."""
    used = {part: after[part] - before[part] for part in after}
    if "server" in used:
        return {"application and database": used["server"], "together": used["server"]}
    sums = {"application and database": used["application"] + used["database"]}
    return used | sums | {"together": sum(s for part, s in used.items() if part != "others")}


async def measure(members: int, rounds: int, seconds: float) -> None:
    peers = [ParleyPeer(members), XmppPeer("ejabberd", members), XmppPeer("prosody", members), SynapsePeer(members)]
    found: dict[str, list[Figures]] = defaultdict(list)
    try:
        for peer in peers:
            await peer.open()
            await one_round(peer, WARM_S)
        for _ in range(rounds):
            for peer in peers:
                found[peer.name].append(await one_round(peer, seconds))
    finally:
        for peer in peers:
            await peer.close()
    report(found, members, rounds, seconds)


def report(found: dict[str, list[Figures]], members: int, rounds: int, seconds: float) -> None:
    """Medians of the rounds, their ratios beside the aims, and which aims are missed."""
    common = {"members": members, "rounds": rounds, "seconds": seconds, "text_bytes": len(TEXT)}
    for name, figures in found.items():
        row = {figure: rounded(statistics.median(f[figure] for f in figures)) for figure in figures[0]}
        print_row("peers", system=name, **common, **row)
    ours = found[ParleyPeer.name]
    for name in (name for name in found if name != ParleyPeer.name):
        for figure in ("lockstep", "8 in flight"):
            for part in ("application and database", "together"):
                compare(f"{figure}, {part}", ours, name, found[name])
        compare("sends/s", ours, name, found[name])
        compare("ms p50", ours, name, found[name], lower_is_better=True)
        compare("ms p99", ours, name, found[name], lower_is_better=True)
    for figure, aim in LATENCY_AIMS_MS.items():
        value = statistics.median(f[figure] for f in ours)
        print_row("peers", what=figure, parley=rounded(value), aim=f"at most {aim}", met=value <= aim)


def compare(
    figure: str, ours: list[Figures], name: str, theirs: list[Figures], *, lower_is_better: bool = False
) -> None:
    """One ratio, of the same round each, and its aim where there is one."""
    pairs = [(mine[figure], other[figure]) for mine, other in zip(ours, theirs, strict=True) if figure in mine]
    ratios = [other / mine if lower_is_better else mine / other for mine, other in pairs]
    ratio, aim = statistics.median(ratios), AIMS.get((figure, name))
    row: dict[str, object] = {"ratio": rounded(ratio), "least": rounded(min(ratios)), "most": rounded(max(ratios))}
    if aim is not None:
        row |= {"aim": aim, "met": ratio >= aim}
    print_row("peers", what=f"{figure}: parley against {name}", n=len(ratios), **row)


def rounded(value: float) -> float:
    """Three digits at least."""
    return round(value) if value >= 100 else round(value, 2)


def main() -> None:
    words = sys.argv[1:]
    members = int(words[0]) if words else MEMBERS
    rounds = int(words[1]) if len(words) > 1 else ROUNDS
    uvloop.run(measure(members, rounds, float(words[2]) if len(words) > 2 else SECONDS))


if __name__ == "__main__":
    main()

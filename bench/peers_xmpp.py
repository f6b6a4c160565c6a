"""ejabberd and Prosody, as Debian packages them, with their archives (MAM) in SQLite, and raw XMPP clients.

The clients speak plain TCP: XMPP's side has no TLS to pay for. A stanza counts as delivered when its body has come whole.
"""

import asyncio
import base64
import tempfile
from pathlib import Path
from typing import cast

from peer import TEXT, Peer, Program, install_debian

from parley_ops.errors import OperationError
from parley_ops.instance import choose_port

ANSWER_TIMEOUT_S = 60.0
LOGINS_AT_ONCE = 10
ROOM = "room@conference.localhost"
_END_OF_BODY = b"</body>"
_STREAM = (
    "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
_EJABBERD = """hosts: [localhost]
loglevel: 3
auth_method: internal
auth_password_format: plain
default_db: mnesia
sql_type: sqlite
sql_database: {folder}/archive.sqlite
disable_sasl_mechanisms: []
certfiles: []
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, shaper: none, access: all, backlog: 512}}
registration_timeout: infinity
modules:
  mod_disco: {{}}
  mod_offline: {{}}
  mod_roster: {{}}
  mod_stream_mgmt: {{}}
  mod_register: {{ip_access: all, access: all, password_strength: 0}}
  mod_mam: {{db_type: sql, default: always, assume_mam_usage: true}}
  mod_muc:
    access_create: all
    max_users: 3000
    history_size: 0
    user_message_shaper: none
    room_shaper: none
    default_room_options: {{mam: true, persistent: true, max_users: 3000, anonymous: false}}
"""
_PROSODY = """pidfile = "{folder}/prosody.pid"
data_path = "{folder}"
interfaces = {{ "127.0.0.1" }}; c2s_ports = {{ {port} }}; s2s_ports = {{}}
modules_disabled = {{ "s2s", "tls", "limits" }}
modules_enabled = {{
  "roster", "saslauth", "disco", "register_ibr", "user_account_management", "mam", "smacks", "offline"
}}
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "sql"
sql = {{ driver = "SQLite3", database = "archive.sqlite" }}
default_archive_policy = true
archive_expires_after = "never"
log = {{ warn = "{folder}/prosody.log" }}
VirtualHost "localhost"
Component "conference.localhost" "muc"
  modules_enabled = {{ "muc_mam" }}
  muc_log_by_default = true
  muc_log_all_rooms = true
  muc_log_presences = false
  max_history_messages = 0
  restrict_room_creation = false
"""


class XmppClient(asyncio.Protocol):
    """One signed-in client: asks and waits for an answer, later counts bodies."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: tuple[tuple[bytes, ...], asyncio.Future[bytes]] | None = None
        self._delivered: tuple[Peer, str, int] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports do not descend from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer whoever waits, or count."""
        data = self._buffer + data
        if self._waiting is not None:
            self._buffer = data
            until, answer = self._waiting
            if any(mark in data for mark in until):
                self._waiting, self._buffer = None, b""
                if not answer.done():
                    answer.set_result(data)
        elif self._delivered is not None:
            peer, tally, receiver = self._delivered
            # What may be the beginning of a cut mark is kept; a whole one is longer than that.
            self._buffer = data[1 - len(_END_OF_BODY) :]
            if bodies := data.count(_END_OF_BODY):
                (peer.room if tally == "room" else peer.pair).arrived(receiver, bodies)

    async def ask(self, stanza: str, *until: str) -> str:
        """Send, and wait until one of these has come."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._buffer, self._waiting = b"", (tuple(mark.encode() for mark in until), answer)
        self.write(stanza)
        return (await asyncio.wait_for(answer, ANSWER_TIMEOUT_S)).decode(errors="replace")

    def write(self, stanza: str) -> None:
        """Send."""
        self._transport.write(stanza.encode())

    def count(self, peer: Peer, tally: str, receiver: int) -> None:
        """From now on every body is a delivery in that tally ("room" or "pair") of the peer."""
        self._buffer, self._delivered = b"", (peer, tally, receiver)

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()


async def sign_in(port: int, name: str) -> XmppClient:
    """Register an account and sign it in."""
    _, client = await asyncio.get_running_loop().create_connection(XmppClient, "127.0.0.1", port)
    await client.ask(_STREAM, "</stream:features>")
    await client.ask(
        "<iq type='set' id='r1'><query xmlns='jabber:iq:register'>"
        f"<username>{name}</username><password>password</password></query></iq>",
        *("</iq>", "id='r1'/>", 'id="r1"/>', "type='result'"),
    )
    word = base64.b64encode(f"\0{name}\0password".encode()).decode()
    said = await client.ask(
        f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{word}</auth>", "<success", "<failure"
    )
    if "<success" not in said:
        raise OperationError(f"An XMPP account could not be made: {said[:300]}")
    await client.ask(_STREAM, "</stream:features>")
    said = await client.ask(
        "<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>",
        "</iq>",
    )
    if "<jid>" not in said:
        raise OperationError(f"An XMPP resource could not be bound: {said[:300]}")
    client.write("<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence/>")
    return client


class XmppPeer(Peer):
    """Either of the two: which one is a matter of how it is started."""

    def __init__(self, name: str, members: int) -> None:
        super().__init__(members)
        self.name = name
        self._place = tempfile.TemporaryDirectory(prefix=f"parley-{name}-", ignore_cleanup_errors=True)
        self._program = Program(Path(self._place.name), name)
        self._clients: list[XmppClient] = []
        self._sender: XmppClient

    async def open(self) -> None:
        """Sign all in, let them enter one room, and count from there."""
        port = choose_port()
        await asyncio.to_thread(start_ejabberd if self.name == "ejabberd" else start_prosody, self._program, port)
        self._sender = await sign_in(port, "sender")
        names = [f"u{number}" for number in range(self.room.receivers + 1)]
        for at in range(0, len(names), LOGINS_AT_ONCE):
            self._clients += await asyncio.gather(*(sign_in(port, name) for name in names[at : at + LOGINS_AT_ONCE]))
        await self._sender.ask(
            f"<presence to='{ROOM}/sender'><x xmlns='http://jabber.org/protocol/muc'/></presence>", "110"
        )
        await self._sender.ask(
            f"<iq type='set' id='o1' to='{ROOM}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>",
            "o1",
        )
        for number, client in enumerate(self._clients[: self.room.receivers]):
            said = await client.ask(
                f"<presence to='{ROOM}/n{number}'><x xmlns='http://jabber.org/protocol/muc'>"
                "<history maxstanzas='0'/></x></presence>",
                *("110", "error"),
            )
            if "110" not in said:
                raise OperationError(f"{self.name} let nobody into the room: {said[:300]}")
        await asyncio.sleep(2)  # presences of the last ones are still told around
        for number, client in enumerate(self._clients[: self.room.receivers]):
            client.count(self, "room", number)
        self._clients[-1].count(self, "pair", 0)

    async def say(self) -> None:
        """A message to the room."""
        self._sender.write(f"<message type='groupchat' to='{ROOM}'><body>{TEXT}</body></message>")

    async def tell(self) -> None:
        """A message to the last client, which is not in the room."""
        to = f"u{self.room.receivers}@localhost/x"
        self._sender.write(f"<message type='chat' to='{to}'><body>{TEXT}</body></message>")

    def cpu_s(self) -> dict[str, float]:
        """Server and SQLite are one process."""
        return {"server": self._program.cpu_s()}

    async def close(self) -> None:
        """Hang up, end the server, throw its folder away."""
        for client in self._clients:
            client.close()
        await asyncio.to_thread(self._program.stop)
        self._place.cleanup()


def start_ejabberd(program: Program, port: int) -> None:
    """Install where missing, configure, start."""
    install_debian("ejabberdctl", "ejabberd", service="ejabberd")
    folder = program.folder
    (folder / "ejabberd.yml").write_text(_EJABBERD.format(folder=folder, port=port))
    # With a port of its own for Erlang's distribution no epmd is started, which would outlive us.
    (folder / "ejabberdctl.cfg").write_text(f"ERL_DIST_PORT={choose_port()}\nINET_DIST_INTERFACE=127.0.0.1\n")
    names = {"--config": "ejabberd.yml", "--ctl-config": "ejabberdctl.cfg", "--logs": "logs", "--spool": "spool"}
    for name in ("logs", "spool"):
        (folder / name).mkdir()
    program.start(["ejabberdctl", *(w for o, n in names.items() for w in (o, str(folder / n))), "foreground"], port)


def start_prosody(program: Program, port: int) -> None:
    """Install where missing, configure, start."""
    install_debian("prosody", "prosody", "lua-dbi-sqlite3", service="prosody")
    configuration = program.folder / "prosody.cfg.lua"
    configuration.write_text(_PROSODY.format(folder=program.folder, port=port))
    program.start(["prosody", "-F", "--config", str(configuration)], port)

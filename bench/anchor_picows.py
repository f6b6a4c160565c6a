"""The fan-out of `anchor_sends` on picows, as its documentation writes a server.

    anchor_picows.py PATH

Runs in an environment that has picows, which is not ours.
"""

import sys
from asyncio.trsock import TransportSocket

import uvloop
from anchor_sends import GREETING, SPEAKER, listener
from picows import WSListener, WSMsgType, WSTransport, ws_create_server  # type: ignore[import-not-found]


async def serve(path: str) -> None:
    """Until the process is ended."""
    room: set[WSTransport] = set()

    class Listener(WSListener):  # type: ignore[misc]
        speaks = identified = False

        def on_ws_connected(self, transport: WSTransport) -> None:
            transport.send(WSMsgType.TEXT, GREETING)

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            room.discard(transport)

        def on_ws_frame(self, transport: WSTransport, frame: object) -> None:
            if frame.msg_type != WSMsgType.TEXT:  # type: ignore[attr-defined]
                return
            payload = frame.get_payload_as_bytes()  # type: ignore[attr-defined]
            if self.speaks:
                for each in room:
                    each.send(WSMsgType.TEXT, payload)
            elif not self.identified:
                self.identified, self.speaks = True, SPEAKER.encode() in payload
                if not self.speaks:
                    room.add(transport)
                transport.send(WSMsgType.TEXT, GREETING)

    server = await ws_create_server(lambda _request: Listener(), sock=listener(path))
    await server.serve_forever()


if __name__ == "__main__":
    # picows sets options of TCP, which a Unix socket does not have.
    TransportSocket.setsockopt = lambda *_: None  # type: ignore[method-assign]
    TransportSocket.getsockopt = lambda *_: 0  # type: ignore[method-assign,assignment]
    uvloop.run(serve(sys.argv[1]))

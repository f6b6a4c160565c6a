"""Whether a server serves the very web app that a manifest lists: each file, in each coding that browsers take, with our policy.

What it cannot see: a server that serves one person something else. It asks like a browser and without an account, and is best
run from elsewhere, by surprise.
"""

from __future__ import annotations

import hashlib
import http.client
import secrets
import zlib
from collections.abc import Iterator, Mapping

from parley_gateway.site import policy

from parley_ops.watching.server import Answer, WatchedServer
from parley_ops.webapp.manifest import Listed

#: Blink and Gecko; tools and old proxies; nobody's preference.
CODINGS = ("gzip, deflate, br, zstd", "gzip", "identity")
PAGE = "/index.html"
#: By these a server makes browsers load what no file names.
FORBIDDEN_HEADERS = ("link", "refresh", "service-worker-allowed", "sourcemap", "x-sourcemap")


def differences(server: WatchedServer, files: Mapping[str, Listed]) -> Iterator[str]:
    """A sentence for each thing that a browser would get otherwise than the manifest says."""
    # The page answers every path without a dot, so that links into the app work.
    pages = ["/", f"/{secrets.token_hex(8)}", PAGE]
    wanted = [(path, files[PAGE]) for path in pages if PAGE in files]
    if not wanted:
        yield "The manifest has no page."
    wanted += [(path, listed) for path, listed in files.items() if path != PAGE]
    for path, listed in wanted:
        for coding in CODINGS:
            answer = server.get(path, Accept_Encoding=coding, Accept="*/*")
            fault = _fault(server.netloc, answer, listed)
            if fault:
                yield f"{path} ({coding}): {fault}"


def _fault(netloc: str, answer: Answer, listed: Listed) -> str:
    """What is wrong with one answer, empty where nothing is."""
    if answer.status != http.client.OK:
        return f"answers {answer.status}"
    named = [name for name in FORBIDDEN_HEADERS if name in answer.headers]
    if named:
        return f"the header {named[0]} leads elsewhere"
    if answer.headers.get("content-security-policy") != policy(netloc):
        return "has another Content-Security-Policy"
    body = _unpacked(answer, listed.size_bytes)
    if body is None:
        return f"is packed as {answer.headers.get('content-encoding')}, and does not unpack into the file"
    if len(body) != listed.size_bytes or hashlib.sha256(body).hexdigest() != listed.digest:
        return "is another file"
    return ""


def _unpacked(answer: Answer, size_bytes: int) -> bytes | None:
    """The body as a browser sees it, None where it does not unpack; never much more than the file should have."""
    # `./parley lock` must run before what it locks is installed.
    import brotli  # noqa: PLC0415

    limit = size_bytes + 1
    try:
        match answer.headers.get("content-encoding", ""):
            case "" | "identity":
                return answer.body
            case "gzip":
                unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
                body = unpacker.decompress(answer.body, limit)
                return body if unpacker.eof and not unpacker.unused_data else None
            case "br":
                packed = brotli.Decompressor()
                body = packed.process(answer.body, output_buffer_limit=limit)
                while not packed.is_finished() and len(body) < limit:
                    more = packed.process(b"", output_buffer_limit=limit)
                    if not more:
                        return None
                    body += more
                return bytes(body)
    except (zlib.error, brotli.error):
        return None
    return None

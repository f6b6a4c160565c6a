"""nginx's configuration, rendered from the route table and one instance's settings.

Invariants: only paths of the table reach a service, and never `/internal/`; what a client says about its own address or
request id is overwritten; every answer of nginx itself is a problem.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from parley_contracts.limits import HEARTBEAT_INTERVAL_S, MEDIA_PART_SIZE_BYTES, REQUEST_SIZE_BYTES_MAX
from parley_contracts.media_api import SIGNATURE_HEADER
from parley_gateway import documents, problems, site
from parley_gateway.headers import OWN_PAGE, header_lines


class Pace(NamedTuple):
    """What one client address may ask for: requests a second, how many more before it is refused, and how many of these need not wait."""

    rate_per_s: int
    burst: int
    at_once: int


#: By profile and zone. Passwords are tried one after the other, so that everybody else's requests find room between them; pictures
#: of people are what a list asks for by the dozen.
PACES = {
    "default": {"auth": Pace(20, 60, 60), "flows": Pace(10, 40, 10), "pictures": Pace(100, 300, 300)},
    "test": dict.fromkeys(("auth", "flows", "pictures"), Pace(2000, 4000, 4000)),
}
#: Of one client address, by profile.
CONNECTIONS = {"default": 512, "test": 20_000}
#: What TLS 1.2 may use: forward secrecy and authenticated encryption, nothing else (RFC 9325). TLS 1.3 has nothing weaker.
TLS12_CIPHERS = (
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    *("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
)
SOCKET_TIMEOUT_S = 3 * HEARTBEAT_INTERVAL_S
BODY_TIMEOUT_S = 30
#: For so long nothing is sent to a node that failed twice, where there are others.
FAIL_TIMEOUT_S = 3
CONNECTIONS_MAX = 16_384
_FILES_BESIDE_CONNECTIONS = 256
#: After a service's name: the same nodes for its sockets.
_SOCKETS = "_sockets"
#: Debian's bundle of certificate authorities, for an object store that speaks TLS.
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_TLS = f"""  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers "{":".join(TLS12_CIPHERS)}";
  ssl_session_cache shared:tls:4m;
  ssl_session_tickets off;
  ssl_prefer_server_ciphers off;"""
#: For how long a browser knows nothing but TLS here: two years (RFC 6797).
_STRICT_TRANSPORT = "max-age=63072000"
_SIGNATURE = f"$http_{SIGNATURE_HEADER.replace('-', '_')}"
_UUID = "[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"
_HEX = "[0-9a-f]+"
#: Nothing that the object store gives is ever a page.
_OBJECT_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": "attachment",
}
#: What the object store says of itself, and what `add_header` says better.
_STORE_HEADERS = (
    *("x-amz-id-2", "x-amz-request-id", "x-trans-id", "x-openstack-request-id", "Set-Cookie"),
    *("Cache-Control", "Content-Disposition", "Content-Security-Policy"),
)


@dataclass(frozen=True)
class Route:
    """One row of the table."""

    path: str
    match: str
    service: str
    limit: str = ""
    socket: bool = False
    presigned: bool = False
    page: bool = False
    cookies: bool = False


@dataclass(frozen=True)
class ObjectStore:
    """Where presigned requests go, and the Host that their signatures cover."""

    address: str
    host: str
    tls: bool = False


@dataclass(frozen=True)
class Settings:
    """One instance's part of the configuration."""

    listen: Sequence[str]
    port: int
    netloc: str
    certificate: Path
    key: Path
    work_dir: Path
    #: Unix sockets of each service.
    upstreams: Mapping[str, Sequence[Path]]
    object_store: ObjectStore
    limits_profile: str
    open_files_max: int
    #: The folder that `parley_gateway.documents.write` filled.
    documents: Path
    #: The folder that `./parley build-app` made; None serves the API alone.
    site: Path | None = None
    #: Whether browsers are told to use TLS for every host below this one, too.
    hsts_subdomains: bool = False


def routes() -> list[Route]:
    """The table."""
    table = tomllib.loads((files("parley_gateway") / "routes.toml").read_text())
    return [Route(**row) for row in table["route"]]


def render(settings: Settings) -> str:
    """The whole nginx.conf; routes of services that have no upstream are left out."""
    served = [route for route in routes() if route.presigned or route.service in settings.upstreams]
    return f"{_main(settings)}\nhttp {{\n{_http(settings)}\n{_maps(settings)}\n{_upstreams(settings)}\n{_server(settings, served)}\n}}\n"


def _main(settings: Settings) -> str:
    # A proxied connection holds two files: the client's and the service's.
    connections = min(CONNECTIONS_MAX, max(256, (settings.open_files_max - _FILES_BESIDE_CONNECTIONS) // 2))
    return f"""worker_processes 2;
worker_rlimit_nofile {settings.open_files_max};
worker_shutdown_timeout 5s;
pid "{settings.work_dir}/nginx.pid";
error_log stderr warn;
events {{ worker_connections {2 * connections}; }}"""


def _http(settings: Settings) -> str:
    zones = "\n".join(
        f"  limit_req_zone $binary_remote_addr zone=limit_{name}:4m rate={pace.rate_per_s}r/s;"
        for name, pace in PACES[settings.limits_profile].items()
    )
    temporary = "\n".join(
        f'  {name}_temp_path "{settings.work_dir}/{name}";'
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""{temporary}
  default_type application/octet-stream;
  log_format line escape=json '{{"at":"$time_iso8601","method":"$request_method","path":"$uri","status":$status,'
    '"bytes":$bytes_sent,"duration_s":$request_time,"upstream":"$upstream_addr","request_id":"$request_id"}}';
  access_log /dev/stdout line buffer=32k flush=2s;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 75s;
  keepalive_requests 10000;
  client_header_timeout 10s;
  client_body_timeout {BODY_TIMEOUT_S}s;
  send_timeout 30s;
  reset_timedout_connection on;
  large_client_header_buffers 4 16k;
  client_max_body_size {REQUEST_SIZE_BYTES_MAX};
{_TLS}
{zones}
  limit_conn_zone $binary_remote_addr zone=clients:4m;
  limit_req_status 429;
  limit_conn_status 429;
  proxy_http_version 1.1;
  proxy_set_header Host "{settings.netloc}";
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host "";
  proxy_set_header X-Real-IP "";
  proxy_set_header Forwarded "";
  proxy_set_header Cookie $passed_cookies;
  proxy_set_header X-Request-ID $request_id;
  proxy_hide_header X-Request-ID;
  proxy_hide_header Server;
  proxy_hide_header Strict-Transport-Security;
  proxy_hide_header X-Content-Type-Options;
  proxy_hide_header Referrer-Policy;
  proxy_hide_header Content-Security-Policy;
  proxy_connect_timeout 2s;
  proxy_send_timeout 30s;
  proxy_read_timeout 30s;
  proxy_buffers 16 16k;"""


def _maps(settings: Settings) -> str:
    """What depends on the request. Cookies are the whole host's (`__Host-`): they are passed on to whom they are meant for alone."""
    subdomains = "; includeSubDomains" if settings.hsts_subdomains else ""
    takers = " ".join(f'"~^{re.escape(route.path)}" $http_cookie;' for route in routes() if route.cookies)
    return f"""  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  map $host $strict_transport {{ default "{_STRICT_TRANSPORT}{subdomains}"; }}
  map $uri $passed_cookies {{ default ""; {takers} }}
{site.MAPS}
{documents.MAPS}"""


def _upstreams(settings: Settings) -> str:
    blocks = []
    with_sockets = {route.service for route in routes() if route.socket}
    for service, sockets in settings.upstreams.items():
        blocks.append(
            _upstream(
                service, sockets, f"max_fails=2 fail_timeout={FAIL_TIMEOUT_S}s" if len(sockets) > 1 else "max_fails=0"
            )
        )
        if service in with_sockets:
            # nginx believes a failed node well again when a request to it has ended, and lets one in three seconds try. A
            # socket does not end, so after a fall of all nodes everybody would wait for that; a dead one refuses at once.
            blocks.append(_upstream(f"{service}{_SOCKETS}", sockets, "max_fails=0"))
    store = settings.object_store.address
    blocks.append(f'  upstream s3 {{\n    server "{store}" max_fails=0;\n    keepalive 32;\n  }}')
    return "\n".join(blocks)


def _upstream(name: str, sockets: Sequence[Path], failing: str) -> str:
    servers = "\n".join(f'    server "unix:{socket}" {failing};' for socket in sockets)
    return f"  upstream {name} {{\n    zone upstream_{name} 128k;\n    least_conn;\n{servers}\n    keepalive 32;\n  }}"


def _server(settings: Settings, served: Sequence[Route]) -> str:
    addresses = [f"[{address}]" if ":" in address else address for address in settings.listen]
    listen = "\n".join(f"    listen {address}:{settings.port} ssl;" for address in addresses)
    locations = "\n".join(
        _location(route, settings, len(settings.upstreams.get(route.service, ""))) for route in served
    )
    return f"""  server {{
{listen}
    http2 on;
    server_name _;
    ssl_certificate "{settings.certificate}";
    ssl_certificate_key "{settings.key}";
    limit_conn clients {CONNECTIONS[settings.limits_profile]};
{problems.error_pages()}
{problems.locations(header_lines())}
{locations}
{documents.locations(settings.documents)}
{_site(settings)}
  }}"""


def _site(settings: Settings) -> str:
    """The web app's files, or where there are none a word to whoever looks in."""
    if settings.site is not None:
        return f'    root "{settings.site}";\n{site.locations(settings.netloc)}'
    return f"""    location = / {{
      default_type "text/html; charset=utf-8";
{header_lines()}
      limit_except GET {{ deny all; }}
      return 200 '<!doctype html><title>Parley</title><h1>Parley</h1><p>This server speaks the Parley API.</p>';
    }}
    location / {{ return 404; }}"""


def _location(route: Route, settings: Settings, upstream_size: int) -> str:
    if route.presigned:
        return _presigned_location(route, settings)
    lines = [
        header_lines(OWN_PAGE if route.page else None),
        f"      proxy_pass http://{route.service}{_SOCKETS if route.socket else ''};",
    ]
    if route.limit:
        pace = PACES[settings.limits_profile][route.limit]
        lines.append(f"      limit_req zone=limit_{route.limit} burst={pace.burst} delay={pace.at_once};")
    if upstream_size > 1:
        # Every write of these services is an idempotent PUT, so another node may be asked again.
        lines.append("      proxy_next_upstream error timeout http_502 http_503 non_idempotent;")
        lines.append(f"      proxy_next_upstream_tries {upstream_size};")
        lines.append("      proxy_next_upstream_timeout 10s;")
    else:
        lines.append("      proxy_next_upstream off;")
    if route.socket:
        # proxy_set_header is not inherited where a location sets one: the general ones are repeated.
        lines.append(_socket_headers(settings))
    if route.match == "exact":
        written, sign, beside = rf"^{re.escape(route.path)}(\?|$)", "= ", ""
    else:
        # nginx would redirect the path without its slash.
        written, sign = f"^{re.escape(route.path)}", "^~ "
        beside = f"    location = {route.path.removesuffix('/')} {{ return 404; }}\n"
    # nginx matches the path with its dots resolved, and passes it on as it was written.
    lines.append(f'      if ($request_uri !~ "{written}") {{ return 404; }}')
    return f"{beside}    location {sign}{route.path} {{\n" + "\n".join(lines) + "\n    }"


def _presigned_location(route: Route, settings: Settings) -> str:
    """The object store, for requests that it can judge by their signature: one object, fetched or put.

    The signature comes in a header, so that no address has it, and goes on as the query that the store asks for.
    """
    store = settings.object_store
    scheme = "https" if store.tls else "http"
    trust = f"""
      proxy_ssl_server_name on;
      proxy_ssl_name "{store.host.rsplit(":", 1)[0]}";
      proxy_ssl_verify on;
      proxy_ssl_verify_depth 4;
      proxy_ssl_trusted_certificate "{SYSTEM_AUTHORITIES}";"""
    hidden = "\n".join(f"      proxy_hide_header {name};" for name in _STORE_HEADERS)
    return f"""    location = {route.path.removesuffix("/")} {{ return 404; }}
    location ^~ {route.path} {{
{header_lines(_OBJECT_HEADERS)}
      if ($request_uri !~ "^{re.escape(route.path)}{_UUID}$") {{ return 404; }}
      if ({_SIGNATURE} !~ "^[A-Za-z0-9._~%&=-]+$") {{ return 404; }}
      if ({_SIGNATURE} !~ "(^|&)X-Amz-Signature={_HEX}(&|$)") {{ return 404; }}
      if ($request_method !~ "^(GET|PUT)$") {{ return 405; }}
      client_max_body_size {MEDIA_PART_SIZE_BYTES};
      proxy_pass {scheme}://s3$uri?{_SIGNATURE};
      proxy_set_header Host "{store.host}";
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_set_header Cookie "";
      proxy_set_header {SIGNATURE_HEADER} "";
      proxy_set_header X-Request-ID $request_id;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_next_upstream off;
      proxy_intercept_errors on;{trust if store.tls else ""}
{hidden}
      default_type application/octet-stream;
    }}"""


def _socket_headers(settings: Settings) -> str:
    return f"""      proxy_set_header Host "{settings.netloc}";
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host "";
      proxy_set_header X-Real-IP "";
      proxy_set_header Forwarded "";
      proxy_set_header Cookie $passed_cookies;
      proxy_set_header X-Request-ID $request_id;
      proxy_buffering off;
      proxy_read_timeout {SOCKET_TIMEOUT_S}s;
      proxy_send_timeout {SOCKET_TIMEOUT_S}s;"""

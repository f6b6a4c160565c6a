"""The object store: OpenStack Swift on one device behind its S3 interface, everything encrypted at rest.

The rings have one replica; a server beyond one machine gives any S3 instead (`PARLEY_S3_ENDPOINT`).
"""

from __future__ import annotations

import base64
import http.client
import sys
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from parley_ops.binaries import swift_program
from parley_ops.errors import Unhealthy
from parley_ops.instance import Instance
from parley_ops.layout import Home, write_private
from parley_ops.parts import ENGINES, Part
from parley_ops.privilege import user_name
from parley_ops.secret_files import engine_secret

ACCESS_KEY = "parley:svc"
REGION = "us-east-1"
BUCKETS = ("profiles", "media")
SERVERS = ("account", "container", "object")
_TIMEOUT_S = 5
_PARTITION_POWER = 8

_STORAGE = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {etc}
devices = {devices}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = WARNING
log_name = {server}
[pipeline:main]
pipeline = healthcheck {server}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:{server}-server]
use = egg:swift#{server}
auto_create_account_prefix = .
"""

_PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {etc}
log_level = WARNING
log_name = proxy
[pipeline:main]
pipeline = {pipeline}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:cache]
paste.filter_factory = parley_ops.swift_cache:filter_factory
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = {region}
allow_multipart_uploads = true
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
reseller_prefix = AUTH
user_{account} = {password} .admin
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
allow_versioned_writes = true
[filter:keymaster]
use = egg:swift#keymaster
encryption_root_secret = {root_secret}
"""
_PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk s3api tempauth copy slo dlo"
    " versioned_writes symlink keymaster encryption proxy-logging proxy-server"
)
#: Filters without settings of their own; Swift's egg spells them with underscores.
_PLAIN = "catch_errors gatekeeper healthcheck proxy-logging listing_formats bulk copy slo dlo symlink encryption"


def prepare(home: Home, instance: Instance) -> None:
    """Settings and rings."""
    etc = home.data / "swift" / "etc"
    for folder in (etc, home.data / "swift" / "devices" / "d1"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ends = {name: engine_secret(home, f"swift_hash_{name}") for name in ("suffix", "prefix")}
    write_private(
        etc / "swift.conf",
        f"[swift-hash]\nswift_hash_path_suffix = {ends['suffix']}\nswift_hash_path_prefix = {ends['prefix']}\n"
        "[storage-policy:0]\nname = default\ndefault = yes\n",
    )
    common = {"user": user_name(), "etc": etc}
    for server in SERVERS:
        port = instance.ports[f"s3-{server}"]
        devices = home.data / "swift" / "devices"
        write_private(etc / f"{server}.conf", _STORAGE.format(server=server, port=port, devices=devices, **common))
        _make_ring(home, server, port)
    root_secret = base64.b64encode(bytes.fromhex(engine_secret(home, "swift_root_secret"))).decode()
    plain = "".join(f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n" for name in _PLAIN.split())
    proxy = _PROXY.format(
        port=instance.ports["s3-proxy"],
        pipeline=_PIPELINE,
        region=REGION,
        account=ACCESS_KEY.replace(":", "_"),
        password=engine_secret(home, "s3"),
        root_secret=root_secret,
        **common,
    )
    write_private(etc / "proxy.conf", proxy + plain)


def _make_ring(home: Home, server: str, port: int) -> None:
    etc = home.data / "swift" / "etc"
    if (etc / f"{server}.ring.gz").exists():
        return
    from swift.common.ring.builder import RingBuilder  # noqa: PLC0415 - heavy, and needed once

    builder = RingBuilder(_PARTITION_POWER, 1, 0)
    address = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 1.0, "meta": "", **address})
    builder.rebalance(seed="1")
    builder.save(str(etc / f"{server}.builder"))
    fresh = etc / f".{server}.ring.gz"
    builder.get_ring().save(str(fresh))
    fresh.replace(etc / f"{server}.ring.gz")


def parts(home: Home, instance: Instance) -> list[Part]:
    """The three storage servers and the proxy that speaks S3."""
    settings = s3_settings(home, instance)
    return [_part(home, instance, server, settings) for server in (*SERVERS, "proxy")]


def _part(home: Home, instance: Instance, server: str, settings: dict[str, str]) -> Part:
    port = instance.ports[f"s3-{server}"]
    conf = home.data / "swift" / "etc" / f"{server}.conf"
    command = (sys.executable, "-W", "ignore", str(swift_program(server)), str(conf), "-v")

    def alive() -> str:
        return _answers(port)

    def check() -> str:
        return check_buckets(settings)

    environment = {"TMPDIR": str(home.data / "swift")}
    return Part(f"s3-{server}", ENGINES, command, check if server == "proxy" else alive, alive, environment=environment)


def _answers(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthcheck")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unhealthy(f"does not answer on port {port}: {error}") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise Unhealthy(f"answers {status}")
    return "answers"


def s3_settings(home: Home, instance: Instance) -> dict[str, str]:
    """How services reach the embedded store."""
    return {
        "PARLEY_S3_ENDPOINT": f"http://127.0.0.1:{instance.ports['s3-proxy']}",
        "PARLEY_S3_REGION": REGION,
        "PARLEY_S3_ACCESS_KEY": ACCESS_KEY,
        "PARLEY_S3_SECRET_KEY": engine_secret(home, "s3"),
    }


def client(settings: dict[str, str]) -> Any:
    """An S3 client for `settings`."""
    config = Config(
        connect_timeout=_TIMEOUT_S,
        read_timeout=4 * _TIMEOUT_S,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return Session().create_client(
        "s3",
        endpoint_url=settings["PARLEY_S3_ENDPOINT"],
        region_name=settings["PARLEY_S3_REGION"],
        aws_access_key_id=settings["PARLEY_S3_ACCESS_KEY"],
        aws_secret_access_key=settings["PARLEY_S3_SECRET_KEY"],
        config=config,
    )


def check_buckets(settings: dict[str, str]) -> str:
    """See every bucket."""
    try:
        found = {bucket["Name"] for bucket in client(settings).list_buckets()["Buckets"]}
    except (BotoCoreError, ClientError) as error:
        raise Unhealthy(str(error)) from error
    if missing := set(BUCKETS) - found:
        raise Unhealthy(f"lacks the bucket {', '.join(sorted(missing))}")
    return f"S3, {len(BUCKETS)} buckets"


def provision(settings: dict[str, str]) -> None:
    """Make the buckets that are missing."""
    store = client(settings)
    found = {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}
    for bucket in BUCKETS:
        if bucket not in found:
            store.create_bucket(Bucket=bucket)

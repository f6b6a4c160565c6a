"""nginx in front of everything: its configuration on disk, and the check that it presents our certificate."""

from __future__ import annotations

import http.client
import resource
import ssl
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from parley_gateway import ObjectStore, Settings, documents, render

from parley_ops import services
from parley_ops.binaries import nginx_program
from parley_ops.certificates import server_certificate
from parley_ops.errors import OperationError, Unhealthy
from parley_ops.instance import Instance, listen_addresses
from parley_ops.layout import Home, write_private
from parley_ops.parts import GATEWAY, Part

OPEN_FILES_MAX = 65_536
_TIMEOUT_S = 5


def open_files() -> int:
    """How many files a process may hold open here."""
    return min(OPEN_FILES_MAX, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def point_to_site(home: Home, site: Path) -> None:
    """Serve this build of the web app from now on, also where nginx runs already."""
    fresh = home.etc / ".site.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(site)
    fresh.replace(home.etc / "site")


def prepare(home: Home, instance: Instance, object_store: ObjectStore) -> None:
    """Write the configuration and let nginx judge it."""
    work_dir = home.data / "nginx"
    work_dir.mkdir(mode=0o700, exist_ok=True)
    folder = home.etc / "documents"
    folder.mkdir(mode=0o700, exist_ok=True)
    documents.write(folder)
    settings = Settings(
        listen=listen_addresses(instance),
        port=instance.port,
        netloc=instance.netloc,
        certificate=home.tls / "server.crt",
        key=home.tls / "server.key",
        work_dir=work_dir,
        upstreams=services.sockets(home, instance),
        object_store=object_store,
        limits_profile=instance.limits_profile,
        open_files_max=open_files(),
        documents=folder,
        site=home.etc / "site",
        hsts_subdomains=instance.hsts_subdomains,
    )
    write_private(home.etc / "nginx.conf", render(settings))
    judged = subprocess.run(
        [*_command(home), "-t", "-q"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S * 4
    )
    if judged.returncode:
        raise OperationError(f"nginx refuses its configuration: {judged.stderr.strip()}")


def _command(home: Home) -> tuple[str, ...]:
    work_dir: Path = home.data / "nginx"
    return (str(nginx_program()), "-p", str(work_dir), "-c", str(home.etc / "nginx.conf"), "-e", "stderr")


def part(home: Home, instance: Instance) -> Part:
    """The server; it drains its connections at QUIT."""
    command = (*_command(home), "-g", "daemon off;")

    def check() -> str:
        return _check(home, instance)

    return Part("nginx", GATEWAY, command, check, check, stop_signal="QUIT")


def _check(home: Home, instance: Instance) -> str:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the certificate is compared with ours below
    connection = http.client.HTTPSConnection("127.0.0.1", instance.port, timeout=_TIMEOUT_S, context=context)
    try:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        presented = connection.sock.getpeercert(binary_form=True)
        connection.request("GET", "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unhealthy(f"does not answer on port {instance.port}: {error}") from error
    finally:
        connection.close()
    if presented != server_certificate(home).public_bytes(Encoding.DER):
        raise Unhealthy(f"port {instance.port} belongs to another server")
    if status != http.client.OK:
        raise Unhealthy(f"answers {status}")
    return instance.address

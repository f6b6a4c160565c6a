"""`./parley sign-web` and `./parley verify-web`: a signed list of the web app's files, and whether a server serves those."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from parley_contracts.checkpoints import PLAIN, CheckpointError, parse_key
from parley_ops.errors import UsageError
from parley_ops.layout import checkout, runtime, write_private
from parley_ops.watching.server import WatchedServer
from parley_ops.watching.web import differences
from parley_ops.webapp.build import ensure_site
from parley_ops.webapp.manifest import files_of, key_of, open_manifest, sign_manifest


def sign_web(
    output: Annotated[Path, typer.Argument(help="Where to write the manifest.")],
    *,
    key: Annotated[Path, typer.Option(help="File with the private key (PEM), kept offline; made where it is missing.")],
    name: Annotated[str, typer.Option(help="The key's name.")] = "parley-web",
    site: Annotated[Path | None, typer.Option(help="A built site.", show_default="this checkout's")] = None,
) -> None:
    """Write the signed list of the web app's files, and print the public key to hand on."""
    private = _private_key(key)
    built = site or ensure_site(checkout(), runtime(), _say)
    output.write_text(sign_manifest(files_of(built), name, private))
    sys.stdout.write(key_of(name, private).text() + "\n")


def verify_web(
    server: Annotated[str, typer.Argument(help="https://HOST:PORT of the server.")],
    *,
    manifest: Annotated[Path | None, typer.Option(help="The signed list of its files.")] = None,
    key: Annotated[str | None, typer.Option(help="The public key that signed it.")] = None,
    ca: Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")] = None,
) -> None:
    """Fetch all that a browser would run and compare it with a manifest, else with this checkout's own web app."""
    if (manifest is None) != (key is None):
        raise UsageError("--manifest and --key belong together.")
    if manifest is not None and key is not None:
        try:
            files = open_manifest(manifest.read_text(), parse_key(key, PLAIN))
        except (OSError, UnicodeDecodeError, CheckpointError) as error:
            raise UsageError(f"The manifest or its key cannot be read: {error}.") from error
    else:
        files = files_of(ensure_site(checkout(), runtime(), _say))
    found = list(differences(WatchedServer(server, ca), files))
    for line in found:
        sys.stdout.write(f"{line}\n")
    _say(f"{len(files)} files, {len(found)} differences.")
    raise typer.Exit(1 if found else 0)


def _private_key(file: Path) -> Ed25519PrivateKey:
    if not file.exists():
        fresh = Ed25519PrivateKey.generate()
        write_private(file, fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{file} is no private key.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{file} is no Ed25519 key.")
    return private


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")

"""The log of people's keys on a real server: followed by devices, audited, witnessed; and its web app compared with a list."""

import hashlib
import json
import re
import subprocess
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_ops.watching.server import WatchedServer
from parley_ops.webapp.manifest import Listed, key_of, sign_manifest


def watch(*arguments):
    """A `./parley` command that needs no home."""
    command = [sys.executable, "-m", "parley_ops", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_devices_auditors_and_witnesses_see_one_log(stack, device, tmp_path):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="hello")
    outside = (stack.address, "--ca", stack.ca_file, "--state", tmp_path / "state")
    first = json.loads(watch("transparency", "audit", *outside).stdout)
    assert first["irregular"] == [] and not first["stale"] and first["people"] >= 2
    device("carla")
    followed = [each("key_log.follow") for each in (anna, berta)]
    assert {each["state"] for each in followed} == {"self_audited"}
    again = json.loads(watch("transparency", "audit", *outside).stdout)
    assert again["continues"] == first["size"] < again["size"] == followed[0]["size"] == followed[1]["size"]
    assert again["key"] == followed[0]["key"]

    witness = (
        stack.address,
        "--ca",
        stack.ca_file,
        "--key",
        tmp_path / "key",
        "--state",
        tmp_path / "signed",
        "--once",
    )
    refused = watch("transparency", "witness", *witness, "--name", "watch.example")
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    (tmp_path / "witnesses").write_text(refused.stdout)
    assert stack.ops("transparency", "witnesses", str(tmp_path / "witnesses")).returncode == 0
    signed = watch("transparency", "witness", *witness)
    assert signed.returncode == 0, signed.stderr
    status = berta("key_log.witnesses", keys=[signed.stdout.strip()], at_least=1)
    assert (status["state"], status["witnesses"][0]["size"]) == ("witnessed", again["size"])
    emil = device("emil")
    assert watch("transparency", "witness", *witness).returncode == 0
    berta("key_log.follow")
    berta("send", to=f"@{emil.username}", text="somebody has seen you")


def test_the_gateway_serves_what_was_signed_in_every_coding(stack, tmp_path):
    server = WatchedServer(stack.address, stack.ca_file)
    page = server.get("/index.html", Accept_Encoding="identity").body
    named = re.findall(rb'(?:src|href)="(/[^"]+\.[a-z]+)"', page)
    paths = ["/index.html", "/service-worker.js", *sorted({name.decode() for name in named})]
    bodies = {path: server.get(path, Accept_Encoding="identity").body for path in paths}
    server.close()
    files = {path: Listed(hashlib.sha256(body).hexdigest(), len(body)) for path, body in bodies.items()}
    private = Ed25519PrivateKey.generate()
    for changed, code in ((False, 0), (True, 1)):
        if changed:
            files["/service-worker.js"] = Listed("0" * 64, files["/service-worker.js"].size_bytes)
        (tmp_path / "manifest").write_text(sign_manifest(files, "test", private))
        known = ("--manifest", tmp_path / "manifest", "--key", key_of("test", private).text())
        done = watch("verify-web", stack.address, "--ca", stack.ca_file, *known)
        assert done.returncode == code, done.stdout + done.stderr
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["/service-worker.js"] * 3
    assert len(paths) > 5

"""What the browser's memory snapshot relies on: importing makes no key, token, random state, id or time."""

import subprocess
import sys

_GUARD = """
import os, random, secrets, sys, time, uuid

import flet, msgspec  # what libraries do on import is theirs; the snapshot reseeds `random` and the hash seed
import parley_client.rpc

def stop(name):
    def called(*_, **__):
        raise AssertionError(name + " at import")
    return called

os.urandom = random.random = random.getrandbits = uuid.uuid4 = stop("randomness")
secrets.token_bytes = secrets.token_hex = secrets.token_urlsafe = secrets.randbelow = stop("a secret")
time.time = time.time_ns = stop("a time")
import parley_app.main
{planted}
print(sum(name.startswith("parley_app") for name in sys.modules))
"""


def run(planted=""):
    code = _GUARD.replace("{planted}", planted)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_makes_nothing_that_must_differ():
    done = run()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40


def test_a_secret_at_import_is_caught():
    assert "a secret at import" in run("secrets.token_hex(8)").stderr


def test_the_entry_does_not_bring_the_desktop():
    code = "import sys, parley_app.main; print('parley_app.desktop' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr

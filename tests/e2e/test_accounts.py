"""The account itself on the command line, against the whole stack: letters, a second step, and sessions that end."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e_devices import Device, Refused, Stack, access_token
from e2e_letters import CONFIRM, RESET, AuthenticatorApp, code_to
from test_revoked import OUT_WITHIN_S, SOCKET, identify
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from parley_contracts.messaging_api import CLOSE_REVOKED

Make = Callable[..., Device]


def command(device: Device, *words: str) -> Any:
    """Run a command in a device's profile, which its process lets go meanwhile; what it printed."""
    device.stop()
    line = [sys.executable, "-m", "parley_client", "--profile", str(device.profile), *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    device.start()
    return json.loads(done.stdout) if done.stdout else None


def test_an_address_is_confirmed_and_changed(stack: Stack, device: Make):
    anna = device("anna")
    assert command(anna, "account", "show")["email_verified"] is False
    code = code_to(stack, anna.email, CONFIRM)
    assert command(anna, "account", "verify", code)["email_verified"] is True
    new = f"new.{anna.email}"
    command(anna, "account", "email", new)
    changed = command(anna, "account", "verify", code_to(stack, new, CONFIRM))
    assert (changed["email"], changed["email_verified"]) == (new, True)
    assert command(anna, "whoami")["username"] == anna.username


def test_a_forgotten_password_opens_no_history(stack: Stack, device: Make, tmp_path):
    anna = device("anna")
    anna("send", to=f"@{anna.username}", text="before the reset")
    nobody = device("nobody", registered=False)
    where = ["--server", stack.address, "--ca", stack.ca_file]
    command(nobody, "account", "forgot", *where, "--email", anna.email)
    (tmp_path / "code").write_text(code_to(stack, anna.email, RESET))
    (tmp_path / "new").write_text("another candle at the window")
    files = ["--code-file", str(tmp_path / "code"), "--new-password-file", str(tmp_path / "new")]
    with pytest.raises(AssertionError, match="does not open your encrypted history"):
        command(nobody, "account", "reset", *where, *files)
    command(nobody, "account", "reset", *where, *files, "--understood")
    key = anna.recovery_key
    anna.password, phone = "another candle at the window", device("phone", registered=False)
    own = {"server": stack.address, "ca_file": stack.ca_file, "username": anna.username, "password": anna.password}
    with pytest.raises(Refused) as caught:
        phone("login", **own)
    assert caught.value.slug == "recovery_key_required"
    phone("login", **own, recovery_key=key)
    assert "before the reset" in [message["text"] for message in phone.history()]


def test_a_second_step_is_asked_for(stack: Stack, device: Make):
    anna = device("anna")
    setup = command(anna, "account", "totp")
    code = AuthenticatorApp(setup["secret"]).code()
    codes = command(anna, "account", "totp", setup["setup"], code)["codes"]
    assert command(anna, "account", "factors")["recovery_codes_left"] == len(codes) == 10
    own = {"server": stack.address, "ca_file": stack.ca_file, "username": anna.username, "password": anna.password}
    phone = device("phone", registered=False)
    for extra, slug in (({}, "second_factor_required"), ({"code": "000000"}, "wrong_code")):
        with pytest.raises(Refused) as caught:
            phone("login", **own, recovery_key=anna.recovery_key, **extra)
        assert caught.value.slug == slug
    phone("login", **own, recovery_key=anna.recovery_key, code=codes[0])
    assert command(anna, "account", "factors")["recovery_codes_left"] == 9


def test_a_device_is_signed_out_from_another(stack: Stack, device: Make):
    anna, phone = device("anna"), device("phone", registered=False)
    phone.login(anna)
    sessions = command(anna, "account", "sessions")
    assert len(sessions) == 2 and all(session["network"] for session in sessions)
    theirs = next(session for session in sessions if not session["is_current"])
    renamed = command(anna, "account", "rename", theirs["session_id"], "Lost phone")
    assert renamed["name"] == "Lost phone"
    context = ssl.create_default_context(cafile=stack.ca_file)
    with connect(stack.address.replace("https", "wss") + SOCKET, ssl=context) as socket:
        identify(socket, access_token(phone))
        command(anna, "account", "sign-out", theirs["session_id"])
        began = time.monotonic()
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=OUT_WITHIN_S)
        assert socket.close_code == CLOSE_REVOKED
        assert time.monotonic() - began < OUT_WITHIN_S
    assert [session["is_current"] for session in command(anna, "account", "sessions")] == [True]

"""The stack that all journeys share, and devices that end with their test."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e_devices import Device, Stack
from e2e_notification import push_service
from e2e_stacks import ENGINES, admin_addresses, free_port
from e2e_web import ARGUMENTS, WebApp, browser_profile, chromium_path
from playwright.sync_api import Browser, Playwright, sync_playwright
from push_receiver import PushReceiver

from parley_ops.trial import trusted_provider

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack that the environment names, or one of our own."""
    if "PARLEY_TEST_HOME" in os.environ:
        address, ca_file, home = (os.environ[f"PARLEY_TEST_{name}"] for name in ("ADDRESS", "CA_FILE", "HOME"))
        yield Stack(address, ca_file, Path(home), {name: os.environ[name] for name in ENGINES})
        return
    # Not below pytest's own folder, which the services' user could not enter where root runs this.
    home_folder = Path(tempfile.mkdtemp(prefix="parley-e2e-", dir="/var/tmp"))
    home_folder.chmod(0o755)
    port = free_port()
    command = [str(ROOT / "parley"), "up", "--home", str(home_folder), "--port", str(port), "--detach"]
    own = {name: value for name, value in os.environ.items() if name not in ENGINES}
    command += ["--limits-profile", "test", "--push-loopback", "--members-invite", "--cheap-passwords"]
    providers, provider_port = trusted_provider(home_folder)
    os.environ["PARLEY_TEST_PROVIDER_PORT"] = str(provider_port)
    command += ["--identity-providers-file", str(providers)]
    try:
        subprocess.run(command, env=own, check=True, timeout=600)
        address, ca_file = f"https://localhost:{port}", str(home_folder / "tls" / "ca.crt")
        yield Stack(address, ca_file, home_folder, admin_addresses(home_folder))
    finally:
        subprocess.run([str(ROOT / "parley"), "down", "--home", str(home_folder)], env=own, check=False, timeout=120)
        shutil.rmtree(home_folder, ignore_errors=True)
        providers.unlink()


@pytest.fixture
def device(stack: Stack, tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Make devices; each is registered unless told otherwise."""
    made: list[Device] = []

    def make(name: str = "user", *, registered: bool = True) -> Device:
        username = f"{name}_{secrets.token_hex(4)}"
        new = Device(tmp_path / username, stack, username)
        made.append(new)
        if registered:
            new.register()
        return new

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Playwright]:
    """What drives the browser; one clear sentence where there is none."""
    with sync_playwright() as playwright:
        try:
            chromium_path(playwright)
        except FileNotFoundError as missing:
            pytest.fail(str(missing), pytrace=False)
        yield playwright


@pytest.fixture(scope="session")
def browser(chromium: Playwright) -> Iterator[Browser]:
    """Chromium for people with a context each."""
    launched = chromium.chromium.launch(executable_path=chromium_path(chromium), args=list(ARGUMENTS))
    yield launched
    launched.close()


@pytest.fixture
def web_app(chromium: Playwright, stack: Stack) -> Iterator[WebApp]:
    """The app in an empty browser profile."""
    with browser_profile() as folder:
        app = WebApp(chromium, stack.address, folder)
        yield app
        app.close()


@pytest.fixture(scope="session")
def started_once(chromium: Playwright, stack: Stack) -> Iterator[WebApp]:
    """The app, started in an empty browser profile for all tests that leave nothing in it."""
    with browser_profile() as folder:
        app = WebApp(chromium, stack.address, folder)
        app.open()
        yield app
        app.close()


@pytest.fixture
def started(started_once: WebApp) -> Iterator[WebApp]:
    """The app that was started before this test, with nothing on its watch's list that an earlier test did."""
    yield started_once
    started_once.watched.faults.clear()


@pytest.fixture
def receiver(stack: Stack, tmp_path: Path) -> Iterator[PushReceiver]:
    """A push service of the test's own."""
    with push_service(stack, tmp_path) as started:
        yield started

"""`./parley check`, `./parley test` and `./parley bench`: the tools, and fresh stacks for what needs one.

The tests run as eight pytest processes in four lanes, for each Django project wants a process of its own: auth, the services that
have engines, and the operations on stacks of their own; beside them the journeys in browsers, and notification; beside both, on another
stack, the journeys that also kill its parts. All of these wait for others most of the time. What waits for nobody fills the gaps at a
slightly lower priority: the checks, the tests that need no stack, and trials that try one thing many times. What the rooms and the
processes that they start execute is measured together (`tests/measured`); to measure the trials, too, or the stacks, would tell hardly more.

Invariant: a trial that a signal ends takes its stacks down.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from parley_ops.children import Children, to_its_end
from parley_ops.errors import OperationError, UsageError
from parley_ops.instance import choose_port, require_instance
from parley_ops.layout import Home, checkout, runtime
from parley_ops.stack import Stack

#: Each Django project wants a pytest process, and a run of mypy, of its own.
DJANGO_ROOMS = {"auth": "services/auth", "notification": "services/notification"}
#: What needs no stack, and what does.
UNITS = ("client", "contracts", "mls", "app")
ROOMS = ("services/messaging", "services/media")
OPERATIONS = ("ops", "gateway")
#: Of the units, what tries one thing many times or under many faults.
REPEATING = (
    "client/tests/crypto",
    "client/tests/hostile",
    "client/tests/lockout",
    "client/tests/simulation",
    "client/tests/test_crashes.py",
    "mls/tests/test_noble.py",
)
JOURNEYS = "tests"
BROWSERS = (
    "tests/e2e/test_app.py",
    "tests/e2e/test_browser_*.py",
    "tests/e2e/test_push_browser.py",
    "tests/e2e/test_web_*.py",
    "tests/push",
)
#: What `check` runs already.
OF_CHECK = ("tests/test_tidy.py",)
MEASURED = (*DJANGO_ROOMS, "rooms", "units")
#: Whose lines are counted.
COVERED = (
    "contracts/parley_contracts",
    "mls/parley_mls",
    "services/auth/parley_auth",
    "services/serving/parley_serving",
    "services/messaging/parley_messaging",
    "services/media/parley_media",
    "services/notification/parley_notification",
    "client/parley_client",
    "app/parley_app",
)
#: What a benchmark's stack has beyond the ordinary one's.
BENCH_OPTIONS = {"faults": ("--replicas", "3"), "logins": ("--limits-profile", "default")}
#: Benchmarks that start what they need themselves.
ALONE = {"anchors", "crashes", "disk", "encryption", "flips", "restore", "simulation"}
PACKAGES = (
    *(package for package in COVERED if not package.startswith("services/notification")),
    "ops/parley_ops",
    "gateway/parley_gateway",
    "bench",
    "tests/checker",
)
_NOTIFICATION = DJANGO_ROOMS["notification"]
_NOTIFICATION_PACKAGE = f"{_NOTIFICATION}/parley_notification"
_ENGINE_VARIABLES = ("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL", "PARLEY_S3_ENDPOINT")
#: Whoever waits for all tests wants to know what for.
SLOWEST = ("--durations=12", "--durations-min=5")
#: Of what waits for nobody: so that it ends with the other lanes, not after them on one core.
_LOW_PRIORITY = ("nice", "-n", "3")
#: Tests sign up by the hundred; benchmarks measure what passwords cost.
_CHEAP = "--cheap-passwords"
_NO_TESTS = 5  # pytest's exit code where nothing was chosen
#: `services/auth/tests/identity_provider.py`.
_PROVIDERS = """
[[provider]]
id = "test"
name = "Example Ltd"
issuer = "http://127.0.0.1:{port}"
client_id = "parley:chat"
client_secret = "provider secret/+%"
"""
#: A pytest process that is over: its name, its closing line, its exit code.
Ran = tuple[str, str, int]


def check() -> int:
    """Format, lint, types, import rules, the API's documents, rules of the house; 0 where all are kept."""
    return to_its_end(_check)


def _check(children: Children) -> int:
    source = checkout()
    tools = f"{sys.prefix}/bin"
    commands = {
        "format": [f"{tools}/ruff", "format", "--check", "--quiet", "."],
        "lint": [f"{tools}/ruff", "check", "--quiet", "."],
        "types": [f"{tools}/mypy", *PACKAGES],
        "types 2": [f"{tools}/mypy", "--config-file", f"{_NOTIFICATION}/pyproject.toml", _NOTIFICATION_PACKAGE],
        "imports": [f"{tools}/lint-imports"],
        "api": [sys.executable, "-m", "parley_ops", "documents", "--check"],
        "house": [sys.executable, "-m", "pytest", "-q", *OF_CHECK],
    }
    failed = []
    for name, command in commands.items():
        with children.started(command, cwd=source, env=_environment(), piped=True) as running:
            said, _ = running.communicate()
        _print(f"{name:8} {'ok' if running.returncode == 0 else 'FAILED'}")
        if running.returncode:
            _print(said)
            failed.append(name)
    return 1 if failed else 0


def test(arguments: Sequence[str], *, keep: bool) -> int:
    """All checks and tests, or those that `arguments` choose on one fresh stack; ends with pytest's closing lines."""
    if not arguments:
        return to_its_end(lambda children: _test_all(children, keep=keep))
    return to_its_end(lambda children: _test_chosen(children, arguments, keep=keep))


def _test_chosen(children: Children, arguments: Sequence[str], *, keep: bool) -> int:
    with _stack(children, runtime() / "test-home", _CHEAP, keep=keep) as variables:
        chosen = _split(arguments, checkout())
        runs = [_pytest(children, run, arguments, variables, say=_print) for run in chosen]
    return _closing(runs)


def _test_all(children: Children, *, keep: bool) -> int:
    """The lanes beside each other; the browsers' output comes as it is made, that of the others whole at their ends.

    Sound because the services' tests work in databases of their own on the browsers' stack, and whatever hurts a stack
    has another one.
    """
    source, folder = checkout(), _empty(runtime() / "coverage")
    auth, notification = ((name, [room]) for name, room in DJANGO_ROOMS.items())
    browsers = sorted(str(path.relative_to(source)) for pattern in BROWSERS for path in source.glob(pattern))
    elsewhere = [f"--ignore={path}" for path in (*browsers, *OF_CHECK)]

    def lane(runs: Sequence[tuple[str, list[str]]], variables: dict[str, str], *before: str) -> list[Ran]:
        done = []
        for run in runs:
            lines: list[str] = []
            measured = variables | _measuring(run[0], source, folder)
            done.append(_pytest(children, run, SLOWEST, measured, *before, say=lines.append))
            _print("\n".join(lines))
        return done

    def journeys() -> list[Ran]:
        with _stack(children, runtime() / "journeys-home", _CHEAP, keep=False) as variables:
            return lane([("journeys", [JOURNEYS, *elsewhere])], variables)

    def filling() -> tuple[int, list[Ran]]:
        repeating = [f"--ignore={path}" for path in REPEATING]
        runs = [("units", [*UNITS, *repeating]), ("trials", list(REPEATING))]
        return _check(children), lane(runs, {}, *_LOW_PRIORITY)

    with ThreadPoolExecutor(max_workers=3) as beside:
        filled = beside.submit(filling)
        with _stack(children, runtime() / "test-home", _CHEAP, keep=keep) as variables:
            services = [auth, ("rooms", list(ROOMS)), ("operations", list(OPERATIONS))]
            waiting = [beside.submit(lane, services, variables), beside.submit(journeys)]
            in_browsers = _pytest(children, ("browsers", browsers), SLOWEST, variables, say=_print)
            runs = lane([notification], variables)
            runs = [*(run for each in waiting for run in each.result()), *runs]
        checked, others = filled.result()
    covered = _covered(source, folder)
    return _closing([*runs, *others, in_browsers]) or checked or covered


def _closing(runs: Sequence[Ran]) -> int:
    """Say how each run ended, the last in pytest's own words alone; the first exit code that is a failure."""
    *others, (_, last, _) = runs
    for name, closing, _ in others:
        _print(f"{name}: {closing}")
    _print(last)
    return next((code for _, _, code in runs if code and not (code == _NO_TESTS and len(runs) > 1)), 0)


def _measuring(name: str, source: Path, folder: Path) -> dict[str, str]:
    """The variables by which a run, and what its tests start, leave in `folder` what they executed."""
    if name not in MEASURED:
        return {}
    packages = [str(place / package) for place in (source, runtime() / "src") for package in COVERED]
    return {
        "PYTHONPATH": str(source / "tests" / "measured"),
        "PARLEY_COVERAGE": str(folder),
        "PARLEY_COVERAGE_SOURCES": os.pathsep.join(packages),
    }


def bench(name: str, arguments: Sequence[str]) -> int:
    """Run `bench/NAME.py`, on a fresh stack where it wants one."""
    source = checkout()
    known = sorted(path.stem for path in (source / "bench").glob("*.py") if "def main" in path.read_text())
    if name not in known:
        raise UsageError(f"There is no benchmark {name}; there are: {', '.join(known)}.")
    return to_its_end(lambda children: _bench(children, name, arguments))


def _bench(children: Children, name: str, arguments: Sequence[str]) -> int:
    source = checkout()
    with ExitStack() as running:
        variables = {"PYTHONPATH": str(source / "tests")}  # the checker of histories
        if name not in ALONE:
            home, options = runtime() / "bench-home", BENCH_OPTIONS.get(name, ())
            variables |= running.enter_context(_stack(children, home, *options, keep=False))
        command = [sys.executable, str(source / "bench" / f"{name}.py"), *arguments]
        return children.run(command, cwd=source, env=_environment() | variables)


def _split(arguments: Sequence[str], source: Path) -> list[tuple[str, list[str]]]:
    """The pytest runs that `arguments` choose: (name, paths), all of the rooms' where they name no path."""
    paths = [word for word in arguments if _is_path(word, source)]
    if not paths:
        django = [(name, [room]) for name, room in DJANGO_ROOMS.items()]
        return [*django, ("rooms", [*UNITS, *ROOMS, *OPERATIONS]), ("journeys", [JOURNEYS])]
    folders = {**DJANGO_ROOMS, "journeys": JOURNEYS}
    runs = {name: [path for path in paths if path.startswith(folder)] for name, folder in folders.items()}
    others = [path for path in paths if not any(path in chosen for chosen in runs.values())]
    journeys = runs.pop("journeys")
    return [(name, chosen) for name, chosen in [*runs.items(), ("rooms", others), ("journeys", journeys)] if chosen]


def _is_path(word: str, source: Path) -> bool:
    return not word.startswith("-") and (source / word.split("::", maxsplit=1)[0]).exists()


def _pytest(
    children: Children,
    run: tuple[str, list[str]],
    arguments: Sequence[str],
    variables: dict[str, str],
    *before: str,
    say: Callable[[str], None],
) -> Ran:
    """One pytest process, started by the command `before` where there is one; `say` gets its output line by line."""
    source, (name, chosen) = checkout(), run
    options = [word for word in arguments if not _is_path(word, source)]
    command = [*before, sys.executable, "-m", "pytest", *chosen, *options]
    closing = ""
    with children.started(command, cwd=source, env=_environment() | variables, piped=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(line.rstrip("\n"))
            if line.strip():
                closing = line.rstrip("\n")
    return name, closing, process.returncode


def _covered(source: Path, folder: Path) -> int:
    """Print the table of what all processes executed, and hold the floor."""
    command = [sys.executable, str(source / "tests" / "measured" / "report.py")]
    command += [str(folder), str(source), str(runtime() / "src"), *COVERED]
    return subprocess.run(command, cwd=source, env=_environment(), check=False).returncode


def trusted_provider(place: Path) -> tuple[Path, int]:
    """A file of identity providers beside a home, with the one that tests bring along; and the port of loopback that is its."""
    port = choose_port()
    file = place.with_name(f"{place.name}-providers.toml")
    file.write_text(_PROVIDERS.format(port=port))
    return file, port


@contextmanager
def _stack(children: Children, place: Path, *options: str, keep: bool) -> Iterator[dict[str, str]]:
    """A stack of its own in an empty home, started with `options`; gives the variables by which tests find it."""
    launcher, variables = [sys.executable, "-m", "parley_ops"], _environment()
    _down(place)
    shutil.rmtree(place, ignore_errors=True)
    # The web app first: that takes a minute, in which somebody else could take the port.
    if children.run([*launcher, "build-app"], env=variables):
        raise OperationError("The web app for this could not be built.")
    command = [*launcher, "up", "--detach", "--home", str(place), "--port", str(choose_port())]
    providers, provider_port = trusted_provider(place)
    command += ["--limits-profile", "test", "--push-loopback", "--members-invite"]
    command += ["--identity-providers-file", str(providers), *options]
    try:
        if children.run(command, env=variables):
            raise OperationError("The stack for this did not start.")
        home = Home(place)
        stack = Stack.load(home, require_instance(home))
        yield {
            "PARLEY_TEST_ADDRESS": stack.instance.address,
            "PARLEY_TEST_CA_FILE": str(home.tls / "ca.crt"),
            "PARLEY_TEST_HOME": str(place),
            "PARLEY_TEST_PROVIDER_PORT": str(provider_port),
            **stack.admin_addresses(),
            **stack.s3,
        }
    finally:
        if keep:
            _print(f"The stack stays up: ./parley down --home {place}")
        else:
            _down(place)


def _down(place: Path) -> None:
    """Take the stack of a home down, if it is up; no signal for us ends that."""
    command = [sys.executable, "-m", "parley_ops", "down", "--home", str(place)]
    subprocess.run(command, env=_environment(), check=False, stdout=subprocess.DEVNULL, process_group=0)


def _empty(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _environment() -> dict[str, str]:
    """Ours, without engines of the operator's: trials use engines of their own."""
    return {name: value for name, value in os.environ.items() if name not in _ENGINE_VARIABLES}


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

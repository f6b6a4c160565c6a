"""`./parley check`, `./parley test` and `./parley bench`: the tools, and a fresh stack for what needs one.

The tests run as five pytest processes: one for each Django project, which wants it, one for the other rooms that people's
messages pass, one for the operations, and one for the journeys through the running stack, which wait more than they work and
so run beside the others. What the first three and the processes that they start execute is measured together; to measure the
stack of the journeys, too, would make it several times slower and tell hardly more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from parley_ops.errors import OperationError, UsageError
from parley_ops.instance import choose_port, require_instance
from parley_ops.layout import Home, checkout, runtime
from parley_ops.stack import Stack

#: Each Django project wants a pytest process, and a run of mypy, of its own.
DJANGO_ROOMS = {"auth": "services/auth", "notification": "services/notification"}
ROOMS = ("contracts", "mls", "client", "services/messaging", "services/media", "app")
OPERATIONS = ("ops", "gateway")
JOURNEYS = "tests"
MEASURED = (*DJANGO_ROOMS, "rooms")
PACKAGES = (
    "contracts/parley_contracts",
    "mls/parley_mls",
    "services/auth/parley_auth",
    "services/serving/parley_serving",
    "services/messaging/parley_messaging",
    "services/media/parley_media",
    "client/parley_client",
    "app/parley_app",
    "ops/parley_ops",
    "gateway/parley_gateway",
    "bench",
    "tests/checker",
)
_NOTIFICATION = DJANGO_ROOMS["notification"]
_NOTIFICATION_PACKAGE = f"{_NOTIFICATION}/parley_notification"
_ENGINE_VARIABLES = ("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL", "PARLEY_S3_ENDPOINT")
_NO_TESTS = 5  # pytest's exit code where nothing was chosen


def check() -> int:
    """Format, lint, types, import rules, the API's documents, rules of the house; 0 where all are kept."""
    source = checkout()
    tools = f"{sys.prefix}/bin"
    commands = {
        "format": [f"{tools}/ruff", "format", "--check", "--quiet", "."],
        "lint": [f"{tools}/ruff", "check", "--quiet", "."],
        "types": [f"{tools}/mypy", *PACKAGES],
        "types 2": [f"{tools}/mypy", "--config-file", f"{_NOTIFICATION}/pyproject.toml", _NOTIFICATION_PACKAGE],
        "imports": [f"{tools}/lint-imports"],
        "api": [sys.executable, "-m", "parley_ops", "documents", "--check"],
        "house": [sys.executable, "-m", "pytest", "-q", "tests/test_tidy.py"],
    }
    failed = []
    for name, command in commands.items():
        done = subprocess.run(command, cwd=source, env=_environment(), capture_output=True, text=True, check=False)
        _print(f"{name:8} {'ok' if done.returncode == 0 else 'FAILED'}")
        if done.returncode:
            _print(done.stdout + done.stderr)
            failed.append(name)
    return 1 if failed else 0


def test(arguments: Sequence[str], *, keep: bool) -> int:
    """Check (unless `arguments` choose tests), then pytest on a fresh stack; ends with pytest's closing lines."""
    source = checkout()
    checked = 0 if arguments else check()
    folder = None if arguments else _empty(runtime() / "coverage")
    with _stack(runtime() / "test-home", keep=keep) as variables:
        runs = _side_by_side(arguments, _split(arguments, source), variables, folder)
    covered = _coverage(source, folder) if folder is not None else 0
    for _, closing in runs:
        _print(closing)
    codes = [0 if code == _NO_TESTS and len(runs) > 1 else code for code, _ in runs]
    return next((code for code in [*codes, checked, covered] if code), 0)


def _side_by_side(
    arguments: Sequence[str], runs: Sequence[tuple[str, list[str]]], variables: dict[str, str], measured: Path | None
) -> list[tuple[int, str]]:
    """Each run's exit code and closing line. The last one's output comes as it is made, the others' whole at their ends.

    What is measured goes into the folder `measured`. Sound because the services' tests work in databases of their own, and the
    journeys hurt nothing but the stack's own services.
    """
    *others, last = runs

    def quietly(run: tuple[str, list[str]]) -> tuple[int, str]:
        lines: list[str] = []
        done = _pytest(arguments, run, variables, measured, say=lines.append)
        _print("\n".join(lines))
        return done

    with ThreadPoolExecutor(max_workers=1) as beside:
        waiting = [beside.submit(quietly, run) for run in others]
        closing = _pytest(arguments, last, variables, measured, say=_print)
        return [*(each.result() for each in waiting), closing]


def bench(name: str, arguments: Sequence[str]) -> int:
    """Run `bench/NAME.py` on a fresh stack."""
    source = checkout()
    known = sorted(path.stem for path in (source / "bench").glob("*.py") if "def main" in path.read_text())
    if name not in known:
        raise UsageError(f"There is no benchmark {name}; there are: {', '.join(known)}.")
    with _stack(runtime() / "bench-home", keep=False) as variables:
        command = [sys.executable, str(source / "bench" / f"{name}.py"), *arguments]
        variables |= {"PYTHONPATH": str(source / "tests")}  # the checker of histories
        return subprocess.run(command, cwd=source, env=_environment() | variables, check=False).returncode


def _split(arguments: Sequence[str], source: Path) -> list[tuple[str, list[str]]]:
    """The pytest runs: (name, paths); paths among the arguments choose theirs."""
    paths = [word for word in arguments if not word.startswith("-") and (source / word.split("::")[0]).exists()]
    if not paths:
        django = [(name, [room]) for name, room in DJANGO_ROOMS.items()]
        return [*django, ("rooms", list(ROOMS)), ("operations", list(OPERATIONS)), ("journeys", [JOURNEYS])]
    folders = {**DJANGO_ROOMS, "journeys": JOURNEYS}
    runs = {name: [path for path in paths if path.startswith(folder)] for name, folder in folders.items()}
    others = [path for path in paths if not any(path in chosen for chosen in runs.values())]
    journeys = runs.pop("journeys")
    return [(name, chosen) for name, chosen in [*runs.items(), ("rooms", others), ("journeys", journeys)] if chosen]


def _pytest(
    arguments: Sequence[str],
    run: tuple[str, list[str]],
    variables: dict[str, str],
    measured: Path | None,
    *,
    say: Callable[[str], None],
) -> tuple[int, str]:
    """One pytest process: its exit code and its closing line; `say` gets its output line by line."""
    source, (name, chosen) = checkout(), run
    options = [word for word in arguments if not (source / word.split("::")[0]).exists() or word.startswith("-")]
    command = [sys.executable, "-m", "pytest", *chosen, *options]
    if measured is not None and name in MEASURED:
        # By the environment, so that the processes that tests start are measured, too.
        settings = {"COVERAGE_PROCESS_START": str(source / "pyproject.toml")}
        variables = variables | settings | {"COVERAGE_FILE": str(measured / ".coverage")}
    closing = ""
    process = subprocess.Popen(
        command, cwd=source, env=_environment() | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            say(line.rstrip("\n"))
            if line.strip():
                closing = line.rstrip("\n")
    return process.wait(), f"{name}: {closing}" if name != "journeys" else closing


def _coverage(source: Path, folder: Path) -> int:
    """Combine what all processes measured, print the table, and hold the floor."""
    variables = _environment() | {"COVERAGE_FILE": str(folder / ".coverage")}
    subprocess.run(
        [sys.executable, "-m", "coverage", "combine", "--quiet", str(folder)], cwd=source, env=variables, check=False
    )
    return subprocess.run(
        [sys.executable, "-m", "coverage", "report"], cwd=source, env=variables, check=False
    ).returncode


@contextmanager
def _stack(place: Path, *, keep: bool) -> Iterator[dict[str, str]]:
    """A stack of its own in an empty home; gives the variables by which tests find it."""
    launcher = [sys.executable, "-m", "parley_ops"]
    subprocess.run([*launcher, "down", "--home", str(place)], env=_environment(), check=False, capture_output=True)
    shutil.rmtree(place, ignore_errors=True)
    variables = _environment()
    # The web app first: that takes a minute, in which somebody else could take the port.
    if subprocess.run([*launcher, "build-app"], env=variables, check=False).returncode:
        raise OperationError("The web app for this could not be built.")
    command = [*launcher, "up", "--detach", "--home", str(place), "--port", str(choose_port())]
    if subprocess.run([*command, "--limits-profile", "test", "--push-loopback"], env=variables, check=False).returncode:
        raise OperationError("The stack for this did not start.")
    try:
        home = Home(place)
        stack = Stack.load(home, require_instance(home))
        yield {
            "PARLEY_TEST_ADDRESS": stack.instance.address,
            "PARLEY_TEST_CA_FILE": str(home.tls / "ca.crt"),
            "PARLEY_TEST_HOME": str(place),
            **stack.admin_addresses(),
            **stack.s3,
        }
    finally:
        if keep:
            _print(f"The stack stays up: ./parley down --home {place}")
        else:
            subprocess.run([*launcher, "down", "--home", str(place)], env=_environment(), check=False)


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

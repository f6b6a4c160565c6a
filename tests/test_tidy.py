"""The rules of the house, as tests: sizes, names, docstrings, orphans, and words that a repository must not hold."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
ENTRY_POINTS = {"__init__", "__main__", "conftest", "settings", "urls", "apps", "admin", "asgi", "wsgi"}
DOWNLOAD_ADDRESS = re.compile(r"https?://\S+\.(?:whl|tgz|tar\.gz|deb)")


def tracked(pattern: str) -> list[Path]:
    """The files that git knows or would add, so that a new file is judged before its commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def modules() -> list[Path]:
    """Product modules: neither tests nor benchmarks nor migrations."""
    outside = {"tests", "bench", "migrations"}
    return [path for path in tracked("*.py") if not outside & set(path.relative_to(ROOT).parts)]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    end = node.end_lineno or node.lineno
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return end - node.lineno + 1 - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_scan_sees_the_repository():
    assert len(modules()) > 30


def test_files_stay_short():
    long = {name(path): n for path in tracked("*.py") if (n := len(path.read_text().splitlines())) > FILE_LINES_MAX}
    assert not long


def test_functions_stay_short():
    long = [
        f"{name(path)}:{node.lineno} {node.name} has {code_lines(node)} lines"
        for path in modules()
        for node in functions(path)
        if code_lines(node) > FUNCTION_LINES_MAX
    ]
    assert not long


def test_a_long_function_is_caught(tmp_path: Path):
    path = tmp_path / "long.py"
    path.write_text('def f():\n    """Doc."""\n' + "    x = 1\n" * FUNCTION_LINES_MAX)
    assert [code_lines(node) for node in functions(path)] == [FUNCTION_LINES_MAX + 1]


def test_no_module_is_named_after_nothing():
    named = [name(p) for p in modules() if FORBIDDEN_NAMES & {part.removesuffix(".py") for part in p.parts[-2:]}]
    assert not named


def test_modules_say_what_they_own():
    silent = [name(p) for p in modules() if p.read_text().strip() and not ast.get_docstring(tree(p))]
    assert not silent


def test_public_functions_are_documented():
    silent = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in modules()
        for parent in ast.walk(tree(path))
        if isinstance(parent, ast.Module | ast.ClassDef) and not getattr(parent, "name", "").startswith("_")
        for node in parent.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any(ast.unparse(d).endswith((".setter", "overload", "override")) for d in node.decorator_list)
    ]
    assert not silent


def test_no_module_is_an_orphan():
    """Every module is imported somewhere, or is an entry point by its name."""
    text = "\n".join(path.read_text() for path in [*tracked("*.py"), *tracked("*.toml"), *tracked("*.ini")])
    words, paths = Counter(re.findall(r"\w+", text)), Counter(re.findall(r"[\w/]+\.py\b", text))
    # A rule of a tool's that names a file by its path imports nothing.
    orphans = [
        name(path) for path in modules() if path.stem not in ENTRY_POINTS and words[path.stem] <= paths[name(path)]
    ]
    assert not orphans


def test_no_test_is_skipped_or_expected_to_fail():
    marks = re.compile(r"pytest\.mark\.(?:skip|xfail)\b|@(?:unittest\.)?skip\b")
    found = [name(path) for path in tracked("*.py") if path != Path(__file__) and marks.search(path.read_text())]
    assert not found


@pytest.mark.parametrize("pattern", ["*.lock", "*requirements*", "*package-lock.json"])
def test_locks_hold_no_download_addresses(pattern: str):
    assert not [name(path) for path in tracked(pattern) if DOWNLOAD_ADDRESS.search(path.read_text())]


def test_the_tests_that_documents_name_exist():
    named = re.compile(r"`([\w/.]+\.py)::(\w+)`")
    found = [(page, *match) for page in tracked("*.md") for match in named.findall(page.read_text())]
    assert len(found) >= 10
    missing = [
        f"{name(page)}: {path}::{test}"
        for page, path, test in found
        if not (ROOT / path).is_file()
        or not re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert not missing


CONFORMANCE = ROOT / "docs" / "mls-conformance.md"


def conformance_rows(text: str) -> list[list[str]]:
    """The cells of each row of the page's tables, their heads left out."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] != "Section" and set("".join(row)) - set("-")]


def conformance_faults(text: str, known: set[str]) -> list[str]:
    """Rows that are empty or name a test that is not `known`; a row without a test gives a reason."""
    faults = []
    for row in conformance_rows(text):
        tests = re.findall(r"`([\w/.]+\.py::[^`]+)`", row[-1])
        if len(row) != 3 or not all(row) or not (tests or len(row[-1]) >= 20):
            faults.append(f"an empty row: {row}")
        faults += [f"no such test: {named}" for named in tests if named not in known]
    return faults


def test_the_conformance_page_is_whole():
    """Every rule of RFC 9420 on the page names tests that pytest collects, by case, or says why it has none."""
    text = CONFORMANCE.read_text()
    files = sorted({named for named in re.findall(r"`([\w/.]+\.py)::", text) if named.startswith("mls/")})
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    listed = subprocess.run(collect, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    cases = {line for line in listed.splitlines() if "::" in line}
    known = cases | {case.partition("[")[0] for case in cases}
    elsewhere = set(re.findall(r"`((?!mls/)[\w/.]+\.py::\w+)`", text))  # these exist by the test above
    assert len(conformance_rows(text)) >= 150
    assert not conformance_faults(text, known | elsewhere)


def test_an_empty_row_and_an_unknown_case_are_caught():
    table = "| Section | Rule | Held by |\n|---|---|---|\n"
    assert not conformance_faults(
        table + "| 6 | A | `mls/tests/a.py::test_a[6-a]` |\n", {"mls/tests/a.py::test_a[6-a]"}
    )
    for row in ("| 6 | A |  |", "| 6 |  | `mls/tests/a.py::test_a` |", "| 6 | A | because |", "| 6 | A |"):
        assert conformance_faults(f"{table}{row}\n", {"mls/tests/a.py::test_a"})
    assert conformance_faults(table + "| 6 | A | `mls/tests/a.py::test_a[7-b]` |\n", {"mls/tests/a.py::test_a"})


ASVS = ROOT / "docs" / "asvs.md"
#: How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
ASVS_CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
ASVS_ANSWERS = ("test", "file", "does not apply", "decided otherwise", "not built yet")


def asvs_rows(text: str) -> list[list[str]]:
    """Number, level, what is asked for, how it is held, and where."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+\.\d+\.\d+ \|", line)
    ]


def asvs_faults(text: str) -> list[str]:
    """Rows that are empty, out of order, or whose answer stands on nothing; counts that are not those of the rows."""
    rows, faults = asvs_rows(text), []
    for row in rows:
        where = row[-1]
        files = [named for named in re.findall(r"`([\w./-]+\.(?:py|md|js|json|lock|html))`", where) if named[0] != "/"]
        stands = {
            "test": ".py::test_" in where,
            "file": bool(files),
            "does not apply": len(where) >= 20,
            "decided otherwise": " because " in where and (".py::test_" in where or bool(files)),
            "not built yet": "Missing" in where,
        }
        if len(row) != 5 or not all(row) or row[1] not in {"1", "2"} or not stands.get(row[3]):
            faults.append(f"an empty row: {row}")
        faults += [f"no such file: {file}" for file in files if not (ROOT / file).is_file()]
    numbers = [tuple(int(part) for part in row[0].split(".")) for row in rows]
    if numbers != sorted(set(numbers)):
        faults.append("numbers are out of order, or stand twice")
    counts = [sum(row[3] == answer for row in rows) for answer in ASVS_ANSWERS]
    if f"| both | {' | '.join(map(str, counts))} | {len(rows)} |" not in text:
        faults.append(f"the counts are {counts}")
    return faults


def test_the_asvs_page_is_whole():
    """Every requirement has an answer; that the tests it names exist is checked above."""
    text = ASVS.read_text()
    chapters = [row[0].partition(".")[0] for row in asvs_rows(text)]
    assert tuple(chapters.count(str(number + 1)) for number in range(len(ASVS_CHAPTERS))) == ASVS_CHAPTERS
    assert not asvs_faults(text)


def test_an_answer_that_stands_on_nothing_is_caught():
    good = "| 1.1.1 | 1 | a | test | `a.py::test_a` |\n| 1.1.2 | 2 | b | file | `README.md` |\n"
    assert not asvs_faults(f"{good}| both | 1 | 1 | 0 | 0 | 0 | 2 |")
    assert asvs_faults(f"{good}| both | 2 | 0 | 0 | 0 | 0 | 2 |"), "counts"
    for row in (
        "| 1.1.3 | 1 | a | test | `README.md` |",
        "| 1.1.3 | 1 | a | file | `absent/absent.py` |",
        "| 1.1.3 | 1 | a | file | somewhere |",
        "| 1.1.3 | 1 | a | does not apply | no |",
        "| 1.1.3 | 1 | a | decided otherwise | it is better so |",
        "| 1.1.3 | 1 | a | decided otherwise | so, because we say it |",
        "| 1.1.3 | 1 | a | not built yet | soon |",
        "| 1.1.3 | 1 |  | test | `a.py::test_a` |",
        "| 1.1.3 | 3 | a | test | `a.py::test_a` |",
        "| 1.1.2 | 1 | a | test | `a.py::test_a` |",
    ):
        answers = [row.split("|")[4].strip() == answer for answer in ASVS_ANSWERS]
        counts = [have + more for have, more in zip((1, 1, 0, 0, 0), answers, strict=True)]
        assert asvs_faults(f"{good}{row}\n| both | {' | '.join(map(str, counts))} | 3 |"), row


INVENTORY = ROOT / "docs" / "operators" / "inventory.md"
LOGGED = re.compile(r"_log\.(?:debug|info|warning|error|exception)\(\s*\"([^\"]+)\"(?: if \w+ else \"([^\"]+)\")?")
SECRET_FILE = re.compile(r'"([a-z_]+(?:_key|_pepper|_key_file|_url|_witnesses|\.pem|\.toml))"')
ENGINE_SECRET = re.compile(r"engine_secret\(home, f?['\"]([a-z0-9_]+)")


def test_the_inventory_names_every_event_of_the_logs():
    text = INVENTORY.read_text()
    sources = [path.read_text() for path in modules() if name(path).startswith("services/")]
    events = {event for source in sources for found in LOGGED.findall(source) for event in found if event}
    assert len(events) >= 50
    assert not [event for event in sorted(events) if f"`{event}`" not in text]


def test_the_inventory_names_every_secret():
    text = INVENTORY.read_text()
    files = set(SECRET_FILE.findall((ROOT / "ops" / "parley_ops" / "secret_files.py").read_text()))
    engines = {found for path in modules() for found in ENGINE_SECRET.findall(path.read_text())}
    assert len(files) >= 10
    assert len(engines) >= 9
    assert not [secret for secret in sorted(files) if not re.search(rf"/{re.escape(secret)}`", text)]
    assert not [secret for secret in sorted(engines) if f"`engines/{secret}" not in text]


def test_what_is_logged_or_secret_is_found_in_the_code():
    lines = '_log.warning(\n    "some event", count=1)\n_log.info("one" if full else "other")'
    assert LOGGED.findall(lines) == [("some event", ""), ("one", "other")]
    assert SECRET_FILE.findall('_once(folder / "new_key", made)') == ["new_key"]
    assert ENGINE_SECRET.findall("engine_secret(home, f'new_{service}')") == ["new_"]


def test_no_path_of_one_machine():
    shared = re.compile(re.escape(f"{ROOT}/"))
    texts = [p for p in tracked("*") if p.suffix in {".py", ".md", ".toml", ".sh", ".conf", ".json", ""}]
    assert not [name(path) for path in texts if shared.search(path.read_text(errors="replace"))]


def test_every_room_declares_what_it_needs():
    rooms = [
        *("contracts", "mls", "services/auth", "services/serving", "services/messaging", "services/media"),
        *("services/notification", "client", "app", "ops"),
    ]
    assert not [room for room in rooms if not (ROOT / room / "pyproject.toml").is_file()]

"""The rules of the house, as tests: sizes, names, docstrings, orphans, and words that a repository must not hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
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


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
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
    silent = [name(p) for p in modules() if p.read_text().strip() and not ast.get_docstring(ast.parse(p.read_text()))]
    assert not silent


def test_public_functions_are_documented():
    silent = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in modules()
        for parent in ast.walk(ast.parse(path.read_text()))
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
    orphans = [
        name(path)
        for path in modules()
        if path.stem not in ENTRY_POINTS and not re.search(rf"\b{re.escape(path.stem)}\b", text.replace(name(path), ""))
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

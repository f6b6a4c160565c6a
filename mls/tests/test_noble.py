"""The primitives of browsers: the same vectors and the same rule for Ed25519, on `@noble` in Pyodide under Node."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("PARLEY_VECTORS", ROOT.parent / "shared" / "vectors"))
#: What pytest stands on, as it lies in this environment; all of it is plain Python.
PYTEST = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
TIMEOUT_S = 240


#: Together, since Pyodide takes longer to start than most of them to run.
FILES = (
    *(f"mls/tests/test_{name}.py" for name in ("ed25519", "speccheck")),
    *(f"mls/tests/test_{name}.py" for name in ("wycheproof", "vectors_messages", "vectors_tree", "vectors_basics")),
    "contracts/tests/test_vectors.py",
)


@pytest.fixture(scope="module")
def noble(tmp_path_factory):
    """What pytest said of the test files in Pyodide."""
    from parley_ops.layout import runtime
    from parley_ops.webapp import build, stock, tools

    work = tmp_path_factory.mktemp("noble")
    (runtime() / "webapp").mkdir(exist_ok=True)
    modules = tools.npm_packages(ROOT / "app" / "web", runtime() / "webapp")
    scripts = build.script_tree(ROOT, modules, work)
    tools.bundle(modules, {"primitives": scripts / "primitives.js"}, work, kind="esm")
    library = work / "library"
    library.mkdir()
    for name in PYTEST:
        package = tools.package_folder(name)
        for folder in (package, *package.parent.glob(f"{name}-*.dist-info")):
            shutil.copytree(folder, library / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(tools.package_folder("pytest").parent / "py.py", library / "py.py")

    told = {
        "pyodide": str(stock.web_folder() / "pyodide" / "pyodide.mjs"),
        "primitives": str(work / "primitives.js"),
        "mounts": {
            **{f"/{room}": str(ROOT / room) for room in ("mls", "contracts")},
            "/library": str(library),
            "/vectors": str(VECTORS if VECTORS.is_dir() else tmp_path_factory.mktemp("no_vectors")),
        },
        "variables": {"PARLEY_VECTORS": "/vectors"},
        "paths": ["/mls", "/contracts", "/library", "/mls/tests", "/mls/tests/noble"],
        "before": "import batches\nawait batches.judge(bridge_anew)",
        "arguments": [
            *(f"/{file}" for file in FILES),
            *("-v", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir=/", "-c", "/dev/null"),
        ],
    }
    command = [tools.node(), str(ROOT / "mls" / "tests" / "noble" / "run.mjs"), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def passed(said: str, *names: str) -> int:
    """How many tests of files passed."""
    return sum(len(re.findall(rf"/{name}\.py::.* PASSED", said)) for name in names)


def test_ed25519_has_one_rule(noble):
    assert passed(noble, "test_ed25519", "test_speccheck") >= 50


@pytest.mark.parametrize("judged", ["rule", "yes", "missing", "other_rule", "join"])
def test_many_signatures_at_once_have_the_one_rule(noble, judged):
    """What `noble/batches.py` judged before pytest began."""
    assert re.search(rf"^batches: {judged} n = [1-9]", noble, re.MULTILINE)


def test_what_parley_seals_and_signs_is_the_same_on_noble(noble):
    assert passed(noble, "test_vectors") >= 10


def test_vectors_hold_on_noble(noble):
    if not VECTORS.is_dir():
        pytest.skip("the folder named by PARLEY_VECTORS is missing")
    assert int(re.search(r"PARLEY_VECTORS: (\d+) vectors ran", noble)[1]) > 1600
    assert "SKIPPED" not in noble

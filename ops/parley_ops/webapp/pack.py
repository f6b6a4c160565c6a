"""The app's Python as one archive: our packages and the wheels, byte-compiled by the interpreter that will run them."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

from parley_ops.webapp import tools
from parley_ops.webapp.sources import python_files
from parley_ops.webapp.stock import web_folder


def pack(source: Path, wheels: Path, work: Path, archive: Path) -> None:
    """Write `archive` (a plain tar); the same inputs give the same bytes."""
    tree = work / "python"
    shutil.copytree(wheels, tree, ignore=shutil.ignore_patterns("bin", "*.pyi", "*.dist-info", "__pycache__"))
    for name, path in python_files(source):
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    tools.run(
        [
            tools.node(),
            str(source / "app" / "web" / "compile.mjs"),
            str(web_folder() / "pyodide" / "pyodide.mjs"),
            str(tree),
        ]
    )
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as out:
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                body = path.read_bytes()
                entry = tarfile.TarInfo(path.relative_to(tree).as_posix())
                entry.size = len(body)
                out.addfile(entry, io.BytesIO(body))
    shutil.rmtree(tree)

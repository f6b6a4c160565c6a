"""Fallback fonts on our own origin: Flutter asks for Noto slices by the paths of Google Fonts; npm has their like."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from parley_ops.errors import OperationError

#: Flutter's families in slices → npm package. Slices are told apart by what they cover: their numbers differ.
_SLICED = {
    "notosanshk": "@fontsource-variable/noto-sans-hk",
    "notosansjp": "@fontsource-variable/noto-sans-jp",
    "notosanskr": "@fontsource-variable/noto-sans-kr",
    "notosanssc": "@fontsource-variable/noto-sans-sc",
    "notosanstc": "@fontsource-variable/noto-sans-tc",
}
#: Families that Flutter has in one file → npm package and the subset that stands for it.
_WHOLE = {
    "notosansarabic": ("noto-sans-arabic", "arabic"),
    "notosansarmenian": ("noto-sans-armenian", "armenian"),
    "notosansbengali": ("noto-sans-bengali", "bengali"),
    "notosansdevanagari": ("noto-sans-devanagari", "devanagari"),
    "notosansethiopic": ("noto-sans-ethiopic", "ethiopic"),
    "notosansgeorgian": ("noto-sans-georgian", "georgian"),
    "notosansgujarati": ("noto-sans-gujarati", "gujarati"),
    "notosansgurmukhi": ("noto-sans-gurmukhi", "gurmukhi"),
    "notosanshebrew": ("noto-sans-hebrew", "hebrew"),
    "notosanskannada": ("noto-sans-kannada", "kannada"),
    "notosanskhmer": ("noto-sans-khmer", "khmer"),
    "notosanslao": ("noto-sans-lao", "lao"),
    "notosansmalayalam": ("noto-sans-malayalam", "malayalam"),
    "notosansmath": ("noto-sans-math", "latin"),
    "notosansmyanmar": ("noto-sans-myanmar", "myanmar"),
    "notosanssinhala": ("noto-sans-sinhala", "sinhala"),
    "notosanssymbols": ("noto-sans-symbols", "symbols"),
    "notosanssymbols2": ("noto-sans-symbols-2", "symbols"),
    "notosanstamil": ("noto-sans-tamil", "tamil"),
    "notosanstelugu": ("noto-sans-telugu", "telugu"),
    "notosansthai": ("noto-sans-thai", "thai"),
}
#: The family that Flutter has in one file and asks for more than one script, Devanagari among them.
_MERGED = "notosans"
_SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese", "devanagari")

Coverage = Mapping[str, frozenset[int]]


def place_fallbacks(coverage: Coverage, modules: Path, emoji: Mapping[str, Path], to: Path) -> None:
    """Put each fallback font that we have at its path of the stock client (`fallbacks.coverage`) below `to`."""
    for path, points in sorted(coverage.items()):
        family = path.split("/", 1)[0]
        if family == _MERGED:
            _target(to, path).write_bytes(merged(_files(modules, "noto-sans", _SUBSETS)))
            continue
        found = emoji.get(path)
        if family in _SLICED:
            found = _slice(modules / _SLICED[family], points)
        elif family in _WHOLE:
            package, subset = _WHOLE[family]
            (found,) = _files(modules, package, [subset])
        if found is not None:  # else a family that we have not
            shutil.copyfile(found, _target(to, path))


def merged(files: Iterable[Path]) -> bytes:
    """One font (woff2) of the subsets of a family."""
    # Not above: `./parley lock` must run before what it locks is installed.
    from fontTools.merge import Merger  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    plain = []
    for path in files:
        font = TTFont(path, recalcTimestamp=False)
        font.flavor = None
        plain.append(io.BytesIO())
        font.save(plain[-1])
        plain[-1].seek(0)
    made = Merger().merge(plain)
    made.recalcTimestamp = False
    made["head"].created = made["head"].modified = TTFont(plain[0])["head"].modified  # the same each time
    made.flavor = "woff2"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _slice(package: Path, points: frozenset[int]) -> Path | None:
    """The slice of a package that covers most of the code points; of two alike, the smaller."""
    told: dict[str, str] = json.loads((package / "unicode.json").read_text())
    covered = {name.strip("[]"): _points(ranges) for name, ranges in told.items()}
    best = max(covered, key=lambda name: (len(covered[name] & points), -len(covered[name])))
    if not covered[best] & points:
        return None
    return _existing(package / "files" / f"{package.name}-{best}-wght-normal.woff2")


def _points(ranges: str) -> frozenset[int]:
    """The code points of a CSS `unicode-range`."""
    bounds = re.findall(r"U\+([0-9a-f]+)(?:-([0-9a-f]+))?", ranges, re.IGNORECASE)
    return frozenset(point for first, last in bounds for point in range(int(first, 16), int(last or first, 16) + 1))


def _files(modules: Path, package: str, subsets: Iterable[str]) -> list[Path]:
    files = modules / "@fontsource" / package / "files"
    return [_existing(files / f"{package}-{subset}-400-normal.woff2") for subset in subsets]


def _existing(path: Path) -> Path:
    if not path.exists():
        raise OperationError(f"The font {path.name} is not in its npm package; package.json names another version.")
    return path


def _target(to: Path, path: str) -> Path:
    target = to / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target

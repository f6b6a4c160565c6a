"""Emoji in colour: the font Twemoji cut into the slices that the stock client fetches, each on its first emoji.

Invariant: a sequence that Twemoji draws as one picture lies whole in a slice. Twemoji's layers (COLR version 0) draw in
CanvasKit and skwasm alike.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

FAMILY = "notocoloremoji"
#: What any emoji may be followed by: joiner, variation selector, keycap, skin tones.
_COMPANIONS = frozenset({0x200D, 0xFE0F, 0x20E3, *range(0x1F3FB, 0x1F400)})
_NAMES = (0, 1, 2, 13, 14)  # copyright, family, style, licence and its address


def slices(coverage: Mapping[str, Iterable[int]], modules: Path, cache: Path) -> dict[str, Path]:
    """The cut font for each path of the colour emoji in `coverage`; kept in `cache` by the hash of what it is made from.

    A path is left out where Twemoji has none of its emoji yet.
    """
    whole = (modules / "twemoji-colr-font" / "twemoji.woff2").read_bytes()
    wanted = {path: frozenset(points) for path, points in coverage.items() if path.startswith(f"{FAMILY}/")}
    digest = hashlib.sha256(whole + Path(__file__).read_bytes() + repr(sorted(map(sorted, wanted.values()))).encode())
    place = cache / f"emoji-{digest.hexdigest()[:12]}"
    if not place.exists():
        fresh = place.with_name(f"{place.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for points in wanted.values():
            body = cut(whole, points)
            if body is not None:
                (fresh / _name(points)).write_bytes(body)
        fresh.rename(place)
    return {path: place / _name(points) for path, points in wanted.items() if (place / _name(points)).exists()}


def cut(whole: bytes, points: frozenset[int]) -> bytes | None:
    """A font (woff2) reduced to the code points and what may follow them; None where it has none of them."""
    # Not above: `./parley lock` must run before what it locks is installed.
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    font = TTFont(io.BytesIO(whole), recalcTimestamp=False)  # the same each time
    if not points.intersection(font.getBestCmap()) - _COMPANIONS:
        return None
    options = subset.Options(layout_features=["*"], hinting=False, name_IDs=list(_NAMES))
    options.drop_tables += ["FFTM"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points | _COMPANIONS)
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def _name(points: frozenset[int]) -> str:
    return f"{min(points):x}-{max(points):x}-{len(points)}.woff2"

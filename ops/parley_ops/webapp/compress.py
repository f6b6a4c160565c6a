"""Every file of the site in brotli and gzip beside itself, as nginx serves it. Results are kept by content."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: What is small already; the gateway (`parley_gateway.site`) expects all else to be packed.
DENSE = frozenset({".bin", ".jpg", ".png", ".webp", ".woff2"})
#: Quality 11 takes minutes for the largest files and saves a tenth.
_BROTLI_QUALITY, _GZIP_LEVEL = 9, 6
_THREADS = 2


def compress(site: Path, cache: Path) -> None:
    """Write `NAME.br` and `NAME.gz` for each file that gains by it."""
    cache.mkdir(exist_ok=True)
    chosen = [path for path in sorted(site.rglob("*")) if path.is_file() and path.suffix not in DENSE]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda path: _compress(path, cache), chosen))


def _compress(path: Path, cache: Path) -> None:
    # Not above: `./parley lock` must run before what it locks is installed.
    import brotli  # noqa: PLC0415

    body = path.read_bytes()
    name = hashlib.sha256(body).hexdigest()
    for suffix in (".br", ".gz"):
        kept = cache / f"{name}{suffix}"
        if not kept.exists():
            fresh = kept.with_name(f"{kept.name}.{path.name}.new")
            fresh.write_bytes(
                brotli.compress(body, quality=_BROTLI_QUALITY, lgwin=24)
                if suffix == ".br"
                else gzip.compress(body, _GZIP_LEVEL, mtime=0)
            )
            fresh.replace(kept)
        shutil.copyfile(kept, path.with_name(path.name + suffix))

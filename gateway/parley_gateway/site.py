"""The web app's files: what a browser may do with them, how long it keeps them, and in which coding they travel.

Invariants: no script runs that is not a file of the site, nothing is loaded from another origin, nobody frames it; paths
of the API never answer with the page. `./parley build-app` has put NAME.br and NAME.gz beside each file of `_PACKED`, so
nginx needs no module for either.
"""

from __future__ import annotations

from parley_gateway.headers import header_lines

_PACKED = {
    "css": "text/css; charset=utf-8",
    "frag": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "md": "text/plain; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "otf": "font/otf",
    "snapshot": "application/octet-stream",
    "svg": "image/svg+xml; charset=utf-8",
    "tar": "application/x-tar",
    "ttf": "font/ttf",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "zip": "application/zip",
}
_DENSE = {
    "bin": "application/octet-stream",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
#: Flutter 3's own `<style>` as Blink, Edge, Firefox and Safari get it, each as it grows in two steps.
_FLUTTER_STYLES = (
    "quEZTjRzgvQYGviYWByjJgKZ/NbzuCmZuJz4oKH92lc=",
    "yfIPOfm2j+95mdSFRKtHD+weGaJNlJyzgEhboQ4WsDA=",
    "JhCALKydFD/KDoHJoYDYk6RJ1PyHhs/4Z1vg0SSYlB0=",
    "6tz5KaDTtT27CkH8jwURBGFVg0EroGZuBSIz43PtMvc=",
    "s4yQAruZSjIEYHkPO8ehTfzlcsl7trhH8zHgKmbVxp8=",
    "fZHbopTuEB9rOa4sFajsL99Oz43fhnOFJ4Zj62iJRiU=",
    "VEH2FxdW2Q4z1unMJqqt0UH0BHh5vEfAYRSvZ8RBw6c=",
    "CCNlQB4n2yV+kpblVxCg1CPdS/azQfc966N89UgaYs4=",
)
#: Folders whose names hold the hash of what is in them.
_HASHED = r"^/[a-z]+-[0-9a-f]{12}/"

MAPS = rf"""  map $http_accept_encoding $site_suffix {{ default ""; "~*\bbr\b" ".br"; "~*\bgzip\b" ".gz"; }}
  map $site_suffix $site_coding {{ default ""; ".br" "br"; ".gz" "gzip"; }}
  map $uri $site_caching {{ default "no-cache"; "~{_HASHED}" "public, max-age=31536000, immutable"; }}"""


def policy(netloc: str) -> str:
    """The Content-Security-Policy. Flutter and Pyodide compile WebAssembly, hence `wasm-unsafe-eval`.

    The socket is named because Safari's 'self' covers no wss.
    """
    directives = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "worker-src": "'self'",
        "style-src": " ".join(["'self'", *(f"'sha256-{style}'" for style in _FLUTTER_STYLES)]),
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "media-src": "'self' blob:",
        "connect-src": f"'self' blob: wss://{netloc}",
        "manifest-src": "'self'",
        # Flutter wants a <base> in the page, of this host alone; what may run or be loaded depends on no base.
        "base-uri": "'self'",
        "object-src": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def locations(netloc: str) -> str:
    """The locations of the site; the page answers every path without a dot, so that links into the app work."""
    closed = "\n".join(
        f"    location = /{name} {{ return 404; }}\n    location ^~ /{name}/ {{ return 404; }}"
        for name in ("api", "internal", ".well-known")
    )
    files = [_files(suffix, kind, netloc, packed=True) for suffix, kind in _PACKED.items()]
    files += [_files(suffix, kind, netloc, packed=False) for suffix, kind in _DENSE.items()]
    page = f"""    location / {{
      types {{ }}
      default_type "{_PACKED["html"]}";
{_headers(netloc, packed=True)}
      limit_except GET {{ deny all; }}
      try_files /index.html$site_suffix =404;
    }}
    location ~ \\. {{ return 404; }}"""
    return "\n".join([closed, *files, page])


def _files(suffix: str, kind: str, netloc: str, *, packed: bool) -> str:
    return f"""    location ~ \\.{suffix}$ {{
      types {{ }}
      default_type "{kind}";
{_headers(netloc, packed=packed)}
      limit_except GET {{ deny all; }}
      try_files $uri{"$site_suffix" if packed else ""} =404;
    }}"""


def _headers(netloc: str, *, packed: bool) -> str:
    lines = {
        "Content-Security-Policy": policy(netloc),
        "Permissions-Policy": (
            "camera=(self), microphone=(self), geolocation=(), midi=(), payment=(), usb=(), serial=(), hid=(),"
            " accelerometer=(), gyroscope=(), magnetometer=()"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "$site_caching",
    }
    coding = {"Content-Encoding": "$site_coding", "Vary": "Accept-Encoding"} if packed else {}
    return header_lines(lines | coding)

"""Numbers on the wire, by their width: whoever decodes one knows that every store and every signed structure has room for it."""

from typing import Annotated

from msgspec import Meta

Uint16 = Annotated[int, Meta(ge=0, le=(1 << 16) - 1)]
#: Versions and generations, which signed places hold in four bytes.
Uint32 = Annotated[int, Meta(ge=0, le=(1 << 32) - 1)]
#: PostgreSQL, MongoDB and SQLite count in 64 bits with a sign.
Uint63 = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

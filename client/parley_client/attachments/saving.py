"""Files of this device: what is sent from a path, and what is saved to one.

Invariant: under its own name a saved file is whole and verified; until then it lies beside it under another one, from
which saving goes on after an interruption.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from parley_client.answers import AttachmentInfo
from parley_client.attachments.descriptor import MEDIA_TYPE_DEFAULT
from parley_client.attachments.preparing import Attachable
from parley_client.client import Client


class Saved(msgspec.Struct, frozen=True):
    """What saving answers."""

    path: str
    name: str
    media_type: str
    size_bytes: int


def attachable_of(path: Path, *, name: str | None = None, media_type: str | None = None) -> Attachable:
    """The file at a path, its type guessed by its name where none is given."""
    shown = name or path.name
    return Attachable(shown, media_type or mimetypes.guess_type(shown)[0] or MEDIA_TYPE_DEFAULT, path=path)


async def save_attachment(client: Client, conversation: str, sequence: int, index: int, output: Path) -> Saved:
    """Fetch a file of a message and put it at `output`; `AttachmentBroken` leaves what was there before."""
    found = client.attachment_info(conversation, sequence, index)
    partial = output.with_name(f".{output.name[:100]}.{conversation[-12:]}-{sequence}-{index}.part")
    with partial.open("ab") as file:
        offset = file.tell()
        if offset > found.size_bytes:
            file.truncate(0)
            offset = 0
        async for chunk in client.attachment(conversation, sequence, index, offset=offset):
            await asyncio.to_thread(_write, file, chunk)
        os.fsync(file.fileno())
    partial.replace(output)
    return _saved(found, output)


def _write(file: BinaryIO, chunk: bytes) -> None:
    file.write(chunk)
    file.flush()


def _saved(found: AttachmentInfo, output: Path) -> Saved:
    return Saved(str(output.absolute()), found.name, found.media_type, found.size_bytes)

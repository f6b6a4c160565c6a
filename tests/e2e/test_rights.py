"""Through the whole of it: everything of a person is handed to them, then their account goes from every service."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from e2e_devices import Device, Refused, Stack

from parley_contracts.encoding import b64decode
from parley_contracts.names import DELETED_USERNAME
from parley_ops import postgres
from parley_ops.instance import require_instance
from parley_ops.layout import Home

PATIENCE_S = 90.0
LOOK_S = 0.5


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(LOOK_S)
    return found


def archive_of(device: Device) -> zipfile.ZipFile:
    asked = device("account.export")["export_id"]
    ready = until(lambda: [e for e in device("account.exports") if e["export_id"] == asked and e["state"] == "ready"])
    part = device("account.export.part", export_id=asked, part=0)["data"]
    assert len(b64decode(part)) == ready[0]["size_bytes"]
    return zipfile.ZipFile(io.BytesIO(b64decode(part)))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def history_of(device: Device) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    position: str | None = ""
    while position is not None:
        page = device("history.export", position=position)
        found += [json.loads(line) for line in page["lines"].splitlines()]
        position = page["next"]
    return found


def test_an_account_is_taken_along_and_deleted_from_every_service(
    stack: Stack, device: Callable[..., Device], tmp_path: Path
):
    anna, berta = device("anna"), device("berta")
    user_id = anna("whoami")["user_id"]
    (tmp_path / "plan.txt").write_text("three beds of beans")
    sent = anna("send", to=f"@{berta.username}", text="the plan", attachments=[{"path": str(tmp_path / "plan.txt")}])
    where = sent["conversation_id"]
    berta.wait_for({"the plan"})

    archive = archive_of(anna)
    assert json.loads(archive.read("account.json"))["username"] == anna.username
    memberships = [line for line in lines(archive, "messaging.jsonl") if line["kind"] == "memberships"]
    assert where in {line["conversation"] for line in memberships}
    assert [line["conversation_id"] for line in lines(archive, "media.jsonl") if line["kind"] == "file"] == [where]
    assert "the plan" in {entry.get("text") for entry in history_of(anna)}

    assert anna("account.delete")["due_at"]
    anna.heard("signed_out", lambda params: "going_at" in params)
    home = Home(stack.home)
    with psycopg.connect(postgres.url(home, require_instance(home), "auth"), autocommit=True) as database:
        query = "SELECT verified_at FROM rights_deletion WHERE user_id = %s AND verified_at IS NOT NULL"
        until(lambda: database.execute(query, [user_id]).fetchone())
    assert berta("profile", user_id=user_id)["username"] == DELETED_USERNAME
    (summary,) = [each for each in berta("summaries") if each["conversation_id"] == where]
    assert {member["username"] for member in summary["members"]} == {DELETED_USERNAME, berta.username}
    assert "the plan" in {message["text"] for message in berta.history()}
    with pytest.raises(Refused):
        berta("attachment.read", conversation_id=where, sequence=sent["sequence"], index=0)
    with pytest.raises(Refused) as unknown:
        berta("person.find", username=anna.username)
    assert unknown.value.slug == "not_found"
    audit = json.loads(stack.ops("audit", "list", "--user", user_id, "--json").stdout)["entries"]
    assert [row["act"] for row in audit[:2]] == ["deletion.verified", "account.deleted"]

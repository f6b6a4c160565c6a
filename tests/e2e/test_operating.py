"""The machine's owner at work on the running system: accounts, the audit log, keys, by `./parley` as it is typed."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest
from e2e_devices import Device, Stack, access_token

from parley_ops import postgres
from parley_ops.instance import require_instance
from parley_ops.layout import Home

Make = Callable[..., Device]


def ops(stack: Stack, *arguments: str) -> dict:
    done = stack.ops(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def https(stack: Stack):
    context = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(verify=context, base_url=stack.address, timeout=20) as client:
        yield client


def test_accounts_are_shown_suspended_and_restored(stack: Stack, device: Make, https: httpx.Client):
    anna = device("anna")
    where = anna("group.create", name="Garden", members=[])["conversation_id"]
    token = access_token(anna)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/messaging/conversations/{where}"
    assert https.get(path, headers=headers).status_code == 200
    shown = ops(stack, "user", "show", anna.username)
    assert (shown["username"], shown["email"], len(shown["sessions"])) == (anna.username, anna.email, 1)
    ops(stack, "user", "quota", anna.username, "1000")
    assert ops(stack, "user", "quota", anna.username)["limit_bytes"] == 1000
    ops(stack, "user", "suspend", anna.username)
    # Auth refuses at once, messaging within the five seconds in which revocations reach it.
    assert https.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert any(https.get(path, headers=headers).status_code == 401 for _ in range(500))
    assert [user["suspended"] for user in ops(stack, "user", "list", anna.username)["users"]] == [True]
    ops(stack, "user", "restore", anna.username)
    acts = [row["act"] for row in ops(stack, "audit", "list", "--user", anna.username)["entries"]]
    assert acts[:4] == ["user.restored", "user.suspended", "session.ended", "user.quota_set"]


def test_everybody_is_told_and_asked(stack: Stack, device: Make, tmp_path: Path):
    anna = device("anna")
    file = tmp_path / "terms.txt"
    file.write_text("Be kind to one another.")
    made = ops(stack, "announcement", "make", "We move on Sunday.", "--days", "1")
    version = ops(stack, "terms", "publish", str(file))["version"]
    try:
        assert made in ops(stack, "announcement", "list")["announcements"]
        assert made["text"] in [each["text"] for each in anna("announcements")]
        due = anna("account.terms")["due"]
        assert (due["version"], due["text"]) == (version, "Be kind to one another.")
        assert anna("account.agree", version=version)["due"] is None
        (row,) = [row for row in ops(stack, "terms", "list")["terms"] if row["asked_for"]]
        assert (row["version"], row["agreed"]) == (version, 1)
    finally:
        assert ops(stack, "terms", "withdraw")["version"] == version
        ops(stack, "announcement", "withdraw", made["announcement_id"])
    assert anna("announcements") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("terms", "publish", "/nowhere/at/all"), "cannot be read"),
        (("announcement", "make", ""), "1 to 280 characters"),
        (("announcement", "withdraw", "none"), "No such announcement"),
        (("user", "show", "nobody-of-that-name"), "There is no such account"),
        (("user", "role", "nobody-of-that-name", "king"), "There is no such account"),
        (("user", "quota", "anna", "much"), "A quota is a number of bytes"),
        (("audit", "list", "--limit", "0"), "--limit"),
        (("keys", "rotate", "cars"), "cars"),
    ],
)
def test_a_wrong_command_is_a_sentence(stack: Stack, arguments: tuple[str, ...], said: str):
    done = stack.ops(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in done.stderr


def test_the_service_itself_cannot_change_its_audit_log(stack: Stack, device: Make):
    """Its user of the database has no right to; and what the database's own administrator does is found."""
    device("anna").stop()
    home = Home(stack.home)
    with psycopg.connect(postgres.url(home, require_instance(home), "auth"), autocommit=True) as service:
        for statement in (
            "UPDATE audit_auditentry SET act = 'x'",
            "DELETE FROM audit_auditentry",
            "TRUNCATE audit_auditentry",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER ALL")
    assert ops(stack, "audit", "verify")["fault"] == ""
    with psycopg.connect(stack.engines["PARLEY_POSTGRES_URL"], dbname="auth", autocommit=True) as admin:
        admin.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER ALL")
        (actor,) = admin.execute("SELECT actor FROM audit_auditentry WHERE number = 2").fetchone()
        try:
            admin.execute("UPDATE audit_auditentry SET actor = 'machine:other' WHERE number = 2")
            done = stack.ops("audit", "verify")
            assert done.returncode == 1
            assert "row 2 was changed" in done.stderr
        finally:
            admin.execute("UPDATE audit_auditentry SET actor = %s WHERE number = 2", [actor])
            admin.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER ALL")
    assert ops(stack, "audit", "verify")["fault"] == ""


def test_keys_are_replaced_and_nobody_notices(stack: Stack, device: Make, https: httpx.Client):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="before")["conversation_id"]
    berta.wait_for({"before"})
    other = device("carl")
    token = access_token(other)
    keys = {path.name: path.read_bytes() for path in (stack.home / "secrets" / "auth").glob("*")}
    done = stack.ops("keys", "rotate")
    assert done.returncode == 0, done.stderr
    now = {path.name: path.read_bytes() for path in (stack.home / "secrets" / "auth").glob("*")}
    # A key that was replaced earlier may go meanwhile.
    changed = {name for name in keys if now.get(name, keys[name]) != keys[name]}
    assert changed == {"access_signing_key.pem", "field_key", "service_key.pem"}
    # A token that the old key signed, and sessions that began before.
    assert https.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert https.get("/api/v1/messaging/conversations", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    anna("send", to=where, text="after")
    berta.wait_for({"after"})
    # Services know one another by their new keys: media asks messaging, which asks auth.
    berta("group.create", name="Choir", members=[f"@{anna.username}"])
    assert ops(stack, "user", "quota", anna.username)["used_bytes"] == 0
    shown = ops(stack, "user", "show", anna.username)
    assert shown["email"] == anna.email
    assert ops(stack, "audit", "verify")["fault"] == ""

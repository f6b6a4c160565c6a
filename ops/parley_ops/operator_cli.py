"""`./parley user`, `./parley audit` and `./parley keys`: what who owns the machine does to accounts, the log and the keys."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from parley_ops import operating
from parley_ops.errors import OperationError, UsageError
from parley_ops.instance import require_instance
from parley_ops.layout import Home, runtime
from parley_ops.stack import Stack

users = typer.Typer(name="user", help="Accounts: list, show, create, suspend, restore, …", no_args_is_help=True)
audit = typer.Typer(name="audit", help="The log of what operators and people did to accounts.", no_args_is_help=True)
announcement = typer.Typer(name="announcement", help="What everybody is told in the app.", no_args_is_help=True)
terms = typer.Typer(name="terms", help="The terms that people are asked to agree to.", no_args_is_help=True)
keys = typer.Typer(name="keys", help="The keys of this server.", no_args_is_help=True)
_DAY_S = 24 * 3600
_console = Console(highlight=False, soft_wrap=True)

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The instance's data.", show_default="the runtime's own folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A user name or an identifier.")]


class Kind(StrEnum):
    """Kinds of keys."""

    ALL = "all"
    SIGNING = "signing"
    FIELDS = "fields"
    SERVICES = "services"


@users.command("list")
def list_users(
    prefix: Annotated[str, typer.Argument(help="How names begin.")] = "",
    *,
    role: Annotated[str, typer.Option(help="Only this role: owner, admin, moderator, auditor.")] = "",
    suspended: Annotated[bool, typer.Option("--suspended", help="Only suspended ones.")] = False,
    after: Annotated[str, typer.Option(help="Go on after this name.")] = "",
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List accounts by name, a page at a time."""
    found = _ask(home, "user.list", prefix=prefix, role=role, suspended=suspended, after=after)
    if json:
        return _say_json(found)
    table = Table("name", "shown as", "role", "state", "since", box=None, pad_edge=False)
    for user in found["users"]:
        state = "suspended" if user["suspended"] else ""
        table.add_row(user["username"], user["display_name"], user["role"], state, user["created_at"][:10])
    _console.print(table)
    if found["next"]:
        _say(f"There are more: --after {found['next']}")
    return None


@users.command("show")
def show_user(name: Name, *, json: JsonOption = False, home: HomeOption = None) -> None:
    """Show one account and where it is signed in."""
    found = _ask(home, "user.show", name=name)
    if json:
        return _say_json(found)
    facts = {
        "name": found["username"],
        "identifier": found["user_id"],
        "shown as": found["display_name"],
        **{label: found[label] for label in ("about", "pronouns") if found[label]},
        "picture": "yes" if found["shows_picture"] else "none",
        "role": found["role"] or "none",
        "state": "suspended" if found["suspended"] else "active",
        **({"deleted": found["deleted_at"]} if found["deleted_at"] else {}),
        "since": found["created_at"],
        "e-mail": f"{found['email']} ({'confirmed' if found['email_confirmed'] else 'not confirmed'})",
        "second step": "on" if found["second_step"] else "off",
    }
    for label, value in facts.items():
        _say(f"{label:12} {value}")
    for session in found["sessions"]:
        where = " ".join(part for part in (session["device"] or "no device", session["network"]) if part)
        _say(f"{'session':12} {session['session_id']} {where}, last seen {session['last_seen_at']}")
    return None


@users.command("create")
def create_user(
    name: Name,
    *,
    email: Annotated[str, typer.Option(help="Their e-mail address.")],
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make an account; its person sets a password by the code that is printed."""
    made = _ask(home, "user.create", username=name, email=email)
    if json:
        return _say_json(made)
    _say(f"{made['username']} has an account. The code to set a password by, good for an hour: {made['code']}")
    return None


@users.command()
def suspend(name: Name, *, json: JsonOption = False, home: HomeOption = None) -> None:
    """Let an account do nothing until it is restored; it is signed out everywhere."""
    _done(_ask(home, "user.suspend", name=name), f"{name} is suspended.", json=json)


@users.command()
def restore(name: Name, *, json: JsonOption = False, home: HomeOption = None) -> None:
    """Let a suspended account sign in again."""
    _done(_ask(home, "user.restore", name=name), f"{name} may sign in again.", json=json)


@users.command("clear-profile")
def clear_profile(name: Name, *, json: JsonOption = False, home: HomeOption = None) -> None:
    """Take away the picture, chosen name and words that a person shows; they may show others."""
    _done(_ask(home, "user.clear-profile", name=name), f"{name} shows the user name alone.", json=json)


@users.command()
def delete(name: Name, *, json: JsonOption = False, home: HomeOption = None) -> None:
    """Let an account go for good after a while, in which it is suspended and can be restored."""
    found = _ask(home, "user.delete", name=name)
    _done(found, f"{name} is suspended and goes on {found['due_at']}; until then: user restore.", json=json)


@users.command("reset-password")
def reset_password(
    name: Name,
    *,
    letter: Annotated[bool, typer.Option("--letter", help="Send it to their confirmed address.")] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Let a person set a new password, by a code that you give them or by a letter. It opens no encrypted history."""
    found = _ask(home, "user.reset-password", name=name, letter=letter)
    said = "A letter is on its way." if letter else f"The code, good for an hour: {found['code']}"
    _done(found, said, json=json)


@users.command("sign-out")
def sign_out(
    name: Name,
    *,
    session: Annotated[str | None, typer.Option(help="Only this session.")] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Sign a person out everywhere; their devices leave all conversations."""
    found = _ask(home, "user.sign-out", name=name, session=session)
    _done(found, f"{found['sessions']} sessions of {name} ended.", json=json)


@users.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="owner, admin, moderator, auditor, or none.")],
    *,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Give a person a role, or take it."""
    _done(_ask(home, "user.role", name=name, role=role), f"{name} has the role: {role}.", json=json)


@users.command()
def quota(
    name: Name,
    size: Annotated[str | None, typer.Argument(metavar="[BYTES|default]", help="Show it where left out.")] = None,
    *,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show or set how much space a person's files may take."""
    if size is not None and size != "default" and not (size.isascii() and size.isdigit() and len(size) <= 16):
        raise UsageError("A quota is a number of bytes, or the word default.")
    limit = int(size) if size is not None and size != "default" else None
    found = _ask(home, "user.quota", name=name, change=size is not None, limit_bytes=limit)
    said = f"{name}: {found['used_bytes']} of {found['limit_bytes']} bytes, in {found['objects']} files"
    _done(found, said, json=json)


@announcement.command("list")
def list_announcements(*, json: JsonOption = False, home: HomeOption = None) -> None:
    """Show what stands, newest first."""
    found = _ask(home, "announcement.list")
    if json:
        return _say_json(found)
    for each in found["announcements"]:
        _say(f"{each['announcement_id']} until {each['ends_at']}: {each['text']}")
    return None


@announcement.command("make")
def make_announcement(
    text: Annotated[str, typer.Argument(help="A sentence or two.")],
    *,
    days: Annotated[int, typer.Option(help="How long it stands.")] = 7,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Tell everybody something, above their conversations, until they put it away or it ends."""
    made = _ask(home, "announcement.make", text=text, lifetime_s=days * _DAY_S)
    _done(made, f"Everybody is told until {made['ends_at']}: {made['announcement_id']}", json=json)


@announcement.command("withdraw")
def withdraw_announcement(
    announcement_id: Annotated[str, typer.Argument(help="As `list` prints it.")],
    *,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Let an announcement end now."""
    _done(_ask(home, "announcement.withdraw", announcement_id=announcement_id), "It is told no more.", json=json)


@terms.command("list")
def list_terms(*, json: JsonOption = False, home: HomeOption = None) -> None:
    """Show all versions, and how many people agreed to each."""
    found = _ask(home, "terms.list")
    if json:
        return _say_json(found)
    for each in found["terms"]:
        asked = ", asked for" if each["asked_for"] else ""
        _say(f"version {each['version']} of {each['published_at']}: {each['agreed']} agreed{asked}")
    return None


@terms.command("publish")
def publish_terms(
    file: Annotated[Path, typer.Argument(help="The terms as plain text in UTF-8.")],
    *,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Ask everybody to agree to these from now on, as the next version."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file {file} cannot be read as text in UTF-8.") from error
    made = _ask(home, "terms.publish", text=text)
    _done(made, f"People are asked to agree to version {made['version']}.", json=json)


@terms.command("withdraw")
def withdraw_terms(*, json: JsonOption = False, home: HomeOption = None) -> None:
    """Ask for no terms any more, until you publish others."""
    found = _ask(home, "terms.withdraw")
    _done(found, f"Nobody is asked for version {found['version']} any more.", json=json)


@audit.command("list")
def list_audit(
    *,
    user: Annotated[str | None, typer.Option(help="Only what happened to this account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    before: Annotated[int | None, typer.Option(help="Go on below this number.")] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show the newest rows, newest first."""
    found = _ask(home, "audit.list", limit=limit, before=before, name=user)
    if json:
        return _say_json(found)
    table = Table("number", "at", "act", "who", "whom", "from", "details", box=None, pad_edge=False)
    for row in found["entries"]:
        details = ", ".join(f"{name}={value}" for name, value in row["details"].items())
        who, whom = (row[f"{part}_name"] or row[part] for part in ("actor", "subject"))
        table.add_row(str(row["number"]), row["at"], row["act"], who, whom, row["address"], details)
    _console.print(table)
    return None


@audit.command()
def verify(*, json: JsonOption = False, home: HomeOption = None) -> None:
    """Check that no row was changed, removed or moved; exit code 1 where one was."""
    stack, by = _stack(home)
    verdict = operating.verify_audit(stack, by)
    if json:
        _say_json(verdict)
    elif not verdict["fault"]:
        _say(f"The audit log is whole: {verdict['entries']} rows.")
    if verdict["fault"]:
        raise OperationError(f"The audit log is not what it was: {verdict['fault']}.")


@keys.command()
def rotate(
    kinds: Annotated[list[Kind] | None, typer.Argument(help="Which; all where left out.")] = None,
    *,
    home: HomeOption = None,
) -> None:
    """Replace keys, and seal anew what they sealed. Nobody is signed out."""
    stack, by = _stack(home)
    chosen = frozenset(kinds or [Kind.ALL])
    wanted = frozenset(Kind) - {Kind.ALL} if Kind.ALL in chosen else chosen
    operating.rotate_keys(stack, frozenset(str(kind) for kind in wanted), by, _say)


@keys.command("renew-engines")
def renew_engines(*, home: HomeOption = None) -> None:
    """Draw other passwords for the services at the embedded engines, while nothing runs; ./parley up begins to use them."""
    stack, _ = _stack(home)
    operating.renew_engine_passwords(stack.home)
    _say("The next ./parley up uses other passwords.")


def _stack(home: Path | None) -> tuple[Stack, str]:
    """The instance, as the services' user; and whose account asked."""
    place = Home((home or runtime()).absolute())
    stack, by = Stack.load(place, require_instance(place)), operating.who()
    operating.become_services_user(place)
    return stack, by


def _ask(home: Path | None, act: str, **members: Any) -> Any:
    stack, by = _stack(home)
    return operating.ask(stack, act, by, **members)


def _done(found: Any, sentence: str, *, json: bool) -> None:
    if json:
        _say_json(found if found is not None else {})
    else:
        _say(sentence)


def _say(line: str) -> None:
    _console.print(line, markup=False)


def _say_json(found: Any) -> None:
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")

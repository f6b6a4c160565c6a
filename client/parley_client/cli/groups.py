"""`parley client … group …`: private groups, their people, roles, links and requests to join."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from parley_client.cli.running import run_synced
from parley_client.client import Client
from parley_client.errors import UsageError
from parley_contracts.limits import AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX
from parley_contracts.policy import PERMISSIONS, RANKS, Permission, Role

group = typer.Typer(no_args_is_help=True, help="Private groups.")
link = typer.Typer(no_args_is_help=True, help="Invitation links of a group.")
group.add_typer(link, name="link")

People = Annotated[list[str], typer.Argument(help="People as @username.")]
Group = Annotated[str, typer.Argument(help="The group's id or name.")]
_ROLES = ", ".join(RANKS)


@group.command("create")
def create(
    context: typer.Context,
    name: str,
    members: People,
    topic: Annotated[str, typer.Option(help="What it is about.")] = "",
) -> None:
    """Make a private group."""
    run_synced(context, lambda client: client.group_create(name, members, topic))


@group.command("add")
def add(
    context: typer.Context,
    conversation: Group,
    members: People,
    role: Annotated[str, typer.Option(help=f"One of {_ROLES}.")] = "member",
) -> None:
    """Bring people into a group."""
    run_synced(context, lambda client: client.group_add(conversation, members, _role(role)))


@group.command("let-in-again")
def let_in_again(
    context: typer.Context,
    conversation: Group,
    person: Annotated[str, typer.Argument(help="Who began their account anew, as @username.")],
) -> None:
    """Let somebody whose new keys you have accepted or compared into a group again."""
    run_synced(context, lambda client: client.let_in_again(conversation, person))


@group.command("remove")
def remove(context: typer.Context, conversation: Group, members: People) -> None:
    """Put people out of a group."""
    run_synced(context, lambda client: client.group_remove(conversation, members))


@group.command("ban")
def ban(context: typer.Context, conversation: Group, members: People) -> None:
    """Put people out, or keep them out, until they are unbanned."""
    run_synced(context, lambda client: client.group_ban(conversation, members))


@group.command("unban")
def unban(context: typer.Context, conversation: Group, members: People) -> None:
    """Let banned people come in again."""
    run_synced(context, lambda client: client.group_unban(conversation, members))


@group.command("mute")
def mute(
    context: typer.Context,
    conversation: Group,
    members: People,
    hours: Annotated[float | None, typer.Option(min=0.01, help="For how long; left out, until unmuted.")] = None,
) -> None:
    """Let people say nothing; they read on."""
    lifetime_s = int(hours * 3600) if hours is not None else None
    run_synced(context, lambda client: client.group_mute(conversation, members, lifetime_s))


@group.command("unmute")
def unmute(context: typer.Context, conversation: Group, members: People) -> None:
    """Let people speak again."""
    run_synced(context, lambda client: client.group_unmute(conversation, members))


@group.command("leave")
def leave(context: typer.Context, conversation: Group) -> None:
    """Leave a group."""
    run_synced(context, lambda client: client.group_leave(conversation))


@group.command("info")
def info(context: typer.Context, conversation: Group) -> None:
    """Print a group's people, roles, permissions, bans and mutes."""

    async def work(client: Client) -> object:
        return client.group_info(conversation)

    run_synced(context, work)


@group.command("audit")
def audit(
    context: typer.Context,
    conversation: Group,
    before: Annotated[int | None, typer.Option(help="`next` of the page before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=AUDIT_PAGE_MAX)] = AUDIT_PAGE_DEFAULT,
) -> None:
    """Print what moderators did, the newest first; for moderators and those above."""
    run_synced(context, lambda client: client.group_audit(conversation, before=before, limit=limit))


@group.command("role")
def role(
    context: typer.Context,
    conversation: Group,
    member: Annotated[str, typer.Argument(help="A person as @username.")],
    new_role: Annotated[str, typer.Argument(metavar="ROLE", help=f"One of {_ROLES}.")],
) -> None:
    """Give somebody another role."""
    run_synced(context, lambda client: client.group_role(conversation, member, _role(new_role)))


@group.command("permit")
def permit(
    context: typer.Context,
    conversation: Group,
    permission: Annotated[str, typer.Argument(help=f"One of {', '.join(PERMISSIONS)}.")],
    lowest: Annotated[str, typer.Argument(metavar="ROLE", help=f"The lowest role that may: one of {_ROLES}.")],
) -> None:
    """Say from which role on people may do something."""

    async def work(client: Client) -> object:
        return await client.group_permissions(conversation, {_permission(permission): _role(lowest)})

    run_synced(context, work)


@group.command("describe")
def describe(
    context: typer.Context,
    conversation: Group,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    topic: Annotated[str | None, typer.Option(help="The new topic.")] = None,
) -> None:
    """Change a group's name or topic."""
    run_synced(context, lambda client: client.group_describe(conversation, name=name, topic=topic))


@group.command("picture")
def picture(
    context: typer.Context,
    conversation: Group,
    file: Annotated[Path | None, typer.Argument(help="A picture; left out, the group has none any more.")] = None,
) -> None:
    """Give a group a picture, or take it away."""
    try:
        data = file.read_bytes() if file is not None else None
    except OSError as error:
        raise UsageError(f"the file {file} cannot be read: {error.strerror}") from error
    run_synced(context, lambda client: client.group_picture(conversation, data))


@group.command("timer")
def timer(
    context: typer.Context,
    conversation: Group,
    seconds: Annotated[int, typer.Argument(help="After how many seconds; 0 for not at all.")],
) -> None:
    """Let messages from now on disappear, on devices and server; of a direct conversation, too."""
    run_synced(context, lambda client: client.group_timer(conversation, seconds or None))


@group.command("retention")
def retention(
    context: typer.Context,
    conversation: Group,
    seconds: Annotated[int, typer.Argument(help="For how many seconds; 0 for any time.")],
) -> None:
    """Say how long the server keeps messages; devices keep what they have."""
    run_synced(context, lambda client: client.group_retention(conversation, seconds or None))


@group.command("history")
def history(
    context: typer.Context,
    conversation: Group,
    shared: Annotated[str, typer.Argument(metavar="on|off|ask", help="ask: for what this device still lacks.")],
) -> None:
    """Let who comes in later read what is said from now on, or ask for what was said before one came in."""
    if shared not in {"on", "off", "ask"}:
        raise UsageError("say on, off or ask")

    async def work(client: Client) -> object:
        if shared == "ask":
            await client.group_history_ask(conversation)
            return client.group_info(conversation)
        return await client.group_history(conversation, shared=shared == "on")

    run_synced(context, work)


@group.command("confirm-reset")
def confirm_reset(context: typer.Context, conversation: Group) -> None:
    """Go on in a conversation whose keys were begun anew in a way that this device could not check."""

    async def work(client: Client) -> object:
        await client.reset_confirm(conversation)
        return client.group_info(conversation)

    run_synced(context, work)


@group.command("join")
def join(context: typer.Context, invitation: Annotated[str, typer.Argument(metavar="LINK")]) -> None:
    """Ask to join by an invitation link."""
    run_synced(context, lambda client: client.group_join(invitation))


@group.command("requests")
def requests(context: typer.Context, conversation: Group) -> None:
    """Print who asks to join."""
    run_synced(context, lambda client: client.group_requests(conversation))


@group.command("approve")
def approve(context: typer.Context, conversation: Group, members: People) -> None:
    """Let people in who ask."""
    run_synced(context, lambda client: client.group_approve(conversation, members))


@group.command("deny")
def deny(context: typer.Context, conversation: Group, members: People) -> None:
    """Turn people down who ask."""
    run_synced(context, lambda client: client.group_deny(conversation, members))


@link.command("create")
def link_create(
    context: typer.Context,
    conversation: Group,
    role: Annotated[str, typer.Option(help="member or guest: what people come in as.")] = "member",
    uses: Annotated[int | None, typer.Option(min=1, help="How many people may come by it.")] = None,
    hours: Annotated[float | None, typer.Option(min=0.01, help="How long it works.")] = None,
    automatic: Annotated[bool, typer.Option(help="Devices that are online let people in by themselves.")] = False,
) -> None:
    """Make an invitation link."""
    if role not in {"member", "guest"}:
        raise UsageError("people come in by a link as member or guest")

    async def work(client: Client) -> object:
        return await client.group_link_create(
            conversation,
            role="guest" if role == "guest" else "member",
            uses_max=uses,
            lifetime_s=int(hours * 3600) if hours is not None else None,
            automatic=automatic,
        )

    run_synced(context, work)


@link.command("list")
def link_list(context: typer.Context, conversation: Group) -> None:
    """Print a group's links; the link itself where this person made it."""

    async def work(client: Client) -> object:
        return client.group_links(conversation)

    run_synced(context, work)


@link.command("revoke")
def link_revoke(context: typer.Context, conversation: Group, link_id: str) -> None:
    """Make a link useless."""
    run_synced(context, lambda client: client.group_link_revoke(conversation, link_id))


def _role(unverified: str) -> Role:
    try:
        role: Role = msgspec.convert(unverified, Role)
    except msgspec.ValidationError as error:
        raise UsageError(f"a role is one of {_ROLES}") from error
    return role


def _permission(unverified: str) -> Permission:
    try:
        permission: Permission = msgspec.convert(unverified, Permission)
    except msgspec.ValidationError as error:
        raise UsageError(f"a permission is one of {', '.join(PERMISSIONS)}") from error
    return permission

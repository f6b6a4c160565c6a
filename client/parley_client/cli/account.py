"""`parley client … account`: the account's e-mail address, its password, its second factors and its sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley_client.cli.running import first_line, run, run_synced, show
from parley_client.client import Client
from parley_client.errors import UsageError

account = typer.Typer(no_args_is_help=True, help="The account's e-mail address, password and second factors.")

Server = Annotated[str, typer.Option(help="https://HOST:PORT of the server.")]
CaFile = Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")]
Password = Annotated[
    Path | None, typer.Option("--password-file", help="File with the password, where the server asks for it again.")
]
NewPassword = Annotated[Path, typer.Option("--new-password-file", help="File whose first line is the new password.")]


Code = Annotated[str, typer.Option(help="A code of the second factor, where one is set up.")]


async def sign_in_again(client: Client, password_file: Path | None, code: str) -> None:
    """Give the password again, where a file with it was given."""
    if password_file is not None:
        await client.reauthenticate(first_line(password_file), code)


@account.command("show")
def show_account(context: typer.Context) -> None:
    """Print the account with its address, and whether it is confirmed."""

    async def work(client: Client) -> None:
        show(await client.own_profile())

    run(context, work)


@account.command()
def verify(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The code of the letter; without one, a letter is sent.")] = "",
) -> None:
    """Confirm an e-mail address by the code of its letter."""

    async def work(client: Client) -> None:
        if code:
            show(await client.verify_email(code))
        else:
            await client.request_verification()

    run(context, work)


@account.command()
def email(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The new address; it gets a letter with a code for `verify`.")],
    password: Password = None,
    code: Code = "",
) -> None:
    """Change the e-mail address."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        await client.change_email(address)

    run(context, work)


@account.command("password")
def change_password(
    context: typer.Context,
    new: NewPassword,
    current: Annotated[Path, typer.Option("--password-file", help="File whose first line is the present password.")],
) -> None:
    """Change the password; other devices have to sign in anew."""
    run(context, lambda client: client.change_password(current=first_line(current), new=first_line(new)))


@account.command()
def forgot(
    context: typer.Context,
    server: Server,
    address: Annotated[str, typer.Option("--email", help="The account's e-mail address.")],
    ca: CaFile = None,
) -> None:
    """Have a letter sent whose code sets a new password by `reset`."""
    run(
        context,
        lambda client: client.request_reset(server=server, ca_file=_text(ca), email=address),
    )


@account.command()
def reset(
    context: typer.Context,
    server: Server,
    code: Annotated[Path, typer.Option("--code-file", help="File whose first line is the letter's code.")],
    new: NewPassword,
    understood: Annotated[
        bool, typer.Option("--understood", help="A new password opens no encrypted history, and ends all sessions.")
    ] = False,
    ca: CaFile = None,
) -> None:
    """Set a new password by the code of a letter."""
    if not understood:
        raise UsageError(
            "a new password does not open your encrypted history, which takes the recovery key or another device, "
            "and it ends all sessions: say --understood to go on"
        )
    run(
        context,
        lambda client: client.reset_password(
            server=server, ca_file=_text(ca), code=first_line(code), new=first_line(new)
        ),
    )


@account.command()
def factors(context: typer.Context) -> None:
    """Print which second factors the account has."""

    async def work(client: Client) -> None:
        show(await client.second_factors())

    run(context, work)


@account.command()
def totp(
    context: typer.Context,
    setup: Annotated[str, typer.Argument(help="What this printed as `setup`; empty to begin.")] = "",
    first: Annotated[str, typer.Argument(help="With it, a first code of the authenticator app.")] = "",
    password: Password = None,
    code: Code = "",
    off: Annotated[bool, typer.Option("--off", help="Switch the second step off.")] = False,
) -> None:
    """Set an authenticator app up: print its secret, then, with a first code, the recovery codes."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        if off:
            await client.remove_totp()
        elif setup:
            show(await client.confirm_totp(setup=setup, code=first))
        else:
            show(await client.begin_totp())

    run(context, work)


@account.command("remove-passkey")
def remove_passkey(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Its number, as `factors` prints it.")],
    password: Password = None,
    code: Code = "",
) -> None:
    """Take a passkey away."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        await client.remove_passkey(number)

    run(context, work)


@account.command("recovery-codes")
def recovery_codes(context: typer.Context, password: Password = None, code: Code = "") -> None:
    """Print new recovery codes, which replace the earlier ones."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        show(await client.renew_recovery_codes())

    run(context, work)


@account.command()
def sessions(context: typer.Context) -> None:
    """List where the account is signed in."""

    async def work(client: Client) -> None:
        show(await client.sessions())

    run(context, work)


SessionArgument = Annotated[str, typer.Argument(help="Its `session_id`.")]


@account.command("sign-ins")
def sign_ins(context: typer.Context) -> None:
    """List the last sign-ins to the account, and which were new."""

    async def work(client: Client) -> None:
        show(await client.sign_ins())

    run(context, work)


@account.command()
def rename(
    context: typer.Context,
    session: SessionArgument,
    name: Annotated[str, typer.Argument(help="The device's new name.")],
) -> None:
    """Give a session's device another name."""

    async def work(client: Client) -> None:
        show(await client.rename_session(session, name))

    run(context, work)


@account.command("sign-out")
def sign_out(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="Its `session_id`; without one, all sessions but this.")] = "",
    password: Password = None,
    code: Code = "",
) -> None:
    """Sign a session out for good, or all but this one."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        await (client.end_session(session) if session else client.end_other_sessions())

    run(context, work)


@account.command("delete")
def delete_account(
    context: typer.Context,
    understood: Annotated[
        bool, typer.Option("--understood", help="The account goes for good, and nobody can bring it back then.")
    ] = False,
    password: Password = None,
    code: Code = "",
) -> None:
    """Let the account go for good after a while; signing in before then takes that back."""
    if not understood:
        raise UsageError("it goes for good with all that the server keeps of it: say --understood")

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        show(await client.delete_account())

    run(context, work)


@account.command("lock-out")
def lock_out(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The `device_id` of the lost device, as `sessions` prints it.")],
    recovery_key_file: Annotated[Path, typer.Option(help="File whose first line is the recovery key.")],
) -> None:
    """Lock a lost device out for good: it leaves all groups, and no key that was copied from it is worth anything."""
    run_synced(context, lambda client: client.lock_out(device, first_line(recovery_key_file)))


@account.command("begin-anew")
def begin_anew(
    context: typer.Context,
    server: Server,
    username: Annotated[str, typer.Option(help="The account's user name.")],
    password_file: Annotated[Path, typer.Option(help="File whose first line is the password.")],
    understood: Annotated[
        bool, typer.Option("--understood", help="Nothing of before can be read any more, by anybody, for good.")
    ] = False,
    code: Code = "",
    ca: CaFile = None,
) -> None:
    """Begin the account anew, where every device and the recovery key are lost; keep the new recovery key that this prints."""
    if not understood:
        raise UsageError(
            "what was written before stays closed for good, all devices are signed out, and the people you talk to have to let you in "
            "again one by one: only for who has lost every device and the recovery key; say --understood to go on"
        )

    async def work(client: Client) -> None:
        secret = first_line(password_file)
        made = await client.begin_anew(
            server=server, ca_file=_text(ca), username=username, password=secret, code=code or None
        )
        show(made)
        client.forget_recovery_key()

    run(context, work)


@account.command("recovery-key")
def recovery_key(
    context: typer.Context,
    recovery_key_file: Annotated[Path, typer.Option(help="File whose first line is the present recovery key.")],
) -> None:
    """Replace the recovery key, and have no words or passkey for it any more; keep the new one that this prints."""

    async def work(client: Client) -> object:
        made = await client.recovery_key_replace(first_line(recovery_key_file))
        client.forget_recovery_key()
        return {"recovery_key": made}

    run_synced(context, work)


@account.command("recovery-words")
def recovery_words(
    context: typer.Context,
    recovery_key_file: Annotated[Path | None, typer.Option(help="File whose first line is the recovery key.")] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Have no words any more; `recovery-key` ends copies, too.")
    ] = False,
    password: Password = None,
    code: Code = "",
) -> None:
    """Draw six words that stand for the recovery key wherever it is asked for, or with --remove have none any more."""
    if remove == (recovery_key_file is not None):
        raise UsageError("give either --recovery-key-file or --remove")

    async def work(client: Client) -> object:
        await sign_in_again(client, password, code)
        if recovery_key_file is None:
            await client.recovery_words_forget()
            return None
        return {"words": await client.recovery_words_draw(first_line(recovery_key_file))}

    run_synced(context, work)


@account.command("recovery-passkey")
def recovery_passkey(
    context: typer.Context,
    remove: Annotated[
        bool, typer.Option("--remove", help="Have none any more; `recovery-key` ends copies, too.")
    ] = False,
    password: Password = None,
    code: Code = "",
) -> None:
    """With --remove have no passkey stand for the recovery key any more; one is made and used in the app, in a browser."""
    if not remove:
        raise UsageError(
            "a passkey needs a browser: open the app there, Settings, Account, Recovery passkey; here, --remove takes it away"
        )

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        await client.recovery_passkey_forget()

    run_synced(context, work)


def _text(path: Path | None) -> str | None:
    return str(path.absolute()) if path is not None else None

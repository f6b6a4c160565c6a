"""`parley client … lock`: a passphrase in front of all that the profile holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from parley_client.cli.running import Invocation, first_line, show
from parley_client.crypto.passphrases import new_passphrase
from parley_client.errors import UsageError
from parley_client.locking.lock import IDLE_S_DEFAULT, AppLock, LockSettings, lock_settings
from parley_client.platforms.cpython import open_lock

lock = typer.Typer(no_args_is_help=True, help="The app lock: a passphrase in front of all that this profile holds.")

NewPassphraseFile = Annotated[
    Path, typer.Option("--new-passphrase-file", help="File whose first line is the new passphrase.")
]
IdleSeconds = Annotated[int, typer.Option("--idle", help="Seconds without anybody until the app locks; 0 for never.")]


@lock.command("show")
def show_lock(context: typer.Context) -> None:
    """Say whether there is a lock, and with the passphrase also after how long the app locks."""

    def work(app_lock: AppLock, passphrase: str | None) -> None:
        locked = app_lock.is_set
        settings = lock_settings(app_lock.open(passphrase)) if locked and passphrase is not None else None
        show({"set": locked} | ({"idle_s": settings.idle_s} if settings is not None else {}))

    _run(context, work)


@lock.command()
def words() -> None:
    """Draw six words that nobody guesses."""
    show({"passphrase": new_passphrase()})


@lock.command("set")
def set_lock(
    context: typer.Context, new_passphrase_file: NewPassphraseFile, idle: IdleSeconds = IDLE_S_DEFAULT
) -> None:
    """Put a lock on: from now on every command needs --passphrase-file."""

    def work(app_lock: AppLock, passphrase: str | None) -> None:
        if app_lock.is_set:
            raise UsageError("there is a lock already: change it by `lock change`")
        app_lock.open(passphrase)
        app_lock.set(first_line(new_passphrase_file), LockSettings(idle))

    _run(context, work)


@lock.command()
def change(context: typer.Context, new_passphrase_file: NewPassphraseFile) -> None:
    """Take another passphrase."""
    _run(context, lambda app_lock, passphrase: app_lock.change(_given(passphrase), first_line(new_passphrase_file)))


@lock.command()
def idle(context: typer.Context, seconds: Annotated[int, typer.Argument(help="0 for never.")]) -> None:
    """Say after how long without anybody the app locks."""

    def work(app_lock: AppLock, passphrase: str | None) -> None:
        app_lock.open(_given(passphrase))
        app_lock.set_idle(LockSettings(seconds))

    _run(context, work)


@lock.command()
def remove(context: typer.Context) -> None:
    """Take the lock off."""

    def work(app_lock: AppLock, passphrase: str | None) -> None:
        app_lock.open(_given(passphrase))
        app_lock.remove()

    _run(context, work)


@lock.command()
def forget(context: typer.Context) -> None:
    """Erase a locked profile whose passphrase is forgotten; then sign in with the recovery key, and end the old session there."""

    def work(app_lock: AppLock, _: str | None) -> None:
        if not app_lock.is_set:
            raise UsageError("this profile has no lock: `logout` erases it")
        app_lock.forget()

    _run(context, work)


def erase_locked(context: typer.Context) -> None:
    """Erase what is left of a profile whose device was signed out, where it has a lock."""
    _run(context, lambda app_lock, _: app_lock.forget() if app_lock.is_set else None)


def _run(context: typer.Context, work: Callable[[AppLock, str | None], object]) -> None:
    invocation: Invocation = context.obj
    app_lock = open_lock(invocation.profile)
    try:
        work(app_lock, invocation.passphrase())
    finally:
        app_lock.close()


def _given(passphrase: str | None) -> str:
    if passphrase is None:
        raise UsageError("give the present passphrase: --passphrase-file stands before `lock`")
    return passphrase

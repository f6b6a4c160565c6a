"""The commands of `./parley`. Exit codes: 0 done, 1 a fault, 2 a wrong command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from parley_contracts.limits import SESSION_DAYS_MAX, SIGN_UP_DOMAINS_MAX
from parley_ops import doctor as examination
from parley_ops import documents as api_documents
from parley_ops import locking, privilege, restarting, services, start, trial
from parley_ops import logs as part_logs
from parley_ops.certificate_renewal import serve_certificate
from parley_ops.errors import OperationError, UsageError
from parley_ops.instance import NODES_MAX, require_instance
from parley_ops.invitations import invite
from parley_ops.layout import Home, checkout, runtime
from parley_ops.operator_cli import announcement, audit, keys, terms, users
from parley_ops.report import report
from parley_ops.stack import Stack
from parley_ops.watching import advisories as published
from parley_ops.watching.commands import transparency
from parley_ops.watching.server import WatchedServer
from parley_ops.watching.web_commands import sign_web, verify_web
from parley_ops.webapp import prebuilt
from parley_ops.webapp.build import ensure_site

app = typer.Typer(
    name="./parley",
    help="Parley: an end-to-end encrypted chat system, started and kept by one command.",
    epilog="./parley client and ./parley desktop run a device: the command line, the app; each has --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None if not sys.stdout.isatty() else "rich",
)
app.add_typer(transparency, name="transparency")
app.command("sign-web")(sign_web)
app.command("verify-web")(verify_web)
for part in (users, announcement, terms, audit, keys):
    app.add_typer(part)
_console = Console(highlight=False, soft_wrap=True)

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_COLLECTOR = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:]+\]):[1-9][0-9]{0,4}")

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The instance's data.", show_default="the runtime's own folder")
]


def _home(chosen: Path | None) -> Home:
    return Home((chosen or runtime()).absolute())


def _say(line: str) -> None:
    _console.print(line, markup=False)


def _profile(value: str | None) -> str | None:
    if value not in {None, "default", "test"}:
        raise typer.BadParameter("it is default or test")
    return value


def _replicas(value: int | None) -> int | None:
    if value not in {None, 1, 3}:
        raise typer.BadParameter("it is 1 or 3")
    return value


def _sign_up(value: str | None) -> str | None:
    if value not in {None, "open", "invitation", "domain", "closed"}:
        raise typer.BadParameter("it is open, invitation, domain or closed")
    return value


def _domains(values: list[str] | None) -> list[str] | None:
    try:
        domains = [value.lower().encode("idna").decode() for value in values or ()]
    except UnicodeError as error:
        raise typer.BadParameter("it is a domain, such as example.org") from error
    if any(not _DOMAIN.fullmatch(domain) for domain in domains) or len(domains) > SIGN_UP_DOMAINS_MAX:
        raise typer.BadParameter(f"it is a domain, such as example.org, and given at most {SIGN_UP_DOMAINS_MAX} times")
    return domains or None


def _collector(value: str | None) -> str | None:
    if value and not _COLLECTOR.fullmatch(value):
        raise typer.BadParameter("it is HOST:PORT, such as logs.example.org:6514")
    return value


def _hosts(values: list[str] | None) -> list[str] | None:
    if not values:
        return None
    hosts = [value.lower() for value in values if value]
    if any(not _DOMAIN.fullmatch(host.removeprefix("*.")) for host in hosts):
        raise typer.BadParameter("it is a host, such as push.example.org or *.push.example.org")
    return hosts


MailServerOption = Annotated[
    Path | None,
    typer.Option(
        help="File with smtp[s]://USER:PASSWORD@HOST:PORT?from=ADDRESS; an empty one: letters go to a folder."
    ),
]
ProvidersOption = Annotated[
    Path | None,
    typer.Option(help="TOML file of identity providers (docs/operators/accounts.md); an empty one: none any more."),
]
ConfirmedEmailOption = Annotated[
    bool | None,
    typer.Option(help="Take only devices of people who confirmed their address.", show_default="no-confirmed-email"),
]
SessionDaysOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=SESSION_DAYS_MAX,
        help="After how many days people give their password again; 0: never while they use it.",
        show_default="0",
    ),
]
SignUpOption = Annotated[
    str | None,
    typer.Option(
        callback=_sign_up, help="Who may make an account: open, invitation, domain or closed.", show_default="open"
    ),
]
SignUpDomainOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sign-up-domain",
        callback=_domains,
        help="A domain of e-mail addresses for --sign-up domain; may be given again.",
    ),
]
MembersInviteOption = Annotated[
    bool | None, typer.Option(help="Let members make invitations, too.", show_default="no-members-invite")
]
HstsOption = Annotated[
    bool | None,
    typer.Option(help="Have browsers use TLS for every host below yours, too.", show_default="no-hsts-subdomains"),
]
LogCollectorOption = Annotated[
    str | None,
    typer.Option(
        callback=_collector, help="HOST:PORT of a collector that takes syslog over TLS; empty: none any more."
    ),
]
OutboundHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--outbound-host",
        callback=_hosts,
        help="Send pushes and callbacks to this host alone, or *.HOST; may be given again; empty: everywhere outside.",
    ),
]
PushLoopbackOption = Annotated[
    bool | None,
    typer.Option(help="Let pushes go to this machine: for tests alone.", show_default="no-push-loopback"),
]

CheapPasswordsOption = Annotated[
    bool | None,
    typer.Option(help="Hash new passwords weakly, in no time: for tests alone.", show_default="no-cheap-passwords"),
]


@app.command()
def up(
    *,
    home: HomeOption = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, show_default="8443")] = None,
    host: Annotated[str | None, typer.Option(help="The name people use.", show_default="localhost")] = None,
    certificate: Annotated[
        Path | None, typer.Option("--cert", help="A certificate (PEM) in place of a local one.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    hsts_subdomains: HstsOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is up.")] = False,
    limits_profile: Annotated[
        str | None, typer.Option(callback=_profile, help="Rate limits: default or test.", show_default="default")
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(min=1, max=NODES_MAX, help="Nodes of messaging.", show_default="2")
    ] = None,
    replicas: Annotated[
        int | None, typer.Option(callback=_replicas, help="Members of MongoDB's set: 1 or 3.", show_default="1")
    ] = None,
    mail_server_file: MailServerOption = None,
    identity_providers_file: ProvidersOption = None,
    confirmed_email: ConfirmedEmailOption = None,
    session_days: SessionDaysOption = None,
    sign_up: SignUpOption = None,
    sign_up_domains: SignUpDomainOption = None,
    members_invite: MembersInviteOption = None,
    log_collector: LogCollectorOption = None,
    outbound_hosts: OutboundHostOption = None,
    push_loopback: PushLoopbackOption = None,
    cheap_passwords: CheapPasswordsOption = None,
) -> None:
    """Start everything; without --detach stay in the foreground until Ctrl-C."""
    asked = {name: value for name, value in locals().items() if name != "home"}
    start.up(_home(home), msgspec.convert(asked, start.Wanted), _say)


@app.command()
def down(*, home: HomeOption = None) -> None:
    """Stop everything."""
    _say("Parley is down." if start.down(_home(home)) else "Nothing was running.")


@app.command()
def restart(
    parts: Annotated[list[str] | None, typer.Argument(help="Which; all services where left out.")] = None,
    *,
    home: HomeOption = None,
) -> None:
    """Restart parts one by one while the rest goes on."""
    place = _home(home)
    restarting.restart(Stack.load(place, require_instance(place)), parts or [], _say)


@app.command()
def certificate(
    cert: Annotated[Path, typer.Argument(help="The certificate with its chain (PEM).")],
    key: Annotated[Path, typer.Argument(help="Its private key (PEM).")],
    *,
    home: HomeOption = None,
) -> None:
    """Present another certificate from now on, also while it runs: for the hook of an ACME client."""
    place = _home(home)
    require_instance(place)
    runs = serve_certificate(place, cert, key)
    _say("The gateway presents it from now on." if runs else "The next ./parley up presents it.")


@app.command()
def status(
    *, home: HomeOption = None, json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Show every part; exit code 1 where one is not healthy."""
    place = _home(home)
    found = report(Stack.load(place, require_instance(place)))
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        table = Table("part", "state", "healthy", "pid", "memory", "detail", box=None, pad_edge=False)
        for part in found.parts:
            memory = "" if part.memory_bytes is None else f"{part.memory_bytes / 2**20:.0f} MiB"
            healthy = "yes" if part.healthy else "NO"
            table.add_row(part.name, part.state, healthy, str(part.pid or ""), memory, part.detail)
        _console.print(table)
        total = sum(part.memory_bytes or 0 for part in found.parts)
        _say(f"{found.address}, {total / 2**20:.0f} MiB in all")
    raise typer.Exit(0 if all(part.healthy for part in found.parts) else 1)


@app.command()
def logs(
    part: Annotated[str | None, typer.Argument(help="One part; all where left out.")] = None,
    *,
    home: HomeOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show what the parts wrote."""
    place = _home(home)
    require_instance(place)
    privilege.drop(place.root)
    part_logs.show(place, part, _say, follow=follow)


@app.command()
def doctor(*, home: HomeOption = None) -> None:
    """Check every part and the machine, and say what to do about each fault; exit code 1 where there is one."""
    place = _home(home)
    instance = require_instance(place)
    privilege.drop(place.root)
    findings = examination.examine(Stack.load(place, instance))
    for finding in findings:
        _say(f"{'ok   ' if finding.well else 'FAULT'} {finding.subject}: {finding.seen}")
        if finding.advice:
            _say(f"      {finding.advice}")
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


@app.command()
def restored(*, home: HomeOption = None) -> None:
    """Say that MongoDB was restored from a backup: devices ask their people, and offer again what the backup lacks."""
    place = _home(home)
    restarting.declare_restored(Stack.load(place, require_instance(place)), _say)
    _say("Devices will ask their people whether they knew of it.")


@app.command()
def reports(*, home: HomeOption = None) -> None:
    """Print the newest reports of messages, a line of JSON each: who reported what of whom, and what it said."""
    place = _home(home)
    stack = Stack.load(place, require_instance(place))
    privilege.drop(place.root)
    sys.stdout.write(services.reports(place, stack.instance, stack.addresses))


app.add_typer(invite, name="invite")


@app.command()
def check() -> None:
    """Format, lint, types, import rules, rules of the house."""
    raise typer.Exit(trial.check())


@app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_tests(
    context: typer.Context,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack up afterwards.")] = False,
) -> None:
    """Check, then run all tests on a fresh stack; what follows goes to pytest (and then there is no check)."""
    raise typer.Exit(trial.test(context.args, keep=keep))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context, name: str) -> None:
    """Run one benchmark of bench/ on a fresh stack."""
    raise typer.Exit(trial.bench(name, context.args))


@app.command("build-app")
def build_app(
    *, output: Annotated[Path | None, typer.Option(help="A file to pack it into, for ./parley up elsewhere.")] = None
) -> None:
    """Build the web app now; ./parley up does it where it is missing."""
    site = ensure_site(checkout(), runtime(), _say)
    if output is not None:
        prebuilt.pack(site, output.absolute())
    _say(str(output or site))


@app.command()
def documents(
    *, check_only: Annotated[bool, typer.Option("--check", help="Only say whether they are up to date.")] = False
) -> None:
    """Make contracts/documents anew: OpenAPI and AsyncAPI."""
    if check_only:
        api_documents.check(checkout())
    else:
        api_documents.write(checkout())


@app.command()
def advisories() -> None:
    """Ask OSV about everything in the locks; exit code 1 where a weakness is known."""
    asked = published.components(checkout())
    found = published.advisories(asked, WatchedServer(published.ADDRESS, None).post_json)
    for component, names in found.items():
        _say(f"{component.ecosystem} {component.name} {component.version}: {', '.join(names)}")
    _say(f"{len(found)} of {len(asked)} have known weaknesses.")
    raise typer.Exit(1 if found else 0)


@app.command()
def lock() -> None:
    """Resolve all requirements anew into requirements.lock."""
    locking.make_lock(checkout(), runtime() / "boot" / "bin" / "uv")
    _say("requirements.lock is new.")


def main() -> int:
    """Run the command line; faults become a sentence and an exit code."""
    try:
        app(prog_name="./parley")
    except UsageError as error:
        sys.stderr.write(f"parley: {error}\n")
        return 2
    except OperationError as error:
        sys.stderr.write(f"parley: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0

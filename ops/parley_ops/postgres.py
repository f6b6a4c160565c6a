"""PostgreSQL: one cluster, and in it one database and one role for each service that keeps relations."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from parley_ops.binaries import postgres_program
from parley_ops.errors import OperationError, Unhealthy
from parley_ops.instance import Instance
from parley_ops.layout import Home, write_private
from parley_ops.parts import ENGINES, Part
from parley_ops.secret_files import engine_secret

SUPERUSER = "parley"
SERVICES = ("auth", "notification")
AUDIT_TABLE = "audit_auditentry"
_TIMEOUT_S = 60


def url(home: Home, instance: Instance, service: str) -> str:
    """The address of a service's own database."""
    return _url(service, engine_secret(home, f"postgres_{service}"), instance, service)


def admin_url(home: Home, instance: Instance) -> str:
    """The address for the superuser."""
    return _url(SUPERUSER, engine_secret(home, "postgres_admin"), instance, "postgres")


def _url(user: str, password: str, instance: Instance, database: str) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{instance.ports['postgres']}/{database}"


def prepare(home: Home) -> None:
    """Make the cluster where there is none, and remove the lock of a server that is gone."""
    data = home.data / "postgres"
    if not (data / "PG_VERSION").exists():
        password_file = home.secrets / "engines" / "postgres_first_password"
        write_private(password_file, engine_secret(home, "postgres_admin"))
        command = [
            *(str(postgres_program("initdb")), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
        ]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        password_file.unlink()
        if made.returncode:
            raise OperationError(f"PostgreSQL could not make its cluster: {made.stderr.strip()}")
    if stale_lock(home):
        (data / "postmaster.pid").unlink()


def stale_lock(home: Home) -> bool:
    """Whether the lock of the cluster names a process that is not its server."""
    try:
        pid = int((home.data / "postgres" / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return (home.data / "postgres" / "postmaster.pid").exists()
    except (ValueError, IndexError):
        return True
    return str(home.data / "postgres").encode() not in command


def part(home: Home, instance: Instance) -> Part:
    """The server, on loopback."""
    data = home.data / "postgres"
    command = (
        *(str(postgres_program("postgres")), "-D", str(data), "-k", str(home.run)),
        *("-p", str(instance.ports["postgres"]), "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=64MB"),
        *("-c", "unix_socket_permissions=0700", "-c", "max_connections=200"),
    )
    address = admin_url(home, instance)
    return Part("postgres", ENGINES, command, lambda: check(address), lambda: check(address), stop_signal="INT")


def check(address: str) -> str:
    """Ask for the version."""
    try:
        with psycopg.connect(address, connect_timeout=3) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        raise Unhealthy(str(error).strip().splitlines()[0]) from error
    return f"PostgreSQL {row[0] if row else ''}".strip()


def clock_skew_s(address: str) -> float:
    """How far the server's clock is from ours."""
    with psycopg.connect(address, connect_timeout=3) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8 - %s", [time.time()]).fetchone()
    return float(row[0]) if row else 0.0


def provision(home: Home, instance: Instance) -> None:
    """A role and a database for each service; again is harmless."""
    with psycopg.connect(admin_url(home, instance), autocommit=True, connect_timeout=10) as connection:
        for service in SERVICES:
            name = sql.Identifier(service)
            password = sql.Literal(engine_secret(home, f"postgres_{service}"))
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [service]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [service]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
                connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))


def protect_audit_log(home: Home, instance: Instance) -> None:
    """Leave auth nothing but reading and adding rows of its audit log; again is harmless."""
    with psycopg.connect(admin_url(home, instance), dbname="auth", autocommit=True, connect_timeout=10) as connection:
        table, owner, service = (sql.Identifier(name) for name in (AUDIT_TABLE, SUPERUSER, "auth"))
        connection.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(table, owner))
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(table, service))
        connection.execute(sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(table, service))

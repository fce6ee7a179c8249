"""A real PostgreSQL from Debian in a temporary folder: one per test process, with a database for whoever asks for one.

It refuses to be root's, so that root's tests run it as Debian's user for it. It dies with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from sqlalchemy import create_engine

from gateway.records.database import open_database
from gateway.records.schema import upgrade
from serving.local.ports import find_free_port
from tests.support.system_programs import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Certificate

USER = "symmetra"
UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 60.0
READY = "ready"
"""Database with the tables of this release, which others are copies of."""


class PostgresqlServer:
    """A cluster of its own on 127.0.0.1; stopped and removed at the end of the block, whatever happened.

    Args:
        is_durable: Whether it flushes to the disk as a site's does; tests that lose no power need not wait for that.
        settings: Further settings of PostgreSQL.
    """

    def __init__(self, *, is_durable: bool = False, **settings: str) -> None:
        self.port = find_free_port()
        self.password = secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="symmetra-postgresql-"))
        self._settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "64MB",
            "logging_collector": "off",
            **({} if is_durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
            **settings,
        }
        self._as_user = _as_unprivileged_user(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        try:
            self._make_cluster()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it on what is in its folder, and wait until it answers; after a kill it recovers first."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user, _program("postgres"), "-D", str(self.folder / "data"), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start:\n" + self.log())
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as an operator does, without waiting for clients to leave."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_SECONDS)

    def kill(self) -> None:
        """End every process of it at once, as when the machine loses its power."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            for process in [parent, *parent.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def url(self, database: str, host: str = "127.0.0.1") -> str:
        """Its address, as the setting for records takes it; `host` is another name of this machine."""
        return f"postgresql+pg8000://{USER}:{self.password}@{host}:{self.port}/{database}"

    def show_certificate(self, shown: Certificate) -> None:
        """Speak TLS with this certificate from now on; whoever is connected loses the connection."""
        for name, content in (("server.key", shown.key), ("server.crt", shown.certificate)):
            path = self.folder / "data" / name
            path.write_text(content)
            path.chmod(0o600)
            if os.geteuid() == 0:
                user = _unprivileged_user()
                os.chown(path, user.pw_uid, user.pw_gid)
        self._settings["ssl"] = "on"
        self.stop()
        self.start()

    def new_database(self, *, tables: bool = True) -> str:
        """The address of a database that nobody else has, with the tables of this release or without any."""
        self._count += 1
        name = f"test_{self._count}"
        if tables and self._count_of(READY) == 0:
            self._execute(f"CREATE DATABASE {READY}")
            engine = open_database(self.url(READY))
            upgrade(engine)
            engine.dispose()
        self._execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {READY}" if tables else ""))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Forget a database, also where somebody is still connected."""
        self._execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _make_cluster(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password + "\n")
        if self._as_user:
            user = _unprivileged_user()
            for path in (self.folder, password):
                os.chown(path, user.pw_uid, user.pw_gid)
        command = [
            *self._as_user, _program("initdb"), "-D", str(self.folder / "data"), "-U", USER, "--auth=scram-sha-256",
            f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
        if made.returncode != 0:
            raise RuntimeError("PostgreSQL made no cluster:\n" + made.stdout + made.stderr)

    def _execute(self, statement: str) -> None:
        with self._administering() as connection:
            connection.exec_driver_sql(statement)

    def _count_of(self, database: str) -> int:
        with self._administering() as connection:
            return connection.exec_driver_sql(
                "SELECT count(*) FROM pg_database WHERE datname = %s", (database,)
            ).scalar_one()

    @contextlib.contextmanager
    def _administering(self) -> Iterator:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _answers(self) -> bool:
        asked = subprocess.run(
            [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False, timeout=START_SECONDS
        )
        return asked.returncode == 0


def _program(name: str) -> str:
    found = find_program(name)
    assert found is not None, f"{name} is missing: `make system-deps`"
    return found


def _unprivileged_user() -> pwd.struct_passwd:
    """Debian's user for PostgreSQL, or the one that owns nothing."""
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def _as_unprivileged_user(folder: Path) -> list[str]:
    """Command to put in front, which also has it end when the process that started it does."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "INT"]
    user = _unprivileged_user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [
        "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig", "INT",
    ]  # fmt: skip

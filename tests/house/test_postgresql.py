"""The PostgreSQL that tests use: ends with who started it, keeps what was committed when it is killed, is root's never."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from sqlalchemy import create_engine

from tests.support.gateway_process import PROJECT, wait_until
from tests.support.system_programs import find_program

pytestmark = pytest.mark.needs_system("postgres")


def test_it_belongs_to_nobody_who_may_do_everything(postgresql):
    assert psutil.Process(postgresql._process.pid).uids().real != 0


def test_each_database_is_somebodys_own(postgresql):
    urls = [postgresql.new_database(), postgresql.new_database(tables=False)]
    found = []
    for url in urls:
        engine = create_engine(url)
        with engine.connect() as connection:
            found.append(connection.exec_driver_sql("SELECT to_regclass('receipts')").scalar())
        engine.dispose()
        postgresql.drop(url)
    assert found == ["receipts", None]


def test_it_ends_with_the_process_that_started_it():
    program = (
        "from tests.support.postgresql import PostgresqlServer\n"
        "with PostgresqlServer() as server: print(server._process.pid, server.folder, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        pid, folder = starter.stdout.readline().split()
        assert psutil.pid_exists(int(pid))
        os.kill(starter.pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(int(pid)))
    subprocess.run(["rm", "-rf", folder], check=True)


def test_programs_that_are_not_on_path_are_found_where_debian_puts_them(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert find_program("postgres").startswith("/usr/lib/postgresql/")
    assert find_program("sh").endswith("/sh")
    assert find_program("no-such-program-anywhere") is None

"""Servables that only remember what was done to them, and words to ask a registry with."""

import threading
import time

from serving.server.errors import NotFound, Unknown
from serving.server.manager import LoadRules

WAIT_SECONDS = 20.0
QUICK = LoadRules(poll_seconds=0.005, max_retries=1, retry_seconds=0.0)


class FakeServable:
    def __init__(self, name, version):
        self.name = name
        self.version = version
        self.is_closed = False

    def close(self):
        self.is_closed = True


class FakeLoader:
    """Loads every directory but those that the test names as broken; remembers order and directories."""

    def __init__(self):
        self.loaded = []
        self.broken = set()
        self.forbidden = set()
        self.may_load = threading.Event()
        self.may_load.set()

    def __call__(self, name, version, directory):
        self.loaded.append((name, version, directory.name))
        assert self.may_load.wait(WAIT_SECONDS)
        if version in self.broken:
            message = f"version {version} is broken"
            raise Unknown(message)
        if version in self.forbidden:
            raise PermissionError(13, "Permission denied", f"{version}/saved_model.pb")
        return FakeServable(name, version)


def states(registry, name="m"):
    try:
        return {status.version: status.state for status in registry.statuses(name, None)}
    except NotFound:
        return {}


def answering(registry, version=None, name="m"):
    with registry.use(name, version, None) as servable:
        return servable.version


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def add(base, *versions):
    for version in versions:
        (base / str(version)).mkdir()

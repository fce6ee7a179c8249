"""Model servers behind one name, each at an address of its own, for a gateway that is to see them fail."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import numpy as np

from serving.local.ports import find_free_port
from tests.support.dns_server import DnsServer
from tests.support.gateway import VERSION
from tests.support.stub_model_server import StubModelServer
from tests.support.stub_process import StubProcess

if TYPE_CHECKING:
    import grpc

P_NO_DEPRESSION = 0.5
HOSTS = ("127.0.0.1", "127.0.0.2")
ANOTHER_HOST = "127.0.0.3"
MANY = 100_000


class Replicas:
    """Two stubs and the name server that knows them."""

    def __init__(self) -> None:
        self.port = find_free_port()
        self.names = DnsServer(*HOSTS)
        self.stubs: dict[str, StubModelServer] = {}
        self.processes: dict[str, StubProcess] = {}
        self._stack = ExitStack()

    @property
    def target(self) -> str:
        return self.names.target(self.port)

    def __enter__(self) -> Self:
        self._stack.enter_context(self.names)
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        for host in (*HOSTS, ANOTHER_HOST):
            self.stop(host)
        self._stack.close()

    def start(self, host: str) -> StubModelServer:
        """A healthy replica in this process."""
        self.stubs[host] = StubModelServer(VERSION, np.float32(P_NO_DEPRESSION), host=host, port=self.port)
        return self.stubs[host]

    def start_process(self, host: str) -> StubProcess:
        """A healthy replica in a process of its own."""
        self.processes[host] = StubProcess(VERSION, host=host, port=self.port).__enter__()
        return self.processes[host]

    def stop(self, host: str) -> None:
        """The replica there is gone, with its connections."""
        if host in self.stubs:
            self.stubs.pop(host).__exit__()
        if host in self.processes:
            process = self.processes.pop(host)
            process.thaw()
            process.__exit__()

    def heal(self) -> None:
        """Two healthy replicas in this process, and no other."""
        for host in (*HOSTS, ANOTHER_HOST):
            if host in self.processes or host not in HOSTS:
                self.stop(host)
        for host in HOSTS:
            stub = self.stubs.get(host) or self.start(host)
            stub.version = stub.answering_version = VERSION
            stub.p_no_depression = np.float32(P_NO_DEPRESSION)
            stub.errors = []
            stub.delay_seconds = 0.0
            stub.go_on.set()
        self.names.addresses = list(HOSTS)
        self.names.answers = True

    def refuse(self, code: grpc.StatusCode, *hosts: str) -> None:
        """Every call there ends with a status."""
        for host in hosts or HOSTS:
            self.stubs[host].errors = [code] * MANY

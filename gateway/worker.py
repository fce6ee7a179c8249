"""gunicorn's gevent worker, with the time limits that it lacks, with our shape of error, and with cheap refusals.

One greenlet per connection, so a thousand slow clients cost memory and no thread. Each wait has a limit: the head of a
request (and an idle connection) `keepalive`, one read or write `read_timeout_seconds`, a whole body its own deadline
(`gateway.body`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import gevent
from gevent import socket
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.ggevent import GeventWorker

from gateway.body import READ_BYTES
from gateway.connections import HEALTH_PATHS, SPARE_CONNECTIONS, SPARE_SECONDS, Connections
from gateway.early_refusals import EARLY_REFUSALS_EXTENSION
from gateway.errors import (
    AddressTooLong,
    ConnectionsFull,
    GatewayError,
    GatewayStopping,
    HeadersTooLarge,
    InternalError,
    RequestMalformed,
)
from gateway.headers import security_headers
from gateway.languages import ENGLISH
from gateway.problem_answer import problem_answer
from gateway.problems import REFUSAL_EXTENSION, Problem
from gateway.random_ids import random_uuid
from gateway.tracing import begin_trace

if TYPE_CHECKING:
    from gunicorn.http import Request

    from gateway.early_refusals import EarlyRefusals

LINGER_SECONDS: Final = 2.0
"""How long a worker that stops accepting leaves idle connections open, for a request that is already on its way."""
READY_PATH: Final = "/readyz"
REST_SECONDS: Final = 2.0
"""For the rest of a body that was refused while it was being sent."""
REST_BYTES: Final = 16 * 1024 * 1024
"""Read of such a rest. A photo that is larger than allowed, or one of allowed size: the client has sent it in the belief
that it is wanted, and many look for an answer only when all is sent."""


class GatewayWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no type stubs
    """Serves HTTP on greenlets and leaves the rest of the process alone."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._connections = Connections(self.worker_connections)
        self.worker_connections += SPARE_CONNECTIONS
        self._is_stopping = False

    def patch(self) -> None:
        """Make the listening sockets gevent's, and patch nothing else (see `gateway.greenlets`)."""
        # gunicorn reads up to a mebibyte ahead of what is asked for: per connection, and counted by nobody.
        SocketUnreader.max_body_chunk = READ_BYTES
        listeners = self.sockets  # type: ignore[has-type]  # gunicorn has no type stubs
        self.sockets = [
            socket.socket(listener.FAMILY, socket.SOCK_STREAM, fileno=listener.sock.detach()) for listener in listeners
        ]

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002 - the signature of gunicorn
        """SIGTERM: go on answering for a while, but say on `/readyz` and on every connection that this is the end.

        A balancer that still sends requests here would otherwise see them refused, and those in the listening socket's
        backlog reset.
        """
        if not self._is_stopping:
            self._is_stopping = True
            gevent.spawn(self._stop)

    def _stop(self) -> None:
        gevent.sleep(self.app.settings.stop_notice_seconds)
        self.alive = False  # gunicorn's loop sees it within a second, stops accepting and waits for what is in work
        gevent.sleep(LINGER_SECONDS)
        self._connections.end_idle()

    @contextmanager
    def timeout_ctx(self) -> Generator[None, None, None]:
        """Around the wait for the next request on a connection; ends it silently after `keepalive` seconds."""
        seconds = SPARE_SECONDS if self._connections.is_spare else self.cfg.keepalive
        with self._connections.idle(), gevent.Timeout(seconds, exception=False):
            yield

    def handle(self, listener: object, client: socket.socket, addr: object) -> None:
        """Serve one connection."""
        with self._connections.connection():
            super().handle(listener, client, addr)

    def handle_request(
        self, listener_name: object, req: Request, sock: socket.socket, addr: tuple[str, int] | str
    ) -> None:
        """Answer one request, with a limit on every read of its body and every write of its answer."""
        is_spare = self._connections.is_spare
        if self._is_stopping and req.path == READY_PATH:
            raise GatewayStopping
        if is_spare or self._is_stopping or not self.alive:
            req.force_close()
        sock.settimeout(SPARE_SECONDS if is_spare else self.app.settings.read_timeout_seconds)
        closes = False
        try:
            refusal = self._refusal_of(req, addr, is_spare=is_spare)
            if refusal is None:
                super().handle_request(listener_name, req, sock, addr)
            else:
                sock.sendall(refusal)
                closes = req.should_close()
                if closes:
                    sock.shutdown(socket.SHUT_WR)  # the client need not wait until what it sends is received
        except TimeoutError:
            raise StopIteration from None  # the client does not take its answer: close, and make no noise
        except StopIteration:
            closes = True
        if not _receive_rest(req):
            util.close_graceful(sock, max_drain=0)
            closes = True
        if closes:
            raise StopIteration
        with contextlib.suppress(OSError):
            sock.settimeout(None)

    def _refusal_of(self, req: Request, addr: tuple[str, int] | str, *, is_spare: bool) -> bytes | None:
        """The answer that can be given without the application; None where it must be asked."""
        if is_spare:
            return None if req.path in HEALTH_PATHS else self._answer_to(ConnectionsFull())
        # A client that asks before it sends its photo is told not to; whether it obeys, nobody can know beforehand.
        asks_first = any(name == "EXPECT" for name, _ in req.headers)
        early: EarlyRefusals = self.wsgi.extensions[EARLY_REFUSALS_EXTENSION]
        answer = early.answer_to(req, addr, closes=asks_first or req.should_close())
        if answer is not None and asks_first:
            req.force_close()
        return answer

    def _answer_to(self, error: Exception) -> bytes:
        """The answer to a request that the application does not see, counted and logged; the connection ends with it."""
        problem = Problem.of(_named(error), random_uuid())
        self.wsgi.extensions[REFUSAL_EXTENSION](problem, error)
        headers = security_headers(tls_in_front=self.app.settings.tls_in_front)
        return problem_answer(problem, ENGLISH, begin_trace((), ()), headers, closes=True)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:  # noqa: ARG002 - the signature of gunicorn
        """Answer a request that never reached the application. Its text is neither repeated nor logged."""
        if not isinstance(exc, Exception):
            return  # the greenlet is being ended
        with contextlib.suppress(OSError):
            client.settimeout(self.app.settings.read_timeout_seconds)
            client.sendall(self._answer_to(exc))
            # Closing with unread bytes would reset the connection, and the answer could be lost with it.
            util.close_graceful(client)


def _receive_rest(req: Request) -> bool:
    """Receive what is left of a body that the application did not read; whether all of it came.

    Closing a connection with unread bytes resets it, and the answer could be lost with it.
    """
    received_bytes = 0
    with contextlib.suppress(Exception), gevent.Timeout(REST_SECONDS, exception=False):
        while received_bytes < REST_BYTES:
            piece = req.body.read(READ_BYTES)
            if not piece:
                return True
            received_bytes += len(piece)
    return False


def _named(error: Exception) -> Exception:
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, LimitRequestLine):
        return AddressTooLong()
    if isinstance(error, LimitRequestHeaders):
        return HeadersTooLarge()
    if isinstance(error, ParseException):
        return RequestMalformed()
    return InternalError()

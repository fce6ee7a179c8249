"""gunicorn's gevent worker, with the time limits that it lacks and with our shape of error.

One greenlet per connection, so a thousand slow clients cost memory and no thread. Each wait has a limit: the head of a
request (and an idle connection) `keepalive`, one read or write `read_timeout_seconds`, a whole body its own deadline
(`gateway.body`).
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Generator
from contextlib import contextmanager

import gevent
from gevent import socket
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.ggevent import GeventWorker

from gateway.body import READ_BYTES
from gateway.errors import AddressTooLong, HeadersTooLarge, InternalError, RequestMalformed
from gateway.headers import SECURITY_HEADERS
from gateway.problems import CONTENT_TYPE, REFUSAL_EXTENSION, Problem

LINGER_SECONDS = 2.0
"""How long a stopping worker leaves idle connections open, for a request that is already on its way."""


class GatewayWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no type stubs
    """Serves HTTP on greenlets and leaves the rest of the process alone."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._idle: set[gevent.Greenlet] = set()

    def patch(self) -> None:
        """Make the listening sockets gevent's, and patch nothing else (see `gateway.greenlets`)."""
        # gunicorn reads up to a mebibyte ahead of what is asked for: per connection, and counted by nobody.
        SocketUnreader.max_body_chunk = READ_BYTES
        listeners = self.sockets  # type: ignore[has-type]  # gunicorn has no type stubs
        self.sockets = [
            socket.socket(listener.FAMILY, socket.SOCK_STREAM, fileno=listener.sock.detach()) for listener in listeners
        ]

    def run(self) -> None:
        """Serve until told to stop, then finish what was begun."""
        gevent.spawn(self._end_idle_connections_on_stop)
        super().run()

    @contextmanager
    def timeout_ctx(self) -> Generator[None, None, None]:
        """Around the wait for the next request on a connection; ends it silently after `keepalive` seconds."""
        greenlet = gevent.getcurrent()
        self._idle.add(greenlet)
        try:
            with gevent.Timeout(self.cfg.keepalive, exception=False):
                yield
        finally:
            self._idle.discard(greenlet)

    def handle_request(self, listener_name: object, req: object, sock: socket.socket, addr: object) -> None:
        """Answer one request, with a limit on every read of its body and every write of its answer."""
        sock.settimeout(self.app.settings.read_timeout_seconds)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:
            raise StopIteration from None  # the client does not take its answer: close, and make no noise
        finally:
            with contextlib.suppress(OSError):
                sock.settimeout(None)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:  # noqa: ARG002 - the signature of gunicorn
        """Answer a request that never reached the application. Its text is neither repeated nor logged."""
        if not isinstance(exc, Exception):
            return  # the greenlet is being ended
        problem = Problem.of(_named(exc), str(uuid.uuid4()))
        self.wsgi.extensions[REFUSAL_EXTENSION](problem, exc)
        body = json.dumps(problem.as_json()).encode()
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            **SECURITY_HEADERS,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with contextlib.suppress(OSError):
            client.settimeout(self.app.settings.read_timeout_seconds)
            client.sendall(f"HTTP/1.1 {problem.kind.status} {problem.kind.title}\r\n{head}\r\n".encode() + body)
            # Closing with unread bytes would reset the connection, and the answer could be lost with it.
            util.close_graceful(client)

    def _end_idle_connections_on_stop(self) -> None:
        while self.alive:
            gevent.sleep(0.5)
        gevent.sleep(LINGER_SECONDS)
        gevent.killall(list(self._idle), block=False)


def _named(error: Exception) -> Exception:
    if isinstance(error, LimitRequestLine):
        return AddressTooLong()
    if isinstance(error, LimitRequestHeaders):
        return HeadersTooLarge()
    if isinstance(error, ParseException):
        return RequestMalformed()
    return InternalError()

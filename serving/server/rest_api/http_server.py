"""The REST API on a port: one thread for all connections, and a bounded pool of threads that answer requests.

A caller who is slow to send or to read costs a connection, but no thread of the pool. Where the pool is busy, requests
wait for it, as in TensorFlow Serving; each connection has at most one.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import socket
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import InvalidArgument, StatusError
from serving.server.logs import log
from serving.server.rest_api.messages import Answer, Request, html_error, reason
from serving.server.rest_api.request_reading import (
    MAX_HEAD_BYTES,
    SILENCE_SECONDS,
    CallerGone,
    RequestBroken,
    read_request,
)

if TYPE_CHECKING:
    from serving.server.rest_api.api import RestApi

MAX_CONNECTIONS: Final = 4096
"""More at the same time are turned away with 503: each holds memory and a file descriptor."""
LINGER_SECONDS: Final = 5.0
"""How long what a refused caller still sends is read past; otherwise the kernel takes the answer back with a reset."""

_BACKLOG: Final = 1024
_DISCARDED_BYTES: Final = 256 * 1024


class RestServer:
    """The API on a port.

    Args:
        api: What answers.
        address: Where to listen.
        port: TCP port; 0 picks one.
        threads: How many requests are answered at the same time.

    Raises:
        InvalidArgument: The port is taken, or this machine does not have the address.
    """

    def __init__(self, api: RestApi, address: str, port: int, threads: int = 4) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            self._socket = socket.create_server((address, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            message = f"Cannot listen on {address}:{port} for REST: {error.strerror}."
            raise InvalidArgument(message) from error
        self.port: int = self._socket.getsockname()[1]
        self._api = api
        self._pool = futures.ThreadPoolExecutor(max(1, threads), thread_name_prefix="rest")
        self._connections: dict[asyncio.Task[None], bool] = {}
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_log_fault)
        self._closing = threading.Lock()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)
        self._thread.start()
        self._listening.wait()

    def close(self, grace_seconds: float = 0.0) -> None:
        """Stop listening, and give requests that were read the time to be answered. May be called again."""
        with self._closing:
            if self._thread.is_alive():
                asyncio.run_coroutine_threadsafe(self._stop(grace_seconds), self._loop).result()
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(self._accept, sock=self._socket, limit=MAX_HEAD_BYTES)
            )
            self._listening.set()
            self._loop.run_forever()
        finally:
            self._listening.set()
            self._loop.close()

    async def _stop(self, grace_seconds: float) -> None:
        self._server.close()
        for task, is_busy in self._connections.items():
            if not is_busy:
                task.cancel()
        if self._connections:
            await asyncio.wait(self._connections, timeout=grace_seconds)
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs every connection in a task of its own
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.write(_head(html_error(503), has_body=False))
            writer.close()
            return
        # Without it the kernel holds an answer back until the caller has acknowledged the one before: 40 ms each.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[task] = False
        try:
            await self._serve(task, reader, writer)
        except (CallerGone, OSError, asyncio.CancelledError):
            # A caller that hung up is no news, and at the end of the server idle connections are cut.
            writer.transport.abort()
        finally:
            del self._connections[task]
            writer.close()

    async def _serve(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while self._server.is_serving():
            self._connections[task] = False
            method = ""
            try:
                request = await read_request(reader, writer, self._api.budget)
                if request is None:
                    return
                self._connections[task] = True
                method = request.method
                answer, keep_alive = await self._answer(request), request.keep_alive
            except RequestBroken as broken:
                answer, keep_alive = broken.answer, False
            except StatusError as error:
                answer, keep_alive = self._api.refuse(error), False
            keep_alive = keep_alive and not answer.ends_connection and self._server.is_serving()
            writer.write(_head(answer, keep_alive=keep_alive) + (b"" if method == "HEAD" else answer.body))
            async with asyncio.timeout(SILENCE_SECONDS):
                await writer.drain()
            if not keep_alive:
                await _linger(reader, writer)
                return

    async def _answer(self, request: Request) -> Answer:
        answer = self._api.answer_at_once(request)
        if answer is not None:
            request.reservation.close()
            return answer
        deadline = self._api.deadline(request)
        running = self._loop.run_in_executor(self._pool, self._api.answer, request, deadline)
        # What the request holds is held until its thread has let go of it, however early its caller is answered.
        running.add_done_callback(lambda _: request.reservation.close())
        timeout_seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        await asyncio.wait([running], timeout=timeout_seconds)
        return running.result() if running.done() else self._api.time_out()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell the caller that nothing more comes, and read past what it still sends."""
    if writer.can_write_eof():
        writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(_DISCARDED_BYTES):
                pass


def _head(answer: Answer, *, keep_alive: bool = False, has_body: bool = True) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {reason(answer.status)}",
        f"Content-Type: {answer.content_type}",
        f"Date: {email.utils.formatdate(usegmt=True)}",
        f"Content-Length: {len(answer.body) if has_body else 0}",
        *(f"{name}: {value}" for name, value in answer.headers),
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _log_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log("REST connection failed", error=type(context.get("exception")).__name__)

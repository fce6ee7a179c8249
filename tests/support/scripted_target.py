"""A gateway that is only a script: it answers after a known time, lets so many through at once, and stalls when told.

python -m tests.support.scripted_target PORT --service-seconds 0.02 --at-once 4 --stall-begin 20 --stall-seconds 2 ...

A stall counts from the first request: from its begin to its end nobody is answered, and who came meanwhile is answered when it
is over. It is one asyncio process, so that it costs hardly anything beside the generator.

With `--at-once` it is a queue of known capacity, at once / service seconds: who comes first is served first, and a place is free
again when the script says so, not when this process gets round to it, so that late timers do not take any of it away.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Self

from serving.local.ports import find_free_port

PROJECT = Path(__file__).resolve().parents[2]
STARTED = time.time()


class ScriptedTarget:
    """Listens inside the block; killed at its end, whatever happened.

    Args:
        script: Options of this module, as `service_seconds=0.02`.
    """

    def __init__(self, **script: object) -> None:
        self.port = find_free_port()
        words = [word for name, value in script.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        self._command = [sys.executable, "-m", "tests.support.scripted_target", str(self.port), *words]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def requests(self) -> int:
        """Photos answered so far."""
        with urllib.request.urlopen(f"{self.address}/metrics", timeout=30) as answer:  # noqa: S310 - loopback
            page = answer.read().decode()
        return int(float(page.partition('stage="total",traffic="patient"} ')[2].split()[0]))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=PROJECT, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"listening\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class _Script:
    """What the options say, and what happened."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.places_free_at = [0.0] * options.at_once
        self.first_at: float | None = None
        self.answered = 0
        self.in_flight = 0
        self.queue_seconds = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, *fields = head.decode("latin-1").split("\r\n")
                names = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
                photo = await reader.readexactly(int(names.get("content-length", 0)))
                status, kind, body = await self.answer(line.split(" ")[1], photo)
                answer = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(answer.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, path: str, photo: bytes) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, "text/plain", self.metrics().encode()
        if self.first_at is None:
            self.first_at = asyncio.get_running_loop().time()
        self.in_flight += 1
        try:
            await self.work()
        finally:
            self.in_flight -= 1
        if path == "/":
            return 200, "text/html", b'<form><input name="photo"></form>'
        self.answered += 1
        if photo.startswith(b"bad"):
            return 422, "application/problem+json", json.dumps({"code": "photo_unreadable"}).encode()
        if self.options.throttle_every and self.answered % self.options.throttle_every == 0:
            return 429, "application/problem+json", json.dumps({"code": "client_rate_exceeded"}).encode()
        return 200, "application/json", json.dumps(self.content()).encode()

    def content(self) -> dict[str, object]:
        options = self.options
        changed = options.second_version_after and self.answered > options.second_version_after
        return {
            "band": "none",
            "abstained": False,
            "severity_ppm": options.severity_ppm,
            "model": {"version": 2 if changed else 1},
        }

    async def work(self) -> None:
        """Wait as the script says."""
        options, loop = self.options, asyncio.get_running_loop()
        now = loop.time()
        begins = max(now, self.places_free_at[0]) if self.places_free_at else now
        ends = begins + options.service_seconds
        begin = (self.first_at or 0) + options.stall_begin
        stall_ends = begin + options.stall_seconds
        if options.stall_seconds and begin < ends and loop.time() < stall_ends:
            ends = stall_ends
        if self.places_free_at:
            heapq.heapreplace(self.places_free_at, ends)
        self.queue_seconds += begins - now
        await asyncio.sleep(max(ends - loop.time(), 0))

    def metrics(self) -> str:
        """As a gateway's page, so far as a load test reads it."""
        options = self.options
        foreign = options.foreign_screenings if self.answered else 0
        worked = self.answered * options.service_seconds
        return (
            f"process_start_time_seconds {STARTED}\n"
            f"process_cpu_seconds_total {time.process_time()}\n"
            f'symmetra_screenings_total{{outcome="answered",traffic="patient"}} {self.answered + foreign}\n'
            f'symmetra_stage_seconds_count{{stage="queue",traffic="patient"}} {self.answered}\n'
            f'symmetra_stage_seconds_sum{{stage="queue",traffic="patient"}} {self.queue_seconds}\n'
            f'symmetra_stage_seconds_count{{stage="predict",traffic="patient"}} {self.answered}\n'
            f'symmetra_stage_seconds_sum{{stage="predict",traffic="patient"}} {worked}\n'
            f'symmetra_stage_seconds_count{{stage="total",traffic="patient"}} {self.answered}\n'
            f'symmetra_stage_seconds_sum{{stage="total",traffic="patient"}} {self.queue_seconds + worked}\n'
            f'symmetra_stage_seconds_bucket{{le="+Inf",stage="total",traffic="patient"}} {self.answered}\n'
            f"symmetra_in_flight {self.in_flight}\nsymmetra_queue_length {max(self.in_flight - options.at_once, 0)}\n"
            'symmetra_model_info{digest="d",evidence="demo",model="depression_severity",model_version="1"} 1\n'
        )


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--service-seconds", type=float, default=0.0)
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--stall-begin", type=float, default=0.0)
    parser.add_argument("--stall-seconds", type=float, default=0.0)
    parser.add_argument("--severity-ppm", type=int, default=100_000)
    parser.add_argument("--throttle-every", type=int, default=0)
    parser.add_argument("--second-version-after", type=int, default=0)
    parser.add_argument("--foreign-screenings", type=int, default=0)
    options = parser.parse_args()
    script = _Script(options)
    server = await asyncio.start_server(script.serve, "127.0.0.1", options.port, backlog=4096)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

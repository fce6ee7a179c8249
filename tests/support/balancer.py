"""What stands before several gateways: a TCP balancer that gives each new connection to the gateway with the fewest open ones.

python -m tests.support.balancer PORT GATEWAY_PORT [GATEWAY_PORT ...]

It copies bytes and looks at none, in one process, so that it costs little beside what is measured.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Self

from serving.local.ports import find_free_port

PROJECT = Path(__file__).resolve().parents[2]
PIECE = 256 * 1024


class Balancer:
    """Listens inside the block; killed at its end.

    Args:
        ports: Of the gateways on loopback.
    """

    def __init__(self, *ports: int) -> None:
        self.port = find_free_port()
        self._command = [sys.executable, "-m", "tests.support.balancer", str(self.port), *map(str, ports)]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=PROJECT, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"listening\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends; then the other is ended too."""
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(port: int, ports: list[int]) -> None:
    connections = dict.fromkeys(ports, 0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = min(ports, key=lambda each: connections[each])
        connections[chosen] += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", chosen, limit=PIECE)
            await asyncio.gather(copy(reader, back), copy(there, writer))
        except OSError:
            writer.close()
        finally:
            connections[chosen] -= 1

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096, limit=PIECE)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]]))

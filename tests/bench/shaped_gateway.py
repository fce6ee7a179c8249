"""The gateway in a shape that is not shipped, for `tests.bench.gateway_shapes`: another worker, another switch interval.

Its threads carry their names for the kernel too, so that CPU can be told apart: Python does so itself from 3.14 on.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

from gateway.server import GatewayServer
from gateway.settings import Settings

THREADS = 64
"""More than the clients of the benchmark, as a thread is held by a connection."""


class ShapedServer(GatewayServer):
    """The gateway's server with gunicorn's worker of another kind."""

    def load_config(self) -> None:
        """As shipped, then what is compared."""
        super().load_config()
        if os.environ["BENCH_WORKER"] != "gevent":
            self.cfg.set("worker_class", os.environ["BENCH_WORKER"])
            self.cfg.set("threads", THREADS)

    def load(self):
        """As shipped, with threads that can be told apart."""
        threading.Thread(target=name_threads, daemon=True).start()
        return super().load()


def name_threads() -> None:
    """Give every thread its Python name for the kernel, now and when new ones appear; what is left are gRPC's."""
    tasks = Path("/proc/self/task")
    while True:
        # Python 3.11 still knows the main thread by the number that it had before the fork.
        names = {thread.native_id: thread.name for thread in threading.enumerate()} | {os.getpid(): "main"}
        for task in tasks.iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                (task / "comm").write_text(names.get(int(task.name), "grpc")[:15])
        time.sleep(0.5)


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.setswitchinterval(float(os.environ["BENCH_SWITCH_SECONDS"]))
    ShapedServer(Settings.from_environment(os.environ)).run()

"""How the tests are shared among worker processes (`make test` starts them; pytest-xdist).

The tests of a file stay together, as their servers and trained models are made once a file. Files that share something dear stay
together too, and so do those that measure time or memory or load the machine: one after another, they do not disturb each
other. What takes longest goes first, so that no worker is left alone with it at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "measuring": (
        "tests/faults/",
        "tests/gateway/test_connections.py",
        "tests/gateway/test_process.py",
        "tests/gateway/test_start_and_stop.py",
        "tests/gateway/upstream/test_gateway_process.py",
        "tests/loadtests/test_runs.py",
        "tests/serving/contract/test_decoding_memory.py",
        "tests/serving/contract/test_memory_budget.py",
        "tests/serving/server/test_grpc_fuzz.py",
        "tests/serving/server/test_process.py",
    ),
    "conformance": ("tests/conformance/",),
    "stack": ("tests/e2e/",),
    "manifests": ("tests/k8s/",),
}
"""Group -> files and folders, the longest first."""


def group_of(nodeid: str) -> str:
    """The group of a test: one of `GROUPS`, or its file."""
    path = nodeid.partition("::")[0]
    for group, members in GROUPS.items():
        if any(path == member or (member.endswith("/") and path.startswith(member)) for member in members):
            return group
    return path


class GroupScheduling(LoadScopeScheduling):
    """Gives whole groups to the workers: those of `GROUPS` in order, then the files with the most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        first = next((group for group in GROUPS if group in self.workqueue), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

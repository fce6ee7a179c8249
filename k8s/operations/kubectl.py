"""kubectl as a process: what it prints, as JSON or text. It reads and, where a command says so, applies; nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from k8s.operations.errors import KubectlFailed, ToolMissing

TIMEOUT_SECONDS = 60


class Kubectl:
    """Runs kubectl against one context.

    Args:
        namespace: Where namespaced objects are looked for.
        context: Name in the kubeconfig; the current one where empty.
    """

    def __init__(self, namespace: str, context: str = "") -> None:
        program = shutil.which("kubectl")
        if program is None:
            message = "kubectl is not on this machine; install it, or run this where it is."
            raise ToolMissing(message)
        self.namespace = namespace
        self._command = [program, *(["--context", context] if context else [])]

    def text(
        self, arguments: Sequence[str], *, given: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> str:
        """What a call prints.

        Args:
            arguments: Of kubectl.
            given: Its standard input.
            timeout_seconds: How long it may take.

        Raises:
            KubectlFailed: it did not end well, with its own words.
        """
        command = [*self._command, *arguments]
        try:
            done = subprocess.run(
                command, input=given, capture_output=True, text=True, check=False, timeout=timeout_seconds
            )
        except subprocess.TimeoutExpired:
            message = f"kubectl {arguments[0]} did not end within {timeout_seconds:g} s; is the API server reachable from here?"
            raise KubectlFailed(message) from None
        if done.returncode != 0:
            words = done.stderr.strip() or f"exit code {done.returncode}"
            message = f"kubectl {' '.join(arguments[:3])}: {words}"
            raise KubectlFailed(message)
        return done.stdout

    def json(self, arguments: Sequence[str]) -> Any:  # noqa: ANN401 - JSON of any shape
        """What a call prints, read as JSON."""
        return json.loads(self.text([*arguments, "-o", "json"]))

    def items(self, kind: str, *, everywhere: bool = False, absent_is_empty: bool = False) -> list[dict[str, Any]]:
        """All objects of one kind: of the namespace, or of the cluster.

        Args:
            kind: As kubectl knows it.
            everywhere: Look in every namespace.
            absent_is_empty: A kind that the cluster does not know has no objects.
        """
        where = ["--all-namespaces"] if everywhere else ["--namespace", self.namespace]
        try:
            found = self.json(["get", kind, *where])
        except KubectlFailed as error:
            if absent_is_empty and "the server doesn't have a resource type" in str(error):
                return []
            raise
        items: list[dict[str, Any]] = found["items"]
        return items

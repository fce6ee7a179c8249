"""`python -m serving.probe --repository=/models --server=127.0.0.1:8500`, or `python -m serving.probe check ...`."""

from __future__ import annotations

import sys

from serving.probe.program import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], sys.stdout))

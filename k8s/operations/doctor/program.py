"""`python -m k8s.operations doctor`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from k8s.operations.doctor.checks import check_everything
from k8s.operations.doctor.facts import InstallationFacts, collect
from k8s.operations.finding import print_findings
from k8s.operations.kubectl import Kubectl
from k8s.operations.overlay import read_namespace


def run(arguments: Sequence[str], _environment: Mapping[str, str], out: TextIO) -> int:
    """Look for known pitfalls in a running installation; 0 where there is none. Changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m k8s.operations doctor", description=run.__doc__)
    parser.add_argument(
        "--overlay", type=Path, required=True, metavar="DIR", help="the site's overlay, such as k8s/overlays/hospital"
    )
    parser.add_argument("--context", default="", help="of the kubeconfig (default: the current one)")
    parser.add_argument(
        "--facts", type=Path, metavar="FILE", help="judge facts that --save-facts kept, and ask no cluster"
    )
    parser.add_argument(
        "--save-facts",
        type=Path,
        metavar="FILE",
        help="keep what was found, for whoever helps from afar; no photo, name or secret value is in it",
    )
    options = parser.parse_args(arguments)
    if options.facts:
        facts = InstallationFacts.from_json(options.facts.read_text(encoding="utf-8"))
    else:
        facts = collect(Kubectl(read_namespace(options.overlay), options.context))
    if options.save_facts:
        options.save_facts.write_text(json.dumps(dataclasses.asdict(facts), indent=1) + "\n", encoding="utf-8")
    return print_findings(check_everything(facts), out, right="No known pitfall shows.")

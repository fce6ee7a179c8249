"""`python -m k8s.operations preflight` and `... reach`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from k8s.operations.finding import print_findings
from k8s.operations.kubectl import Kubectl
from k8s.operations.overlay import Needs, Overlay
from k8s.operations.preflight.checks import check_everything
from k8s.operations.preflight.facts import ClusterFacts, collect, try_applying
from k8s.operations.preflight.job import job_for, policy_for, run_job
from k8s.operations.preflight.reach import look, site_of
from k8s.operations.release import image_called

CA_VARIABLE: Final = "SSL_CERT_FILE"
CA_FILE: Final = "/etc/symmetra/ca/ca.crt"


def run(arguments: Sequence[str], _environment: Mapping[str, str], out: TextIO) -> int:
    """Check a cluster before installing; 0 where nothing is missing."""
    parser = argparse.ArgumentParser(prog="python -m k8s.operations preflight", description=run.__doc__)
    parser.add_argument(
        "--overlay", type=Path, required=True, metavar="DIR", help="the site's overlay, such as k8s/overlays/hospital"
    )
    parser.add_argument("--context", default="", help="of the kubeconfig (default: the current one)")
    parser.add_argument(
        "--without-job", action="store_true", help="start nothing in the cluster; then nothing is seen from inside it"
    )
    parser.add_argument(
        "--facts", type=Path, metavar="FILE", help="judge facts that --save-facts kept, and ask no cluster for them"
    )
    parser.add_argument(
        "--save-facts",
        type=Path,
        metavar="FILE",
        help="keep what was found, for whoever helps from afar; it holds no secret values",
    )
    options = parser.parse_args(arguments)
    overlay = Overlay.read(options.overlay)
    overlay.require_current_keys()
    site = overlay.site
    kubectl = Kubectl(overlay.namespace, options.context)
    needs = Needs.of(kubectl.text(["kustomize", str(overlay.folder)]), site)
    if options.facts:
        facts = ClusterFacts.from_json(options.facts.read_text(encoding="utf-8"))
    else:
        facts = collect(kubectl, needs.config_maps | {site["ca_bundle"]}, site["ingress_namespace"])
        if facts.has_namespace:
            facts = dataclasses.replace(facts, refusals=try_applying(kubectl, overlay.folder))
        if not options.without_job:
            job = job_for(site, site.image(image_called("symmetra-monitoring")))
            seen, error = run_job(kubectl, policy_for(site), job)
            facts = dataclasses.replace(facts, reach=seen, job_error=error)
    if options.save_facts:
        options.save_facts.write_text(json.dumps(dataclasses.asdict(facts), indent=1) + "\n", encoding="utf-8")
    return print_findings(check_everything(site, needs, facts), out, right="Nothing is missing.")


def run_reach(_arguments: Sequence[str], environment: Mapping[str, str], out: TextIO) -> int:
    """Print what this pod sees, as JSON; the Job of preflight runs it."""
    json.dump(look(site_of(environment), Path(environment.get(CA_VARIABLE, CA_FILE))), out)
    out.write("\n")
    return 0

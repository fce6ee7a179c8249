"""The checks of preflight, in the order in which somebody would mend things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from k8s.operations.finding import Finding
from k8s.operations.overlay import Needs
from k8s.operations.preflight import authorities, cluster, gpu, inside, monitoring, storage
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site

Check = Callable[[Site, Needs, ClusterFacts], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    cluster.check_placeholders,
    cluster.check_version,
    cluster.check_namespace,
    cluster.check_network_policies,
    cluster.check_secrets,
    cluster.check_config_maps,
    cluster.check_ingress,
    cluster.check_host_network,
    cluster.check_custom_resources,
    cluster.check_processor_time,
    cluster.check_ranges,
    authorities.check_ca_bundle,
    storage.check_storage,
    gpu.check_gpu,
    gpu.check_runtime_class,
    monitoring.check_operator_selector,
    cluster.check_refusals,
    inside.check_job,
    inside.check_targets,
)


def check_everything(site: Site, needs: Needs, facts: ClusterFacts) -> list[Finding]:
    """What every check found."""
    return [finding for check in CHECKS for finding in check(site, needs, facts)]

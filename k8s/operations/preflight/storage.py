"""Checks of the StorageClass: it is there, and it can give what the model volume asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k8s.operations.finding import Finding, Level
from k8s.operations.overlay import Needs
from k8s.operations.preflight.facts import ClusterFacts
from k8s.operations.site_file import Site

ONE_NODE_ONLY: Final = (
    "rancher.io/local-path", "kubernetes.io/no-provisioner", "topolvm.io", "topolvm.cybozu.com", "local.csi.openebs.io",
    "openebs.io/local", "kubernetes.io/aws-ebs", "ebs.csi.aws.com", "pd.csi.storage.gke.io", "kubernetes.io/gce-pd",
    "disk.csi.azure.com", "kubernetes.io/azure-disk", "cinder.csi.openstack.org", "rbd.csi.ceph.com", "csi.hetzner.cloud",
    "k8s.io/minikube-hostpath",
)  # fmt: skip
"""Provisioners of block devices and local disks, which one node at a time can mount as a file system."""
MANY_NODES: Final = (
    "nfs",
    "cephfs",
    "efs",
    "filestore",
    "file.csi.azure.com",
    "longhorn",
    "glusterfs",
    "smb",
    "gpfs",
    "beegfs",
    "lustre",
    "trident",
)
"""Parts of the names of provisioners that give volumes to many nodes at once."""
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def check_storage(site: Site, needs: Needs, facts: ClusterFacts) -> Iterator[Finding]:
    """The class exists; and where ReadWriteMany is asked for, it can give that. A default where a claim names none."""
    classes = {item["metadata"]["name"]: item for item in facts.storage_classes}
    name = site["storage_class"]
    defaults = [
        item for item in facts.storage_classes if item["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"
    ]
    if needs.default_storage and not defaults:
        yield Finding(
            "storage class",
            "No StorageClass is the default, and a volume claim (drift-state) names none; mark one as the default, or name one in the overlay.",
        )
    if name not in classes:
        yield Finding(
            "storage class",
            f"There is no StorageClass {name} (there is: {', '.join(sorted(classes)) or 'none'}); set SITE_STORAGE_CLASS.",
        )
        return
    if not needs.shared_volume:
        return
    provisioner = classes[name]["provisioner"]
    if any(provisioner == known or provisioner.endswith(f".{known}") for known in ONE_NODE_ONLY):
        yield Finding(
            "storage class",
            f"The StorageClass {name} ({provisioner}) gives volumes to one node at a time, and the model volume asks for ReadWriteMany; name another class, or use the component read-write-once.",
        )
    elif not any(part in provisioner for part in MANY_NODES):
        yield Finding(
            "storage class",
            f"Whether the StorageClass {name} ({provisioner}) gives ReadWriteMany is not known here; ask its documentation before the claim stays Pending.",
            Level.NOTE,
        )

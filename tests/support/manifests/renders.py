"""Renders of the manifests: every overlay, and the combinations of components that make sense, each rendered once."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[3]
KUBERNETES: Final = ROOT / "k8s"
TOOLS: Final = ROOT / ".venv/k8s/bin"
"""Where requirements/k8s.txt is installed."""
CHECKOV: Final = ROOT / ".venv/checkov/bin"
"""Where requirements/checkov.txt is: it pins what others need newer."""
OVERLAYS: Final = ("local", "hospital", "hospital-one-gpu", "airgap", "site-template")
SITE: Final = "overlays/site-template/site"

COMBINATIONS: Final[dict[str, tuple[str, ...]]] = {
    "base": (),
    "cpu-site": ("cpu-only", "ingress", "prometheus", "grafana-dashboards"),
    "cpu-autoscaling": ("cpu-only", "model-server-autoscaling", "hpa-in-flight", "quota"),
    "gpu-single": ("gpu", "single-gpu", "ingress"),
    "gpu-single-standby": ("gpu", "cpu-standby", "single-gpu", "ingress", "prometheus-operator", "cluster-alerts"),
    "on-standby": ("gpu", "cpu-standby", "on-standby", "single-gpu", "ingress-host-network", "database-in-clear"),
    "host-network": ("ingress", "ingress-host-network", "site:private-registry", "site:site"),
    "gpu-training": ("gpu", "training-job", "gpu-runtime-class", "gpu-writable-root"),
    "gpu-mig": ("gpu", "gpu-mig", "gateway-api"),
    "gpu-runtime": ("gpu", "gpu-runtime-class", "gateway-api", "keda"),
    "mtls": ("mtls", "ingress", "cert-manager"),
    "gpu-mtls": ("gpu", "mtls", "shadow-version"),
    "model-image": ("model-image", "ingress"),
    "model-image-gpu-registry": ("gpu", "model-image", "site:private-registry", "site:site"),
    "read-write-once": ("read-write-once", "ingress"),
    "shadow": ("shadow-version", "prometheus-operator"),
    "load-test": ("ingress", "load-test"),
    "everything-private": (
        "gpu",
        "cpu-standby",
        "gpu-runtime-class",
        "training-job",
        "mtls",
        "ingress",
        "cert-manager",
        "prometheus",
        "grafana-dashboards",
        "hpa-in-flight",
        "load-test",
        "quota",
        "site:private-registry",
        "site:site",
    ),
    "keda-private": ("keda", "gateway-api", "prometheus-operator", "site:private-registry", "site:site"),
}
"""Name -> components over the base, in order. `site:` before a component that needs the ConfigMap of the site file."""
NEEDS_BEFORE: Final = {
    "gpu-mig": ["gpu"],
    "gpu-runtime-class": ["gpu"],
    "gpu-writable-root": ["gpu"],
    "single-gpu": ["gpu"],
    "cert-manager": ["ingress"],
    "on-standby": ["cpu-standby"],
}
"""Component -> what must be listed before it."""

Object = dict[str, Any]
_shared: list[Path] = []
"""Where the processes of one test run keep their renders for each other; empty where nobody said."""


class RenderFailed(Exception):
    """kubectl kustomize ended with an error; the message is its own."""


def find_tool(name: str) -> Path | None:
    """A program of the validators' environments; None where it is not installed."""
    return next((path / name for path in (TOOLS, CHECKOV) if (path / name).exists()), None)


def share(folder: Path) -> None:
    """Have the processes of one test run render each thing once: what one made, the others read from this folder."""
    folder.mkdir(exist_ok=True)
    _shared[:] = [folder]


def components() -> list[str]:
    """The name of every component."""
    return sorted(path.parent.name for path in KUBERNETES.glob("components/*/kustomization.yaml"))


def overlay(name: str) -> list[Object]:
    """The objects of an overlay in k8s/overlays; a copy of one's own."""
    return copy.deepcopy(_render(f"overlays/{name}", (), None))


def combine(*names: str, namespace: str | None = None) -> list[Object]:
    """The objects of the base with components, in order; a copy of one's own."""
    return copy.deepcopy(_render("base", names, namespace))


def with_component(overlay_name: str, *names: str) -> list[Object]:
    """The objects of an overlay with further components."""
    return copy.deepcopy(_render(f"overlays/{overlay_name}", names, None))


def everything() -> dict[str, list[Object]]:
    """Every render that tests look at: name -> objects."""
    wanted: dict[str, tuple[str, tuple[str, ...]]] = {
        **{f"overlay {name}": (f"overlays/{name}", ()) for name in OVERLAYS},
        **{f"combination {name}": ("base", names) for name, names in COMBINATIONS.items()},
    }
    # Most of the time kubectl works: as many at once as there are cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda asked: copy.deepcopy(_render(*asked, None)), wanted.values())
        return dict(zip(wanted, made, strict=True))


def render_folder(folder: Path) -> list[Object]:
    """What kubectl makes of a folder.

    Raises:
        RenderFailed: it makes nothing of it.
    """
    return [each for each in yaml.load_all(render_text(folder), Loader=yaml.CSafeLoader) if each]


def render_text(folder: Path) -> str:
    """The same as text."""
    # Half of the time of a process that lives so shortly goes into collecting its garbage.
    environment = os.environ | {"GOGC": "off"}
    command = [TOOLS / "kubectl", "kustomize", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RenderFailed(done.stderr)
    return done.stdout


@functools.cache
def _render(place: str, names: tuple[str, ...], namespace: str | None) -> list[Object]:
    if not _shared:
        return _render_anew(place, names, namespace)
    kept = _shared[0] / hashlib.sha256(repr((place, names, namespace)).encode()).hexdigest()
    if not kept.exists():
        objects = _render_anew(place, names, namespace)
        with tempfile.NamedTemporaryFile("w", dir=_shared[0], delete=False) as file:
            json.dump(objects, file)
        Path(file.name).replace(kept)
    found: list[Object] = json.loads(kept.read_text())
    return found


def _render_anew(place: str, names: tuple[str, ...], namespace: str | None) -> list[Object]:
    if not names and namespace is None:
        return render_folder(KUBERNETES / place)
    with tempfile.TemporaryDirectory() as folder:
        write_kustomization(Path(folder), [place], names, namespace)
        return render_folder(Path(folder))


def write_kustomization(
    folder: Path, resources: Sequence[str], names: Sequence[str], namespace: str | None = None
) -> None:
    """A kustomization outside of k8s/ that uses what is in there, as a site's own would."""
    plain = [name.removeprefix("site:") for name in names]
    places = [*resources, *([SITE] if plain != list(names) else [])]
    content: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [_from(folder, place) for place in places],
        "components": [_from(folder, f"components/{name}") for name in plain],
    }
    if namespace is not None:
        content["namespace"] = namespace
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))


def _from(folder: Path, place: str) -> str:
    return os.path.relpath(KUBERNETES / place, folder.resolve())

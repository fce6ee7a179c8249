"""Which images there are, and how each is built: Dockerfile, context, arguments, locks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from k8s.operations.errors import BaseImageUnknown
from k8s.operations.release import ROOT


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """One image.

    Attributes:
        name: Without registry and tag.
        suffix: Behind the release in its tag.
        dockerfile: From the project's root.
        context: From the project's root.
        base: Argument of the Dockerfile that names the image below, and the prefix of its keys in bases.env.
        locks: Lock files that it installs from.
        arguments: Further ones of the Dockerfile.
    """

    name: str
    dockerfile: str
    base: tuple[str, str]
    context: str = "."
    suffix: str = ""
    locks: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)

    def tag(self, version: str) -> str:
        """Its tag in a release."""
        return f"{version}{self.suffix}"


PYTHON: Final = ("PYTHON_IMAGE", "PYTHON")
DETECTOR: Final = "requirements/detector.txt"
GPU_LOCK: Final = "k8s/images/training-gpu.txt"
SERVING: Final = "serving/deploy"

PLANS: Final = (
    ImagePlan(
        "symmetra-gateway", "k8s/images/gateway.Dockerfile", PYTHON, locks=("requirements/gateway.txt", DETECTOR)
    ),
    ImagePlan(
        "symmetra-monitoring",
        "k8s/images/monitoring.Dockerfile",
        PYTHON,
        locks=("requirements/monitoring.txt", DETECTOR),
    ),
    ImagePlan("symmetra-loadtests", "k8s/images/loadtests.Dockerfile", PYTHON, locks=("requirements/loadtests.txt",)),
    ImagePlan(
        "symmetra-training",
        "k8s/images/training.Dockerfile",
        PYTHON,
        suffix="-gpu",
        locks=(GPU_LOCK, DETECTOR),
        arguments={"LOCK": GPU_LOCK},
    ),
    ImagePlan(
        "symmetra-model-server",
        f"{SERVING}/Dockerfile",
        ("TENSORFLOW_SERVING_IMAGE", "TENSORFLOW_SERVING"),
        context=SERVING,
    ),
    ImagePlan(
        "symmetra-model-server",
        f"{SERVING}/Dockerfile",
        ("TENSORFLOW_SERVING_IMAGE", "TENSORFLOW_SERVING_GPU"),
        context=SERVING,
        suffix="-gpu",
        arguments={"BATCHING": "batching.gpu.config"},
    ),
)
BASES_FILE: Final = ROOT / "k8s/images/bases.env"


def read_bases(text: str) -> dict[str, str]:
    """The keys of bases.env."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def base_of(plan: ImagePlan, bases: Mapping[str, str]) -> str:
    """The image below, by tag and digest.

    Raises:
        BaseImageUnknown: its digest is not known.
    """
    _, prefix = plan.base
    tag, digest = bases.get(f"{prefix}_TAG", ""), bases.get(f"{prefix}_DIGEST", "")
    if not tag or not digest.startswith("sha256:"):
        message = (
            f"{tag or prefix} has no digest in k8s/images/bases.env, and a tag can be moved; "
            "`python -m k8s.operations images pin` looks it up where a registry is in reach."
        )
        raise BaseImageUnknown(message)
    return f"{tag}@{digest}"

"""Reading rendered objects: what runs pods, what is in them, what is called how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

Object = dict[str, Any]
WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
STABLE_LABELS: Final = {"app.kubernetes.io/name", "app.kubernetes.io/component"}


def name_of(each: Object) -> str:
    """`Kind/name`."""
    return f"{each['kind']}/{each['metadata']['name']}"


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """Those of some kinds."""
    return [each for each in objects if each["kind"] in kinds]


def find(objects: Iterable[Object], kind: str, name: str) -> Object:
    """The one object of that name; generated names end in a digest, which need not be given.

    Raises:
        KeyError: there is none, or more than one.
    """
    found = [
        each
        for each in of_kind(objects, kind)
        if each["metadata"]["name"] == name
        or (each["metadata"]["name"].rpartition("-")[0] == name and kind == "ConfigMap")
    ]
    if len(found) != 1:
        message = f"{len(found)} objects are {kind}/{name}"
        raise KeyError(message)
    return found[0]


@dataclass(frozen=True)
class Workload:
    """Something that runs pods.

    Attributes:
        owner: The Deployment, Job, ...
        template: Metadata and spec of its pods.
    """

    owner: Object
    template: Object

    @property
    def name(self) -> str:
        """`Kind/name`."""
        return name_of(self.owner)

    @property
    def labels(self) -> dict[str, str]:
        """Of its pods."""
        found: dict[str, str] = self.template["metadata"]["labels"]
        return found

    @property
    def spec(self) -> Object:
        """Of its pods."""
        found: Object = self.template["spec"]
        return found

    @property
    def component(self) -> str:
        """Which part of the system it is."""
        return self.labels["app.kubernetes.io/component"]

    def containers(self) -> list[Object]:
        """Also those that come first."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    def container(self, name: str) -> Object:
        """One of them."""
        return next(each for each in self.containers() if each["name"] == name)


def workloads(objects: Iterable[Object]) -> list[Workload]:
    """Everything that runs pods."""
    return [Workload(each, _template(each)) for each in of_kind(objects, *WORKLOADS)]


def workload(objects: Iterable[Object], name: str) -> Workload:
    """The Deployment or Job of that name."""
    return next(each for each in workloads(objects) if each.owner["metadata"]["name"] == name)


def images(objects: Iterable[Object]) -> set[str]:
    """Every image that is run."""
    return {container["image"] for each in workloads(objects) for container in each.containers()}


def selects(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector, or a Service's plain one, selects pods with these labels."""
    if selector is None:
        return False
    if not {"matchLabels", "matchExpressions"} & set(selector):
        return selector.items() <= labels.items()
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in selector.get("matchExpressions", [])
    )


def settings_of(objects: Iterable[Object], container: Object) -> dict[str, str | None]:
    """Environment of a container: name -> value, None where a Secret has it."""
    found: dict[str, str | None] = {}
    for source in container.get("envFrom", []):
        found |= find(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    for variable in container.get("env", []):
        found[variable["name"]] = variable.get("value")
    return found


def strings(value: object) -> Iterator[str]:
    """Every text in an object, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings(key)
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def _template(each: Object) -> Object:
    spec = each["spec"]
    template: Object = (spec["jobTemplate"]["spec"] if each["kind"] == "CronJob" else spec)["template"]
    return template

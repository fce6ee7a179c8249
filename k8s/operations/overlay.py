"""A site's overlay: its site file, its namespace, and what its rendered manifests need from the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from k8s.operations.errors import SiteFileInvalid
from k8s.operations.site_file import Site

_SECRET_BLOCKS: Final = ("secretKeyRef:", "secretRef:", "imagePullSecrets:", "secret:")
_CONFIG_MAP_BLOCKS: Final = ("configMapKeyRef:", "configMapRef:", "configMap:")
TEMPLATE: Final = Path(__file__).resolve().parents[1] / "overlays/site-template"
CRD_GROUPS: Final = ("monitoring.coreos.com", "cert-manager.io", "gateway.networking.k8s.io", "keda.sh")


@dataclass(frozen=True, slots=True)
class Needs:
    """What rendered manifests expect to find.

    Attributes:
        shared_volume: A volume claim asks for ReadWriteMany.
        gpu: A container asks for the site's GPU resource.
        runtime_class: A pod names a RuntimeClass.
        groups: API groups of custom resources in use.
        secrets: Names of Secrets that are used and not part of the manifests.
        config_maps: Names of ConfigMaps, the same.
        ingress: An Ingress is there.
        http_route: An HTTPRoute is there.
        processor_time: An autoscaler looks at it.
        default_storage: A volume claim names no StorageClass.
        database_in_clear: PostgreSQL need not speak TLS.
        from_nodes: The gateway lets in an ingress controller on the network of its nodes.
    """

    shared_volume: bool
    gpu: bool
    runtime_class: bool
    groups: frozenset[str]
    secrets: frozenset[str]
    config_maps: frozenset[str]
    ingress: bool
    processor_time: bool = False
    default_storage: bool = False
    database_in_clear: bool = False
    from_nodes: bool = False
    http_route: bool = False

    @classmethod
    def of(cls, rendered: str, site: Site) -> Self:
        """Read what kustomize printed.

        By lines and indentation, which kustomize writes the same way always: no YAML reader is in the standard library.
        """
        documents = re.split(r"^---$", rendered, flags=re.MULTILINE)
        kinds = [(_top(text, "kind"), _top(text, "apiVersion"), _own_name(text)) for text in documents]
        made = {(kind, name) for kind, _, name in kinds}
        secrets = {name for text in documents for name in _named(text, _SECRET_BLOCKS, "secretName")}
        config_maps = {name for text in documents for name in _named(text, _CONFIG_MAP_BLOCKS, None)}
        return cls(
            shared_volume="- ReadWriteMany" in rendered,
            gpu=re.search(rf"^\s+{re.escape(site['gpu_resource'])}: ", rendered, flags=re.MULTILINE) is not None,
            runtime_class="runtimeClassName:" in rendered,
            groups=frozenset(
                group for group in CRD_GROUPS for _, version, _ in kinds if version.startswith(f"{group}/")
            ),
            secrets=frozenset(name for name in secrets if ("Secret", name) not in made),
            config_maps=frozenset(name for name in config_maps if ("ConfigMap", name) not in made),
            ingress=any(kind == "Ingress" for kind, _, _ in kinds),
            processor_time=any(
                _top(text, "kind") == "HorizontalPodAutoscaler" and "type: Resource" in text for text in documents
            ),
            default_storage=any(
                _top(text, "kind") == "PersistentVolumeClaim" and "storageClassName:" not in text for text in documents
            ),
            database_in_clear=re.search(r"^  SYMMETRA_RECORDS_TLS: require$", rendered, flags=re.MULTILINE) is None,
            from_nodes="symmetra/from-nodes:" in rendered,
            http_route=any(kind == "HTTPRoute" for kind, _, _ in kinds),
        )


@dataclass(frozen=True, slots=True)
class Overlay:
    """A folder below k8s/overlays.

    Attributes:
        folder: Where it is.
        site: Its site file.
        namespace: Where it installs.
    """

    folder: Path
    site: Site
    namespace: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read an overlay.

        Raises:
            SiteFileInvalid: the folder is no overlay with a site file, or that is wrong.
        """
        namespace = read_namespace(folder)
        return cls(folder, Site.read(folder / "site/site.env"), namespace)

    def require_current_keys(self, template: Path = TEMPLATE) -> None:
        """Check that what puts the site file's values into the manifests is this release's: an overlay is taken along at an upgrade.

        Raises:
            SiteFileInvalid: a file of the overlay's folder keys/ is another than the template's.
        """
        mine, theirs = (
            {path.relative_to(folder): path.read_bytes() for path in (folder / "keys").rglob("*.yaml")}
            for folder in (self.folder, template)
        )
        unlike = sorted(str(path) for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path))
        if mine and unlike:
            message = (
                f"{', '.join(unlike)} in {self.folder} {'is' if len(unlike) == 1 else 'are'} of another release; copy the folder again: "
                f"rm -r {self.folder / 'keys'} && cp -r {template / 'keys'} {self.folder}"
            )
            raise SiteFileInvalid(message)


def read_namespace(folder: Path) -> str:
    """Where an overlay installs; it may be one without a site file, such as `local`.

    Raises:
        SiteFileInvalid: the folder is no overlay.
    """
    try:
        text = (folder / "kustomization.yaml").read_text(encoding="utf-8")
    except OSError:
        message = f"{folder} is no overlay: it has no kustomization.yaml. Copy k8s/overlays/site-template and name the copy here."
        raise SiteFileInvalid(message) from None
    found = re.search(r"^namespace: *([a-z0-9-]+)$", text, flags=re.MULTILINE)
    if found is None:
        message = f"{folder}/kustomization.yaml names no namespace; it needs one line `namespace: NAME`."
        raise SiteFileInvalid(message)
    return found[1]


def _top(document: str, key: str) -> str:
    found = re.search(rf"^{key}: (\S+)$", document, flags=re.MULTILINE)
    return found[1] if found else ""


def _own_name(document: str) -> str:
    found = re.search(r"^metadata:\n((?:  .*\n)+)", document, flags=re.MULTILINE)
    name = re.search(r"^  name: (\S+)$", found[1], flags=re.MULTILINE) if found else None
    return name[1].strip("\"'") if name else ""


def _named(document: str, blocks: tuple[str, ...], key: str | None) -> Iterator[str]:
    """Names in the blocks that begin with one of these words, and those behind a key; not those that may be absent."""
    lines = document.splitlines()
    for number, line in enumerate(lines):
        word = line.strip().removeprefix("- ")
        if key is not None and word.startswith(f"{key}: "):
            if "optional: true" not in (other.strip() for other in _siblings(lines, number)):
                yield _value(word)
        elif word in blocks:
            block = [inner.strip().removeprefix("- ") for inner in _block(lines, number)]
            if "optional: true" not in block:
                yield from (_value(inner) for inner in block if inner.startswith("name: "))


def _block(lines: list[str], start: int) -> Iterator[str]:
    """What stands below a key: further right, or a list in the same column."""
    column = _column(lines[start])
    for line in lines[start + 1 :]:
        left = len(line) - len(line.lstrip(" "))
        if left < column or (left == column and not line.lstrip(" ").startswith("- ")):
            return
        yield line


def _siblings(lines: list[str], number: int) -> Iterator[str]:
    """The lines around one that belong to the same mapping."""
    column = _column(lines[number])
    for direction in (lines[number + 1 :], lines[:number][::-1]):
        for line in direction:
            if _column(line) < column:
                break
            yield line


def _column(line: str) -> int:
    """Where the key of a line begins, behind the dash of a list."""
    return len(line) - len(line.lstrip(" ").removeprefix("- "))


def _value(text: str) -> str:
    return text.partition(": ")[2].strip("\"'")

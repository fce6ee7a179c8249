"""`python -m k8s.operations images build | model | save | pin | list`."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from k8s.operations.errors import BaseImageUnknown, BundleIncomplete, ToolMissing
from k8s.operations.images.engines import Engine, run_command
from k8s.operations.images.plan import BASES_FILE, PLANS, ImagePlan, base_of, read_bases
from k8s.operations.images.sbom import bill_of_materials
from k8s.operations.release import ROOT

DEFAULT_REGISTRY: Final = "registry.example"
DEFAULT_OUT: Final = ROOT / ".run/images"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO) -> int:
    """Build this release's images with docker, podman or buildah."""
    parser = argparse.ArgumentParser(prog="python -m k8s.operations images", description=run.__doc__)
    parser.add_argument("--registry", default=DEFAULT_REGISTRY, help=f"in their names (default: {DEFAULT_REGISTRY})")
    orders = parser.add_subparsers(dest="order", required=True, metavar="ORDER")
    sub = orders.add_parser("build", help="build all, save each as an OCI archive, write each one's bill of materials")
    sub.add_argument("--only", action="append", default=[], metavar="NAME")
    sub.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="DIR",
        help=f"for archives and bills (default: {DEFAULT_OUT.relative_to(ROOT)})",
    )
    sub = orders.add_parser(
        "model", help="build the image of one model version, which holds the program that publishes it"
    )
    sub.add_argument("directory", type=Path, metavar="VERSION_DIR")
    sub.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR")
    orders.add_parser(
        "pin", help="look up the digests of the images below ours and write them into k8s/images/bases.env"
    )
    orders.add_parser("list", help="names and tags of this release")
    options = parser.parse_args(arguments)
    order: Callable[[argparse.Namespace, Mapping[str, str], TextIO], int] = {
        "build": build,
        "model": build_model,
        "pin": pin,
        "list": show,
    }[options.order]
    return order(options, environment, out)


def build(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    """Build, save and describe the images.

    Raises:
        ToolMissing: no engine works here, or a build failed.
        BaseImageUnknown: an image below has no digest.
    """
    plans = [plan for plan in PLANS if not options.only or plan.name in options.only]
    bases = read_bases(BASES_FILE.read_text(encoding="utf-8"))
    bases_of = [base_of(plan, bases) for plan in plans]
    engine = Engine.find()
    options.out.mkdir(parents=True, exist_ok=True)
    for plan, base in zip(plans, bases_of, strict=True):
        tag = f"{options.registry}/{plan.name}:{plan.tag(version())}"
        given = {plan.base[0]: base, **plan.arguments, **labels(environment)}
        run_command(
            engine.build(ROOT / plan.dockerfile, ROOT / plan.context, tag, given, source_date_epoch(environment))
        )
        archive = options.out / f"{archive_name(tag)}.tar"
        archive.unlink(missing_ok=True)
        run_command(engine.save(tag, archive))
        write_bill(plan, options.out)
        out.write(f"{tag}\n")
    return 0


def build_model(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    """Build the image of one model version upon the gateway's of the same release.

    Raises:
        ToolMissing: no engine works here, or the build failed.
        BundleIncomplete: the directory is no version, or has no approval.
    """
    directory: Path = options.directory.resolve()
    approval = approval_of(directory)
    engine = Engine.find()
    options.out.mkdir(parents=True, exist_ok=True)
    tag = f"{options.registry}/symmetra-model:{directory.name}"
    given = {"GATEWAY_IMAGE": f"{options.registry}/symmetra-gateway:{version()}", "MODEL_VERSION": directory.name}
    given["CREATED"] = labels(environment)["CREATED"]
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        shutil.copytree(directory, context / "model")
        shutil.copyfile(approval, context / "approval.json")
        epoch = source_date_epoch(environment)
        run_command(engine.build(ROOT / "k8s/images/model.Dockerfile", context, tag, given, epoch))
    archive = options.out / f"{archive_name(tag)}.tar"
    archive.unlink(missing_ok=True)
    run_command(engine.save(tag, archive))
    out.write(f"{tag}\n")
    return 0


def approval_of(directory: Path) -> Path:
    """The approval beside a version's directory, in the repository that it comes from.

    Raises:
        BundleIncomplete: the directory is no version, or nobody approved it: no site could make it live.
    """
    if not (directory / "manifest.json").is_file() or not directory.name.isdigit():
        message = f"{directory} is no model version: name a numbered directory of a model repository, such as .../depression_severity/1."
        raise BundleIncomplete(message)
    approval = directory.parent / "approvals" / f"{directory.name}.json"
    if not approval.is_file():
        message = f"Version {directory.name} has no approval ({approval}), so no site could make it live; `python -m training approve` judges it."
        raise BundleIncomplete(message)
    return approval


def pin(_options: argparse.Namespace, _environment: Mapping[str, str], out: TextIO) -> int:
    """Write the digests that the registries name now into bases.env, for a person to look at and commit.

    Raises:
        ToolMissing: neither skopeo nor docker can ask a registry here.
        BaseImageUnknown: a registry did not say.
    """
    text = BASES_FILE.read_text(encoding="utf-8")
    for key, tag in read_bases(text).items():
        if key.endswith("_TAG"):
            prefix = key.removesuffix("_TAG")
            digest = look_up(tag)
            text = re.sub(rf"^{prefix}_DIGEST=.*$", f"{prefix}_DIGEST={digest}", text, flags=re.MULTILINE)
            out.write(f"{tag}@{digest}\n")
    BASES_FILE.write_text(text, encoding="utf-8")
    return 0


def look_up(tag: str) -> str:
    """The digest that a registry has for a tag now."""
    if program := shutil.which("skopeo"):
        command = [program, "inspect", "--format", "{{.Digest}}", f"docker://{tag}"]
    elif program := shutil.which("docker"):
        command = [program, "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", tag]
    else:
        message = "Neither skopeo nor docker is on this machine, and nothing else here can ask a registry."
        raise ToolMissing(message)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"sha256:[0-9a-f]{64}", done.stdout)
    if done.returncode != 0 or found is None:
        message = f"No registry said what {tag} is: {done.stderr.strip() or 'no digest in the answer'}."
        raise BaseImageUnknown(message)
    return found[0]


def show(options: argparse.Namespace, _environment: Mapping[str, str], out: TextIO) -> int:
    """Names and tags."""
    out.writelines(f"{options.registry}/{plan.name}:{plan.tag(version())}\n" for plan in PLANS)
    return 0


def write_bill(plan: ImagePlan, folder: Path) -> None:
    """The bill of materials of an image that installs from locks; the others' bases come with their own."""
    if plan.locks:
        bill = bill_of_materials(
            plan.name, plan.tag(version()), [(ROOT / lock).read_text(encoding="utf-8") for lock in plan.locks]
        )
        path = folder / f"{archive_name(f'{plan.name}:{plan.tag(version())}')}.cdx.json"
        path.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")


def archive_name(image: str) -> str:
    """File name of an image: its last part, with its tag."""
    return image.rpartition("/")[2].replace(":", "_").partition("@")[0]


def version() -> str:
    """Of this release."""
    project: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return project


def labels(environment: Mapping[str, str]) -> dict[str, str]:
    """What the OCI labels say: equal for equal sources."""
    moment = datetime.fromtimestamp(source_date_epoch(environment), UTC)
    return {
        "VERSION": version(),
        "REVISION": _git("rev-parse", "HEAD"),
        "CREATED": moment.isoformat(timespec="seconds"),
    }


def source_date_epoch(environment: Mapping[str, str]) -> int:
    """The moment that everything in an image bears: SOURCE_DATE_EPOCH, or that of the last commit; 0 where there is neither."""
    said = environment.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    return int(said) if said.isdigit() else 0


def _git(*arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    return subprocess.run(
        [program, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    ).stdout.strip()

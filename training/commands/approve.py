"""`python -m training approve`: let a version go live, or refuse it, by what it answers beside the one that is live.

Nothing is kept between two tries, and the decision appears whole or not at all: after a kill at any moment, the same
command again ends as one that nobody interrupted. An approval that stands already is kept.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.contract.model import MODEL_NAME, Evidence
from serving.repository import (
    ChangePolicyUsed,
    Decision,
    ModelRepository,
    NothingPinned,
    Statement,
    VersionDamaged,
    VersionMissing,
)
from training.approval.change_policy import DEFAULT_PATH, ChangePolicy, read_change_policy
from training.approval.comparison import HoldOut, compare
from training.approval.model_server import serve_versions
from training.approval.report import write_report
from training.approval.rules import Finding, Sides, Verdict, failed, judge
from training.approval.witnesses import check_counts, check_figures, check_golden, judge_polarity
from training.commands.evaluate import open_data
from training.commands.options import whole_number
from training.commands.report import PROBES_NAME, read_probes
from training.commands.shared import run_safely, say
from training.errors import ApprovalRefused, RunInvalid
from training.runs import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from serving.contract.model import ModelContract
    from training.data.manifest import Photo
    from training.data.shards import CropStore

WORK_FOLDER = "approval"
"""Inside the run: configuration and log of the model server."""
CHAMPION_CAVEAT = (
    "The champion may have trained on people of this hold-out, the candidate's own split kept them out: that favours the champion, so that an "
    "approval is on the safe side and a refusal may be unjust."
)
DEMO_CAVEAT = "Drawn faces: none of these figures says anything about any person."
FIRST_CAVEAT = "There is no champion to compare with: only what the candidate is by itself was judged."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--run", type=Path, required=True, metavar="RUN", help="directory that the version was exported from"
    )
    parser.add_argument("--repository", type=Path, required=True, metavar="ROOT", help="root of the model repository")
    parser.add_argument("--model-name", default=MODEL_NAME, help=f"(default {MODEL_NAME})")
    parser.add_argument("--version", type=whole_number, metavar="N", help="(default: the newest)")
    parser.add_argument("--by", type=_said, required=True, metavar="WHO", help="who approves: a name that can be asked")
    parser.add_argument("--why", type=_said, required=True, metavar="TEXT", help="why this version should go live")
    parser.add_argument(
        "--change-policy",
        type=Path,
        default=DEFAULT_PATH,
        metavar="FILE.toml",
        help="what may change from the live version, and by how much (default: training/approval/change_policies/"
        f"{DEFAULT_PATH.name})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Judge the version; 0 where it may go live, 1 where it may not."""
    return run_safely(lambda: _approve(arguments))


@dataclass(frozen=True, slots=True)
class _Case:
    """What is judged, by whom, and by which rules."""

    repository: ModelRepository
    run: Run
    policy: ChangePolicy
    by: str
    why: str
    candidate: ModelContract
    digest: str
    champion: ModelContract | None
    champion_digest: str | None

    def statement(self, why: str, evidence: dict[str, Any], report: str | None = None) -> Statement:
        """What is written down."""
        return Statement(self.by, why, evidence, ChangePolicyUsed(self.policy.name, self.policy.digest), report)


def _approve(arguments: argparse.Namespace) -> None:
    repository = ModelRepository(arguments.repository, arguments.model_name)
    policy, run = read_change_policy(arguments.change_policy), Run(arguments.run)
    version = arguments.version or max(repository.versions(), default=0)
    if not version:
        message = f"{repository.model_name} has no versions yet; `python -m training export` publishes one"
        raise VersionMissing(message)
    digest = _verify(repository, version, arguments.by, policy)
    champion, champion_digest = _find_champion(repository, version)
    case = _Case(
        repository=repository,
        run=run,
        policy=policy,
        by=arguments.by,
        why=arguments.why,
        candidate=repository.contract(version),
        digest=digest,
        champion=champion,
        champion_digest=champion_digest,
    )
    store, parts, _ = open_data(run)
    test = parts["test"]
    hold_out = HoldOut.of_photos(test)
    check_counts(case.candidate, hold_out)
    if _stands_already(case, hold_out):
        say(f"version {version} was approved before by {case.by}, for the same reason and by the same rules: kept")
        return
    evidence, findings = _measure(case, store, test, hold_out)
    for finding in findings:
        say(str(finding))
    _decide(case, evidence, findings)


def _verify(repository: ModelRepository, version: int, by: str, policy: ChangePolicy) -> str:
    """The digest of the version; a damaged one is refused, and the refusal kept."""
    try:
        return repository.verify(version)
    except VersionDamaged as error:
        used = ChangePolicyUsed(policy.name, policy.digest)
        repository.refuse(version, Statement(by, str(error), {"damaged": str(error)}, used))
        raise


def _find_champion(repository: ModelRepository, version: int) -> tuple[ModelContract | None, str | None]:
    """The pinned version, with its digest; nobody where it is the one to be judged, or nothing is pinned."""
    try:
        pin = repository.pin()
    except NothingPinned:
        say(f"no version of {repository.model_name} is live: version {version} is judged by itself")
        return None, None
    if pin.version == version:
        say(f"version {version} is the one that is live: it is judged by itself")
        return None, None
    if repository.verify(pin.version) != pin.digest:
        raise VersionDamaged(pin.version, reason="its digest is not the one that was pinned")
    say(f"version {version} is compared with version {pin.version}, which is live")
    return pin.contract, pin.digest


def _stands_already(case: _Case, hold_out: HoldOut) -> bool:
    """Whether the same person approved the same content, for the same reason, by the same rules and on the same photos."""
    approval = case.repository.approval(case.candidate.version)
    if approval is None or approval.decision is not Decision.APPROVED or approval.change_policy is None:
        return False
    live = case.champion is None and approval.evidence.get("champion") is not None
    return (
        (approval.digest, approval.by, approval.why) == (case.digest, case.by, case.why)
        and approval.change_policy.digest == case.policy.digest
        and approval.evidence.get("hold_out_digest") == hold_out.digest
        # It may be live by now: then what it was compared with is no longer the champion.
        and (live or approval.evidence.get("champion") == _name(case.champion, case.champion_digest))
    )


def _measure(
    case: _Case, store: CropStore, test: Sequence[Photo], hold_out: HoldOut
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    repository, candidate, champion = case.repository, case.candidate, case.champion
    paths = [photo.path for photo in test]
    thresholds = repository.policy().thresholds
    # Its own crops differ from those of this run, so it cannot be asked about them: `change of crop` says so.
    comparable = champion if champion is not None and champion.crop == candidate.crop else None
    contracts = [candidate] if comparable is None else [candidate, comparable]
    say(f"asking {len(contracts)} version(s) about {len(paths)} photos through the model server")
    with serve_versions(
        repository.directory,
        repository.model_name,
        [contract.version for contract in contracts],
        case.run.folder / WORK_FOLDER,
    ) as server:
        answers: list[NDArray[Any]] = []
        for contract in contracts:
            server.check_available(contract.version)
            answers.append(server.ask_about(contract, store, paths))
        golden, golden_figures = check_golden(server, candidate, repository.version_path(candidate.version))
    p_candidate, p_champion = answers[0], None if comparable is None else answers[1]
    check_figures(candidate, hold_out, p_candidate)
    comparison = compare(hold_out, p_candidate, p_champion, thresholds, case.policy.smallest_photos)
    chance_allowed = candidate.evidence is Evidence.DEMO and candidate.knows_nothing
    sides = Sides(
        candidate=candidate,
        champion=champion,
        thresholds_changed=_thresholds_changed(case, thresholds_now=[thresholds.none_max_ppm, thresholds.mild_max_ppm]),
        baseline_gains=_read_baselines(case.run),
    )
    findings = (
        golden,
        judge_polarity(hold_out, p_candidate, chance_allowed=chance_allowed),
        *judge(comparison, sides, case.policy),
    )
    caveats = [FIRST_CAVEAT if champion is None else CHAMPION_CAVEAT, *_caveats_of_run(case.run)]
    if candidate.evidence is Evidence.DEMO:
        caveats.append(DEMO_CAVEAT)
    if any(finding.verdict is Verdict.NOT_JUDGED for finding in findings):
        caveats.append("Some rules could not be judged for lack of photos or subjects; they refuse nothing.")
    evidence = {
        "candidate": _name(candidate, case.digest),
        "champion": _name(champion, case.champion_digest),
        "hold_out_digest": hold_out.digest,
        "thresholds_ppm": [thresholds.none_max_ppm, thresholds.mild_max_ppm],
        "golden": golden_figures,
        "comparison": comparison.as_dict(),
        "rules": [finding.as_dict() for finding in findings],
        "caveats": caveats,
    }
    return evidence, findings


def _caveats_of_run(run: Run) -> list[str]:
    """What the run itself says against its own figures."""
    description = run.read_description()
    caveats = []
    start = description.get("start_model")
    if start is not None and not start["subjects_apart"]:
        caveats.append(f"This candidate did not start from random weights: {start['statement']}")
    if not description.get("subjects_known", True):
        caveats.append("Whose the photos are is not known: a person can be in training and in this hold-out.")
    despite = description.get("despite_inspection")
    if despite is not None:
        findings = ", ".join(despite["findings"])
        caveats.append(f"Trained although inspection forbade it ({findings}), because: {despite['why']}")
    return caveats


def _decide(case: _Case, evidence: dict[str, Any], findings: tuple[Finding, ...]) -> None:
    version, broken = case.candidate.version, failed(findings)
    said = {"by": case.by, "why": case.why, "change policy": f"{case.policy.name} ({case.policy.digest[:12]})"}
    name = f"{case.repository.model_name} version {version}"
    if broken:
        why = f"{len(broken)} rule(s) broken: " + "; ".join(
            f"{one.rule}: {one.measured} ({one.limit})" for one in broken
        )
        report = write_report(f"{name} was refused", {**said, "refused because": why}, findings, evidence)
        case.repository.refuse(version, case.statement(f"{why}.", {**evidence, "asked_because": case.why}, report))
        message = (
            f"version {version} is refused. {why}. The refusal is in the history; train or export another version, or "
            "change what may change in a change policy of your own."
        )
        raise ApprovalRefused(message)
    report = write_report(f"{name} was approved", said, findings, evidence)
    case.repository.approve(
        version,
        case.statement(case.why, evidence, report),
        case.digest,
        live_digest=case.champion_digest,
    )
    root = case.repository.directory.parent
    say(
        f"version {version} is approved; make it live: python -m serving.repository --repository {root} promote {version}"
    )


def _name(contract: ModelContract | None, digest: str | None) -> dict[str, Any] | None:
    if contract is None:
        return None
    return {
        "version": contract.version,
        "digest": digest,
        "architecture": contract.architecture,
        "evidence": str(contract.evidence),
    }


def _thresholds_changed(case: _Case, thresholds_now: list[int]) -> bool:
    """Against those at the champion's approval; one that was approved without comparing anything names none."""
    if case.champion is None:
        return False
    approval = case.repository.approval(case.champion.version)
    then = None if approval is None else approval.evidence.get("thresholds_ppm")
    return then is not None and then != thresholds_now


def _read_baselines(run: Run) -> dict[str, float]:
    """Low end of the accuracy above each baseline that `report` measured on this run's model; NaN where it is undefined."""
    path = run.folder / PROBES_NAME
    if not path.exists():
        return {}
    try:
        found = read_probes(path, run)["baselines"]["baselines"]
        ends = {
            name: entry["accuracy_gain"]["interval_95"][0] for name, entry in found.items() if "accuracy_gain" in entry
        }
        return {name: math.nan if low is None else float(low) for name, low in ends.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{path} does not say the gain over each baseline ({error!r}); run `python -m training report` again"
        raise RunInvalid(message) from error


def _said(text: str) -> str:
    if not text.strip():
        message = "say it in words"
        raise argparse.ArgumentTypeError(message)
    return text.strip()

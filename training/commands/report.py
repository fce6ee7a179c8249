"""`python -m training report`: probes, baselines, one page with everything, model card and datasheet of a finished run."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.model import Evidence
from serving.contract.severity import band_of, severity_ppm
from training.commands.evaluate import load_run_model, open_data
from training.commands.shared import run_safely, say
from training.data.split import Split
from training.errors import RunInvalid
from training.evaluation.baselines import compare_with_baselines
from training.evaluation.probes.probes import run_probes
from training.evaluation.probes.streaming import ask
from training.evaluation.scoring import Scorer
from training.polarity import DEPRESSED
from training.reporting.data_facts import describe_parts
from training.reporting.datasheet import write_datasheet
from training.reporting.model_card import limits_of, write_run_card
from training.reporting.page import write_page
from training.reporting.report import assemble_report
from training.runs import Run, read_json, write_json
from training.synthetic.corpus import SYNTHESIS_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName

PROBES_NAME, REPORT_NAME, PAGE_NAME = "probes.json", "report.json", "report.html"
CARD_NAME, DATASHEET_NAME = "model_card.md", "datasheet.md"
EXAMPLES = 8
PAPER = "paper"
"""Name of the paper's CNN among the architectures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--run", type=Path, required=True, metavar="RUN", help="directory that `fit` wrote")
    parser.add_argument(
        "--paper-run", type=Path, metavar="RUN", help="a run of the paper's CNN on the same split, to compare with"
    )
    parser.add_argument(
        "--probes",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run probes and baselines (default; some 25 more answers per test photo). --no-probes shows those of last time",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write probes.json, report.json, report.html, model_card.md and datasheet.md into the run directory."""
    return run_safely(lambda: _report(Run(arguments.run), arguments.paper_run, probe=arguments.probes))


def _report(run: Run, paper_run: Path | None, *, probe: bool) -> None:
    evaluation, description = run.read_evaluation(), run.read_description()
    store, parts, data_dir = open_data(run)
    synthesis_path = data_dir / SYNTHESIS_NAME
    synthesis = json.loads(synthesis_path.read_text(encoding="utf-8")) if synthesis_path.exists() else None
    probes_path = run.folder / PROBES_NAME
    if probe:
        write_json(probes_path, _probe(run, paper_run, store, parts, drawn=synthesis is not None))
    elif paper_run is not None:
        message = "--paper-run needs the baselines to be measured again; leave --no-probes out"
        raise RunInvalid(message)
    measured = read_probes(probes_path, run) if probes_path.exists() else {}
    examples: list[dict[str, Any]] | None = measured.get("examples")
    report = assemble_report(
        description,
        written=dt.datetime.now(dt.UTC).date().isoformat(),
        data=describe_parts(parts, Split.load(run.split), store.refused),
        synthesis=synthesis,
        limits=limits_of(
            Evidence.RESEARCH if synthesis is None else Evidence.DEMO, knows_nothing=evaluation["knows_nothing"]
        ),
        history=_read_history(run),
        evaluation=evaluation,
        calibration=read_json(run.calibration, "python -m training fit") if run.calibration.exists() else None,
        probes=measured.get("probes"),
        baselines=measured.get("baselines"),
        examples=[{name: value for name, value in one.items() if name != "place"} for one in examples]
        if examples
        else None,
    )
    test = parts["test"]
    pictures = list(store.read([test[one["place"]].path for one in examples or []]))
    write_json(run.folder / REPORT_NAME, report)
    for name, text in (
        (PAGE_NAME, write_page(report, pictures)),
        (CARD_NAME, write_run_card(report)),
        (DATASHEET_NAME, write_datasheet(report)),
    ):
        _write_text(run.folder / name, text)
    say(f"report: {run.folder / PAGE_NAME}")
    if report["missing"]:
        say(f"not in it: {', '.join(report['missing'])}")


def _probe(
    run: Run, paper_run: Path | None, store: CropStore, parts: dict[SplitName, tuple[Photo, ...]], *, drawn: bool
) -> dict[str, Any]:
    """Everything that asks a model: probes, baselines and, of drawn faces, which to show."""
    test = parts["test"]
    scorer = Scorer(load_run_model(run))

    def score(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return scorer.score(crops)[0]

    plain = ask(score, store, test)
    paper = None if paper_run is None else _ask_paper(Run(paper_run), run, store, test)
    return {
        "model_sha256": _digest(run.model),
        "probes": run_probes(score, store, parts, plain, say),
        "baselines": compare_with_baselines(
            store, parts, plain, paper, model_is_paper=paper is None and _architecture(run) == PAPER
        ),
        "examples": _choose_examples(test, plain) if drawn else None,
    }


def read_probes(path: Path, run: Run) -> dict[str, Any]:
    """`probes.json` of this run's present model.

    Raises:
        RunInvalid: not readable, or of a model that is no longer there.
    """
    measured = read_json(path, "python -m training report --probes")
    if measured.get("model_sha256") != _digest(run.model):
        message = (
            f"{path} was measured on another model than {run.model} is now; leave --no-probes out to measure again"
        )
        raise RunInvalid(message)
    return measured


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _ask_paper(paper: Run, run: Run, store: CropStore, test: Sequence[Photo]) -> NDArray[np.float32]:
    """The paper CNN's answers on the run's test photos.

    Raises:
        RunInvalid: another network, or trained on another split: it may have met the test subjects.
    """
    if _architecture(paper) != PAPER:
        message = (
            f"{paper.folder} is a run of {_architecture(paper)}; --paper-run wants one made with `fit --arch paper`"
        )
        raise RunInvalid(message)
    one, other = Split.load(paper.split), Split.load(run.split)
    if (one.subjects, one.data_digest) != (other.subjects, other.data_digest):
        message = f"{paper.folder} was trained on another split; train it with the same data and --seed {other.seed}"
        raise RunInvalid(message)
    scorer = Scorer(load_run_model(paper))
    return ask(lambda crops: scorer.score(crops)[0], store, test)


def _architecture(run: Run) -> str:
    return str(run.read_description()["recipe"]["architecture"])


def _choose_examples(test: Sequence[Photo], p: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Photos evenly spread from the lowest to the highest severity, with their places in the test split."""
    order = np.argsort(-p, kind="stable")
    places = sorted({int(place) for place in np.linspace(0, len(order) - 1, EXAMPLES).round()})
    return [
        {
            "place": int(order[place]),
            "severity_ppm": severity_ppm(p[order[place]]),
            "band": str(band_of(severity_ppm(p[order[place]]))),
            "label": "depressed" if test[order[place]].label == DEPRESSED else "not_depressed",
        }
        for place in places
    ]


def _read_history(run: Run) -> dict[str, list[float]] | None:
    """Columns of `history.csv`, or None where there is none."""
    if not run.history.exists():
        return None
    with run.history.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else None


def _write_text(path: Path, text: str) -> None:
    """Replace the file in one step."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)

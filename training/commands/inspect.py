"""`python -m training inspect`: what is wrong with a data set, before anything is trained on it.

Writes `inspection.html` (with pictures), `inspection.json` and `bad_rows.csv`. Status 1 where a finding forbids training.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING

from training.commands.shared import add_data_arguments, data_options, run_safely, say
from training.data.crops import describe_store, find_missing, make_crops
from training.data.dataset import read_dataset
from training.data.inspection.findings import Finding, Inspection, RejectedPhoto, Weight, sort_findings
from training.data.inspection.inspect import inspect_dataset
from training.data.inspection.report import write_report
from training.errors import DataError, TrainingForbidden
from training.polarity import DEPRESSED
from training.runs import write_json
from training.synthetic.corpus import SYNTHESIS_NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import keras

    from training.data.manifest import Photo
    from training.data.shards import CropStore

CHANCE_AUROC = 0.5
_CROPS_AT_ONCE = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data_arguments(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the report goes (default: DATA/inspection, beside the photos)"
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="MODEL",
        help="a model that is known to work (a .keras file or a version's directory): where it ranks these labels the wrong "
        "way round, they look swapped",
    )


def run(arguments: argparse.Namespace) -> int:
    """Inspect; 0 where nothing forbids training."""
    return run_safely(lambda: _inspect(arguments))


def _inspect(arguments: argparse.Namespace) -> None:
    options, data_dir = data_options(arguments), arguments.data
    dataset = read_dataset(data_dir, options)
    missing = find_missing(data_dir, dataset.photos)
    present = [photo for photo in dataset.photos if photo.path not in missing]
    if not present:
        message = f"{data_dir} lists no photo that can be read; correct the paths, which are relative to that folder"
        raise DataError(message)
    store = make_crops(
        data_dir, present, arguments.crops or options.crops_folder(data_dir), options.crop_spec, arguments.processes
    )
    say(describe_store(store))
    inspection = inspect_dataset(data_dir, dataset, missing, store)
    if arguments.reference:
        usable = [photo for photo in present if photo.path in store]
        finding = check_reference(arguments.reference, store, usable)
        inspection = dataclasses.replace(inspection, findings=sort_findings([*inspection.findings, finding]))
    folder = arguments.out or data_dir / "inspection"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "bad_rows.csv", _list_rejected(inspection.rejected))
    write_json(folder / "inspection.json", inspection.as_dict())
    _write(folder / "inspection.html", write_report(inspection, data_dir, drawn=(data_dir / SYNTHESIS_NAME).exists()))
    say(_describe(inspection))
    say(f"report: {folder / 'inspection.html'}")
    if inspection.forbidding:
        listed = "; ".join(f"{finding.code}: {finding.sentence}" for finding in inspection.forbidding)
        message = f"{len(inspection.forbidding)} finding(s) forbid training on {data_dir}. {listed}"
        raise TrainingForbidden(message)


def check_reference(path: Path, store: CropStore, photos: Sequence[Photo]) -> Finding:
    """Ask a model that is known to work whether these labels are the right way round.

    Raises:
        DataError: the file cannot be used as a model, photos of one label only, or crops of another size.
    """
    # TensorFlow costs seconds and most inspections do without.
    from training.evaluation.ranking import auroc, auroc_interval  # noqa: PLC0415
    from training.evaluation.scoring import score  # noqa: PLC0415

    model = _load_reference(path, store.crop_size)
    labels = [photo.label for photo in photos]
    if len(set(labels)) < 2:
        message = "--reference needs usable photos of both labels"
        raise DataError(message)
    p = [
        value
        for crops in store.batches([photo.path for photo in photos], _CROPS_AT_ONCE)
        for value in score(model, crops)
    ]
    depressed = [label == DEPRESSED for label in labels]
    value = auroc(depressed, [1.0 - float(one) for one in p])
    low, high = auroc_interval([photo.subject_id for photo in photos], depressed, p)
    figure = f"{path.name} has AUROC {value:.2f} on these labels (95 % {low:.2f} to {high:.2f})"
    if high < CHANCE_AUROC:
        return Finding(
            "labels_swapped_by_reference",
            Weight.FORBIDS,
            f"{figure}: below a coin, so the class folders or labels look swapped.",
            "Check which class is which; label 1 must mean depressed.",
        )
    if low > CHANCE_AUROC:
        return Finding("reference_agrees", Weight.NOTES, f"{figure}: the labels are the right way round for it.", "")
    return Finding(
        "reference_undecided",
        Weight.WARNS,
        f"{figure}: no better than a coin.",
        "Either it does not work on photos like these, or the labels do not fit the faces.",
    )


def _load_reference(path: Path, crop_size: int) -> keras.Model:
    import keras  # noqa: PLC0415 - see `check_reference`

    candidates = (path, path / "assets.extra" / "model.keras", path / "model.keras")
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is None:
        message = f"--reference {path}: there is no model.keras; give a .keras file, a run or a version's directory"
        raise DataError(message)
    try:
        model = keras.saving.load_model(file)
    except ValueError as error:
        message = f"--reference {file} cannot be read as a Keras model; give the file that `fit` wrote"
        raise DataError(message) from error
    if model.input_shape[1] != crop_size:
        message = f"--reference {file} wants crops of {model.input_shape[1]} pixels, these have {crop_size}"
        raise DataError(message)
    return model


def _describe(inspection: Inspection) -> str:
    counts = (
        f"{inspection.photos} photos listed, {inspection.crops} usable, of {inspection.subjects} subjects; "
        f"{len(inspection.rejected)} rows or photos not used"
    )
    lines = [
        counts,
        *(f"  {finding.weight.value}: {finding.sentence} [{finding.code}]" for finding in inspection.findings),
    ]
    return "\n".join(lines)


def _list_rejected(rejected: Sequence[RejectedPhoto]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([field.name for field in dataclasses.fields(RejectedPhoto)])
    rows.writerows(dataclasses.astuple(photo) for photo in rejected)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)

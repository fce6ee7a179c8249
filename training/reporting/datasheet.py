"""`datasheet.md`: where the data come from and what is in them, in the order of "Datasheets for Datasets"; counts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.reporting.model_card import SUBJECTS_UNKNOWN
from training.reporting.wording import crop_words, flatten, number, percent, reads_whole_photos, unnamed, words

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "Not known to this program: the site that made the data set writes it here."


def write_datasheet(report: Mapping[str, Any]) -> str:
    """The datasheet, as Markdown, from `report.json`.

    What only the site can know (why and how photos were taken, consent) is asked for by name, never made up.
    """
    data, synthesis = report["data"], report["synthesis"]
    lines = [
        "# Datasheet of the data behind this run",
        "",
        f"Written {report['written']} from report.json. Counts only: no photo, no path, no subject is named.",
        "",
        "## Motivation",
        "",
        (
            "Drawn by `python -m training synthesize` to train and test without photos of people. "
            f"{synthesis['assumption']}"
            if synthesis
            else UNKNOWN
        ),
        "",
        "## Composition",
        "",
        "| split | photos | subjects | photos per subject | depressed photos | depressed subjects |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {row['photos']} | {row['subjects']} | {number(row['photos_per_subject'], 1)} | "
            f"{row['depressed_photos']} ({percent(row['depressed_share'])}) | {row['subjects_depressed']} |"
            for name, row in data["splits"].items()
        ),
        "",
        (
            f"Subjects stand in one split each, stratified by label, seed {data['split_seed']}. SHA-256 of subjects and labels: "
            f"`{data['subjects_digest'] or 'not noted'}`."
        ),
        "",
        *([SUBJECTS_UNKNOWN, ""] if not report["run"].get("subjects_known", True) else []),
        *_describe_groups(data["groups"]),
        "## Collection",
        "",
        (
            "No person was photographed and no person's likeness was used: every face is computed from random parameters."
            if synthesis
            else f"{UNKNOWN} Say who was photographed, with which cameras, under which consent, and who gave the labels by which instrument."
        ),
        "",
        "## Preprocessing",
        "",
        (
            f"Of each photo, {crop_words(report['run'])}, by the same code that the gateway runs. {data['photos_with_crop']} photos gave one; "
            + _describe_refused(data["refused"])
        ),
        "",
        "## Known weaknesses",
        "",
        *_describe_weaknesses(report),
        "## Uses",
        "",
        *(f"* {limit}" for limit in report["limits"]),
        "",
        "## Distribution and maintenance",
        "",
        "Drawn again from seed and version, byte for byte:" if synthesis else UNKNOWN,
        "",
        *(f"* {name}: {value}" for name, value in flatten(synthesis or {}).items()),
        "",
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _describe_groups(groups: Mapping[str, Any]) -> list[str]:
    if not groups:
        return ["The manifest does not say site, source, device, sex, age or skin tone.", ""]
    lines = ["| column | group | photos | depressed |", "| --- | --- | --- | --- |"]
    for column, found in groups.items():
        if found.get("unnamed") is None and not found["groups"]:
            lines.append(f"| {words(column)} | {found['values']} different values | | |")
        elif unnamed(found):
            lines.append(f"| {words(column)} | {unnamed(found)} | | |")
        lines += [
            f"| {words(column)} | {row['group'].replace('|', chr(92) + '|')} | {row['photos']} | {percent(row['depressed_share'])} |"
            for row in found["groups"]
        ]
    return [*lines, ""]


def _describe_refused(refused: Mapping[str, int]) -> str:
    if not refused:
        return "none was refused."
    return "refused, by code: " + ", ".join(f"{code} {count}" for code, count in refused.items()) + "."


def _describe_weaknesses(report: Mapping[str, Any]) -> list[str]:
    """What the probes showed about the data, not about the model."""
    probes = report["probes"]
    if probes is None:
        return ["Not measured: probes. `python -m training report --run RUN --probes` measures them.", ""]
    learner, leakage = probes["background"]["learner"]["auroc"], probes["leakage"]["nearest_neighbour"]["accuracy_gap"]
    whole = reads_whole_photos(report["run"])
    fails = probes["background"]["data_set_fails"]
    return [
        (
            f"* Background alone: AUROC {number(learner['value'])} (limit {probes['background']['auroc_max']}): "
            f"{'not judged on whole photos' if whole else 'undefined' if fails is None else 'FAILS' if fails else 'passes'}."
        ),
        f"* Light alone: AUROC {number(probes['light']['auroc']['value'])} (0.5 is a coin).",
        f"* A split by photo would have added {number(leakage['value'])} to the accuracy of the most similar photo.",
        "",
    ]

"""The checks of an inspection, each from what is known of a data set to findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from training.data.inspection.confounds import NOTED_STRENGTH, Separation
from training.data.inspection.findings import Finding, Weight
from training.data.manifest import BadRow, Manifest, Photo
from training.data.shards import refusal_counts
from training.polarity import DEPRESSED

SUBJECTS_FORBIDDEN_BELOW: Final = 3
"""Of a label: three splits need one each."""
SUBJECTS_WANTED: Final = 100
"""Of a label. With fewer, the test split holds less than 15 of them, and an accuracy is known to some 20 points at best."""
MINORITY_WANTED: Final = 0.2
SUBGROUP_WANTED: Final = 100
"""Photos; smaller groups are reported as "insufficient" by the evaluation (`seed`, subgroups)."""
EXAMPLES_SHOWN: Final = 12


def check_rows(manifest: Manifest | None, missing: Mapping[str, str]) -> list[Finding]:
    """Bad rows, contradictions of label and score, files that cannot be read."""
    findings = []
    if manifest is not None and manifest.looks_swapped:
        findings.append(
            Finding(
                "labels_swapped", Weight.FORBIDS, manifest.swapped_sentence,
                "Correct the label column: 1 means depressed.", rows=_rows(manifest.contradictions),
            )
        )  # fmt: skip
    elif manifest is not None and manifest.contradictions:
        count, total = len(manifest.contradictions), manifest.scored_rows
        findings.append(
            Finding(
                "label_against_score", Weight.WARNS, f"Label and score disagree in {count} of {total} rows.",
                "If the labels follow from the score, give --cutoff, which makes these rows errors; else say in the data "
                "set's notes where the labels come from.", rows=_rows(manifest.contradictions),
            )
        )  # fmt: skip
    if manifest is not None and manifest.bad_rows:
        findings.append(
            Finding(
                "bad_rows", Weight.FORBIDS, f"{len(manifest.bad_rows)} row(s) of {manifest.path.name} cannot be used.",
                "Correct or remove them; bad_rows.csv lists each with its line.", rows=_rows(manifest.bad_rows),
            )
        )  # fmt: skip
    if missing:
        findings.append(
            Finding(
                "files_missing", Weight.FORBIDS, f"The files of {len(missing)} listed photo(s) cannot be read.",
                "Restore the files, or remove their rows.",
                rows=tuple({"path": path, "reason": reason} for path, reason in missing.items()),
            )
        )  # fmt: skip
    return findings


def check_refused(refused: Mapping[str, str]) -> list[Finding]:
    """Photos that give no crop, a finding for each code: corrupt files, no face, several faces, ..."""
    findings = []
    for code, count in refusal_counts(refused).items():
        paths = [path for path, found in refused.items() if found == code]
        findings.append(
            Finding(
                f"refused_{code}", Weight.WARNS, f"{count} photo(s) give no crop: {code.replace('_', ' ')}.",
                "They are left out of training and test, as the gateway would refuse them too. Replace them where you can.",
                tuple((path,) for path in paths[:EXAMPLES_SHOWN]), tuple({"path": path} for path in paths),
            )
        )  # fmt: skip
    return findings


def check_near_duplicates(photos: Mapping[str, Photo], pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """One picture under two subjects: with two labels, one of them is wrong; with one, they stay in one split."""
    across = [pair for pair in pairs if photos[pair[0]].subject_id != photos[pair[1]].subject_id]
    both = [pair for pair in pairs if photos[pair[0]].label != photos[pair[1]].label]
    findings = []
    if both:
        findings.append(
            Finding(
                "one_picture_two_labels", Weight.FORBIDS,
                f"{len(both)} pair(s) of photos show the same picture, once as depressed and once as not.",
                "One of the labels is wrong: correct it, or remove both photos.",
                tuple(both[:EXAMPLES_SHOWN]), _pair_rows(both, photos),
            )
        )  # fmt: skip
    if across:
        findings.append(
            Finding(
                "near_duplicates_across_subjects", Weight.WARNS,
                f"{len(across)} pair(s) of photos of different subjects show the same picture.",
                "Give both the same subject_id or remove one. Until then, a new split keeps these subjects together, and a "
                "stored split that parts them is refused.",
                tuple(across[:EXAMPLES_SHOWN]), _pair_rows(across, photos),
            )
        )  # fmt: skip
    within = len(pairs) - len(across)
    if within:
        shown = [pair for pair in pairs if pair not in set(across)][:EXAMPLES_SHOWN]
        findings.append(
            Finding(
                "near_duplicates_within_subjects", Weight.NOTES,
                f"{within} pair(s) of photos of one subject show the same picture.",
                "They add weight to that subject and nothing to learn; remove one of each where you can.", tuple(shown),
            )
        )  # fmt: skip
    return findings


def check_subjects(photos: Sequence[Photo], *, known: bool) -> list[Finding]:
    """Few subjects, subjects with both labels, subjects nobody lists."""
    findings = []
    labels: dict[str, set[int]] = {}
    first: dict[tuple[str, int], str] = {}
    for photo in photos:
        labels.setdefault(photo.subject_id, set()).add(photo.label)
        first.setdefault((photo.subject_id, photo.label), photo.path)
    if not known:
        findings.append(
            Finding(
                "subjects_unknown", Weight.WARNS,
                "The data set does not say whose photos these are; only copies of one picture count as one subject.",
                "Write a manifest with subject_id, or give --sub-folders subject where each sub-folder is a person. Otherwise "
                "a person can be in training and test, and the held-out figures are too good.",
            )
        )  # fmt: skip
    mixed = [subject for subject, found in labels.items() if len(found) > 1]
    if mixed:
        findings.append(
            Finding(
                "subjects_with_both_labels", Weight.WARNS, f"{len(mixed)} subject(s) have photos of both labels.",
                "Right where people were photographed before and after; wrong where a subject_id was given twice.",
                tuple((first[subject, 0], first[subject, 1]) for subject in mixed[:EXAMPLES_SHOWN]),
                tuple({"subject_id": subject} for subject in mixed),
            )
        )  # fmt: skip
    for label, name in ((0, "not depressed"), (1, "depressed")):
        count = sum(label in found for found in labels.values())
        if count < SUBJECTS_WANTED:
            few = count < SUBJECTS_FORBIDDEN_BELOW
            findings.append(
                Finding(
                    "few_subjects", Weight.FORBIDS if few else Weight.WARNS,
                    f"Only {count} subject(s) with a usable photo are {name}.",
                    f"A split needs {SUBJECTS_FORBIDDEN_BELOW} of each label; below {SUBJECTS_WANTED}, held-out figures have "
                    "intervals too wide to choose by.",
                )
            )  # fmt: skip
    return findings


def check_balance(balance: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[Finding]:
    """A rare label, and groups too small to be evaluated."""
    findings = []
    counts = balance["all"]["all"]
    total = sum(counts.values())
    rare = min(counts, key=lambda name: counts[name])
    if total and counts[rare] < MINORITY_WANTED * total:
        findings.append(
            Finding(
                "labels_unbalanced", Weight.WARNS,
                f"{counts[rare]} of {total} usable photos are {rare.replace('_', ' ')} ({counts[rare] / total:.0%}).",
                "Class weights are computed from the training split; read precision at your own prevalence.",
            )
        )  # fmt: skip
    small = [
        {"column": column, "value": value, **found}
        for column, values in balance.items()
        for value, found in values.items()
        if column != "all" and sum(found.values()) < SUBGROUP_WANTED
    ]
    if small:
        named = ", ".join(f"{row['column']} {row['value']}" for row in small[:EXAMPLES_SHOWN])
        findings.append(
            Finding(
                "small_subgroups", Weight.NOTES, f"{len(small)} group(s) have fewer than {SUBGROUP_WANTED} photos: {named}.",
                "Nothing can be said about the model for them; collect more before it is used on them.", rows=tuple(small),
            )
        )  # fmt: skip
    return findings


def check_confounds(
    columns: Sequence[Separation], names: Mapping[str, Sequence[str]], photos: Sequence[Photo]
) -> list[Finding]:
    """Columns that tell the labels apart by themselves."""
    findings = []
    for column in (column for column in columns if column.strength >= NOTED_STRENGTH):
        if column.measure == "auroc":
            how = f"{column.column} alone tells the labels apart (AUROC {column.value:.2f}; 0.5 is a coin)."
        else:
            how = f"{column.column} alone tells the labels apart (Cramer's V {column.value:.2f}; 1 is completely)."
            how += _say_counts(names[column.column], photos)
        advice = (
            "A model would learn where the photos come from instead of the face. Bring photos of both labels from each "
            "source, made in the same way"
        )
        if column.column == "source":
            advice += "; where the sub-folders are people and not sources, give --sub-folders subject"
        findings.append(
            Finding(f"confound_{column.column}", column.weight, how, advice + ".", _examples(names, column, photos))
        )
    return findings


def _say_counts(values: Sequence[str], photos: Sequence[Photo]) -> str:
    counts = Counter((value or "(not given)", photo.label) for value, photo in zip(values, photos, strict=True))
    common = [value for value, _ in Counter(value or "(not given)" for value in values).most_common(4)]
    said = (f"{value}: {counts[value, 0]} not depressed, {counts[value, DEPRESSED]} depressed" for value in common)
    return f" Photos by value: {'; '.join(said)}."


def _examples(
    names: Mapping[str, Sequence[str]], column: Separation, photos: Sequence[Photo]
) -> tuple[tuple[str, ...], ...]:
    """A photo of each label, of up to four names that only one label has."""
    if column.column not in names:
        return ()
    first: dict[str, str] = {}
    for value, photo in zip(names[column.column], photos, strict=True):
        first.setdefault(value or "(not given)", photo.path)
    return tuple((first[value],) for value in column.only_in_one_class[:4])


def _rows(rows: Sequence[BadRow]) -> tuple[dict[str, object], ...]:
    return tuple({"line": row.line, "path": row.path, "reason": row.reason} for row in rows)


def _pair_rows(pairs: Sequence[tuple[str, str]], photos: Mapping[str, Photo]) -> tuple[dict[str, object], ...]:
    return tuple(
        {
            "one": one,
            "other": other,
            "subjects": [photos[one].subject_id, photos[other].subject_id],
            "labels": [photos[one].label, photos[other].label],
        }
        for one, other in pairs
    )

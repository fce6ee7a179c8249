"""Everything that can go wrong between a folder of photos and a model version, as names.

TrainingError                  `str(error)` is a sentence for the person at the command line: what was wrong, what to do
├── DataError                  the data set
│   ├── ManifestInvalid        manifest.csv: missing column, unreadable row, label outside {0, 1}
│   ├── LabelsSwapped          labels, scores, folder names or a known model contradict each other: 0 and 1 exchanged
│   ├── FoldersUnclear         which of the folders holds the depressed is not said, and never guessed
│   ├── SplitLeaks             a subject, or one picture under two names, stands in two splits
│   ├── SplitImpossible        too few subjects of one label to split
│   ├── CropsIncomplete        crops are missing, or were made for another crop specification
│   └── TrainingForbidden      `inspect` or `fit` found something that makes a training on these data worthless
├── RunInvalid                 the run directory lacks a file, or holds one from another schema
├── ExperimentInvalid          an experiment file that cannot be used: unknown key, wrong type, no architecture
├── FitFailed                  training produced a loss that is not finite
├── WorkersFailed              TF_CONFIG cannot be used, or another worker of the training does not come or is gone
├── CalibrationImpossible      no temperature or abstention can be chosen or applied
├── ChangePolicyInvalid        a change policy that cannot be used: unknown rule, wrong type
├── ServingFailed              a version does not answer in the model server
├── ApprovalRefused            the version must not go live, by the change policy; the refusal is recorded
└── ExportRefused              a gate before publishing said no; nothing was published
    ├── PolarityReversed       p_no_depression is higher for the depressed
    ├── ParityBroken           the exported graph answers differently from the Keras model
    ├── GoldenMismatch         a golden photo gives another crop, probability or refusal than recorded
    ├── LayerUnsupported       the network is not one that can become an inference graph
    ├── ExplanationUnsound     the attribution map does not depend on what the model learned
    └── PrecisionRefused       bfloat16 moves a golden crop too far, or over a band edge
"""

from __future__ import annotations


class TrainingError(Exception):
    """Root of the tree; commands print `str(error)` and exit with status 1."""


class DataError(TrainingError):
    """The data set cannot be used as it is."""


class ManifestInvalid(DataError):
    """A manifest that cannot be trusted: column missing, row unreadable, label outside {0, 1}."""


class LabelsSwapped(DataError):
    """The depressed look like the ones that are not: a model would learn the answers exchanged."""


class FoldersUnclear(DataError):
    """The names of two class folders do not say which is which."""


class SplitLeaks(DataError):
    """One subject, or one picture, in two splits: the held-out figures would be worthless."""


class SplitImpossible(DataError):
    """Too few subjects of one label for three splits."""


class CropsIncomplete(DataError):
    """The crop store does not hold what was asked for."""


class TrainingForbidden(DataError):
    """`inspect`, or the part of it that `fit` repeats, found what forbids training; the message lists it."""


class RunInvalid(TrainingError):
    """A run directory without a file that the command needs."""


class ExperimentInvalid(TrainingError):
    """An experiment file that cannot be used."""


class FitFailed(TrainingError):
    """The loss became NaN or infinite."""


class WorkersFailed(TrainingError):
    """The workers of one training cannot be joined, or one of them is gone."""


class CalibrationImpossible(TrainingError):
    """No temperature or abstention can be chosen or applied: one label only, another last layer, nothing jittered."""


class ChangePolicyInvalid(TrainingError):
    """A change policy that cannot be used."""


class ServingFailed(TrainingError):
    """The model server does not start, does not load a version, or gets no probabilities out of it."""


class ApprovalRefused(TrainingError):
    """The version must not go live; the message says which rules it breaks, and the history keeps it."""


class ExportRefused(TrainingError):
    """A gate before publishing said no; the staging directory is gone and nothing became visible."""


class PolarityReversed(ExportRefused):
    """On held-out crops the model calls the depressed less depressed: thresholds would be applied upside down."""


class ParityBroken(ExportRefused):
    """The exported graph, reloaded without Keras, does not answer as the Keras model did."""


class GoldenMismatch(ExportRefused):
    """A golden photo does not give what the version directory records for it."""


class LayerUnsupported(ExportRefused):
    """The network is not one that can become an inference graph."""


class ExplanationUnsound(ExportRefused):
    """The attribution map is not finite, constant, or the same for a model that knows nothing."""


class PrecisionRefused(ExportRefused):
    """bfloat16 moves a golden crop too far, or over a band edge."""

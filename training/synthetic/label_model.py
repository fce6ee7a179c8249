"""From a latent severity to droops, asymmetry and a label, written down so that the best possible accuracy is known.

**This link is an assumption of ours.** No clinical data stands behind it; it only gives a drawn data set a task of known
difficulty. A model's accuracy on drawn faces is to be read as a share of `bayes_accuracy()`, and says nothing about people.

Per subject j, once:

    s_j ~ Beta(a, a)                                       latent severity in [0, 1]
    y_j ~ Bernoulli(e + (1 - 2e) * sigmoid(k (s_j - m)))   label, 1 = depressed; e: label noise that no photo can explain
    h_j ~ Uniform{left, right}                             the weaker side
    b_jf ~ Normal(0, SUBJECT_SD)                           habit of this face, per feature f

Per photo i, feature f in (lid, brow, mouth, cheek) and side x in (left, right):

    z_ifx = CENTRE + BILATERAL (2 s_j - 1) +- ASYMMETRY s_j + b_jf + Normal(0, PHOTO_SD)       + on the weaker side h_j
    droop_ifx = LARGEST_DROOP * sigmoid(z_ifx)             in units of the inter-eye distance; lid, brow, mouth corner
    slackness_ix = sigmoid(z_i,cheek,x)                    cheek tone lost, 0 to 1

BILATERAL and ASYMMETRY have one value per feature. The constants were fixed on 2026-11-22, before any architecture was
compared; whoever changes one raises LABEL_MODEL_VERSION and measures again (`training.synthetic.verify`).

The eight values of a photo are an invertible function of the eight z, and z given (s, h) is Gaussian, so the posterior of
the label given everything that was drawn is a one-dimensional integral over s: `label_posterior`. All other drawing
parameters are independent of s, y and h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LABEL_MODEL_VERSION = "label-1"
LARGEST_DROOP = 0.06
"""Of the inter-eye distance; no eyelid, brow or mouth corner ever sinks further (issue 2)."""

SEVERITY_SHAPE = 0.5
LABEL_NOISE = 0.045
LABEL_SLOPE = 16.0
LABEL_MIDPOINT = 0.48
CENTRE = -0.6
BILATERAL = (0.9, 1.2, 1.2, 2.3)
ASYMMETRY = (1.9, 1.8, 1.8, 1.0)
SUBJECT_SD = 0.35
PHOTO_SD = 0.30

FEATURES = ("lid", "brow", "mouth", "cheek")
SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class SubjectLatent:
    """What is drawn once per subject. `weaker_side` is -1 (left) or +1 (right); `habits` has one value per feature."""

    severity: float
    label: int
    weaker_side: int
    habits: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Cues:
    """What one photo shows of the severity; left and right are those of the picture, before any pose.

    Droops are in units of the inter-eye distance, 0 to `LARGEST_DROOP`; slackness of the cheeks is 0 to 1.
    """

    lid_droop_left: float
    lid_droop_right: float
    brow_droop_left: float
    brow_droop_right: float
    mouth_droop_left: float
    mouth_droop_right: float
    cheek_slackness_left: float
    cheek_slackness_right: float


def sample_latent(rng: np.random.Generator) -> SubjectLatent:
    """Draw one subject's severity, label, weaker side and habits."""
    severity = float(rng.beta(SEVERITY_SHAPE, SEVERITY_SHAPE))
    label = int(rng.random() < float(label_probability(np.array(severity))))
    weaker_side = 1 if rng.random() < 0.5 else -1
    lid, brow, mouth, cheek = rng.normal(0.0, SUBJECT_SD, len(FEATURES)).tolist()
    return SubjectLatent(severity, label, weaker_side, (lid, brow, mouth, cheek))


def sample_cues(latent: SubjectLatent, rng: np.random.Generator) -> Cues:
    """Draw what one photo of the subject shows."""
    z = cue_mean(np.array([latent.severity]), latent.weaker_side)[0]
    z = z + np.repeat(np.array(latent.habits), len(SIDES)) + rng.normal(0.0, PHOTO_SD, z.shape)
    shown = _sigmoid(z) * _scales()
    return Cues(*shown.tolist())


def cue_mean(severity: Floats, weaker_side: int) -> Floats:
    """Mean of the eight z, shape (n, 8), in the order of the fields of `Cues`, for severities of shape (n,)."""
    bilateral, asymmetry = np.repeat(BILATERAL, len(SIDES)), np.repeat(ASYMMETRY, len(SIDES))
    sides = np.tile([-1.0, 1.0], len(FEATURES)) * weaker_side
    swing = (2.0 * severity - 1.0)[:, None] * bilateral
    return np.asarray(CENTRE + swing + severity[:, None] * (sides * asymmetry), dtype=np.float64)


def cue_covariance() -> Floats:
    """Covariance of the eight z given severity and side, shape (8, 8): a shared habit per feature, plus photo noise."""
    shared = np.kron(np.eye(len(FEATURES)), np.ones((len(SIDES), len(SIDES)))) * SUBJECT_SD**2
    return np.asarray(shared + np.eye(len(FEATURES) * len(SIDES)) * PHOTO_SD**2, dtype=np.float64)


def label_probability(severity: Floats) -> Floats:
    """P(label = 1 | severity)."""
    return np.asarray(LABEL_NOISE + (1.0 - 2.0 * LABEL_NOISE) * _sigmoid(LABEL_SLOPE * (severity - LABEL_MIDPOINT)))


def label_posterior(cues: Floats) -> Floats:
    """P(label = 1 | one photo's drawn cues), the best that any reader of one photo could know.

    Args:
        cues: shape (n, 8), the fields of `Cues` in order.

    Returns:
        shape (n,), in [0, 1].
    """
    share = np.clip(cues / _scales(), 1e-9, 1.0 - 1e-9)
    z = np.log(share) - np.log1p(-share)
    severity, weight = severity_grid()
    precision = np.linalg.inv(cue_covariance())
    log_likelihoods = []
    for weaker_side in (-1, 1):
        # Expanded square: the term in z alone is the same for every severity and side, and cancels.
        mean = cue_mean(severity, weaker_side) @ precision
        constant = 0.5 * np.einsum("sj,sj->s", mean, cue_mean(severity, weaker_side))
        log_likelihoods.append(z @ mean.T - constant)
    log_likelihood = np.logaddexp(*log_likelihoods)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * weight
    return np.asarray(likelihood @ label_probability(severity) / likelihood.sum(axis=1), dtype=np.float64)


def severity_grid(points: int = 400) -> tuple[Floats, Floats]:
    """Severities and their prior weights (summing to 1).

    With s = sin(t)^2, Beta(1/2, 1/2) is uniform in t and other shapes stay finite, so that the midpoint rule is accurate.
    """
    angle = (np.arange(points) + 0.5) * (np.pi / 2.0) / points
    severity = np.sin(angle) ** 2
    weight = (severity * (1.0 - severity)) ** (SEVERITY_SHAPE - 0.5)
    return severity, weight / weight.sum()


def prevalence() -> float:
    """P(label = 1); the paper's test split has 1,080 / 2,111 = 0.512."""
    severity, weight = severity_grid()
    return float(weight @ label_probability(severity))


def bayes_accuracy(photos: int = 20_000, seed: int = 0) -> float:
    """Accuracy of the best possible reader of one photo's drawn parameters: E[max(P, 1 - P)] over `photos` fresh draws.

    The standard error is about 0.001 for 20,000 photos of as many subjects.
    """
    rng = np.random.default_rng(seed)
    severity = rng.beta(SEVERITY_SHAPE, SEVERITY_SHAPE, photos)
    noise = rng.multivariate_normal(np.zeros(len(FEATURES) * len(SIDES)), cue_covariance(), photos)
    # Which side is weaker does not matter to the posterior, so all are drawn with the same one.
    posterior = label_posterior(_sigmoid(cue_mean(severity, 1) + noise) * _scales())
    return float(np.maximum(posterior, 1.0 - posterior).mean())


def cue_values(cues: Cues) -> list[float]:
    """The fields of `Cues` in order."""
    return [getattr(cues, name) for name in Cues.__slots__]


def _scales() -> Floats:
    return np.array([LARGEST_DROOP] * 6 + [1.0] * 2)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)

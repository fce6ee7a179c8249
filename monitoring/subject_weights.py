"""What a photo weighs in the drift statistics, where one person may have several on one day.

**The question.** A detector multiplies likelihood ratios, and needs each factor to be 1 or less in expectation under no change. For
independent photos it is. For k photos of one person it is not: k equal ratios L give E[L^k], which is above 1 and grows with k.

**One gateway process** counts a person's first photo of a day only (`monitoring.subject_memory`), so weight 1 is right.

**Several processes** are stateless and know nothing of each other, so each may count the same person once. If c processes could have,
the person has m <= c counted photos, and with weight 1/c each the factor is L_1^(1/c) ... L_m^(1/c) * 1^((c-m)/c). By the inequality
of arithmetic and geometric means that is at most (L_1 + ... + L_m + c - m) / c, whose expectation is at most 1 **whatever the
dependence** between the photos (drift.md, 4c, w = 1/k). People are taken to be independent of each other, and a person's days too.

The statistic is `weight * log ratios`, so it takes the weight as a factor of the counts: `detector.update(weight * counts)`.

**What c is.** The gateway processes seen that day, restarts counted as processes, because a restarted one has forgotten the day:
in PromQL `sum(1 + changes(process_start_time_seconds{job="gateway"}[1d]))` over the instances. Two things make it smaller, and the
smallest holds:

- The deployment *pins subjects*: the ingress sends a subject always to the same gateway (a hash of the header `X-Subject`). Then only
  restarts of that gateway count.
- The site *says* how many photos of one person it takes on a day at most. It is the site's statement; nothing here can check it.

**What it costs.** A weight of 1/c needs c times the photos for the same evidence. A site with few photos and many gateways should
pin subjects, or state the bound.

**What is proven, and when.** The bound holds for the sum over a whole day, from any start to any moment. An alarm at the first of
many looks *within* a day rests on more than that, where one person's photos fall into several updates of it; the rate of false alarms
was simulated for that case (`tests/monitoring/test_subject_weights.py`) and is below that of independent photos. A process that starts
in the middle of a day raises c from then on: photos before it weighed more, so a person seen before and after may exceed 1 that day.

**Photos without a subject** are counted by themselves, as if each were another person, because nobody can tell. If all are without,
there is nothing to weigh, weight 1 stands, and the display must say "photos, not people" (`counts_people`). If some are, they
share the weight of the others: it is at most 1, and E[L^w] <= 1 for one photo too.
"""

from __future__ import annotations

from monitoring.drift.errors import CountsUnusable


def chances_to_count(processes: int, *, gateways: int | None = None, subjects_pinned: bool = False) -> int:
    """How many gateway processes could have counted the same person on one day.

    >>> chances_to_count(8), chances_to_count(9, gateways=8, subjects_pinned=True)
    (8, 2)

    Args:
        processes: Seen that day, each restart another one; 0 where none was seen is taken for 1.
        gateways: Addresses that they were seen at; needed where subjects are pinned.
        subjects_pinned: Whether the ingress sends a subject always to the same gateway. All restarts are then taken to be of one.

    Raises:
        CountsUnusable: below zero, more gateways than processes, or pinned without the number of gateways.
    """
    if processes < 0 or (gateways is not None and not 0 <= gateways <= processes):
        message = f"{processes} processes at {gateways} gateways cannot be: each gateway is one process or more"
        raise CountsUnusable(message)
    if not subjects_pinned:
        return max(1, processes)
    if gateways is None:
        message = "where subjects are pinned, the number of gateways tells restarts from replicas"
        raise CountsUnusable(message)
    return max(1, 1 + processes - max(1, gateways))


def photo_weight(
    chances: int, *, photos: float, photos_without_subject: float, most_photos_per_person: int | None = None
) -> float:
    """What each photo of the subjects' counts weighs, above 0 and at most 1.

    >>> photo_weight(8, photos=50, photos_without_subject=0), photo_weight(8, photos=50, photos_without_subject=50)
    (0.125, 1.0)

    Args:
        chances: See `chances_to_count`.
        photos: In the subjects' counts of this update.
        photos_without_subject: Of these; may be a fraction above, as Prometheus extrapolates.
        most_photos_per_person: On one day, as the site states it; None where it does not.

    Raises:
        CountsUnusable: chances or the statement below 1, or counts below zero.
    """
    if chances < 1 or (most_photos_per_person is not None and most_photos_per_person < 1):
        message = "one process at least counts people, and one photo at least is of a person"
        raise CountsUnusable(message)
    # Written so that what is no number is refused too.
    if not (photos >= 0 and photos_without_subject >= 0):
        message = "counts must be numbers, none below zero"
        raise CountsUnusable(message)
    if not counts_people(photos_without_subject=photos_without_subject, photos=photos):
        return 1.0
    return 1.0 / (chances if most_photos_per_person is None else min(chances, most_photos_per_person))


def counts_people(*, photos: float, photos_without_subject: float) -> bool:
    """Whether anything is known of people: one photo at least came with a subject. Otherwise a display says "photos, not people"."""
    return photos_without_subject < photos - 0.5

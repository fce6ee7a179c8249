"""What the gateway adds: photos through it beside crops asked of the model server directly, in the same run and at the same moments.

Between the two lie upload, queue, decoding, face, the hop to the model server and what is kept of the answer: all that a photo costs
beyond its forward pass. The difference of means is the mean difference; that of percentiles is no percentile of anything, and
is shown as the distance between two distributions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loadtests.run.format import FinishedRun

THROUGH: Final = "photo"
DIRECT: Final = "direct"
PERCENTS: Final = (50.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One measure of both.

    Attributes:
        measure: "mean", "p50", "p95", "p99".
        through_seconds: Of photos through the gateway.
        direct_seconds: Of crops, past it.
        gateway_seconds: The first less the second.
        share: Of the first that is the gateway's, 0 to 1; below 0 where the direct way was slower.
    """

    measure: str
    through_seconds: float
    direct_seconds: float
    gateway_seconds: float
    share: float


def share_of_gateway(run: FinishedRun) -> tuple[ShareRow, ...]:
    """The mean and the percentiles; empty where a run had no `direct` users or no photos."""
    through, direct = run.latency.get(THROUGH), run.latency.get(DIRECT)
    if through is None or direct is None or not through.count or not direct.count:
        return ()
    measures = [("mean", through.mean, direct.mean)]
    measures += [(f"p{percent:g}", through.percentile(percent), direct.percentile(percent)) for percent in PERCENTS]
    return tuple(ShareRow(name, ours, past, ours - past, (ours - past) / ours) for name, ours, past in measures)


def say_share(rows: tuple[ShareRow, ...]) -> str:
    """The mean in a sentence; empty where there is nothing to say."""
    if not rows:
        return ""
    mean = rows[0]
    return (
        f"the gateway's share: {mean.gateway_seconds * 1000:.1f} ms of a photo's mean {mean.through_seconds * 1000:.1f} ms "
        f"({mean.share:.0%}); asked directly, the model server took {mean.direct_seconds * 1000:.1f} ms"
    )

"""Where model versions live: numbered, immutable directories that appear whole or not at all.

```
<root>/<model>/
  1/  2/  ...       versions: saved_model.pb, variables/, assets.extra/contract.json, ..., manifest.json
  tmp-3/            a version being written; model servers skip names that are no number
  tmp-3.lock        held by the process that writes tmp-3, so that a dead one's leftovers can be told from work
  approvals/        <n>.json: the latest decision about version n, with its evidence; <n>.md the same for people
  pin.json          the version that the gateway asks for, with its digest and contract
  models.config     the versions that model servers load; they poll it, and only promotions write it
  promotion.json    the promotion that is under way; there only until it has come to its end
  policy.json       thresholds, numbered
  history.jsonl     what was published, approved, refused, made live, removed and changed, in order; only ever appended to
  pause.json        whether gateways answer, and pauses.jsonl, every change of it; only gateways write them
  removed-4/        a version that is being deleted
  .lock             held while one of these is written
  .promotion.lock   held by a promotion, rollback or collection from beginning to end
```

What asks model servers (`promotion`, `rollout`, `availability`) is imported from its own module: readers need no gRPC.
"""

from serving.repository.approval import Approval, ApprovalState, ChangePolicyUsed, Decision, Statement
from serving.repository.entries import VersionEntry, VersionState
from serving.repository.errors import (
    ApprovalInvalid,
    NotApproved,
    NothingPinned,
    NothingToRollBackTo,
    PolicyOutdated,
    PromotionAbandoned,
    PromotionNeeded,
    PromotionRunning,
    PromotionUnfinished,
    RecordUnreadable,
    RepositoryError,
    VersionDamaged,
    VersionIncomplete,
    VersionMissing,
    VersionTaken,
)
from serving.repository.history import HistoryRecord
from serving.repository.pin import Pin
from serving.repository.repository import ModelRepository
from serving.repository.staging import Staging

__all__ = [
    "Approval",
    "ApprovalInvalid",
    "ApprovalState",
    "ChangePolicyUsed",
    "Decision",
    "HistoryRecord",
    "ModelRepository",
    "NotApproved",
    "NothingPinned",
    "NothingToRollBackTo",
    "Pin",
    "PolicyOutdated",
    "PromotionAbandoned",
    "PromotionNeeded",
    "PromotionRunning",
    "PromotionUnfinished",
    "RecordUnreadable",
    "RepositoryError",
    "Staging",
    "Statement",
    "VersionDamaged",
    "VersionEntry",
    "VersionIncomplete",
    "VersionMissing",
    "VersionState",
    "VersionTaken",
]

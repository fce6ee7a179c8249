"""What clinicians think of an answer, and what a validated instrument said later. Kept only where records are on.

`review` and `outcome` say what may be said, `store` keeps it: rows are only added, a correction is the next revision, and the
audit event stands in the same transaction. `desk` is what the API (`routes`) and the page (`page`) call.
"""

"""The records of answers, where a site keeps them: one receipt per answer, without the photo. Off unless a setting says where.

`recorder` is what a screening calls; a native thread writes (`writer`), many receipts in one transaction where they come
together. An answer is given when its receipt is on the disk. `records upgrade` makes the tables (`migrations`), and a gateway
refuses to start on tables of another release, or with a secret that these records were not made with (`readiness`).

    audit/      who did and saw what, one chain over all replicas
    away/       receipts on this gateway's disk while the database is away
    retention/  deleting what has had its time
    subjects/   everything of one subject, handed out or deleted
    backup/     copies, and whether records hold together
    replay      an old answer, calculated again

SQLAlchemy and Alembic are imported only where records are on, or a command asks for them.
"""

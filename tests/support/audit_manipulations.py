"""Random manipulations of an audit trail by somebody who can write to the database and does not have the keys.

A trail is taken out of a database as rows, changed as a whole, and written back, so that the same ones run on every database.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, select

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.checkpoint import Checkpoint, CheckpointKeys
from gateway.records.audit.checkpoints import Checkpoints
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.macs import GENESIS, AuditKeys
from gateway.records.row_insertion import insert_rows
from gateway.records.tables import AUDIT_CHECKPOINTS, AUDIT_EVENTS, AUDIT_HEAD

TABLES = {table.name: table for table in (AUDIT_EVENTS, AUDIT_HEAD, AUDIT_CHECKPOINTS)}
State = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Trail:
    """A trail as it was written.

    Attributes:
        state: Rows of its tables.
        outside: Its checkpoints, as they were given out.
        early: The same trail at an earlier checkpoint, as a backup has it.
    """

    state: State
    outside: list[Checkpoint]
    early: State


def build_trail(engine: Engine, keys: SecretKeys, events: int = 60, every: int = 12) -> Trail:
    """Write a trail into an empty database; it ends with a checkpoint."""
    chain, outside, early = AuditChain(keys), [], None
    checkpoints = Checkpoints(engine, chain, CheckpointKeys(keys), outside.append)
    rng = random.Random(1)
    for number in range(1, events + 1):
        with engine.begin() as connection:
            chain.append(connection, [random_event(rng, number)])
        if number % every == 0:
            checkpoints.make()
            early = early or (read_state(engine) if number >= events // 2 else None)
    assert early is not None
    return Trail(read_state(engine), outside, early)


def random_event(rng: random.Random, number: int) -> AuditEvent:
    kind = rng.choice([kind for kind in AuditKind if kind is not AuditKind.CHECKPOINT])
    receipt_id = rng.choice([None, f"00000000-0000-4000-8000-{number:012d}"])
    return AuditEvent(
        kind, rng.choice(["key:ward", "key:Ärzte", "system", "oidc:" + "ab" * 32]), receipt_id, {"found": number % 2}
    )


def read_state(engine: Engine) -> State:
    with engine.connect() as connection:
        return {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in TABLES.items()
        }


def write_state(engine: Engine, state: State) -> None:
    with engine.begin() as connection:
        for name, table in TABLES.items():
            connection.execute(delete(table))
            columns = table.columns.keys()
            insert_rows(connection, table, columns, [tuple(row[name] for name in columns) for row in state[name]])


def copy_of(state: State) -> State:
    return {name: [dict(row) for row in rows] for name, rows in state.items()}


def manipulate(trail: Trail, number: int, rng: random.Random, *, any_type: bool) -> tuple[str, State]:
    """One manipulation that really changes something, and what it was.

    Args:
        trail: As it was written.
        number: Of the manipulation: the first ones are of each kind, those after them of any.
        rng: Chooses.
        any_type: Whether the database takes any value in any column, as SQLite does.
    """
    while True:
        names = list(MANIPULATIONS)
        name = names[number] if number < len(names) else rng.choices(names, WEIGHTS)[0]
        state = copy_of(trail.state)
        MANIPULATIONS[name](Manipulation(trail, state, rng, any_type))
        if state != trail.state:
            return name, state


@dataclass(frozen=True)
class Manipulation:
    """What one of the functions below works with."""

    trail: Trail
    state: State
    rng: random.Random
    any_type: bool

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.state["audit_events"]

    def place(self) -> int:
        return self.rng.randrange(len(self.events))

    def renumber(self) -> None:
        for sequence, event in enumerate(self.events, start=1):
            event["sequence"] = sequence

    def end_with_last_event(self) -> None:
        """Make everything else agree with the events, as somebody careful does: the head, and no checkpoint after the end."""
        last = self.events[-1] if self.events else {"sequence": 0, "mac": GENESIS}
        self.state["audit_head"] = [{"id": 1, "sequence": last["sequence"], "mac": last["mac"]}]
        self.state["audit_checkpoints"] = [
            each for each in self.state["audit_checkpoints"] if each["sequence"] <= last["sequence"]
        ]


def edit(it: Manipulation, table: str) -> None:
    row = it.rng.choice(it.state[table])
    column = it.rng.choice([name for name in row if name != "id"])
    row[column] = _other_value(it, table, column, row[column])
    if column == "sequence" and table == "audit_events":
        taken = {each["sequence"] for each in it.events if each is not row}
        while row[column] in taken:
            row[column] = it.rng.randrange(-5, 10_000)
    if column == "sequence" and table == "audit_checkpoints":
        row[column] = it.rng.choice([1, 2, 3, 5_000, -1])


def _other_value(it: Manipulation, table: str, column: str, value: Any) -> Any:
    others = [row[column] for row in it.state[table] if row[column] != value]
    if isinstance(value, int):
        choices = [value + 1, value - 1, 0, -value, value + 1_000_000, value ^ (1 << it.rng.randrange(20)), *others[:3]]
        odd = [f"{value}x", float(value) + 0.5, b"\x00\xff"]
    elif value is None:
        choices, odd = ["00000000-0000-4000-8000-000000000009", "", "null"], [7, b"\xff"]
    else:
        place = it.rng.randrange(len(value) + 1)
        choices = [
            value[:-1], value + " ", value.upper(), value[::-1], "", value[:place] + "x" + value[place + 1 :], *others[:3],
        ]  # fmt: skip
        odd = [b"\xff\xfe" + value.encode(), 12, f"{value}\x00"]
    if TABLES[table].c[column].nullable and value is not None:
        choices.append(None)
    choices += odd if it.any_type else []
    length = getattr(TABLES[table].c[column].type, "length", None)
    fitting = [
        each for each in choices if each != value and not (length and isinstance(each, str) and len(each) > length)
    ]
    return it.rng.choice(fitting)


def edit_event(it: Manipulation) -> None:
    edit(it, "audit_events")


def edit_head(it: Manipulation) -> None:
    edit(it, "audit_head")


def edit_checkpoint(it: Manipulation) -> None:
    edit(it, "audit_checkpoints")


def edit_event_under_another_key(it: Manipulation) -> None:
    """With a code that is right under a key of one's own, and everything after it as well."""
    own = AuditKeys(SecretKeys.random())
    begin = it.place()
    it.events[begin]["actor"] = "key:somebody-else"
    _write_again(it, begin, own)


def _write_again(it: Manipulation, begin: int, own: AuditKeys) -> None:
    claims = it.rng.random() < 0.5  # to have made them with the site's key
    previous = it.events[begin - 1]["mac"] if begin else GENESIS
    for event in it.events[begin:]:
        fields = {name: event[name] for name in event if name not in ("mac", "key_id")}
        previous = event["mac"] = own.mac(previous, **fields, key_id=own.making_id)
        event["key_id"] = event["key_id"] if claims else own.making_id
    it.end_with_last_event()
    for checkpoint in it.state["audit_checkpoints"]:
        checkpoint["mac"] = it.events[checkpoint["sequence"] - 1]["mac"]


def insert_event(it: Manipulation) -> None:
    place = it.rng.randrange(len(it.events) + 1)
    it.events.insert(place, dict(it.events[it.place()]) | {"actor": "key:somebody-else"})
    it.renumber()
    if it.rng.random() < 0.5:
        it.end_with_last_event()


def insert_event_at_the_end(it: Manipulation) -> None:
    last = it.events[-1]
    it.events.append(dict(last) | {"sequence": last["sequence"] + it.rng.choice([1, 1, 2, 100])})
    if it.rng.random() < 0.5:
        it.end_with_last_event()


def insert_event_before_the_first(it: Manipulation) -> None:
    it.events.append(dict(it.events[0]) | {"sequence": it.rng.choice([0, -1, -1000])})


def insert_checkpoint(it: Manipulation) -> None:
    """A real one again, in another place."""
    checkpoint = dict(it.rng.choice(it.state["audit_checkpoints"]))
    taken = {each["sequence"] for each in it.state["audit_checkpoints"]}
    checkpoint["sequence"] = it.rng.choice(
        [each["sequence"] for each in it.events if each["sequence"] not in taken] + [9_999]
    )
    it.state["audit_checkpoints"].append(checkpoint)


def insert_head(it: Manipulation) -> None:
    it.state["audit_head"].append(dict(it.state["audit_head"][0]) | {"id": it.rng.choice([0, 2, -1])})


def delete_events(it: Manipulation) -> None:
    begin = it.place()
    del it.events[begin : begin + it.rng.choice([1, 1, 2, 10])]
    if it.rng.random() < 0.5:
        it.renumber()
    if it.rng.random() < 0.5:
        it.end_with_last_event()


def delete_checkpoint(it: Manipulation) -> None:
    it.state["audit_checkpoints"].remove(it.rng.choice(it.state["audit_checkpoints"]))


def delete_head(it: Manipulation) -> None:
    it.state["audit_head"].clear()


def swap_events(it: Manipulation) -> None:
    """Of two events everything but the number changes places; with the code, or each keeps the code of its place."""
    one, other = it.rng.sample(range(len(it.events)), 2)
    kept = ["sequence", "mac"] if it.rng.random() < 0.5 else ["sequence"]
    first, second = it.events[one], it.events[other]
    it.events[one] = second | {name: first[name] for name in kept}
    it.events[other] = first | {name: second[name] for name in kept}


def swap_moments(it: Manipulation) -> None:
    one, other = it.rng.sample(it.events, 2)
    one["at_us"], other["at_us"] = other["at_us"], one["at_us"]


def rotate_events(it: Manipulation) -> None:
    begin, by = it.place(), it.rng.choice([1, 2])
    it.state["audit_events"] = [*it.events[:begin], *it.events[begin + by :], *it.events[begin : begin + by]]
    it.renumber()


def truncate(it: Manipulation) -> None:
    """The end of the trail goes, with nothing else, with a head that agrees, or with every trace in the database."""
    del it.events[it.rng.randrange(len(it.events)) :]
    how = it.rng.choice(["events only", "head too", "everything"])
    if how != "events only":
        checkpoints = it.state["audit_checkpoints"]
        it.end_with_last_event()
        if how == "head too":
            it.state["audit_checkpoints"] = checkpoints


def truncate_everything(it: Manipulation) -> None:
    for rows in it.state.values():
        rows.clear()


def put_backup_in_its_place(it: Manipulation) -> None:
    """An older copy, which is right in itself."""
    it.state.update(copy_of(it.trail.early))


def go_on_from_a_backup(it: Manipulation) -> None:
    """An older copy that grew again with right codes, as after a restore that nobody speaks of: only the end is another."""
    it.state.update(copy_of(it.trail.early))
    event = dict(it.trail.state["audit_events"][len(it.events)])
    it.events.append(event)
    it.end_with_last_event()


MANIPULATIONS: dict[str, Callable[[Manipulation], None]] = {
    "edit an event": edit_event,
    "edit the head": edit_head,
    "edit a checkpoint": edit_checkpoint,
    "write events again under another key": edit_event_under_another_key,
    "insert an event": insert_event,
    "insert an event at the end": insert_event_at_the_end,
    "insert an event before the first": insert_event_before_the_first,
    "insert a checkpoint": insert_checkpoint,
    "insert a head": insert_head,
    "delete events": delete_events,
    "delete a checkpoint": delete_checkpoint,
    "delete the head": delete_head,
    "swap two events": swap_events,
    "swap two moments": swap_moments,
    "move events to the end": rotate_events,
    "truncate": truncate,
    "delete everything": truncate_everything,
    "put a backup in its place": put_backup_in_its_place,
    "go on from a backup": go_on_from_a_backup,
}
WEIGHTS = [5 if name == "edit an event" else 1 for name in MANIPULATIONS]
"""An event has eight columns, and many values that each could have instead."""

"""Identifiers from a pool of randomness: never twice, also not by a process and its child."""

import multiprocessing
import uuid

from gateway import random_ids
from gateway.random_ids import POOL_BYTES, random_hexadecimal, random_uuid

COUNT = POOL_BYTES // 8
"""Identifiers enough for several pools."""


def test_no_identifier_comes_twice_and_each_is_a_version_4_uuid():
    made = [uuid.UUID(random_uuid()) for _ in range(COUNT)]
    assert len(set(made)) == COUNT
    assert {(each.version, each.variant) for each in made} == {(4, uuid.RFC_4122)}


def test_digits_are_as_many_as_asked_for_and_never_all_zero(monkeypatch):
    assert len({random_hexadecimal(8) for _ in range(COUNT)}) == COUNT
    assert [len(random_hexadecimal(count)) for count in (8, 16)] == [16, 32]
    pools = iter([bytes(POOL_BYTES), b"\x01" * POOL_BYTES])
    monkeypatch.setattr(random_ids.os, "urandom", lambda _: next(pools))
    random_ids._pool.forget()
    assert random_hexadecimal(POOL_BYTES) == "01" * POOL_BYTES
    random_ids._pool.forget()


def test_a_forked_process_does_not_hand_out_what_its_parent_does():
    random_uuid()
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sending.send([random_uuid() for _ in range(POOL_BYTES // 16)]))
    child.start()
    theirs = receiving.recv()
    child.join()
    assert not {random_uuid() for _ in range(POOL_BYTES // 16)} & set(theirs)

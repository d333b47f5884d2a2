"""Writes checkpoints into plain tables and reads them back."""

from collections import deque
from collections.abc import Generator
from typing import Any

from aidevos.core.checkpoint import Checkpoint, CheckpointBody, Writing
from aidevos.core.checkpoint_io import read_checkpoint, write_checkpoint
from aidevos.core.index import ShardIndex
from aidevos.core.record import CheckpointName
from aidevos.storage.tables import Tables

SHARD = 0


def drive(machine: Generator[Any, Any, Any], tables: Tables) -> Any:
    answer = None
    while True:
        try:
            answer = tables.apply(machine.send(answer))
        except StopIteration as done:
            return done.value


def written(index: ShardIndex, body: CheckpointBody, tables: Tables) -> Writing:
    deque(index.objects.settle(), maxlen=0)
    writing = Writing(body, index.objects.layers)
    deque(writing.steps(), maxlen=0)
    drive(write_checkpoint(SHARD, writing), tables)
    return writing


def read_back(name: CheckpointName, tables: Tables) -> Checkpoint:
    found = drive(read_checkpoint(SHARD, name), tables)
    assert isinstance(found, Checkpoint)
    return found


def through_a_checkpoint(index: ShardIndex, body: CheckpointBody) -> ShardIndex:
    """Return the index that a takeover would begin with."""
    tables = Tables()
    return ShardIndex(read_back(written(index, body, tables).name, tables))

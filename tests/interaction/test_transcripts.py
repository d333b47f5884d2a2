"""Transcripts: what a machine of the core and its store, or its shell, say to each other.

A file holds a comment, commands, `----` and the conversation that they must give. `REWRITE=1`
records it anew; keep a rewrite only if you can explain the diff.
"""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from log_talk import LogTalk
from shard_talk import ShardTalk

HERE = Path(__file__).parent
TALKS: dict[str, Callable[[], "LogTalk | ShardTalk"]] = {"log": LogTalk, "shard": ShardTalk}


def played(commands: str, talk: "LogTalk | ShardTalk") -> str:
    for line in commands.splitlines():
        if line and not line.startswith("#"):
            verb, *words = shlex.split(line)
            talk.said.append(f"$ {line}")
            getattr(talk, f"do_{verb}")(**dict(word.split("=", 1) for word in words))
    return "\n".join(talk.said) + "\n"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_the_conversation_is_the_one_that_was_agreed(path: Path) -> None:
    commands, _, agreed = path.read_text().partition("----\n")
    said = played(commands, TALKS[path.stem.partition("_")[0]]())
    if os.environ.get("REWRITE"):
        path.write_text(f"{commands}----\n{said}")
    assert said == agreed

"""The file says which format it has, and the directory is nobody else's."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aidevos.core.errors import FailedPreconditionError
from aidevos.storage.lock import DirectoryLock
from aidevos.storage.sqlite import FORMAT, SqliteStore


def ask(path: Path, statement: str) -> object:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement).fetchone()


async def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await SqliteStore(path).close()
    assert ask(path, "PRAGMA user_version") == (FORMAT,)
    ask(path, f"PRAGMA user_version = {FORMAT + 1}")
    ask(path, "DROP TABLE hint")
    with pytest.raises(FailedPreconditionError, match="a newer one wrote it"):
        SqliteStore(path)
    assert ask(path, "SELECT name FROM sqlite_master WHERE name = 'hint'") is None
    ask(path, f"PRAGMA user_version = {FORMAT}")
    await SqliteStore(path).close()


async def test_a_file_of_an_older_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {FORMAT - 1}")
        db.execute("CREATE TABLE history (tenant TEXT)")
    with pytest.raises(FailedPreconditionError, match="an older one wrote it"):
        SqliteStore(path)
    assert ask(path, "PRAGMA user_version") == (FORMAT - 1,)


def test_a_data_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    made = tmp_path / "data"
    with DirectoryLock(made):
        assert made.stat().st_mode & 0o777 == 0o700

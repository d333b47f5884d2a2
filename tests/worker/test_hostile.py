"""Generated code that attacks: stopped, told, and neither neighbours nor host are harmed."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aidevos_host.worker import WorkerExecutor, WorkerLimits
from attacks import ATTACKS, Attack, method
from bundles import jailed
from world import World, world

from aidevos.core.errors import FailedPreconditionError, HandlerFailedError

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = WorkerLimits(memory_bytes=128 << 20)
LOOP = "while True: pass"
NEIGHBOURS = 8


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def bystander() -> AsyncIterator[WorkerExecutor]:
    """Another service in the same zygote; it keeps the zygote alive through the module."""
    executor = await jailed()
    pid = executor.worker_pid
    yield executor
    assert executor.worker_pid == pid, "an attack took down the worker of another service"
    await executor.close()


async def add(w: World, key: str) -> bytes:
    return (await w.call(f"Counter/{key}", "add")).payload


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_is_stopped_and_told_and_harms_nobody(
    attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    host = f'{{"n":{os.getpid()}}}'.encode()
    limits = replace(LIMITS, turn_ms=attack.turn_ms)
    async with world(await jailed(method(attack), limits=limits)) as w:
        before = [add(w, f"b{number}") for number in range(NEIGHBOURS)]
        attacking = w.call("Counter/{attacker}a", "attack", host)
        after = [add(w, f"a{number}") for number in range(NEIGHBOURS)]
        failed, *counted = await asyncio.gather(attacking, *before, *after, return_exceptions=True)
        assert isinstance(failed, HandlerFailedError)
        assert attack.says in failed.message
        assert "Traceback" not in failed.message
        assert attack.logs in caplog.text
        assert counted == [b"1"] * 2 * NEIGHBOURS
        assert await add(w, "b0") == b"2"
        assert w.objects == 2 * NEIGHBOURS


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (LOOP, "did not load within 1000 ms"),
        ("import os; os._exit(4)", "ended its worker process (exit code 4)"),
        ("import os; os.execv('/bin/true', ['true'])", "made a system call that ends"),
        ("open('/etc/passwd')", "tried_app/bad.py, line 1: PermissionError"),
        ("\nimport sqlite3", "tried_app/bad.py, line 2: ModuleNotFoundError"),
        ("def f(:", "tried_app/bad.py, line 1: invalid syntax"),
        ("raise SystemExit", "tried_app/bad.py, line 1: SystemExit"),
        ("x = bytearray(4 << 30)", "tried_app/bad.py, line 1: MemoryError"),
    ],
)
async def test_a_bundle_that_attacks_when_it_is_imported_is_refused(code: str, says: str) -> None:
    limits = replace(LIMITS, load_ms=1_000) if code == LOOP else LIMITS
    with pytest.raises(FailedPreconditionError) as caught:
        await jailed(limits=limits, more={"tried_app/bad.py": code.encode()})
    assert says in str(caught.value)


async def test_what_handlers_print_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    body = "@command\ndef shout(self) -> str:\n    print('x' * 50_000_000)\n    return 'done'"
    async with world(await jailed(body)) as w:
        for _ in range(10):
            assert (await w.call("Counter/a", "shout")).payload == b'"done"'
    windows = 2  # The ten calls may begin in one window of the log and end in the next.
    assert 10_000 < len(caplog.text) < windows * (LIMITS.log_bytes_max + 4_000)

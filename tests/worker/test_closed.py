"""The jail is closed or nothing runs; what it has here is said truly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aidevos_host.worker import jail_report
from world import lives, parent_of, until

HERE = Path(__file__).parent
SETPRIV = shutil.which("setpriv")
NOBODY = ("--reuid=65534", "--regid=65534", "--clear-groups")
ONLY_READ = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
"""Lets another user read this interpreter wherever it is; nothing else of root is left."""

ON_THE_KERNEL = (
    "attack_is_stopped and (file or folder or socket or forks or thread or executes or program "
    "or traces or mounts or leaves or kills or eats or lifts)"
)
"""Attacks that a user's rights could make a difference to."""


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def host_without(*calls: str) -> str:
    return run(sys.executable, str(HERE / "refusing.py"), *calls)


@pytest.mark.parametrize("call", ["seccomp", "prctl", "prlimit64"])
def test_without_one_step_of_the_floor_generated_code_is_refused(call: str) -> None:
    told = host_without(call)
    assert told.startswith("refused: ")
    assert "jail" in told


def test_without_the_extras_generated_code_runs_and_it_is_said() -> None:
    told = host_without("unshare", "landlock_restrict_self", "setresuid")
    assert told == "ran 1 ('no dump',)\n"


def test_the_report_of_this_machine_agrees_with_what_workers_have() -> None:
    report = jail_report()
    active = tuple(level.name for level in report.extras if level.active)
    assert report.safe
    assert all(level.active or level.detail for level in report.extras)
    assert host_without() == f"ran 1 {active}\n"


def killed_host() -> tuple[int, int, int]:
    """Start a host whose handler hangs, kill it; return plain worker, jailed one, zygote."""
    command = (sys.executable, str(HERE / "hanging.py"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        plain, jailed = map(int, host.stdout.readline().split())
        family = (plain, jailed, parent_of(jailed))
        assert all(map(lives, family))
        host.kill()
    return family


async def test_no_process_outlives_a_killed_host_even_when_a_handler_hangs() -> None:
    family = killed_host()
    await until(lambda: not any(map(lives, family)))
    assert not any(map(lives, family))


@pytest.mark.skipif(os.geteuid() != 0 or SETPRIV is None, reason="needs root and setpriv")
def test_attacks_on_the_kernel_are_stopped_as_another_user_too() -> None:
    assert SETPRIV is not None
    tests = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        str(HERE / "test_hostile.py"),
        "-k",
        ON_THE_KERNEL,
    )
    told = run(SETPRIV, *NOBODY, *ONLY_READ, *tests)
    assert " passed" in told.splitlines()[-1], told
    assert "failed" not in told.splitlines()[-1], told

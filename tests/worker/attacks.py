"""What generated code might try, one method body each, and by which words it is known stopped."""

from typing import NamedTuple


class Attack(NamedTuple):
    """`says`: part of the caller's error; `logs`: part of what the operator's log has."""

    name: str
    body: str
    says: str = "Counter.attack failed unexpectedly"
    logs: str = ""

    @property
    def turn_ms(self) -> int:
        """The wall-clock limit: long where another limit must end it, however slow the machine."""
        return 500 if self.says == SLOW else 30_000


REFUSED = "PermissionError: [Errno 1] Operation not permitted"
SLOW = "ran for longer than 500 ms and was stopped"
DEADLY = "made a system call that ends a jailed process"

FORGE = """
import gc
from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord, TurnResult
from aidevos_worker.serving import Serving
gc.unfreeze()
serving = next(o for o in gc.get_objects() if isinstance(o, Serving))
other = ObjectId("default", "Counter", "somebody-else")
event = EventRecord("Added", 1, b'{"n":9}')
change = ChangeRecord(object=other, first_seq=1, events=(event,))
serving._answers.add_other(TurnResult(outcome="ok", changes=(change,)))
"""

UNMARKED = """
import gc
from aidevos_worker.serving import Serving
gc.unfreeze()
serving = next(o for o in gc.get_objects() if isinstance(o, Serving))
serving._mark[0] = 0
while True: pass
"""

ATTACKS = (
    Attack("loops for ever", "while True: pass", SLOW),
    Attack("sleeps for ever", "import time; time.sleep(600)", SLOW),
    Attack(
        "loops and catches all",
        "while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass",
        SLOW,
    ),
    Attack("asks its group for ever", "while True: self.group.all(Counter)", SLOW),
    Attack("hides which turn it is in", UNMARKED, SLOW),
    Attack("raises SystemExit", "raise SystemExit(0)", logs="SystemExit"),
    Attack("raises no Exception", "raise BaseException('mine')", logs="BaseException: mine"),
    Attack("exits", "import os; os._exit(3)", "ended its worker process (exit code 3)"),
    Attack("eats memory", "x = [bytearray(1 << 20) for _ in range(9999)]", logs="MemoryError"),
    Attack("eats memory at once", "x = bytearray(4 << 30)", logs="MemoryError"),
    Attack("recurses for ever", "f = lambda: f()\nf()", logs="RecursionError"),
    Attack("crashes", "import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    Attack("forks", "import os; os.fork()", logs=REFUSED),
    Attack(
        "starts a thread",
        "import threading; threading.Thread(target=print).start()",
        logs="can't start new thread",
    ),
    Attack("reads a file", "open('/etc/passwd')", logs=REFUSED),
    Attack("writes a file", "open('/tmp/aidevos-attack', 'w')", logs=REFUSED),
    Attack("lists a folder", "import os; os.listdir('/')", logs=REFUSED),
    Attack("removes a file", "import os; os.unlink('/tmp/aidevos-attack')", logs=REFUSED),
    Attack("opens a socket", "import socket; socket.socket()", logs=REFUSED),
    Attack("makes a socket pair", "import socket; socket.socketpair()", logs=REFUSED),
    Attack("imports a database", "import sqlite3", logs="sqlite3 can not be imported in the jail"),
    Attack("imports gRPC", "import grpc", logs="grpc can not be imported in the jail"),
    Attack("imports the host", "import aidevos_host", logs="aidevos_host can not be imported"),
    Attack("starts a program", "import subprocess; subprocess.call(['/bin/true'])", logs=REFUSED),
    Attack("reads the environment", "import os; assert dict(os.environ), 'bare'", logs="bare"),
    Attack("reads it from the kernel", "open('/proc/self/environ')", logs=REFUSED),
    Attack("executes", "import os; os.execv('/bin/true', ['true'])", DEADLY),
    Attack(
        "executes through ctypes",
        "import ctypes; ctypes.CDLL(None).execve(b'/bin/true', None, None)",
        DEADLY,
    ),
    Attack("traces", "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)", DEADLY),
    Attack("mounts", "import ctypes; ctypes.CDLL(None).mount(b'a', b'/', b'b', 0, None)", DEADLY),
    Attack("leaves its user", "import os; os.setuid(0)", logs=REFUSED),
    Attack("kills the host", "import os; os.kill(n, 9)", DEADLY),
    Attack("writes to stdout", "import os; os.write(1, b'x')", logs="Bad file descriptor"),
    Attack("writes to stderr", "import os; os.write(2, b'x')", logs="Bad file descriptor"),
    Attack(
        "writes to its socket",
        "import os; os.write(0, b'\\0\\0\\0\\4what')",
        "wrote to its socket what is no answer",
    ),
    Attack("closes its socket", "import os; os.close(0)\nwhile True: pass", "signal SIGKILL"),
    Attack("forges a result", FORGE, "an object of another group is changed"),
    Attack(
        "makes code from data",
        "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC | mmap.PROT_WRITE)",
        logs=REFUSED,
    ),
    Attack(
        "lifts its limits",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        logs="not allowed to raise maximum limit",
    ),
)


def method(attack: Attack) -> str:
    """Return the body of a class with the attack in it; it says so if it came through."""
    lines = "\n".join(f"    {line}" for line in attack.body.strip().splitlines())
    return f"@command\ndef attack(self, n: int = 0) -> str:\n{lines}\n    return 'came through'"

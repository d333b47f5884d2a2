"""What one worker may use. Wall-clock limits are the host's, the others the kernel's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Limits of one worker process and its turns."""

    turn_ms: int = 5_000
    """Wall-clock time of one turn, waiting for its group left out, 10..600000. Then it is killed,
    up to a tenth later."""

    load_ms: int = 10_000
    """Wall-clock time in which a bundle must have loaded, 100..600000."""

    memory_bytes: int = 512 << 20
    """Address space of a jailed worker, at least 64 MiB; a handler that needs more fails."""

    cpu_s: int = 3_600
    """CPU time of a jailed worker, at least 1. Near it, it is replaced between two turns."""

    turns_max: int = 1_024
    """Turns that are sent before their answers came, 1..10000."""

    idle_ms: int = 600_000
    """Without a turn for so long its process ends, at least 10; the next turn starts another."""

    check_all: bool = False
    """Check after every turn that the state is what its events give, not only a sample."""

    attempts_max: int = 3
    """How often a turn may be sent when workers die under it through no known fault of its own."""

    log_bytes_max: int = 64 << 10
    """What code in workers may write to the log in ten seconds; more is counted and dropped."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        assert 10 <= self.turn_ms <= 600_000, self.turn_ms
        assert 100 <= self.load_ms <= 600_000, self.load_ms
        assert self.memory_bytes >= 64 << 20, self.memory_bytes
        assert self.cpu_s >= 1, self.cpu_s
        assert 1 <= self.turns_max <= 10_000, self.turns_max
        assert self.idle_ms >= 10, self.idle_ms
        assert self.attempts_max >= 1, self.attempts_max
        assert self.log_bytes_max >= 0, self.log_bytes_max

"""The shipped server, as it ships or pressed: `killed_server.py [--pressed] [--plant NAME] ...`.

Pressed, it writes checkpoints, hibernates objects and refuses overload all the time. A plant
breaks a promise on purpose, so that the checker can be seen to find it.
"""

import sys
from dataclasses import dataclass, fields

import uvloop
from aidevos_host.config import HostConfig
from aidevos_standalone.options import Options, read_options
from aidevos_standalone.serve import serve

PRESSED = HostConfig(
    hibernate_after_ms=300,
    resident_max=14,
    checkpoint_rows=40,
    checkpoint_records=800,
    mailbox_max=48,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedOptions(Options):
    """The server's own, with a host that has little room and no patience."""

    def host(self) -> HostConfig:
        """Return the settings of the host."""
        return PRESSED


def take(word: str) -> bool:
    """Take an option of ours from the command line."""
    if word not in sys.argv:
        return False
    sys.argv.remove(word)
    return True


if __name__ == "__main__":
    pressed = take("--pressed")
    if take("--plant"):
        import plants

        plants.plant(sys.argv.pop(1))
    options = read_options()
    if pressed:
        options = PressedOptions(**{f.name: getattr(options, f.name) for f in fields(Options)})
    sys.exit(uvloop.run(serve(options)))

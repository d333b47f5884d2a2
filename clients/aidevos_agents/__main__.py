"""`python -m aidevos_agents --role ROLE --server HOST:PORT`: one agent of the team as a process.

The token is in the environment variable AIDEVOS_TOKEN. On SIGTERM the message at hand has
a second to end, else it comes again. The process may be killed at any moment.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys

import aidevos.runtime.no_fork_handlers  # noqa: F401 (before grpc)
from aidevos.core.errors import AidevosError
from aidevos.runtime.parent import die_with
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.race import race
from aidevos_agents.agent.serve import AgentLoop
from aidevos_agents.roles.table import ROLES, make_agent

UNAVAILABLE = 5
GRACE_S = 1.0
"""How long the message at hand may go on after a stop."""


def options() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="aidevos_agents", description=__doc__)
    parser.add_argument("--role", required=True, choices=list(ROLES), help="which agent to be")
    parser.add_argument("--server", required=True, help="gRPC address of the server, HOST:PORT")
    parser.add_argument("--parent", type=int, help="process id to die with")
    return parser


async def work(role: str, server: str, token: str) -> None:
    """Be the agent of `role` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Connection(server, token) as connection:
        agent = make_agent(role, connection)
        line = Communication(connection, agent.agent_id)
        await race(AgentLoop(agent, line, stop).run(), _out_of_patience(stop))


async def _out_of_patience(stop: asyncio.Event) -> None:
    """Return a little after the stop: a message that takes longer comes again."""
    await stop.wait()
    await asyncio.sleep(GRACE_S)


def main() -> int:
    """Work until told to stop; 5 if the server refuses this agent."""
    chosen = options().parse_args()
    logging.basicConfig(format=f"%(asctime)s {chosen.role} %(message)s", level=logging.WARNING)
    try:
        if chosen.parent is not None:
            die_with(chosen.parent)
        asyncio.run(work(chosen.role, chosen.server, os.environ.get("AIDEVOS_TOKEN", "")))
    except AidevosError as error:
        print(f"error: {error.reason}: {error.message}", file=sys.stderr)
        return UNAVAILABLE
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # What matters is durable with the server. An ordinary exit would tear grpc.aio's threads and a
    # loop that is gone down in any order, which ended in SIGSEGV now and then.
    os._exit(code)

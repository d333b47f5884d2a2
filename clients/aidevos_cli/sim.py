"""`aidevos sim`: replay a seed of the protocol's simulation, or look for a bad one."""

import click

from aidevos_cli.failures import CliError
from aidevos_cli.options import output_option
from aidevos_cli.output import emit_item


@click.command()
@click.option("--seed", type=int, default=0, show_default=True, help="The first seed to play.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--plant", default="", help="Plant a bug by its name; `list` names them all.")
@output_option
def sim(seed: int, seeds: int, plant: str, fmt: str) -> None:
    """Play seeds of the simulation of the storage protocol.

    Hosts, workers and clients crash, calls and statements get lost, late and repeated, clocks jump.
    Stops at the first broken promise, tells its story and ends with code 1.

    For example: aidevos sim --seed 7 --plant ANSWER_EARLY
    """
    from aidevos.sim.plants import Plant  # noqa: PLC0415 (only this verb needs it)
    from aidevos.sim.run import run  # noqa: PLC0415

    if plant == "list":
        for one in Plant:
            emit_item(fmt, {"plant": one.name, "what": one.value})
        return
    if plant and plant not in Plant.__members__:
        raise CliError(
            f"no plant {plant}", reason="INVALID_ARGUMENT", hint="aidevos sim --plant list"
        )
    planted = Plant[plant] if plant else None
    calls = 0
    for number in range(seed, seed + seeds):
        outcome = run(number, planted)
        calls += outcome.calls
        if outcome.violation:
            if fmt == "table":
                print("\n".join(outcome.story[-40:]))
            raise CliError(f"seed {number}: {outcome.violation}", hint=outcome.replay)
    emit_item(fmt, {"seeds": seeds, "violations": 0, "calls": calls})

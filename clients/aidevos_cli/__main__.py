"""`python -m aidevos_cli`: what `bin/aidevos` runs."""

from aidevos_cli.interrupt import leave_at_once


def run() -> None:
    """Run the command line; Ctrl-C is taken care of from its first import on."""
    leave_at_once()
    from aidevos_cli.main import main  # noqa: PLC0415 (click is imported under that care)

    main()


run()

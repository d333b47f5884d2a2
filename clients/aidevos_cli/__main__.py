"""`python -m aidevos_cli`: what `bin/aidevos` runs."""

from aidevos_cli.main import main

main()

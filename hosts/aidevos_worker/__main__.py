"""`python -m aidevos_worker`: started by a host, never by hand."""

import argparse
import os


def main() -> None:
    """Be a plain worker over two inherited file descriptors."""
    parser = argparse.ArgumentParser(prog="aidevos_worker", description=main.__doc__)
    parser.add_argument("--plain", nargs=2, type=int, metavar=("SOCKET", "MARK"), required=True)
    parser.add_argument("--parent", type=int, default=os.getppid())
    given = parser.parse_args()
    from aidevos_worker.plain import run_plain  # noqa: PLC0415 (each kind loads its own)

    run_plain(given.plain[0], given.plain[1], given.parent)


if __name__ == "__main__":
    main()

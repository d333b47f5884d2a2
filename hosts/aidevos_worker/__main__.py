"""`python -m aidevos_worker`: started by a host, never by hand, except `--report`."""

import argparse
import os


def main() -> None:
    """Be a plain worker (`--plain`), the zygote of jailed ones (`--zygote`), or report."""
    parser = argparse.ArgumentParser(prog="aidevos_worker", description=main.__doc__)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--plain", nargs=2, type=int, metavar=("SOCKET", "MARK"))
    kind.add_argument("--zygote", type=int, metavar="SOCKET")
    kind.add_argument("--report", action="store_true", help="print what the jail has here")
    parser.add_argument("--parent", type=int, default=os.getppid())
    given = parser.parse_args()
    if given.plain:
        from aidevos_worker.plain import run_plain  # noqa: PLC0415 (each kind loads its own)

        run_plain(given.plain[0], given.plain[1], given.parent)
    elif given.zygote is not None:
        from aidevos_worker.zygote import run_zygote  # noqa: PLC0415

        run_zygote(given.zygote, given.parent)
    else:
        from aidevos_worker.report import print_report  # noqa: PLC0415

        print_report()


if __name__ == "__main__":
    main()

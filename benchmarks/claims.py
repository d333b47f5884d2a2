"""The names of all claims, in the order in which they run: each is a file here with a `run`."""

CLAIMS = (
    "cli_help",
    "dev_ready",
    "build_todo",
    "restart",
    "framed_1000",
    "framed_hot",
    "framed_10000",
    "framed_2kb",
    "query_hot",
    "unary_call",
    "unary_own",
    "typed_codec",
    "redis_incr",
    "revive",
    "million",
)


def check(names: list[str]) -> None:
    """Raise SystemExit for a name that is none."""
    for name in names:
        if name not in CLAIMS:
            raise SystemExit(f"no claim {name}; there are: {', '.join(CLAIMS)}")

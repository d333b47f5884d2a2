"""Tells an empty list from a list of what cannot be: an unknown type, a field without an index."""

from collections.abc import Iterable, Mapping

from aidevos_cli.failures import CliError


def check_names(types: Mapping[str, frozenset[str]], kind: str, wanted: Iterable[str] = ()) -> None:
    """Raise CliError unless `types` have this kind (empty: any), listed by the fields `wanted`."""
    if kind and kind not in types:
        raise CliError(
            f"no object type {kind} is installed; there are: {_said(types)}", reason="NOT_FOUND"
        )
    indexed = types[kind] if kind else frozenset().union(*types.values())
    for field in wanted:
        if field not in indexed:
            raise CliError(
                f"{kind or 'what is here'} is not listed by {field}; it is by: {_said(indexed)}",
                reason="INVALID_ARGUMENT",
            )


def _said(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"

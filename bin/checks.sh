# The static checks, read by bin/test and bin/lint, which define `check NAME COMMAND...`.
# They stand in the repository's root.
tools=.aidevos/env/bin

check ruff "$tools/ruff" check
check format "$tools/ruff" format --check
check mypy "$tools/mypy"
check walls "$tools/lint-imports" --no-cache
if [ -d proto/aidevos ]; then
    check buf "$tools/buf" lint proto
    check breaking bin/breaking
fi

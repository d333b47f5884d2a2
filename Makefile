# Verbs for people; each calls the same script or module as CI and the README.
.PHONY: test long lint format generate bench profile docs
PYTHON = .aidevos/env/bin/python

test:  ## all checks and tests
	bin/test

long:  ## what takes minutes: random apps built, gated and served; every mutant
	bin/install dev
	$(PYTHON) -m pytest -m long tests/long

lint:  ## the static checks alone
	bin/lint

format:  ## rewrite the sources in the house's format
	bin/install dev
	.aidevos/env/bin/ruff check --fix-only -q
	.aidevos/env/bin/ruff format
	.aidevos/env/bin/buf format -w proto

generate:  ## make the gRPC stubs again from proto/
	bin/install dev
	bin/generate

bench:  ## measure every claim in minutes; ONLY="name ..." picks some, QUICK=1 looks whether they work
	bin/install dev
	$(PYTHON) -m benchmarks.run $(ONLY)

profile:  ## where each microsecond of a call goes (needs py-spy on PATH or in .aidevos/env)
	bin/install dev
	$(PYTHON) -m benchmarks.profile

docs:  ## make the documents again that are made from code
	bin/install dev
	$(PYTHON) -m aidevos_testing.spec_docs > docs/spec-language.md

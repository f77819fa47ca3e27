# The two commands of this project are `make demo` and `make test`; both set up what they need.
# The long proofs are `make prove-…`; `make test` runs a short form of each and says so.
.PHONY: demo image image-lock dist compose-secrets clients bill-of-materials pictures prove-advisories test check packages compiler build console prove-console prove-console-build prove-axe prove-cases prove-chart prove-clients prove-roles-console prove-proof-badge prove-wall prove-flow-editor prove-words prove-access prove-api prove-seeds prove-as-of prove-two-processes prove-clock prove-config prove-crash prove-sipp prove-private prove-projections prove-rebuild prove-roles prove-rules prove-kurrent prove-stores prove-forgetting prove-keys prove-audit prove-contract prove-exports prove-full-disk prove-gates prove-history prove-hostile prove-http prove-import prove-inspect prove-jdbc prove-metrics prove-night prove-nlu prove-entities prove-oidc prove-paused prove-replay prove-segments prove-speech-faults prove-spoken prove-simulate prove-stop prove-subscribers prove-summary prove-webhooks prove-simulation prove-days prove-planted prove-installed prove-image prove-dist bench-api bench-yaml bench-calls bench-cost bench-append bench-read bench-subscribe bench-project bench-query bench-as-of bench-deadlines

CARGO ?= cargo
BIN := target/debug/ledgerline
DATA := demo-data/$(shell date +%Y%m%d-%H%M%S)
DEMO_ARGS := --data $(DATA) $(if $(KEEP),,--exit-when-done)

## The main job on one machine: 200 customers called over real SIP and RTP. KEEP=1 goes on serving.
demo: compiler
	$(CARGO) build --quiet --locked --package ledgerline-cli
	@$(BIN) demo $(DEMO_ARGS)

## Everything: packages, build, lints, unit and contract tests, stories, and the short form of each proof.
test:
	@bash tests/steps.sh

## What to run before each commit: format, lints, and the tests of what differs from BASE (default: origin/main).
check: packages
	@bash tests/check.sh

## The console's assets, web/dist, where their sources have changed and Node is there; else they stay as they are.
console:
	@bash web/scripts/console.sh

## The pictures of the docs, made anew of a demonstration that runs; without Chromium or Node they stay as they are.
pictures: packages build
	@PAGE=pictures target/debug/prove console
	@mkdir -p docs/images
	@cp target/console/shots/pictures/*.webp docs/images/ 2>/dev/null || echo "pictures: docs/images stays as it is"

## Client libraries in Python, TypeScript and Java from the program's OpenAPI description, in target/clients.
## OPENAPI=FILE takes another description, LANGUAGES="python java" only some.
clients: compiler
	@$(if $(OPENAPI),,$(CARGO) build --quiet --locked --package ledgerline-cli)
	@python3 clients/generate.py $(if $(OPENAPI),--openapi $(OPENAPI),) $(LANGUAGES)

packages:
	@bash tests/packages.sh

compiler:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.94 or newer from https://rustup.rs"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install build-essential"; exit 1; }

build: compiler
	$(CARGO) build --quiet --locked --package ledgerline-cli --package ledgerline-tests

# Long proofs: each prints one JSON line and exits non-zero on any violation.
prove-console prove-console-build prove-axe prove-cases prove-chart prove-clients prove-roles-console prove-proof-badge prove-wall prove-flow-editor prove-words prove-access prove-api prove-seeds prove-as-of prove-two-processes prove-clock prove-config prove-crash prove-sipp prove-projections prove-rebuild prove-forgetting prove-keys prove-audit prove-contract prove-exports prove-full-disk prove-gates prove-history prove-http prove-inspect prove-jdbc prove-metrics prove-nlu prove-entities prove-oidc prove-paused prove-replay prove-segments prove-rules prove-speech-faults prove-spoken prove-simulate prove-stop prove-summary prove-webhooks: packages build
	@target/debug/prove $(@:prove-%=%)

# 1,100 connections need as many descriptors here and in the server, which inherits the limit.
prove-hostile: packages build
	@ulimit -n 8192 2>/dev/null; target/debug/prove hostile

# With the KurrentDB client, which the default build leaves out.
prove-kurrent: packages build
	$(CARGO) build --quiet --locked --package ledgerline-cli --package ledgerline-tests --features ledgerline-cli/kurrent
	@target/debug/prove kurrent

# Every role on every route, and what a key of one campaign is told of another, KurrentDB's protocol included.
prove-roles: packages build
	$(CARGO) build --quiet --locked --package ledgerline-cli --package ledgerline-tests --features ledgerline-cli/kurrent
	@target/debug/prove roles

# Writers and servers killed on both stores, then KurrentDB's own clients on our endpoint.
prove-stores: packages build
	@target/debug/prove stores
	@$(MAKE) --no-print-directory prove-kurrent

# What is measured is measured on a release build: 10,000 people in real time with real SIP and RTP, over a closed
# window and three kills (PEOPLE=N for fewer), readers of a million events, who are held to a rate, and a list of a million
# rows, whose import is held to a bound of memory.
prove-import prove-night prove-private prove-subscribers: packages
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-tests
	@target/release/prove $(@:prove-%=%)

# Locked parts beside a list of known weaknesses (OSV), which whoever runs it brings: LIST=FILE or a folder.
prove-advisories:
	@python3 tests/advisories.py $(if $(LIST),--list $(LIST),)

## A bill of materials (CycloneDX 1.5) on standard output: Rust, npm and the image's Debian packages, with licences.
bill-of-materials: compiler
	@python3 packaging/documents.py bill

## The container image in target/image, without a container engine. BINARY=FILE takes a program that is built; BASE=DIR
## takes the Debian packages of an older lock file.
image: compiler
	@python3 packaging/image.py

## Renews the lock file of the image's Debian packages.
image-lock:
	@python3 packaging/debian_base.py lock

## The files of a release in target/dist: tarball, Debian package, bill of materials, licences, SHA256SUMS.
dist: compiler
	@python3 packaging/dist.py

## The passwords and the master key of packaging/compose/compose.yaml; existing ones are kept.
compose-secrets:
	@bash packaging/compose/make_secrets.sh

# The image: two builds, start as its user, sign-in and calls from another network namespace. BINARY=FILE skips the build
# of an hour and says so.
prove-image: packages build
	@python3 packaging/prove_image.py

# The release: two checkouts, the Debian package in a root of its own, the unit and its notifications. BINARY=FILE as above.
prove-dist: packages build
	@python3 packaging/prove_dist.py

# The program as whoever installs it builds it: without the KurrentDB client and what its tests stand on.
prove-installed: packages
	@$(CARGO) check --locked --package ledgerline-cli --quiet && echo '{"proof":"installed","holds":true}'

prove-simulation: build
	$(CARGO) build --quiet --locked --release --package ledgerline-cli
	target/release/ledgerline simulate --days 200 --calls-per-day 1000 --seed 7 --json

# 10,000 days of 200 people with every fault, on all cores, agents in a third of the worlds, one world of twenty twice:
# hours. DAYS=N for fewer; RESUME=FILE goes on where the same program was stopped. What fails is made small and kept in
# simulation/seeds.tsv.
prove-days: packages
	$(CARGO) run --quiet --locked --profile shipped --package ledgerline-simulation --features proofs --bin prove_days -- --days $(or $(DAYS),10000) \
	  --keep simulation/seeds.tsv $(if $(RESUME),--resume $(RESUME))

# Every planted bug is looked for, seed after seed. A build of its own, in a folder of its own: nothing that ships has them.
prove-planted: packages
	$(CARGO) run --quiet --locked --release --package ledgerline-simulation --features planted --bin prove_planted \
	  --target-dir target/planted -- $(SEEDS)

# The API beside a bare handler, at a steady rate, at its peak and at three times that.
bench-api:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench api

# Every hostile YAML text of 256 KiB, read or refused: at most 200 ms each.
bench-yaml:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench yaml

# Deadlines of recognizers and voices, and what a trunk and a recording take: tests that judge time only here, one at a
# time.
bench-deadlines:
	LEDGERLINE_JUDGES_TIME=1 $(CARGO) test --quiet --locked --package ledgerline-media --package ledgerline-speech --lib -- --test-threads 1

bench-calls:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench calls --concurrent 100 --seconds 30 --json

# What a call costs the server, alone and under load, a row of an import, an event of the views, a question about the
# past, a simulated day and a minute of sound: one table. BEFORE=FILE measures another build beside it.
bench-cost:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	python3 bench/costs.py target/release/ledgerline $(if $(BEFORE),--before $(BEFORE))

# The log beside bare files and databases and, for appends, other people's stores. PostgreSQL is a durable server of
# its own; what is not installed is said to be skipped.
bench-append bench-read bench-subscribe:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench $(@:bench-%=%) $(if $(filter bench-append,$@),--peers all)
	bash tests/with_postgres.sh sh -c '[ -z "$$LEDGERLINE_TEST_POSTGRES" ] || target/release/ledgerline-bench \
	  $(@:bench-%=%) $(if $(filter bench-append,$@),--peers all) --store "$$LEDGERLINE_TEST_POSTGRES"'

# A campaign, its report, a call and a customer as of yesterday, on SQLite and on PostgreSQL with memory as its own
# documentation recommends.
bench-as-of:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench query --as-of
	LEDGERLINE_TEST_POSTGRES_BUFFERS=1GB bash tests/with_postgres.sh sh -c '[ -z "$$LEDGERLINE_TEST_POSTGRES" ] || \
	  target/release/ledgerline-bench query --as-of --store "$$LEDGERLINE_TEST_POSTGRES"'

# Views beside the same rows written bare, and a console's questions over a million calls: on SQLite, then on PostgreSQL.
bench-project bench-query:
	$(CARGO) build --quiet --locked --release --package ledgerline-cli --package ledgerline-bench
	target/release/ledgerline-bench $(@:bench-%=%)
	bash tests/with_postgres.sh sh -c '[ -z "$$LEDGERLINE_TEST_POSTGRES" ] || target/release/ledgerline-bench \
	  $(@:bench-%=%) --read-db "$$LEDGERLINE_TEST_POSTGRES"'

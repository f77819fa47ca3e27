#!/usr/bin/env bash
# `make test`: every step with its time, every skip counted, one closing line. Stops at the first failing step.
set -u
command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.94 or newer from https://rustup.rs"; exit 1; }
command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install build-essential"; exit 1; }
log=$(mktemp); trap 'rm -f "$log"' EXIT
passed=0; summary=""; began=$SECONDS

step() { # step NAME BUDGET_MINUTES COMMAND…
  local name=$1 budget=$2 start=$SECONDS; shift 2
  echo; echo "== $name (budget $budget min)"
  if ! "$@" 2>&1 | tee -a "$log"; then
    echo "== $name FAILED after $((SECONDS - start)) s"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  passed=$((passed + 1))
  summary+="$(printf '%-28s %4d s of %d min' "$name" $((SECONDS - start)) "$budget")"$'\n'
}
set -o pipefail

unit() {
  if cargo nextest --version >/dev/null 2>&1; then
    # Not by name: targets that need a feature are then left out, and have a step of their own.
    cargo nextest run --locked --workspace --tests \
      -E 'not binary(e2e)' --no-fail-fast --status-level fail --final-status-level fail || return 1
  else
    cargo test --locked --workspace --lib --bins --quiet || return 1
    cargo test --locked -p tests --test tidy --test golden --quiet || return 1
    cargo test --locked -p store --quiet || return 1
  fi
  cargo test --locked --workspace --doc --quiet
}

# The default build leaves the KurrentDB client out; the lints look at it too. Of the whole workspace, so that the
# features of everything else stay as they were and nothing of it is built again.
KURRENT="--workspace --features store/kurrent,cli/kurrent"
kurrent() {
  cargo test --locked $KURRENT --test kurrent --test kurrent_live --quiet -- --nocapture || return 1
  # The program with the client, for `prove kurrent`; all else that follows runs on it too.
  cargo build --locked $KURRENT --bin ledgerline
}

export -f unit

step "packages" 1 bash tests/packages.sh
step "build" 5 cargo build --locked --workspace --all-targets
step "format" 1 cargo fmt --check
step "clippy" 3 cargo clippy --locked $KURRENT --all-targets -- -D warnings
step "unit, contract and tidy" 3 bash tests/with_postgres.sh bash -c unit
step "KurrentDB store" 4 kurrent
step "demo and stories" 4 cargo test --locked -p tests --test e2e -- --test-threads 3 --nocapture
# `prove hostile` opens 1,100 connections.
ulimit -n 8192 2>/dev/null || true
step "short proofs" 6 target/debug/prove short

skipped=$(grep -c '^SKIPPED ' "$log")
echo; echo "$summary"
echo "total $((SECONDS - began)) s; the long forms are: make prove-seeds prove-two-processes prove-clock prove-crash prove-sipp prove-stores prove-audit prove-contract prove-forgetting prove-keys prove-projections prove-rebuild prove-as-of prove-exports prove-full-disk prove-hostile prove-simulation"
grep '^SKIPPED ' "$log"
echo "$passed passed, 0 failed, $skipped skipped"

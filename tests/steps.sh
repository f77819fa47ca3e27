#!/usr/bin/env bash
# `make test`: every step with its time, every skip counted, one closing line. Stops at the first failing step.
set -u
command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.94 or newer from https://rustup.rs"; exit 1; }
command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install build-essential"; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0; summary=""; began=$SECONDS

step() { # step NAME BUDGET_MINUTES COMMAND…
  local name=$1 budget=$2 start=$SECONDS; shift 2
  echo; echo "== $name (budget $budget min)"
  if ! "$@" 2>&1 | tee -a "$log"; then
    echo "== $name FAILED after $((SECONDS - start)) s"
    grep -E '^(of [0-9]+ short proofs these do not hold|NOT HELD)' "$log"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  passed=$((passed + 1))
  summary+="$(printf '%-28s %4d s of %d min' "$name" $((SECONDS - start)) "$budget")"$'\n'
}
set -o pipefail

built() { # built NAME: where cargo has put the tests of this name
  cargo test --locked $KURRENT --lib --test e2e --test kurrent --no-run --message-format json 2>/dev/null \
    | grep -o '"executable":"[^"]*/'"$1"'-[^"]*"' | cut -d '"' -f 4
}

# The crates with tests that keep nothing between calls and share nothing, and the tidy checks: one process for all tests
# of one takes a part of the processor time of one for each. In two lanes, of which the second mostly waits.
ONE_PROCESS="http projections tidy"
ONE_PROCESS_TOO="domain values application actors media carrier speech understanding pacing intake evidence host cli tls"

# in_one_process LIST NAME…: runs the tests of these crates, of a list of names, folders and programs; all of them,
# whichever fails.
in_one_process() {
  local failed=0 list=$1 name of folder program threads; shift
  for name in "$@"; do
    program=""
    read -r of folder program < <(grep "^$name " <<<"$list")
    # What is not found is not passed over: nothing else runs these tests.
    [ -n "$program" ] || { echo "no tests of $name are built"; failed=1; continue; }
    # The tests of the HTTP API are the longest lane.
    threads=2; [ "$name" != http ] || threads=4
    echo "-- tests of $of"
    (cd "$folder" && "$program" --test-threads "$threads" --quiet 2>&1) || { echo "the tests of $name do not pass"; failed=1; }
  done
  return $failed
}

# Name, folder and program of the tests of each library, and of the tidy checks.
libraries() {
  cargo test --locked $KURRENT --lib --test tidy --no-run --message-format json 2>/dev/null | python3 -c '
import json, os, sys
for line in sys.stdin:
    one = json.loads(line) if line.startswith("{") else {}
    if one.get("executable") and (one["target"]["kind"] == ["lib"] or one["target"]["name"] == "tidy"):
        print(one["target"]["name"], os.path.dirname(one["manifest_path"]), one["executable"])'
}

unit() {
  if cargo nextest --version >/dev/null 2>&1; then
    local list one too third beside=() status=0 others kurrent each
    list=$(libraries); kurrent=$(built kurrent)
    one=$(mktemp); too=$(mktemp); third=$(mktemp)
    in_one_process "$list" $ONE_PROCESS >"$one" 2>&1 & beside+=($!)
    in_one_process "$list" $ONE_PROCESS_TOO >"$too" 2>&1 & beside+=($!)
    # What speaks to KurrentDB says what it skips, and that is shown.
    (cd store && "$kurrent" --quiet --nocapture) >"$third" 2>&1 & beside+=($!)
    others=$(printf ' | package(ledgerline-%s)' ${ONE_PROCESS/ tidy/} $ONE_PROCESS_TOO)
    cargo nextest run --locked $KURRENT --tests --test-threads 2 \
      -E "not (binary(e2e) | binary(kurrent) | binary(tidy) | (kind(lib) & (${others# | })))" \
      --no-fail-fast --status-level fail --final-status-level fail || status=1
    for each in "${beside[@]}"; do wait "$each" || status=1; done
    cat "$one" "$too" "$third"; rm -f "$one" "$too" "$third"
    return $status
  else
    cargo test --locked --workspace --lib --bins --quiet || return 1
    cargo test --locked -p ledgerline-tests --test tidy --quiet || return 1
    cargo test --locked -p ledgerline-store --quiet || return 1
    cargo test --locked $KURRENT --test kurrent --quiet -- --nocapture
  fi
}

# The demonstration talks with people by the clock, and is held to having understood them: the other stories, which
# mostly wait, leave it the processors where it wants them.
stories() {
  local output status=0 others
  output=$(mktemp)
  nice -n 10 "$e2e" --test-threads 12 --nocapture --skip demo_reports_every_call 2>&1 & others=$!
  "$e2e" --nocapture demo_reports_every_call >"$output" 2>&1 || status=1
  wait "$others" || status=1
  cat "$output"; rm -f "$output"
  return $status
}

# What the programs of the proofs log is much, and read only where a proof does not hold.
proofs() {
  target/debug/prove short 2>target/short-proofs.log && return
  echo "-- the last of what their programs logged (target/short-proofs.log):"
  tail -n 40 target/short-proofs.log | cut -c1-400
  return 1
}

# What was found when our crates were built: cargo says it again of each.
# A tidy check holds that no comment has code in it which `cargo test --doc` would run: that builds every crate again.
lints() {
  local said
  said=$(cargo build --locked $KURRENT $TARGETS 2>&1) || { echo "$said"; return 1; }
  ! grep -E -A12 '^(warning|error)' <<<"$said"
}

# Everything is built once, with one set of features: those of the program with the KurrentDB client, which the default
# build leaves out, of the proof of many days, and of tests. A tidy check holds that the program, as an installation
# builds it, names nothing of them: the short form of `make prove-installed`, which builds it so, as `make check` does
# and `make demo`.
export KURRENT="--workspace --features ledgerline-store/kurrent,ledgerline-cli/kurrent,ledgerline-simulation/proofs"
export TARGETS="--lib --bins --tests --examples"

# Clippy's driver is a compiler that lints. As the one of our own crates it builds and lints them at once; `cargo clippy`
# would read them, and every crate that they use, a second time: a seventh of the processor time of all steps. Each crate
# is linted as it is built with its tests, and not again as it is built without.
CLIPPY_DRIVER=$(rustc --print sysroot)/bin/clippy-driver
[ -x "$CLIPPY_DRIVER" ] || { echo "clippy is missing: rustup component add clippy"; exit 1; }
RUSTC_WORKSPACE_WRAPPER=$PWD/tests/compiler.sh
export CLIPPY_DRIVER RUSTC_WORKSPACE_WRAPPER

export -f built libraries in_one_process unit stories proofs
export ONE_PROCESS ONE_PROCESS_TOO

step "packages" 1 bash tests/packages.sh
step "format" 1 cargo fmt --check
step "build" 8 cargo build --timings --locked $KURRENT $TARGETS
# Held to its own fixture; the day is the last commit's, so that an old tree is not found wanting for being old.
step "known weaknesses, without a list" 1 python3 tests/advisories.py --at "$(git log -1 --format=%cs 2>/dev/null || date +%F)"
step "unit, contract and tidy" 4 bash tests/with_postgres.sh bash -c unit
e2e=$(built e2e)
step "demo and stories" 4 stories
# `prove hostile` opens 1,100 connections.
ulimit -n 8192 2>/dev/null || true
step "short proofs" 6 proofs
step "lints" 1 lints

skipped=$(grep -c '^SKIPPED ' "$log")
echo; echo "$summary"
echo "total $((SECONDS - began)) s; the long forms are: make prove-console prove-console-build prove-axe prove-cases prove-chart prove-clients prove-roles-console prove-proof-badge prove-wall prove-flow-editor prove-words prove-access prove-advisories prove-api prove-seeds prove-two-processes prove-clock prove-config prove-crash prove-sipp prove-stores prove-audit prove-contract prove-forgetting prove-keys prove-kurrent prove-private prove-projections prove-rebuild prove-as-of prove-exports prove-full-disk prove-gates prove-history prove-hostile prove-http prove-import prove-inspect prove-jdbc prove-metrics prove-night prove-nlu prove-entities prove-oidc prove-paused prove-replay prove-roles prove-rules prove-segments prove-simulate prove-speech-faults prove-spoken prove-stop prove-subscribers prove-summary prove-webhooks prove-simulation prove-days prove-planted prove-installed prove-image prove-dist"
grep '^SKIPPED ' "$log"
echo "$passed passed, 0 failed, $skipped skipped"

#!/usr/bin/env bash
# `make check`: what a developer runs before each commit: format, lints, and the unit, contract and tidy tests of the crates
# that differ from BASE (default: the last commit that is on origin/main, else HEAD), committed or not. `make test` runs all.
set -eu -o pipefail
command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.94 or newer from https://rustup.rs"; exit 1; }
base=${BASE:-$(git merge-base HEAD origin/main 2>/dev/null || echo HEAD)}
changed=$( (git diff --name-only "$base"; git ls-files --others --exclude-standard) | sort -u)

crates=""
while read -r path; do
  folder=$path
  while [ "$folder" != . ] && [ "$folder" != "${folder%/*}" ]; do
    folder=${folder%/*}
    [ -f "$folder/Cargo.toml" ] && { crates+="$(sed -n 's/^name = "\(.*\)"/\1/p;T;q' "$folder/Cargo.toml")"$'\n'; break; }
  done
done <<<"$changed"
# The domain's tests read the golden files.
grep -q '^fixtures/events/' <<<"$changed" && crates+=ledgerline-domain$'\n'
crates=$(sort -u <<<"$crates" | sed '/^$/d')

filter='binary(tidy)'
# The program and the tests' own crate fix the features, so that nothing is built a second time.
packages=(--package ledgerline-cli --package ledgerline-tests)
for crate in $crates; do
  filter+=" | package(=$crate)"
  packages+=(--package "$crate")
done

began=$SECONDS
echo "== format"; cargo fmt --check
echo "== lints"; cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
echo "== the program without what its tests stand on"; cargo check --locked --package ledgerline-cli --quiet
echo "== tests of: tidy, $(echo $crates)"
if cargo nextest --version >/dev/null 2>&1; then
  bash tests/with_postgres.sh cargo nextest run --locked "${packages[@]}" --tests -E "($filter) - binary(e2e)" \
    --no-fail-fast --status-level fail --final-status-level fail
else
  bash tests/with_postgres.sh cargo test --locked "${packages[@]}" --lib --bins --test tidy --quiet
fi
echo "checked in $((SECONDS - began)) s; stories and proofs are in make test"

#!/usr/bin/env bash
# Builds the program of a release, with every optional feature, to target/packaging/ledgerline.
#
# BINARY=FILE takes a program that is already built, and strips a copy of it. Otherwise profile `shipped` is
# built. Two checkouts in different folders are to give equal programs: paths of
# the build are replaced, and embedded files have the time of the commit.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
out=$root/target/packaging
mkdir -p "$out"
SOURCE_DATE_EPOCH=$(python3 packaging/source_date.py)
export SOURCE_DATE_EPOCH
if [ -n "${BINARY:-}" ]; then
  strip --strip-all -o "$out/ledgerline.new" "$BINARY"
  mv "$out/ledgerline.new" "$out/ledgerline"
  exit 0
fi
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-$root/target}
sysroot=$(rustc --print sysroot)
# The last match counts, so the folder inside comes after the one around it.
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$cargo_home=/cargo"
RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$root=/ledgerline --remap-path-prefix=$target=/ledgerline/target"
# C code of crates (SQLite, ring, mimalloc).
prefixes="-ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$root=/ledgerline"
prefixes="$prefixes -ffile-prefix-map=$target=/ledgerline/target"
export RUSTFLAGS CFLAGS="${CFLAGS:-} $prefixes" CXXFLAGS="${CXXFLAGS:-} $prefixes"
${CARGO:-cargo} build --locked --profile shipped --package ledgerline-cli --all-features --bin ledgerline
install -m 755 "$target/shipped/ledgerline" "$out/ledgerline"

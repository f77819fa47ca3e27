#!/usr/bin/env bash
# bench/peers/run.sh PEER: measures durable appends to another event store and prints one JSON line per case.
# PEER: message-db, emmett, eventsourcing-sqlite, eventsourcing-postgres, umadb, postgres-es.
# It sets the peer up under target/peers (pinned versions from the package registries), then runs
# PEER_CASES ("PRODUCERS:EVENTS_A_COMMIT:COMMITS_EACH …") on PEER_URL (postgres://…, a server of your own; the peer
# makes a database there) or in PEER_DIR (an empty folder). Exit 3: cannot run here, and the last line says why.
set -euo pipefail
peer=${1:?which peer}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
setups=${PEERS_DIR:-$here/../../target/peers}
mkdir -p "$setups"
setups=$(cd "$setups" && pwd)
export PEER_CASES=${PEER_CASES:-"1:1:200 32:1:50"}

cannot() { echo "$1" >&2; exit 3; }
need() { command -v "$1" >/dev/null || cannot "$1 is not installed"; }
needs_server() { [ -n "${PEER_URL:-}" ] || cannot "it needs a PostgreSQL: give --store postgres://…"; }

# Copies the pinned manifests and installs once for each state of them.
fresh() {
  local folder=$1 mark=$2
  shift 2
  local state
  state=$(find "$here/$folder" "$here"/*.* -type f -not -path "*/target/*" | sort | xargs cat | sha256sum)
  if [ "$(cat "$setups/$folder/$mark" 2>/dev/null)" != "$state" ]; then
    mkdir -p "$setups/$folder"
    cp -r "$here/$folder/." "$here"/measure.* "$setups/$folder/"
    (cd "$setups/$folder" && "$@" >install.log 2>&1) || cannot "its installation failed: $setups/$folder/install.log"
    echo "$state" >"$setups/$folder/$mark"
  fi
}
node_peer() { need node; need npm; fresh "$1" .installed npm ci --no-audit --no-fund --ignore-scripts; }
python_peer() {
  need python3
  fresh "$1" .installed sh -c 'python3 -m venv venv && venv/bin/pip install --quiet --requirement requirements.txt'
}
rust_peer() { need cargo; fresh "$1" .installed env CARGO_TARGET_DIR=target cargo build --release --locked --quiet; }

# The programs beside psql: Debian keeps them outside PATH.
server_programs() {
  for found in ${PG_BIN:-} /usr/lib/postgresql/*/bin; do
    [ -x "$found/psql" ] && PATH=$found:$PATH
  done
  need psql
}

case $peer in
  message-db)
    needs_server; server_programs; node_peer message_db
    export PATH
    exec node "$setups/message_db/bench.mjs" ;;
  emmett)
    needs_server; node_peer emmett
    exec node "$setups/emmett/bench.mjs" ;;
  eventsourcing-sqlite)
    python_peer eventsourcing
    exec "$setups/eventsourcing/venv/bin/python" "$setups/eventsourcing/bench.py" sqlite ;;
  eventsourcing-postgres)
    needs_server; python_peer eventsourcing
    exec "$setups/eventsourcing/venv/bin/python" "$setups/eventsourcing/bench.py" postgres ;;
  umadb)
    python_peer umadb
    exec "$setups/umadb/venv/bin/python" "$setups/umadb/bench.py" ;;
  postgres-es)
    needs_server; rust_peer postgres_es
    exec "$setups/postgres_es/target/release/bench-postgres-es" ;;
  *) cannot "no such peer: $peer" ;;
esac

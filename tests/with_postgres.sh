#!/usr/bin/env bash
# tests/with_postgres.sh COMMAND…: runs it beside a PostgreSQL of its own, durable, on a unix socket in a temporary
# folder; exports LEDGERLINE_TEST_POSTGRES. It also speaks TLS on a port of loopback, where openssl is installed:
# LEDGERLINE_TEST_POSTGRES_TLS, signed by the authority in LEDGERLINE_TEST_POSTGRES_CA. Without the server's programs the command runs all the same, and this
# says what is skipped. It has 64 MB of buffers, or as many as LEDGERLINE_TEST_POSTGRES_BUFFERS says: a bench asks for more.
set -euo pipefail
bin=${PG_BIN:-}
for found in /usr/lib/postgresql/*/bin; do
  [ -z "$bin" ] && [ -x "$found/initdb" ] && bin=$found
done
[ -z "$bin" ] && command -v initdb >/dev/null && bin=$(dirname "$(command -v initdb)")
if [ -z "$bin" ]; then
  # A passing test's output is hidden: what is skipped is counted here, by its own words in the sources.
  here=$(cd "$(dirname "$0")/.." && pwd)
  store=$(grep -rhE 'if skipped\(\)' "$here/store/tests/postgres" | wc -l)
  rows=$(grep -rhE 'postgres_url\(\)' "$here/projections/src" | wc -l)
  why="its server programs are not installed (apt-get install postgresql)"
  echo "SKIPPED store on PostgreSQL, $store tests: $why"
  echo "SKIPPED rows on PostgreSQL, up to $rows tests: $why"
  exec "$@"
fi
folder=$(mktemp -d)
as=()
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; as=(runuser -u postgres --); fi
stop() {
  (cd / && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT INT TERM
# An authority of this run, and a certificate by it for 127.0.0.1, but not for localhost.
certify() {
  cd "$folder"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=authority of a test"
  openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=a test's server"
  echo "subjectAltName=IP:127.0.0.1" >server.ext
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext \
    -out server.crt
  chmod 600 server.key
  if [ "$(id -u)" = 0 ]; then chown postgres server.key server.crt; fi
}
port=5432
secured="listen_addresses=''"
if command -v openssl >/dev/null && (certify) >"$folder/certify.log" 2>&1; then
  port=$((20000 + RANDOM % 12000))
  secured="listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file=$folder/server.crt -c ssl_key_file=$folder/server.key"
else
  echo "SKIPPED PostgreSQL over TLS: no certificate could be made (apt-get install openssl)"
fi
begin() {
  cd /
  "${as[@]}" "$bin/initdb" -D "$folder/data" -U ledgerline -A trust -E UTF8 --locale=C --no-sync --no-instructions \
    >"$folder/init.log" 2>&1 || { cat "$folder/init.log"; return 1; }
  "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -s start -o "-c $secured -c port=$port -k $folder \
    -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=${LEDGERLINE_TEST_POSTGRES_BUFFERS:-64MB} -c max_connections=200" ||
    { cat "$folder/log"; return 1; }
}
(begin)
scheme=postgres
export LEDGERLINE_TEST_POSTGRES="$scheme://ledgerline@${folder//\//%2F}:$port/postgres"
if [ "$port" != 5432 ]; then
  export LEDGERLINE_TEST_POSTGRES_TLS="$scheme://ledgerline@127.0.0.1:$port/postgres"
  export LEDGERLINE_TEST_POSTGRES_CA=$folder/ca.crt
fi
"$@"

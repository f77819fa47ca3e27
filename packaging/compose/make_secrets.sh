#!/usr/bin/env bash
# Creates the secrets of compose.yaml in packaging/compose/secrets, each once: an existing file is never changed.
#
# The folder is open to its owner only. The files in it are readable, because Compose mounts them with their mode, and
# the users of the containers have other numbers than the owner.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 0700 secrets

# Writes standard input to a new file.
create() {
  if [ -s "secrets/$1" ]; then
    cat >/dev/null
    echo "secrets/$1 exists and is kept"
    return
  fi
  cat >"secrets/$1.new"
  chmod 0444 "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
  echo "secrets/$1 is new"
}

# 32 random bytes as hexadecimal digits.
random_hex() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

random_hex | create postgres_password
random_hex | create master_key
scheme=postgres
printf '%s://ledgerline:%s@postgres:5432/ledgerline' "$scheme" "$(cat secrets/postgres_password)" | create store_url
# Compose mounts a file only if it exists; prometheus.yml says what belongs in it.
[ -e secrets/metrics_token ] || { : >secrets/metrics_token; chmod 0444 secrets/metrics_token; }
echo "keep a copy of secrets/master_key outside this host: without it the log cannot be opened"

#!/usr/bin/env bash
# `make console`: builds web/dist anew where its sources are others than those it was built of, and Node is there. With
# OPENAPI=FILE what the console knows of the API is made anew first, from a server's `GET /api/v1/openapi.json`.
set -eu
cd "$(dirname "$0")/.."
needs="Node 20.19 or newer"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "console: $needs is not here; web/dist stays as it is"
  exit 0
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
  echo "console: Node $(node --version) is older than $needs; web/dist stays as it is"
  exit 0
fi
if [ -z "${OPENAPI:-}" ] && [ "$(node scripts/source-hash.mjs .)" = "$(cat dist/SOURCE_HASH 2>/dev/null)" ]; then
  echo "console: web/dist is of these sources"
  exit 0
fi
npm ci --silent --ignore-scripts --no-audit --no-fund
[ -z "${OPENAPI:-}" ] || node scripts/client.mjs "$OPENAPI"
node scripts/types.mjs
npm run --silent check
npm run --silent build
echo "console: web/dist is built anew; commit it with its sources"

#!/usr/bin/env bash
# Installs what the stories and proofs use, where we may; otherwise each of them says that it is skipped.
set -u
# Other people's recognizer and callers, for `prove spoken`; not every system has them, and nothing else waits for them.
if ! { command -v pocketsphinx_continuous && command -v flite && [ -d /usr/share/pocketsphinx/model/en-us ]; } >/dev/null 2>&1 \
  && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq pocketsphinx pocketsphinx-en-us flite; } >/dev/null 2>&1 \
    || echo "packages: pocketsphinx and flite are not to be had here; what needs them is skipped"
fi
# A browser and Chinese letters for it, for `prove console`; nothing else waits for them.
if ! { command -v chromium && ls /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc; } >/dev/null 2>&1 \
  && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk; } >/dev/null 2>&1 \
    || echo "packages: chromium and fonts-noto-cjk are not to be had here; what needs them is skipped"
fi
# Other people's database, which lists are imported from, for `prove jdbc`; nothing else waits for it.
if ! { [ -x /usr/sbin/mariadbd ] && command -v mariadb-install-db; } >/dev/null 2>&1 \
  && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mariadb-server; } >/dev/null 2>&1 \
    || echo "packages: mariadb-server is not to be had here; what needs it is skipped"
fi
# Scrapes a server and runs its alerting rules, for `prove metrics`; nothing else waits for it.
if ! { command -v prometheus && command -v promtool; } >/dev/null 2>&1 \
  && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus; } >/dev/null 2>&1 \
    || echo "packages: prometheus is not to be had here; what needs it is skipped"
fi
missing=()
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
command -v sipp >/dev/null || missing+=(sip-tester)
command -v strace >/dev/null || missing+=(strace)
# The wall clock of one process, for `prove clock`.
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing+=(faketime)
# Debian keeps the server's programs outside the path.
{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || missing+=(postgresql)
# Other people's verifiers of our proofs.
command -v go >/dev/null || missing+=(golang-go)
[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/note ] || missing+=(golang-golang-x-mod-dev)
# KurrentDB's Node client, for the endpoint.
command -v npm >/dev/null || missing+=(nodejs npm)
python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
[ ${#missing[@]} -eq 0 ] && { echo "packages: espeak-ng, sip-tester, strace, faketime, postgresql, Go and Python are here"; exit 0; }
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "packages: installing ${missing[*]}"
  log=$(mktemp)
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 5 "$log"
fi
echo "packages: not installed: ${missing[*]} (apt-get install ${missing[*]}); what needs them is skipped:"
# The proofs name their own skips; these are of unit tests; a passing run hides their output.
for tool in "${missing[@]}"; do
  case $tool in
    strace) echo "SKIPPED store kill at every sync: strace is not installed" ;;
    espeak-ng) echo "SKIPPED espeak contract: espeak-ng is not installed" ;;
  esac
done
exit 0

#!/bin/bash
# redocly.sh OPENAPI.json: the API's description of itself has no error, and no warning, by Redocly's recommended rules.
# Its command comes from npm, once, into a cache; where there is no npm or no network the test is skipped, but with CI
# set it fails.
set -eu
document=$(realpath "$1")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dcvd-redocly

# skip WORDS…
skip() {
    echo "redocly.sh: $*"
    if [ -n "${CI:-}" ]; then exit 1; fi
    exit 77
}

command -v npm >/dev/null || skip "there is no npm"
# The newest that each version of Node runs.
if node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
    version=2.77.0
else
    version=1.34.5
fi
command=$cache/$version/node_modules/.bin/redocly
if [ ! -x "$command" ]; then
    mkdir -p "$cache/$version"
    npm install --prefix "$cache/$version" --no-audit --no-fund --ignore-scripts --loglevel=error \
        "@redocly/cli@$version" || skip "npm cannot install @redocly/cli $version"
fi
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
cd "$cache" # without a configuration beside it
said=$("$command" lint --extends recommended --format json --max-problems 1000 "$document" 2>/dev/null) || true
jq -e '.totals' >/dev/null <<<"$said" || { echo "$said"; exit 1; }
jq -r '.problems[] | "\(.severity): \(.ruleId): \(.message) (\(.location[0].pointer // ""))"' <<<"$said"
jq -e '.totals.errors == 0 and .totals.warnings == 0' >/dev/null <<<"$said"

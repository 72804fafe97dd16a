#!/bin/bash
# selfcheck.sh: does the lab answer as its tables say? Asks every row of `selfcheck` and checks the second
# implementation of request tokens against known vectors. Ends with "N passed, N failed"; 77 where no lab can be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${LAB_INSIDE:-}" ] || exec "$here/lab.sh" -- "$here/selfcheck.sh" "$@"
# shellcheck source=tests/lab/common.sh
. "$here/common.sh"

passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAIL $*"
}

# holds EXPECTED OUTPUT
holds() {
    case $1 in
    silence) grep -q 'timed out' <<<"$2" ;;
    NODATA) grep -q 'status: NOERROR' <<<"$2" && grep -q 'ANSWER: 0' <<<"$2" ;;
    NXDOMAIN | SERVFAIL | REFUSED | FORMERR | NOTIMP) grep -q "status: $1" <<<"$2" ;;
    *) grep -qiF -- "${1//\~/ }" <<<"$2" ;;
    esac
}

while read -r server name kind expected options; do
    case $server in '' | '#'*) continue ;; esac
    expected=$(expand "$expected")
    # shellcheck disable=SC2086
    output=$(dig "@$server" "$name" "$kind" +time=1 +tries=1 $options 2>&1 || true)
    if holds "$expected" "$output"; then
        ok
    else
        bad "$server $name $kind: expected $expected${options:+ with $options}, and dig says:"
        grep -v '^$' <<<"$output" | head -n 20
    fi
done <"$here/selfcheck"

# token KEY STAMP TEXT EXPECTED
token() {
    local made
    made=$(python3 "$here/request_token.py" "$1" "$2" "$3")
    if [ "$made" = "$4" ]; then ok; else bad "request token of $3: $made"; fi
}
token someToken 20261122000000 some-token-value 202611220000006dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot
token someToken 20261122000000 pad230 2026112200000000fgvnyk1lw1zcegb5vsu20rkgx8bu1xhqj1zvoz346pt8ts4v

# Who comes after finds the resolver as it was: it tells the reason of a failure with its first answer only.
forget
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/bash
# units.sh SERVICE SOCKET DCVD: systemd understands every line of the units, and what the service is kept from makes
# an exposure of 1.5 at most. Needs no running systemd.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed "s,^ExecStart=.*,ExecStart=$(realpath "$3")," "$1" >"$folder/dcvd.service"
cp "$2" "$folder/dcvd.socket"

said=$(systemd-analyze verify --man=no "$folder/dcvd.service" "$folder/dcvd.socket" 2>&1) || true
if grep -F dcvd. <<<"$said"; then # of other units nothing is known here
    echo "units.sh: systemd-analyze verify has something to say"
    exit 1
fi
systemd-analyze security --no-pager --offline=true --threshold=15 "$folder/dcvd.service" >"$folder/exposure" || {
    grep -v '^✓' "$folder/exposure"
    exit 1
}
tail -n 1 "$folder/exposure"

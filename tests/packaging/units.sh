#!/bin/bash
# units.sh SERVICE SOCKET DCVD: systemd accepts every line of the units, and rates the exposure of the service as 1.5 or
# less (systemd-analyze security). Needs no running systemd.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed -E "s,^(Exec[A-Za-z]+=)/[^ ]*/dcvd( |$),\\1$(realpath "$3")\\2," "$1" >"$folder/dcvd.service"
cp "$2" "$folder/dcvd.socket"

said=$(systemd-analyze verify --man=no "$folder/dcvd.service" "$folder/dcvd.socket" 2>&1) || true
if grep -F dcvd. <<<"$said"; then # complaints about other units do not count
    echo "units.sh: systemd-analyze verify complains"
    exit 1
fi
systemd-analyze security --no-pager --offline=true --threshold=15 "$folder/dcvd.service" >"$folder/exposure" || {
    grep -v '^✓' "$folder/exposure"
    exit 1
}
tail -n 1 "$folder/exposure"

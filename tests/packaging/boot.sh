#!/bin/bash
# boot.sh DEB [WORK [SCRIPT]]: the Debian package in a Debian of its own that systemd boots, from installing to purging.
# By hand, as root; 2 minutes the first time and 1 after that. WORK (build/boot) keeps the bare system.
#
#     apt-get install debootstrap systemd-container
#     contrib/make-deb && tests/packaging/boot.sh build/deb/dcvd_*.deb
#
# Debian's packages come from where this machine has its own from. The system runs in a container whose network is the
# lab's small internet (tests/lab), so that checks mean something in it: systemd is its process 1, with cgroups, sandbox,
# sockets and journal of its own. SCRIPT (inside.sh), beside this file, is what is then done in it.
# A kernel whose cgroup v2 has no memory controller shows no MemoryCurrent; the process's own VmHWM is shown everywhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
deb=$(realpath "${1:?boot.sh DEB [WORK [SCRIPT]]}")
work=${2:-$here/../../build/boot}
script=${3:-inside.sh}
suite=bookworm
for program in debootstrap systemd-nspawn nsenter; do
    command -v "$program" >/dev/null || {
        echo "boot.sh: $program is missing: apt-get install debootstrap systemd-container" >&2
        exit 77
    }
done
[ "$(id -u)" = 0 ] || {
    echo "boot.sh: a container with systemd in it takes root" >&2
    exit 77
}
mkdir -p "$work"
work=$(cd "$work" && pwd)
root=$work/root

if [ ! -e "$work/base/.whole" ]; then
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
    rm -rf "$work/base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl,sqlite3,jq,bind9-dnsutils,man-db \
        "$suite" "$work/base" "$mirror" >"$work/debootstrap.log"
    touch "$work/base/.whole"
fi
rm -rf "$root"
cp -a --reflink=auto "$work/base" "$root"
# What the package needs is fetched now: the lab has no packages.
mkdir "$root/package"
cp "$deb" "$here/$script" "$root/package/"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" sh -c 'apt-get -qq update && apt-get -qq -y install --download-only "$@"' sh \
    "/package/$(basename "$deb")" >/dev/null
echo 'nameserver 8.8.8.8' >"$root/etc/resolv.conf"
echo dcvd-boot >"$root/etc/hostname"

started=()
# shellcheck disable=SC2317
cleanup() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
}
trap cleanup EXIT

export LAB_DIR=$work/lab
rm -rf "$LAB_DIR"
"$here/../lab/lab.sh" -- "$here/../lab/primary.py" </dev/null &
started+=($!)
for _ in {1..150}; do
    [ -e "$LAB_DIR/run/ready" ] && break
    sleep 0.2
done
# Any process of the lab tells where its network is.
lab=$(pgrep -f -n "nsd -d -c $LAB_DIR/run/nsd-root.conf")

env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory "$root" --boot --register=no --keep-unit \
    --resolv-conf=off --timezone=off --network-namespace-path "/proc/$lab/ns/net" --bind-ro "$LAB_DIR:/lab" \
    </dev/null >"$work/console.log" 2>&1 &
nspawn=$!
started+=("$nspawn")
for _ in {1..100}; do
    leader=$(pgrep -P "$nspawn" | head -n 1)
    [ -z "$leader" ] || ! nsenter -t "$leader" -m test -S /run/systemd/private 2>/dev/null || break
    sleep 0.2
done
inside() {
    nsenter -t "$leader" -m -u -i -n -p -C \
        env -i PATH="$PATH" LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}
inside systemctl is-system-running --wait || true
rc=0
inside bash "/package/$script" "/package/$(basename "$deb")" || rc=$?
inside systemctl poweroff || true
exit "$rc"

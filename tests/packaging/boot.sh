#!/bin/bash
# boot.sh DIR [WORK [SCRIPT]]: installs, tests and purges the Debian packages in DIR in a container with Debian that
# systemd boots. Run by hand, as root; takes 2 minutes the first time and 1 after that. WORK (build/boot) keeps the bare system.
#
#     apt-get install debootstrap systemd-container
#     contrib/make-deb && tests/packaging/boot.sh build/deb
#
# Debian's packages come from the mirror that this machine uses. The network of the container is the lab's small
# internet (tests/lab), so that checks in it have known results. systemd is process 1 in it, with its own cgroups,
# sandbox, sockets and journal. SCRIPT (inside.sh), beside this file, is then run in it. Where cgroup v2 has no memory
# controller, there is no MemoryCurrent; VmHWM of the process is always shown.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
debs=$(realpath "${1:?boot.sh DIR [WORK [SCRIPT]]}")
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
    echo "boot.sh: only root can start a container with systemd" >&2
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
# The packages that the package needs are fetched now, because the lab's network has none.
mkdir "$root/package"
cp "$debs"/*.deb "$here/$script" "$root/package/"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" sh -c 'apt-get -qq update && apt-get -qq -y install --download-only /package/*.deb' >/dev/null
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
# The network namespace of the lab is that of any of its processes.
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
inside bash "/package/$script" /package || rc=$?
inside systemctl poweroff || true
exit "$rc"

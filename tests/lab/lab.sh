#!/bin/bash
# lab.sh -- COMMAND…: runs COMMAND inside a private internet and ends with its status. README.md draws the map.
#
# Everything lives in namespaces of its own and ends with them. No root is needed where user namespaces are allowed;
# where nothing allows a namespace, or a program is missing, the status is 77 (skipped, to meson) and stderr says why.
# LAB is the lab's directory: values, logs in run/. It is removed at the end, unless LAB_DIR named it.
# Called inside of a lab it makes no other: COMMAND runs in the one that is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "lab: skipped: $*" >&2
    exit 77
}

if [ "${LAB_INSIDE:-}" = up ]; then
    [ "${1:-}" != -- ] || shift
    exec "${@:-bash}"
fi
if [ -z "${LAB_INSIDE:-}" ]; then
    for program in unshare ip nsd unbound ldns-signzone dig python3 nginx openssl named named-checkzone nsupdate; do
        command -v "$program" >/dev/null || skip "$program is not installed (contrib/packages names the packages)"
    done
    namespaces="--net --mount --uts --pid --fork --kill-child --mount-proc"
    # shellcheck disable=SC2086
    if unshare --user --map-root-user $namespaces true 2>/dev/null; then
        namespaces="--user --map-root-user $namespaces"
    elif ! unshare $namespaces true 2>/dev/null; then
        skip "this system allows no namespaces: $(unshare --user --net true 2>&1 || true);" \
            "see sysctl kernel.apparmor_restrict_unprivileged_userns and kernel.unprivileged_userns_clone, or run as root"
    fi
    if [ -n "${LAB_DIR:-}" ]; then
        LAB=$LAB_DIR
        mkdir -p "$LAB"
    else
        LAB=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
        trap 'rm -rf "$LAB"' EXIT
    fi
    export LAB LAB_INSIDE=starting
    rc=0
    if [ -t 0 ]; then
        # shellcheck disable=SC2086
        unshare $namespaces bash "$here/lab.sh" "$@" || rc=$?
    else
        # A shell handles a signal only when its foreground child has ended, and unshare ignores signals: so the child
        # runs in the background and is killed. --kill-child then ends all that runs in the namespaces.
        # shellcheck disable=SC2086
        unshare $namespaces bash "$here/lab.sh" "$@" <&0 &
        child=$!
        trap 'kill -KILL "$child"; exit 143' INT TERM
        wait "$child" || rc=$?
    fi
    exit "$rc"
fi

# ------------------------------------------------------------------ addresses
# Addresses of the public internet: TEST-NETs and 198.18/15 are on every list of forbidden addresses, the product's included.
ip link set lo up
for address in 198.41.0.4 192.5.6.30 45.54.64.53 45.54.64.54 45.54.65.53 45.54.65.54 45.54.66.80 45.54.66.81 45.54.66.82 45.54.66.83 \
    45.54.66.84 45.54.66.85 45.54.67.53 8.8.8.8 1.1.1.1 10.0.0.1 169.254.169.254; do
    ip address add "$address/32" dev lo
done
for address in 2001:503:ba3e::2:30 2a0e:aaaa::53 2a0e:aaaa::80 2a0e:aaaa::81; do
    ip -6 address add "$address/128" dev lo nodad
done
# The black hole must not answer, not even by ICMP: a veth pair with a permanent neighbour entry. Where the kernel has
# no veth, a route over lo does it for IPv4.
if ip link add hole0 type veth peer name hole1 2>/dev/null; then
    ip link set hole0 up
    ip link set hole1 up
    ip address add 45.54.99.1/24 dev hole0
    ip -6 address add 2a0e:dead::1/64 dev hole0 nodad
    ip neighbour add 45.54.99.66 lladdr 02:00:00:00:00:66 dev hole0 nud permanent
    ip neighbour add 2a0e:dead::66 lladdr 02:00:00:00:00:66 dev hole0 nud permanent
else
    ip route add 45.54.99.0/24 dev lo src 45.54.66.80
fi

rm -rf "$LAB/zones" "$LAB/keys" "$LAB/run" "$LAB/fixed" "$LAB/misbehave.table"
mkdir -p "$LAB/run" "$LAB/bin" "$LAB/web/.well-known/pki-validation"
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/mkzones.py" "$LAB"

# ------------------------------------------------------------------ servers
# One NSD for each role: a single one would answer from its deepest zone and skip the referrals.
# start_nsd ROLE ADDRESS…
start_nsd() {
    local role=$1 conf=$LAB/run/nsd-$1.conf
    shift
    {
        echo "server:"
        printf '  ip-address: %s\n' "$@"
        # username and chroot: there is one user only in the namespace
        cat <<END
  port: 53
  username: ""
  chroot: ""
  zonesdir: "$LAB/zones"
  database: ""
  pidfile: "$LAB/run/nsd-$role.pid"
  xfrdfile: ""
  xfrdir: "$LAB/run"
  zonelistfile: "$LAB/run/nsd-$role.list"
  logfile: "$LAB/run/nsd-$role.log"
  server-count: 1
  rrl-ratelimit: 0
  minimal-responses: no
  hide-version: yes
remote-control:
  control-enable: no
END
        while read -r zone file; do
            printf 'zone:\n  name: "%s"\n  zonefile: "%s"\n' "$zone" "$file"
        done <"$LAB/nsd-$role"
    } >"$conf"
    nsd -d -c "$conf" &
}

# A validating resolver with our own trust anchor, which says why it fails (EDE) and forgets failures at once.
start_unbound() {
    # a copy, because AppArmor's profile for the path lets it read its own folders only
    cp "$(command -v unbound)" "$LAB/bin/unbound"
    printf '. 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A 198.41.0.4\n' >"$LAB/run/root.hints"
    cat >"$LAB/run/unbound.conf" <<END
server:
  directory: "$LAB/run"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: "$LAB/run/unbound.log"
  do-daemonize: no
  interface: 8.8.8.8
  interface: 127.0.0.1
  access-control: 0.0.0.0/0 allow
  root-hints: "$LAB/run/root.hints"
  trust-anchor-file: "$LAB/root.key"
  module-config: "validator iterator"
  ede: yes
  val-log-level: 2
  num-threads: 1
  msg-cache-size: 1m
  rrset-cache-size: 1m
  cache-max-negative-ttl: 1
  infra-host-ttl: 5
  prefetch: no
  so-rcvbuf: 0
  so-sndbuf: 0
include: "$LAB/unbound-cached"
remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: "$LAB/run/unbound.control"
END
    "$LAB/bin/unbound" -c "$LAB/run/unbound.conf" &
}

# A resolver of another maker. Knot Resolver is not in every distribution, so nothing may depend on it.
start_kresd() {
    mkdir -p "$LAB/run/kresd"
    cat >"$LAB/run/kresd.conf" <<END
net.listen('1.1.1.1', 53)
modules = { 'hints > iterate' }
modules.unload('ta_signal_query'); modules.unload('priming'); modules.unload('ta_update')
hints.root({ ['a.root-servers.net.'] = '198.41.0.4' })
trust_anchors.remove('.')
trust_anchors.add_file('$LAB/root.key', true)
cache.size = 4*MB
END
    (cd "$LAB/run/kresd" && exec kresd -n -q -c "$LAB/run/kresd.conf" . >"$LAB/run/kresd.log" 2>&1) &
}

start_nginx() {
    local conf=$LAB/run/nginx.conf
    sed -n 's/^TOKEN=//p' "$LAB/values" >"$LAB/web/.well-known/pki-validation/fileauth.txt"
    mkdir -p "$LAB/run/nginx"
    # user root: a change of user fails in a user namespace
    cat >"$conf" <<END
daemon off; user root; master_process off; pid $LAB/run/nginx.pid; error_log $LAB/run/nginx.log;
events { worker_connections 256; }
http {
  access_log off; default_type text/plain; root $LAB/web;
  client_body_temp_path $LAB/run/nginx; proxy_temp_path $LAB/run/nginx; fastcgi_temp_path $LAB/run/nginx;
  uwsgi_temp_path $LAB/run/nginx; scgi_temp_path $LAB/run/nginx;
  server {
    listen 45.54.66.80:80 default_server; listen [2a0e:aaaa::80]:80;
    location = /redirect-inside { return 302 http://inner.plain.com/; }
    location = /loop { return 302 /loop; }
    location = /404 { return 404; }
    location = /500 { return 500; }
  }
}
END
    nginx -e "$LAB/run/nginx.log" -c "$conf" &
}

# wait_for ADDRESS NAME TYPE: until the server answers
wait_for() {
    local tries=0
    until dig +time=1 +tries=1 +short "@$1" "$2" "$3" 2>/dev/null | grep -q '^[^;]'; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            echo "lab: no answer from $1 for $2 $3" >&2
            tail -n 5 "$LAB"/run/*.log >&2
            exit 99
        fi
        sleep 0.03
    done
}

start_nsd root 198.41.0.4 2001:503:ba3e::2:30
start_nsd com 192.5.6.30
start_nsd a 45.54.64.53 45.54.64.54 2a0e:aaaa::53
start_nsd b 45.54.65.53 45.54.65.54
python3 "$here/misbehave.py" 45.54.67.53 "$LAB/misbehave.table" 2>"$LAB/run/misbehave.log" &
echo $! >"$LAB/run/misbehave.pid"
start_nginx
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=web.com -days 30 \
    -keyout "$LAB/run/web.key" -out "$LAB/run/web.crt" 2>/dev/null
python3 "$here/website.py" "$LAB" 2>"$LAB/run/website.log" &
# Resolvers are started last: they cache that a server did not answer.
wait_for 198.41.0.4 . SOA
wait_for 192.5.6.30 com SOA
wait_for 45.54.64.53 plain.com SOA
wait_for 45.54.65.53 plain.com SOA
wait_for 45.54.67.53 odd.com SOA
start_unbound
if command -v kresd >/dev/null; then
    start_kresd
    wait_for 1.1.1.1 plain.com A
fi
wait_for 8.8.8.8 plain.com A
tries=0
until [ -e "$LAB/run/web.ready" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || {
        cat "$LAB/run/website.log" >&2
        exit 99
    }
    sleep 0.03
done

# So that programs need no option for it, /etc/resolv.conf names the lab's resolver.
echo "nameserver 8.8.8.8" >"$LAB/run/resolv.conf"
mount --bind "$LAB/run/resolv.conf" /etc/resolv.conf

export LAB_INSIDE=up
[ "${1:-}" != -- ] || shift
rc=0
"${@:-bash}" || rc=$?
exit "$rc"

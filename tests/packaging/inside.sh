#!/bin/bash
# inside.sh DEB: the tests that boot.sh runs in the booted system. Each line of output that begins with "ok" or "not ok"
# is a claim about the package or its units.
set -u
debs=("$1"/*.deb)
api=/run/dcvd/dcvd.sock
wrong=0

# claim WORDS COMMAND…: prints whether the command succeeds; if not, also its output
claim() {
    local words=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok      $words"
    else
        echo "not ok  $words"
        printf '%s\n' "$said" | sed 's/^/            /'
        wrong=$((wrong + 1))
    fi
}
is() { [ "$1" = "$2" ] || { echo "$1, expected $2"; return 1; }; }
show() { systemctl show -P "$2" "$1"; }
main() { show dcvd.service MainPID; }
ask() { curl -sS --fail-with-body --max-time 40 --unix-socket "$api" "http://localhost$1" "${@:2}"; }
as() { runuser -u "$1" -- "${@:2}"; }
# until_true SECONDS COMMAND…: repeats the command until it succeeds
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "not within the time: $*"; return 1; }
        sleep 0.1
    done
}
journal() { journalctl -u dcvd.service -o json --no-pager "$@"; }
quiet() { "$@" >/tmp/said 2>&1 || { cat /tmp/said; return 1; }; }

printf '%s, systemd %s is process 1, cgroup controllers: %s\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" \
    "$(systemctl --version | awk 'NR == 1 { print $2 }')" "$(cat /sys/fs/cgroup/cgroup.controllers)"
is "$(cat /proc/1/comm)" systemd || exit 1
find / -xdev -not -path '/proc/*' \( -name '*dcvd*' -o -user dcvd \) -not -path '/package/*' >/tmp/before 2>/dev/null

echo "# installing"
claim "apt installs the package and what it needs" quiet apt-get -q -y install "${debs[@]}"
claim "the service is active" is "$(show dcvd.service ActiveState)" active
claim "and enabled" is "$(systemctl is-enabled dcvd.service)" enabled
claim "and so is the socket" is "$(systemctl is-enabled dcvd.socket)" enabled
claim "it said itself that it is ready" is "$(journal | jq -s 'map(select(.MESSAGE | test("^Started"))) | length')" 1
claim "it runs as dcvd" is "$(stat -c %U "/proc/$(main)")" dcvd
claim "the socket is dcvd:dcvd 0660" is "$(stat -c '%U:%G %a' "$api")" "dcvd:dcvd 660"
claim "the store is for dcvd and its group only" is "$(stat -c '%U:%G %a' /var/lib/dcvd)" "dcvd:dcvd 750"
claim "the configuration is a conffile" grep -q /etc/dcvd/dcvd.conf /var/lib/dpkg/info/dcvd.conffiles
claim "and read" dcvd --check-config
for page in dcvd dcvd.conf dcvd-api dcvprobe; do claim "man $page" quiet man -w "$page"; done
systemctl status --no-pager --lines=3 dcvd.service | sed 's/^/    /'

echo "# who may ask"
useradd -m -G dcvd alice
useradd -m bob
claim "a member of group dcvd" as alice curl -sSf -o /dev/null --unix-socket "$api" http://localhost/readyz
claim "not a user who is no member" is "$(as bob curl -sS --unix-socket "$api" http://localhost/readyz 2>&1 | grep -c 'Permission\|denied\|Could not connect\|connect')" 1
claim "a member submits with dcvprobe" as alice dcvprobe submit --method dns-txt-token --token x txt-absent.com
claim "and reads the store" until_true 20 as alice sh -c \
    "sqlite3 -readonly /var/lib/dcvd/dcvd.db \"SELECT domain FROM failures WHERE code = 'invalid_dns_txt'\" | grep -qx txt-absent.com"

echo "# socket activation"
systemctl stop dcvd.service
claim "the service is stopped" is "$(show dcvd.service ActiveState)" inactive
claim "it ended by itself" is "$(show dcvd.service Result)" success
claim "the socket listens on" is "$(show dcvd.socket SubState)" listening
claim "a request starts the service, and is answered" quiet ask /readyz
claim "the service is active" is "$(show dcvd.service ActiveState)" active

echo "# what is accepted is not lost"
id=$(ask /v1/checks -H 'Content-Type: application/json' -d '{"domain":"hole.odd.com","methods":["dns-txt-token"],"token":"x"}' | jq -r .id)
before=$(main)
kill -9 "$before"
claim "killed, it is started again" until_true 10 sh -c "[ \$(systemctl show -P MainPID dcvd.service) -gt 1 ] && [ \$(systemctl show -P MainPID dcvd.service) != $before ]"
claim "the check is done" is "$(ask "/v1/checks/$id?wait=40" | jq -r .state)" "done"
claim "that was one restart" is "$(show dcvd.service NRestarts)" 1

echo "# the watchdog"
mkdir -p /run/systemd/system/dcvd.service.d
printf '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n' >/run/systemd/system/dcvd.service.d/fast.conf
systemctl daemon-reload
systemctl restart dcvd.service
sleep 5
claim "it leaves a running loop alone" is "$(show dcvd.service NRestarts)" 0
before=$(main)
kill -STOP "$before"
claim "a loop that hangs is killed and started again" until_true 15 sh -c "[ \$(systemctl show -P NRestarts dcvd.service) = 1 ]"
claim "and answers" quiet ask /readyz
claim "the journal says so" sh -c "journalctl -u dcvd.service --no-pager | grep -q 'Watchdog timeout'"
rm -r /run/systemd/system/dcvd.service.d
systemctl daemon-reload
systemctl restart dcvd.service

if [ "$(show dcvd.service CanReload)" = yes ]; then
    echo "# reload"
    before=$(main)
    claim "systemctl reload" systemctl reload dcvd.service
    claim "is the same process" is "$(main)" "$before"
    echo 'nonsense' >>/etc/dcvd/dcvd.conf
    claim "of a broken configuration fails" sh -c '! systemctl reload dcvd.service'
    claim "a broken configuration changes nothing" quiet ask /readyz
    claim "nor does it end the service" is "$(main)" "$before"
    claim "and is an error in the journal" until_true 5 sh -c "journalctl -u dcvd.service -p err --no-pager | grep -q dcvd.conf"
    sed -i '$d' /etc/dcvd/dcvd.conf
    systemctl reload dcvd.service
fi

echo "# a faulty configuration"
cp /etc/dcvd/dcvd.conf /tmp/dcvd.conf
printf '[daemon]\nsoket = /tmp/x\n' >>/etc/dcvd/dcvd.conf
systemctl restart dcvd.service 2>/dev/null
sleep 3
claim "does not make systemd try again and again" is "$(show dcvd.service NRestarts)" 0
claim "has its own exit status" is "$(show dcvd.service ExecMainStatus)" 2
claim "is an error in the journal, with file and line" is "$(journal | jq -rs 'map(select(.MESSAGE | test("dcvd.conf:[0-9]+"))) | last.PRIORITY')" 3
cp /tmp/dcvd.conf /etc/dcvd/dcvd.conf
systemctl reset-failed dcvd.service dcvd.socket
systemctl start dcvd.socket dcvd.service
claim "corrected, it starts" quiet ask /readyz

echo "# a key that only root can read"
mkdir -p /etc/dcvd/keys
printf 'key' >/etc/dcvd/keys/production
chmod 0600 /etc/dcvd/keys/production
printf '[auth_keys]\nproduction = /etc/dcvd/keys/production\n' >>/etc/dcvd/dcvd.conf
claim "is seen by root's check as dcvd sees it" sh -c "dcvd --check-config 2>&1 | grep -q 'keys/production: Permission denied (as user dcvd sees it)'"
claim "and fails the reload" sh -c '! systemctl reload dcvd.service'
chown root:dcvd /etc/dcvd/keys/production
chmod 0640 /etc/dcvd/keys/production
claim "for group dcvd it is in order" quiet dcvd --check-config
claim "and the reload, too" systemctl reload dcvd.service
rm -r /etc/dcvd/keys
cp /tmp/dcvd.conf /etc/dcvd/dcvd.conf

echo "# a store of a newer version"
systemctl stop dcvd.service
cp -p /var/lib/dcvd/dcvd.db /tmp/dcvd.db
sqlite3 /var/lib/dcvd/dcvd.db 'PRAGMA user_version = 999'
systemctl start dcvd.service 2>/dev/null
sleep 3
claim "does not make systemd try again and again" is "$(show dcvd.service NRestarts)" 0
claim "has its own exit status" is "$(show dcvd.service ExecMainStatus)" 3
cp -p /tmp/dcvd.db /var/lib/dcvd/dcvd.db
systemctl reset-failed dcvd.service dcvd.socket
systemctl start dcvd.socket dcvd.service
claim "with the one of before it starts" quiet ask /readyz

echo "# a configuration with many threads"
printf '[daemon]\nloops = 16\nlisten = 127.0.0.1:9310\n[resolver]\nmode = recursive\n' >>/etc/dcvd/dcvd.conf
claim "it starts" systemctl restart dcvd.service
claim "does a check" is "$(ask '/v1/checks?wait=40' -H 'Content-Type: application/json' \
    -d '{"domain":"txt-absent.com","methods":["dns-txt-token"],"token":"x"}' | jq -r .state)" "done"
claim "and serves /metrics on a loopback address" quiet curl -sSf http://127.0.0.1:9310/metrics
echo "    threads: $(awk '/^Threads/ { print $2 }' "/proc/$(main)/status") of $(show dcvd.service TasksMax)"
for _ in 1 2 3; do systemctl reload dcvd.service; done
claim "after three reloads it answers" quiet ask /readyz
cp /tmp/dcvd.conf /etc/dcvd/dcvd.conf
systemctl restart dcvd.service

echo "# the journal"
claim "a start is a notice" is "$(journal | jq -rs 'map(select(.MESSAGE | test("^dcvd .* serves"))) | last.PRIORITY')" 5
claim "no line of its own has a prefix left, or no priority" is \
    "$(journal _COMM=dcvd | jq -rs 'map(select((.MESSAGE | test("^<[0-7]>")) or .PRIORITY == null)) | length')" 0
claim "nothing is logged anywhere else" is "$(find /var/log -name '*dcvd*' | wc -l)" 0

echo "# the sandbox"
line=$(systemd-analyze security --no-pager dcvd.service | tail -n 1)
echo "    ${line#→ }"
claim "an exposure of 1.5 at most" quiet systemd-analyze security --no-pager --threshold=15 dcvd.service
claim "seccomp is on" is "$(awk '/^Seccomp:/ { print $2 }' "/proc/$(main)/status")" 2
claim "no capability" is "$(awk '/^Cap(Prm|Eff|Bnd|Amb)/ { print $2 }' "/proc/$(main)/status" | sort -u)" 0000000000000000
claim "it cannot write to /usr, /etc or /home" nsenter -t "$(main)" -m sh -c '! touch /usr/x && ! touch /etc/x && ! ls /home/alice' 

echo "# memory"
systemctl restart dcvd.service
claim "it starts" quiet ask /readyz
echo "    idle:"
memory() {
    awk '/^Vm(RSS|HWM)/ { printf "        %s %.1f MiB\n", $1, $2 / 1024 }' "/proc/$(main)/status"
    echo "        MemoryCurrent $(show dcvd.service MemoryCurrent), TasksCurrent $(show dcvd.service TasksCurrent)"
}
memory
for n in {1..2000}; do echo "{\"domain\":\"n$n.txt-absent.com\",\"methods\":[\"dns-txt-token\"],\"token\":\"x\"}"; done >/tmp/batch
batch=$(ask /v1/batches -H 'Content-Type: application/x-ndjson' --data-binary @/tmp/batch | jq -r .id)
claim "2000 checks at once are done" until_true 120 sh -c "curl -s --unix-socket $api http://localhost/v1/batches/$batch | jq -e '.state == \"done\"'"
echo "    after 2000 checks, 1000 at a time:"
memory
claim "nothing was killed" is "$(show dcvd.service NRestarts)" 0
echo "    of $(show dcvd.service MemoryHigh) and at most $(show dcvd.service MemoryMax); tasks at most $(show dcvd.service TasksMax)"

echo "# upgrading"
before=$(main)
(
    failed=0 n=0
    while [ ! -e /tmp/upgraded ]; do
        curl -sSf -o /dev/null --max-time 20 --unix-socket "$api" http://localhost/healthz 2>>/tmp/lost || failed=$((failed + 1))
        n=$((n + 1))
    done
    echo "$failed $n" >/tmp/count
) &
claim "apt installs it over itself" quiet apt-get -q -y install --reinstall "${debs[@]}"
touch /tmp/upgraded
wait $!
read -r failed n </tmp/count
claim "another process serves" test "$(main)" != "$before"
claim "of $n requests meanwhile all were answered" is "$failed" 0
claim "the checks of before are there" is "$(ask "/v1/checks/$id" | jq -r .state)" "done"
claim "a backup is a store" sh -c "sqlite3 /var/lib/dcvd/dcvd.db '.backup /root/backup.db' && [ \$(sqlite3 /root/backup.db 'SELECT count(*) > 0 FROM result') = 1 ]"

echo "# removing"
claim "apt removes it" quiet apt-get -q -y remove dcvd
claim "the service is gone" is "$(show dcvd.service LoadState)" not-found
claim "nobody listens" test ! -e "$api"
claim "configuration and store stay" test -s /etc/dcvd/dcvd.conf -a -s /var/lib/dcvd/dcvd.db
claim "apt installs it again, over them" quiet apt-get -q -y install "${debs[@]}"
claim "the checks of before are there" is "$(ask "/v1/checks/$id" | jq -r .state)" "done"
claim "apt purges it" quiet apt-get -q -y purge dcvd
find / -xdev -not -path '/proc/*' \( -name '*dcvd*' -o -nouser -o -nogroup \) -not -path '/package/*' -not -path '/tmp/*' \
    -not -path '/var/cache/apt/*' >/tmp/after 2>/dev/null
claim "nothing is left" diff /tmp/before /tmp/after
claim "no user either" sh -c '! getent passwd dcvd && ! getent group dcvd'
claim "nothing has failed in this system" is "$(systemctl --failed --no-legend | wc -l)" 0

if [ "$wrong" -gt 0 ]; then
    echo "boot.sh: FAILED: $wrong claims do not hold"
    exit 1
fi
echo "boot.sh: all claims hold"

#!/bin/bash
# session.sh DIR: the commands that a person types on a new system, with their output; contrib/doc/daemon.md shows them. Run by
#     tests/packaging/boot.sh DIR WORK session.sh
set -u
token=r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga

# as USER COMMAND: shows the command and runs it
as() {
    printf '%s %s\n' "$([ "$1" = root ] && echo '#' || echo '$')" "$2"
    if [ "$1" = root ]; then bash -c "$2"; else runuser -u "$1" -- bash -c "$2"; fi
}
# ask PATH: calls the API for what this script has to know; shows nothing
ask() { curl -s --unix-socket /run/dcvd/dcvd.sock "http://localhost/v1/$1"; }
useradd -m alice
cd "$1" || exit 1

as root "apt-get -qq install ./*.deb >install.log 2>&1"
as root "systemctl is-active dcvd.socket dcvd.service"
as root "usermod --append --groups dcvd alice"
cd /home/alice || exit 1
as alice "curl -s --unix-socket /run/dcvd/dcvd.sock http://localhost/v1/watches -d '
  {\"interval\": 10, \"request\": {\"domain\": \"txt-doubled.com\", \"methods\": [\"dns-txt-token\"],
                               \"token\": \"$token\"}}'"
watch=$(ask watches | jq -r '.watches[0].id')
sleep 3
as alice "sqlite3 -readonly -box /var/lib/dcvd/dcvd.db \"SELECT domain, detail_code, cause, check_id FROM failures
  WHERE code = 'invalid_dns_txt'\""
check=$(ask "watches/$watch" | jq -r .last_check)
as alice "dcvprobe show $check"
as alice "dcvprobe show $check --format nsupdate | sed '1i server 127.0.0.1 5300' | nsupdate -v"
as alice "curl -sN --max-time 15 --unix-socket /run/dcvd/dcvd.sock 'http://localhost/v1/events?watch=$watch' |
  jq -c 'select(.changed) | {domain, state, from: .from[0].verdict, to: .to[0].verdict}'"
as alice "curl -s --unix-socket /run/dcvd/dcvd.sock http://localhost/v1/watches/$watch | jq -c '{state, runs}'"
[ "$(ask "watches/$watch" | jq -r .state)" = passed ]

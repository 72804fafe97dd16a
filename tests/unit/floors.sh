#!/bin/sh
# floors.sh ARCHIVE…: the pure floors decide, and never look at the world themselves. Fails where a member of an archive
# refers to a symbol of I/O, of a clock, of a loop or of a library of another floor, and names both.
set -eu
[ $# -gt 0 ] || { echo "usage: floors.sh ARCHIVE…" >&2; exit 2; }

# Whole names, as awk patterns. inet_pton and inet_ntop only read and write text, and are welcome.
forbidden='(uv|ares|curl|sqlite3|MHD|ub|nats|natsConnection|natsSubscription|js|pthread|epoll|inotify|timerfd|io_uring)_.*'
forbidden="$forbidden"'|(socket|socketpair|connect|bind|listen|accept4?|shutdown|getsockopt|setsockopt|getsockname|getpeername)'
forbidden="$forbidden"'|(send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|p?poll|p?select|ioctl|fcntl(64)?)'
forbidden="$forbidden"'|(getaddrinfo|getnameinfo|gethostby.*|gethostname|res_.*|__res_.*)'
forbidden="$forbidden"'|(time|clock|times|clock_.*|gettimeofday|timespec_get|localtime(_r)?|mktime|tzset|sleep|usleep|nanosleep)'
forbidden="$forbidden"'|(open|openat|creat|fopen|freopen|fdopen|opendir|readdir|tmpfile|mkstemp)(64)?'
forbidden="$forbidden"'|(read|write|readv|writev|p?read(64)?|p?write(64)?|fread|fwrite|fgets|getline|mmap(64)?|stat|fstat|access|unlink|rename)'
forbidden="$forbidden"'|(printf|puts|putchar|perror|vprintf|fprintf|vfprintf|fputs|fputc|syslog|stdin|stdout|stderr)'
forbidden="$forbidden"'|(getenv|secure_getenv|setenv|getrandom|getentropy|rand|random|arc4random.*|RAND_.*|json_load_file|json_dump_file)'
forbidden="$forbidden"'|(fork|vfork|exec.*|posix_spawn.*|system|popen|kill|signal|sigaction|raise|exit|_exit|dlopen)'

check() {
    archive=$1
    # A thin archive's members and an archive that is not there look the same to a pipe: ask first.
    if ! symbols=$(nm -A -u -- "$archive" 2>&1); then
        echo "floors: $archive cannot be read: $symbols" >&2
        return 1
    fi
    members=$(nm -- "$archive" | grep -c ' T ') || true
    if [ "$members" -eq 0 ]; then
        echo "floors: $archive defines nothing" >&2
        return 1
    fi

    # nm -A prints "archive:member: U symbol"; fortified names (__read_chk, __isoc99_…) are the plain ones in disguise.
    printf '%s\n' "$symbols" | awk -v forbidden="^($forbidden)\$" '
        $(NF - 1) == "U" {
            symbol = $NF
            sub(/@.*/, "", symbol)
            plain = symbol
            if (plain ~ /^__.*_chk$/) { sub(/^__/, "", plain); sub(/_chk$/, "", plain) }
            sub(/^__isoc[0-9]+_/, "", plain)
            seen++
            if (plain ~ forbidden) {
                member = $1
                sub(/:$/, "", member)
                sub(/^.*:/, "", member)
                printf "floors: %s uses %s\n", member, symbol
                bad++
            }
        }
        END {
            if (!seen) { print "floors: no symbols seen: is this an archive of objects?"; exit 1 }
            if (bad) exit 1
            printf "floors: %d references, none to the world outside\n", seen
        }'
}

for archive in "$@"; do check "$archive" || wrong=1; done
exit "${wrong:-0}"

#!/usr/bin/env python3
"""floors.py --pure ARCHIVE… [--above ARCHIVE…]: checks by their symbols (nm) what the floors of a program use.

A floor is a folder's archive. The archives are given from the ground up, as meson.build lists them. A floor may use
only floors below it, and a pure floor no I/O, clock, loop or environment; only JUDGES call judge(). Prints floor,
object file and symbol of each reference that breaks a rule; exit status 1 where any does. walls.py checks the
includes."""
import argparse
import re
import subprocess
import sys

# What a pure floor must not use. inet_pton and inet_ntop are allowed: they only convert text.
WORLD = re.compile(r"""^(
    (uv|ares|curl|sqlite3|MHD|ub|nats|natsConnection|natsSubscription|js|pthread|epoll|inotify|timerfd|io_uring)_.*
  | socket|socketpair|connect|bind|listen|accept4?|shutdown|getsockopt|setsockopt|getsockname|getpeername
  | send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|p?poll|p?select|ioctl|fcntl(64)?
  | getaddrinfo|getnameinfo|gethostby.*|gethostname|(__)?res_.*
  | time|clock|times|clock_.*|gettimeofday|timespec_get|localtime(_r)?|mktime|tzset|sleep|usleep|nanosleep
  | (open|openat|creat|fopen|freopen|fdopen|opendir|readdir|tmpfile|mkstemp)(64)?
  | read|write|readv|writev|p?read(64)?|p?write(64)?|fread|fwrite|fgets|getline|mmap(64)?|stat|fstat|access
  | unlink|rename
  | printf|puts|putchar|perror|vprintf|fprintf|vfprintf|fputs|fputc|syslog|stdin|stdout|stderr
  | getenv|secure_getenv|setenv|getrandom|getentropy|rand|random|arc4random.*|RAND_.*
  | json_(load|dump)(f|fd|_file)|BIO_new_(file|fd|fp)|ini_parse(_file)?
  | get(pid|ppid|tid|uid|euid|gid|egid|cwd)|syscall|sysconf
  | fork|vfork|exec.*|posix_spawn.*|system|popen|kill|signal|sigaction|raise|exit|_exit|dlopen
)$""", re.X)

BESIDE = ({"plan", "causes"}, {"plan", "judge"})
# Floor and object file of those that call judge(): where a check ends, and where somebody asks for another judgement.
# All else that shows a report shows what was written when it was made.
JUDGES = {("run", "run_check.c.o"), ("cmd", "cmd_cmd_replay.c.o")}


def plain(symbol):
    """The name as in the source: without a version and without the __…_chk of fortified builds."""
    symbol = symbol.split("@")[0]
    if found := re.match(r"__(.*)_chk$", symbol):
        symbol = found[1]
    return re.sub(r"^__isoc\d+_", "", symbol)


def symbols(archive):
    """[(object file, kind, symbol)] of an archive, which may be thin."""
    done = subprocess.run(["nm", "-A", archive], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"floors: {archive} cannot be read: {done.stderr.strip()}")
    rows = [re.match(r"(?:.*[:/])?([^:/]+\.o):\s*[0-9a-f]*\s+(\w) (\S+)$", line) for line in done.stdout.splitlines()]
    rows = [row.groups() for row in rows if row]
    if not any(kind == "T" for _, kind, _ in rows):
        sys.exit(f"floors: {archive} defines nothing")
    return rows


def floor(archive):
    return re.sub(r".*lib(?:dcvd?_)?(\w+)\.a$", r"\1", archive)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pure", nargs="+", required=True)
    parser.add_argument("--above", nargs="*", default=[])
    args = parser.parse_args()
    archives = args.pure + args.above
    rows = {archive: symbols(archive) for archive in archives}
    definer = {}  # symbol: the index of the floor that defines it
    for place, archive in enumerate(archives):
        for _, kind, symbol in rows[archive]:
            if kind in "TDBRV":
                definer[symbol] = place
    wrong = used = 0
    for place, archive in enumerate(archives):
        for member, kind, symbol in rows[archive]:
            if kind != "U":
                continue
            used += 1
            why = None
            if {floor(archive), floor(archives[definer.get(symbol, place)])} in BESIDE:
                why = "and neither of the two may use the other"
            elif definer.get(symbol, place) > place:
                why = f"which stands above, in {floor(archives[definer[symbol]])}/"
            elif symbol == "judge" and (floor(archive), member) not in JUDGES:
                why = "and judge() is for those that JUDGES names"
            elif archive in args.pure and symbol not in definer and WORLD.match(plain(symbol)):
                why = "and a pure floor does no I/O and reads no clock"
            if why:
                print(f"floors: {floor(archive)}/ ({member}) uses {symbol}, {why}")
                wrong += 1
    if not used:
        sys.exit("floors: no references found: are these archives of objects?")
    print(f"floors: {wrong} references break a rule" if wrong else f"floors: {used} references, all go downwards")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

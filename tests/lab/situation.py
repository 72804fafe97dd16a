"""The situations of the lab for Python programs: those that run.sh runs, one at a time or all at once."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
BUSY, MOST = 2 * os.cpu_count(), 32 * os.cpu_count()


class Situation:
    def __init__(self, header, command):
        names = ("name", "verdict", "code", "detail_code", "cause", "why")
        for name, value in zip(names, header.removeprefix("# ").split(" | ", 5)):
            setattr(self, name, value)
        self.domain, *self.options = shlex.split(command)[2:]

    def option(self, name):
        return self.options[self.options.index(name) + 1] if name in self.options else None

    def waits(self):
        """Whether the check has to wait for somebody who stays silent, by what the table says of it."""
        said = " ".join((self.name, self.code, self.cause, self.why))
        return bool(re.search("silent|silence|hang|hole|drop|timeout|unreachable|edns", said))

    def key(self):
        return self.domain.lower(), self.option("--method")


def inside():
    """Starts this program again inside the lab, unless it runs there already. Returns the path of dcvprobe and the
    names of situations given; no names means all."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} DCVPROBE [NAME...]")
    if "LAB_INSIDE" not in os.environ:
        os.execv(HERE / "lab.sh", ["lab.sh", "--", sys.argv[0], os.path.realpath(sys.argv[1]), *sys.argv[2:]])
    return sys.argv[1], sys.argv[2:]


def listed(text):
    """The situations that run.sh prints with LIST=1."""
    lines = text.splitlines()
    return [Situation(*pair) for pair in zip(lines[::2], lines[1::2])]


def slow_first(things):
    """Situations in the order in which they are done soonest: the others go on while these wait."""
    return sorted(things, key=lambda situation: not situation.waits())


def situations(names=(), tables=""):
    """Those of the names given, in the tables given by their names; without any, all."""
    return listed(subprocess.run([HERE / "run.sh", "dcvprobe", *names], check=True, text=True, stdout=subprocess.PIPE,
                                 env={**os.environ, "LIST": "1", "TABLES": tables}).stdout)


def reports_of(dcvprobe):
    """What run.sh was told in this lab by the same program: (report, file that --save wrote) by name of situation.
    Empty where it did not run."""
    told = pathlib.Path(os.environ["LAB"]) / "run" / "reports"
    of = os.stat(dcvprobe)
    if not (told / "of").exists() or (told / "of").read_text() != f"{dcvprobe} {of.st_ino} {int(of.st_mtime)}\n":
        return {}
    found = {}
    for path in told.glob("*.json"):
        try:
            found[path.stem] = json.loads(path.read_text())["reports"][0], path.with_suffix(".case")
        except (ValueError, LookupError):
            pass  # who misses it asks anew, and says what is wrong
    return found


def check(dcvprobe, situation, *more):
    """The report and the exit status. more: options that replace those of the situation."""
    done = subprocess.run([dcvprobe, "check", situation.domain, *situation.options, *more, "--json"], check=False,
                          capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["reports"][0], done.returncode
    except (ValueError, LookupError):
        raise RuntimeError(f"{situation.name}: no report: {done.stdout[:300]} {done.stderr[:600]}") from None


def at_once(function, things):
    """function of each of the things, many at a time; in their order. BUSY of them at a time: what has gone on for a
    second waits for a server that stays silent, and no longer counts."""
    running, results = {}, []
    with concurrent.futures.ThreadPoolExecutor(MOST) as pool:
        for thing in things:
            while True:
                now = time.monotonic()
                running = {future: began for future, began in running.items() if not future.done()}
                young = [began + 1 - now for began in running.values() if began + 1 > now]
                if len(young) < BUSY and len(running) < MOST:
                    break
                concurrent.futures.wait(running, min(young, default=None), concurrent.futures.FIRST_COMPLETED)
            results.append(pool.submit(function, thing))
            running[results[-1]] = time.monotonic()
    return [future.result() for future in results]


def settled(function, things, good):
    """As at_once(), but a thing whose result is not good is done once more, alone: on a busy machine a server may have
    answered late, which is not what is tested here."""
    results = at_once(function, things)
    return [result if good(thing, result) else function(thing) for thing, result in zip(things, results)]

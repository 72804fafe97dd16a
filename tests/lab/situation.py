"""The situations of the lab for Python programs: those that run.sh runs, one at a time or all at once."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE = 8  # most of the time is spent on waiting for servers that do not answer


class Situation:
    def __init__(self, header, command):
        names = ("name", "verdict", "code", "detail_code", "cause", "why")
        for name, value in zip(names, header.removeprefix("# ").split(" | ", 5)):
            setattr(self, name, value)
        self.domain, *self.options = shlex.split(command)[2:]

    def option(self, name):
        return self.options[self.options.index(name) + 1] if name in self.options else None

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


def situations(names=()):
    done = subprocess.run([HERE / "run.sh", "dcvprobe", *names], env={**os.environ, "LIST": "1"}, check=True, text=True,
                          stdout=subprocess.PIPE)
    lines = done.stdout.splitlines()
    return [Situation(*pair) for pair in zip(lines[::2], lines[1::2])]


def check(dcvprobe, situation, *more):
    """The report and the exit status. more: options that replace those of the situation."""
    done = subprocess.run([dcvprobe, "check", situation.domain, *situation.options, *more, "--json"], check=False,
                          capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["reports"][0], done.returncode
    except (ValueError, LookupError):
        raise RuntimeError(f"{situation.name}: no report: {done.stdout[:300]} {done.stderr[:600]}") from None


def at_once(function, things):
    """The results of function for the things, in their order; many are run at a time."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(function, things))


def settled(function, things, good):
    """As at_once(), but a thing whose result is not good is done once more, alone: on a busy machine a server may have
    answered late, which is not what is tested here."""
    results = at_once(function, things)
    return [result if good(thing, result) else function(thing) for thing, result in zip(things, results)]

#!/usr/bin/env python3
"""Has dcvprobe check the situations that run.sh lists on standard input: ask.py DCVPROBE DIRECTORY

DIRECTORY gets of each its NAME.json (the reports), NAME.err (standard error), NAME.rc (the exit status) and NAME.case
(what --save writes)."""
import pathlib
import subprocess
import sys

from situation import at_once, listed, slow_first

dcvprobe, directory = sys.argv[1], pathlib.Path(sys.argv[2])


def ask(situation):
    base = directory / situation.name
    with open(f"{base}.json", "wb") as out, open(f"{base}.err", "wb") as err:
        done = subprocess.run([dcvprobe, "check", situation.domain, *situation.options, "--save", f"{base}.case",
                               "--json"],
                              check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    pathlib.Path(f"{base}.rc").write_text(f"{done.returncode}\n")


at_once(ask, slow_first(listed(sys.stdin.read())))

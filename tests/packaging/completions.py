#!/usr/bin/env python3
"""Compares the completions of the shells with the program: completions.py DCVPROBE FOLDER. Their functions are run as
the shells run them."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time

DCVPROBE = pathlib.Path(sys.argv[1]).resolve()
BASH, ZSH = (pathlib.Path(sys.argv[2]).resolve() / name for name in ("dcvprobe.bash", "_dcvprobe"))
ENV = {**os.environ, "PATH": f"{DCVPROBE.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
wrong = []


def said(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENV, timeout=30, **more)
    return done.stdout + done.stderr


def same(what, got, true):
    if set(got) != set(true):
        wrong.append(f"{what}: missing {sorted(set(true) - set(got))}, too many {sorted(set(got) - set(true))}")


def bash(*words):
    """What bash offers for the last of the words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dcvprobe; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return said("bash", "--norc", "-c", script, "bash", str(BASH), "dcvprobe", *words).split()


def zsh(*words):
    """What the function passes to _arguments, or the commands that it describes."""
    script = ('file=$1; shift; _arguments() { print -rl -- "$@" }; _describe() { print -rl -- ${(P)2} };'
              'words=("$@"); CURRENT=$#; source $file')
    return said("zsh", "-fc", script, "zsh", str(ZSH), "dcvprobe", *words)


def typed(shell, before, line, expected):
    """Types keys in a real shell and waits for the expected text."""
    pid, fd = pty.fork()
    if not pid:
        os.execvpe(shell[0], shell, {**ENV, "PS1": "> ", "TERM": "dumb", "HISTFILE": ""})
    text, end = b"", time.monotonic() + 20
    try:
        os.write(fd, f"{before}; echo rea''dy\n".encode())
        sent = False
        while time.monotonic() < end and expected.encode() not in text.split(b"ready")[-1]:
            if select.select([fd], [], [], 0.2)[0]:
                text += os.read(fd, 65536)
            if not sent and b"ready" in text:
                os.write(fd, line.encode())
                sent = True
        if expected.encode() not in text.split(b"ready")[-1]:
            wrong.append(f"{shell[0]}: {line!r} does not bring out {expected!r}: {text!r}")
        os.write(fd, b"\x03exit\n")
    finally:
        os.close(fd)
        os.waitpid(pid, 0)


commands = re.findall(r"^  dcvprobe ([a-z]+)", said(DCVPROBE, "help"), re.M)
with_zsh = shutil.which("zsh")
same("bash, sub-commands", bash(""), [*commands, "--help", "--version"])
if with_zsh:
    same("zsh, sub-commands", re.findall(r"^([a-z]+):", zsh(""), re.M), commands)
for command in commands:
    listed = said(DCVPROBE, command, "--=x") if command != "help" else ""
    true = ["--" + name for name in re.findall(r"'--([a-z-]+)'", listed)]
    same(f"bash, options of {command}", bash(command, "--"), true)
    if with_zsh:
        same(f"zsh, options of {command}", re.findall(r"^(?:\([^)]*\))?\*?(--[a-z-]+)\[", zsh(command, ""), re.M), true)

request = said(DCVPROBE, "help").split("describe the request:\n")[1].split("\nOptions of")[0]
repeated = [part.split()[0] for part in re.split(r"^  (?=--)", request, flags=re.M)[1:]
            if "may be repeated" in " ".join(part.split())]
if with_zsh:
    same("zsh, options that may be repeated", re.findall(r"^\*(--[a-z-]+)\[", zsh("check", ""), re.M), repeated)

methods = re.findall(r"[a-z-]+", said(DCVPROBE, "check", "a.com", "--method", "x").split("expected ")[1])
same("bash, methods", bash("check", "--method", ""), methods)
same("bash, a method behind a sign", bash("check", "--method", "=", "dns-t"), ["dns-txt-token"])
same("bash, methods of preflight", bash("preflight", "--method", ""), ["email", "phone", *methods])
for command in ("check", "list"):
    refused = said(DCVPROBE, command, "--format", "nagios" if command == "list" else "x")
    formats = re.findall(r"\w+", refused.split("expected ")[1])
    same(f"bash, formats of {command}", bash(command, "--format", ""), set(formats) - {"or"})
same("bash, when a watch ends", bash("watch", "--until", ""), ["pass", "forever"])
same("bash, a cause", bash("list", "--cause", "txt-doub"), ["txt-doubled-name"])
same("bash, codes", bash("explain", "dns_mis"), ["dns_mismatch"])
same("bash, a file", bash("replay", str(BASH)[:-2]), [str(BASH)])
same("bash, no file for a value", bash("check", "--token", ""), [])

typed(["bash", "--norc", "--noprofile", "-i"], f"source {BASH}", "dcvprobe pref\t--pro\t", "dcvprobe preflight --pro")
typed(["bash", "--norc", "--noprofile", "-i"], f"source {BASH}", "dcvprobe check --method=dns-txt\t",
      "--method=dns-txt-token ")
if with_zsh:
    init = f"fpath=({ZSH.parent} $fpath); autoload -U compinit; compinit -u -D"
    typed(["zsh", "-f", "-i"], init, "dcvprobe list --verdict und\t", "undecided")
for line in wrong:
    print(line)
sys.exit(bool(wrong))

#!/usr/bin/env python3
"""Completion as the shells do it: completions.py DCVPROBE FOLDER. The program says what may stand next, from the tables
by which it reads options; here real shells ask it, and each option of each command must be offered."""
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
FOLDER = pathlib.Path(sys.argv[2]).resolve()
BASH, ZSH, FISH = (FOLDER / name for name in ("dcvprobe.bash", "_dcvprobe", "dcvprobe.fish"))
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
    """What the function describes to zsh."""
    script = ('file=$1; shift; _describe() { print -rl -- ${(P)2} }; _files() { print -r -- FILES };'
              'compset() { print -r -- COMPSET }; words=("$@"); CURRENT=$#; PREFIX=${words[-1]}; source $file')
    return [line.split(":")[0] for line in said("zsh", "-fc", script, "zsh", str(ZSH), "dcvprobe", *words).splitlines()]


def fish(line):
    """What fish offers for a command line."""
    script = f"source {FISH}; complete -C '{line}'"
    return [row.split("\t")[0] for row in said("fish", "--no-config", "-c", script).splitlines()]


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


with_zsh, with_fish = shutil.which("zsh"), shutil.which("fish")
commands = re.findall(r"^  ([a-z]+)  ", said(DCVPROBE, "help"), re.M)
if len(commands) < 15:
    wrong.append(f"dcvprobe help lists {commands}")
same("bash, commands", bash(""), [*commands, "--help", "--version"])
if with_zsh:
    same("zsh, commands", zsh(""), [*commands, "--help", "--version"])
if with_fish:
    same("fish, commands", fish("dcvprobe "), [*commands, "--help", "--version"])
for command in commands:
    helped = re.findall(r"^  (?:-v, )?(--[a-z-]+)", said(DCVPROBE, "help", command), re.M)
    same(f"bash, options of {command}", bash(command, "--"), helped)
    if with_zsh:
        same(f"zsh, options of {command}", zsh(command, "--"), helped)
    if with_fish:
        same(f"fish, options of {command}", fish(f"dcvprobe {command} --"), helped)

METHODS = re.findall(r"[a-z-]+", said(DCVPROBE, "check", "a.com", "--method", "x").split("expected ")[1].split(";")[0]
                     .split("\n")[0])
for words, expected in (
        (("check", "--method", ""), METHODS),
        (("check", "--method", "caa,dns-t"), ["caa,dns-txt-token"]),
        (("preflight", "--method", ""), ["email", "phone", *METHODS]),
        (("list", "--format", ""), ["text", "json", "ndjson"]),
        (("watch", "--until", ""), ["pass", "forever"]),
        (("check", "--purpose", "s"), ["smime"]),
        (("list", "--cause", "txt-doub"), ["txt-doubled-name"]),
        (("causes", "txt-doub"), ["txt-doubled-name"]),
        (("codes", "dns_mis"), ["dns_mismatch"]),
        (("help", "prefl"), ["preflight"]),
        (("check", "--token", ""), []),
        (("check", "x"), [])):
    same(f"bash, {words}", bash(*words), expected)
    if with_zsh:
        same(f"zsh, {words}", zsh(*words), expected)
    if with_fish:
        same(f"fish, {words}", fish("dcvprobe " + " ".join(words)), expected)
same("bash, a method behind a sign", bash("check", "--method", "=", "dns-tx"), ["dns-txt-token"])
same("bash, a file", bash("replay", str(BASH)[:-2]), [str(BASH)])
same("bash, a file behind a sign", bash("check", "--csr", "=", str(BASH)[:-2]), [str(BASH)])
same("bash, a code or a file", bash("explain", "dns_misma"), ["dns_mismatch"])
if with_zsh:
    same("zsh, files", zsh("replay", ""), ["FILES"])
    same("zsh, a value behind a sign", zsh("check", "--method=dns-tx"), ["COMPSET", "dns-txt-token"])
if with_fish:
    same("fish, a value behind a sign", fish("dcvprobe check --method=dns-tx"), ["--method=dns-txt-token"])
    same("fish, a file", fish(f"dcvprobe replay {str(BASH)[:-2]}"), [str(BASH)])

typed(["bash", "--norc", "--noprofile", "-i"], f"source {BASH}", "dcvprobe pref\t--pro\t", "dcvprobe preflight --pro")
typed(["bash", "--norc", "--noprofile", "-i"], f"source {BASH}", "dcvprobe check --method=dns-txt\t",
      "--method=dns-txt-token ")
if with_zsh:
    init = f"fpath=({ZSH.parent} $fpath); autoload -U compinit; compinit -u -D"
    typed(["zsh", "-f", "-i"], init, "dcvprobe list --verdict und\t", "verdict undecided")
    typed(["zsh", "-f", "-i"], init, "dcvprobe check --depth=qu\t", "--depth=quick")
for line in wrong:
    print(line)
if wrong:
    sys.exit(1)
if not (with_zsh and with_fish):
    print("not tested, for they are not there:", *(shell for shell in ("zsh", "fish") if not shutil.which(shell)))
    sys.exit(77)

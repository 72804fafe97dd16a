#!/usr/bin/env python3
"""The manners of dcvprobe: what it says of mistakes, and how it behaves on a terminal. DCVD and DCVPROBE name the
programs."""
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

from daemon import Daemon, Resolver, main, same, true

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def probe(*args, **popen):
    return subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, timeout=60, check=False,
                          **popen)


def on_terminal(columns, *args, env=None, lines=24):
    """What the command prints on a terminal with that many columns, errors included, and its exit status."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen([os.environ["DCVPROBE"], *args], stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**plain, "TERM": "xterm", "TZ": "Europe/Berlin", **(env or {})})
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # the program has closed the terminal
        pass
    os.close(ours)
    return text.decode().replace("\r\n", "\n"), process.wait(20)


def mistakes():
    """A wrong command, option or value: the program and command, what may have been meant, the way to the help."""
    r = probe()
    true(r.returncode == 2 and len(r.stdout.splitlines()) <= 24 and "\n  check " in r.stdout, r.stdout)
    same(probe("help").stdout, r.stdout, "the same screen")
    for wrong, said in (
            (["chek"], "dcvprobe: there is no command 'chek'; did you mean check?\n"
                       "  dcvprobe help lists the commands\n"),
            (["help", "watsh"], "did you mean watch?"),
            (["check", "--tokn", "x"], "dcvprobe check: there is no option --tokn; did you mean --token?\n"
                                       "  dcvprobe help check has its options and examples\n"),
            (["list", "--domian=x"], "dcvprobe list: there is no option --domian; did you mean --domain?"),
            (["check", "--re"], "--re is the beginning of several options: '--redact' '--resolver'"),
            (["check", "--json=1", "a.com"], "dcvprobe check: --json takes no value"),
            (["check", "a.com", "--token"], "dcvprobe check: --token: its value is missing; expected --token VALUE"),
            (["check", "-x"], "dcvprobe check: there is no option -x\n"),
            (["check", "a.com", "--method", "dns-text-token"], "caa; did you mean dns-txt-token?\n"),
            (["check", "a.com", "--method", "caa,txt"], "'txt' is not accepted; expected dns-txt-token"),
            (["check", "a.com", "--purpose", "tsl"], "did you mean tls?"),
            (["check", "a.com", "--format", "htm"], "--format: 'htm' is not known; expected one of text brief"),
            (["check", "a.com", "--format", "htm"], "did you mean html?"),
            (["list", "--format", "nagios"], "list: --format: 'nagios' is not known; expected one of text json"),
            (["preflight", "a.com", "--product", "tsl"], "did you mean tls?"),
            (["causes", "txt-doubled-nam"], "did you mean txt-doubled-name?"),
            (["codes", "dns_mismach"], "did you mean dns_mismatch?"),
            (["caa", "a.com", "--color", "some"], "--color: 'some' is not accepted; expected auto, always or never"),
            (["cancel", "x"], "'x' is not an id; expected 16 digits")):
        r = probe(*wrong)
        same((r.returncode, r.stdout), (2, ""), f"{wrong}: {r.stderr}")
        true(said in r.stderr and r.stderr.startswith("dcvprobe"), f"{said} in {r.stderr}")
    same(probe("check", "a..com", "--method", "CAA,Dns-TXT-Token", "--token", "x", "--json").returncode, 1,
         "methods in upper case, and with a comma")
    true(probe("codes", "dns_mismatch").stdout.startswith("dns_mismatch"), "the page of a code")
    same([x["code"] for x in json.loads(probe("codes", "dns_mismatch", "--json").stdout)["codes"]], ["dns_mismatch"],
         "one code")


def colours():
    """--color, NO_COLOR and TERM; the width of a terminal."""
    check = ["check", "a..com", "--method", "caa"]
    for options, env, coloured in ((["--color", "auto"], {}, True), ([], {"NO_COLOR": "1"}, False),
                                   ([], {"TERM": "dumb"}, False), (["--color", "always"], {"NO_COLOR": "1"}, True),
                                   (["--color=never"], {}, False)):
        text, status = on_terminal(80, *check, *options, env=env)
        same((status, "\x1b[1;31mFAIL" in text), (1, coloured), f"{options} {env}")
    true("\x1b" not in probe(*check).stdout, "no colour in a pipe")
    true("\x1b[1;31mFAIL" in probe(*check, "--color", "always").stdout, "colour in a pipe")
    for columns, least, most in ((40, 41, 60), (70, 61, 70), (120, 81, 120), (200, 81, 120)):
        for command in (["help", "check"], ["help", "batch"]):
            text, _ = on_terminal(columns, *command, "--color=never")
            widest = max(len(line) for line in text.splitlines() if "dcvprobe " not in line)
            true(least <= widest <= most, f"{columns} columns, {command}: {widest}")
    text, _ = on_terminal(80, "codes")
    true(max(len(line) for line in text.splitlines()) <= 88, "the table of codes on a terminal")


def cancel():
    """dcvprobe cancel: a check, a batch, a watch."""
    dcvd = Daemon(Resolver()).start()
    dcvd.resolver.held = True
    at = ["--socket", dcvd.socket]
    asked = ["--method", "dns-txt-token", "--token", TOKEN]
    one = probe("submit", "a.com", *asked, *at).stdout.strip()
    lines = f"a.com,dns-txt-token,{TOKEN}\nb.com,dns-txt-token,{TOKEN}\n"
    batch = probe("submit", "--batch", "-", *at, input=lines).stdout.strip()
    order = {"request": {"domain": "c.com", "methods": ["caa"]}}
    watch = dcvd.call("POST", "/v1/watches", json.dumps(order)).json["id"]
    for of, what in ((one, "check"), (batch, "batch"), (watch, "watch")):
        r = probe("cancel", of, *at)
        same((r.returncode, f"{what} {of} is cancelled" in r.stderr), (0, True), r.stderr)
    same(dcvd.get(f"/v1/checks/{one}").json["state"], "cancelled", "state of the check")
    same(dcvd.get(f"/v1/watches/{watch}").status, 404, "the watch is gone")
    r = probe("cancel", "0000000000000001", *at)
    true(r.returncode == 2 and "there is no check, batch or watch 0000000000000001" in r.stderr, r.stderr)
    dcvd.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (mistakes, colours, cancel)})

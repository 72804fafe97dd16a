#!/usr/bin/env python3
"""dcvprobe end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from house import Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def probe(*args, **popen):
    return subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, timeout=60, check=False, **popen)


def reports_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def batch():
    """Ten thousand lines; killed twice and gone on with; a slow sender and a slow reader; bad lines."""
    n = 10000
    resolver = Resolver({(f"_dnsauth.n{i}.com", "TXT"): [TOKEN] for i in range(0, n, 2)})
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")
    source, out = folder + "/in.csv", folder + "/out.ndjson"
    with open(source, "w", encoding="ascii") as f:
        f.write("domain,token\n" + "".join(f"n{i}.com,{TOKEN}\n" for i in range(n)) + f"n0.com,{TOKEN}\n")
    options = ["--method", "dns-txt-token", "--resolver", f"127.0.0.1:{resolver.port}", "--depth", "quick"]
    again = [os.environ["DCVPROBE"], "batch", source, *options, "--resume", out]
    for number, least in (signal.SIGKILL, 500), (signal.SIGKILL, 2000), (signal.SIGINT, 4000):
        process = subprocess.Popen(again, stderr=subprocess.DEVNULL)
        within(30, "reports", lambda: os.path.exists(out) and len(open(out, "rb").read().split(b"\n")) > least)
        process.send_signal(number)
        true(process.wait(20) in (-signal.SIGKILL, 1), "exit status of an interrupted batch")
    with open(out, "a", encoding="ascii") as f:
        f.write('{"line":7,"key":"00')
    r = subprocess.run(again, capture_output=True, text=True, timeout=80, check=False)
    same((r.returncode, r.stdout, r.stderr), (1, "", ""), "the rest")
    reports = reports_of(out)
    same(sorted(r["line"] for r in reports), list(range(2, n + 3)), "every line once, a doubled one twice")
    true(all((r["verdict"] == "pass") == (int(r["input"][1:-4]) % 2 == 0) for r in reports), "each its own verdict")
    asked = len(resolver.asked)
    same(subprocess.run(again, timeout=60, check=False).returncode, 1, "exit status of what was done before")
    same((len(resolver.asked), len(reports_of(out))), (asked, n + 1), "nothing is asked twice")

    # A sender that waits must not make answers late, nor a reader; what came before a bad line is done.
    head, tail = f"n0.com,,{TOKEN}\n" * 3, f"n2.com,,{TOKEN}\n" * 500 + "bad.com,post\n" + "n4.com\n" * 5
    slow = subprocess.Popen([os.environ["DCVPROBE"], "batch", "-", *options, "--deadline", "1"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    slow.stdin.write(head.encode())
    slow.stdin.flush()
    true(json.loads(slow.stdout.readline())["verdict"] == "pass", "the first report comes before the last line")
    time.sleep(1.5)
    slow.stdin.write(tail.encode())
    slow.stdin.close()
    time.sleep(1.5)
    lines, said = slow.stdout.read().splitlines(), slow.stderr.read().decode()
    same(slow.wait(20), 2, "exit status of a stream with a bad line")
    same([json.loads(line)["verdict"] for line in lines], ["pass"] * 502, "verdicts of a stream")
    true("'-', line 504: methods: 'post' is not accepted; expected dns-txt-token" in said, said)

    asked = len(resolver.asked)
    with open(source, "a", encoding="ascii") as f:
        f.write("n1.com,x\0y\n")
    r = probe("batch", source, *options)
    same((r.returncode, r.stdout, len(resolver.asked)), (2, "", asked), "a file with a bad line is refused whole")
    true("line 10003: token: 'x\\x00y' is not accepted" in r.stderr, r.stderr)
    same(probe("batch", source, "--resume", source).returncode, 2, "the input is no output")
    with open("/dev/full", "wb") as full:
        r = subprocess.run([os.environ["DCVPROBE"], "batch", "-", *options], input=head, stdout=full, stderr=subprocess.PIPE,
                           text=True, timeout=30, check=False)
    same(r.returncode, 2, "exit status on a full disk")
    true("cannot be written" in r.stderr, r.stderr)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main({f.__name__: f for f in (batch,)})

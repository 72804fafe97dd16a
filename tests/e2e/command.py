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


def explain():
    """A code that names its check is reproduced by it; preflight and its checks are one document."""
    resolver = Resolver({("_dnsauth.shop.com", "TXT"): ["other"], ("_dnsauth.good.com", "TXT"): [TOKEN]})
    options = ["--token", TOKEN, "--resolver", f"127.0.0.1:{resolver.port}", "--depth", "quick"]
    r = probe("explain", "invalid_dns_txt|shop.com", "--run", *options)
    same((r.returncode, r.stderr), (1, ""), "exit status is that of the check")
    true("what to check" in r.stdout and "the same comes out: invalid_dns_txt" in r.stdout and "\"other\"" in r.stdout, r.stdout)
    r = probe("explain", "dns_mismatch|good.com", "--run", *options, "--json")
    answer = json.loads(r.stdout)
    same((r.returncode, answer["codes"][0]["code"], answer["reports"][0]["verdict"]), (0, "dns_mismatch", "pass"), "one document")
    asked = len(resolver.asked)
    for wrong, expected in (("dns_mismatch", "names no domain"), ("csr_invalid_cannot_parse", "dcvprobe preflight --csr"),
                            ("invalid_dns_method", "from no check of a domain")):
        r = probe("explain", "dns_mismatch|shop.com", wrong, "--run", *options)
        same((r.returncode, r.stdout), (2, ""), f"nothing is done where {wrong} cannot be")
        true(expected in r.stderr, r.stderr)
    same(len(resolver.asked), asked, "questions before the mistake")
    r = probe("explain", "dns_mismatch", *options)
    true(r.returncode == 2 and "expected --run" in r.stderr, r.stderr)


def replay():
    """What today's rules say of stored cases, next to what was said then."""
    resolver = Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")
    cases = folder + "/cases.ndjson"
    r = probe("check", "good.com", "shop.com", "--method", "dns-txt-token", "--token", TOKEN, "--resolver",
              f"127.0.0.1:{resolver.port}", "--depth", "quick", "--save", cases)
    same(r.returncode, 1, r.stderr)
    r = probe("replay", "--all", folder)
    same((r.returncode, r.stdout, r.stderr),
         (0, "2 cases judged again: 0 differ from the report stored with them\n", ""), "nothing differs")
    with open(cases, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    lines[1]["report"].update(verdict="pass", errors=[], detail_code=None, findings=[])
    del lines[0]["report"]
    os.mkdir(folder + "/more")
    with open(folder + "/more/one.case", "w", encoding="utf-8") as f:
        json.dump(lines[1], f, indent=1)
    with open(folder + "/more/.hidden", "w", encoding="utf-8") as f:
        f.write("no case")
    with open(cases, "w", encoding="utf-8") as f:
        f.write("".join(json.dumps(line) + "\n" for line in [*lines, lines[1]]) + "\n")
    r = probe("replay", "--all", folder)
    report = "shop.com  dns-txt-token  pass  now  fail invalid_dns_txt (dns_mismatch), txt-absent\n"
    same((r.returncode, r.stderr), (1, ""), "some differ")
    same(r.stdout, f"{cases}:2  {report}{cases}:3  {report}{folder}/more/one.case  {report}"
         "4 cases judged again: 3 differ from the report stored with them, 1 has none\n", "what differs")
    r = probe("replay", "--all", "--format", "ndjson", cases)
    same([json.loads(line)["is"]["detail_code"] for line in r.stdout.splitlines()], ["dns_mismatch"] * 2, "the same as JSON")
    r = probe("replay", "--all", folder + "/more/.hidden", cases)
    same(r.returncode, 2, "exit status with a file that is no case")
    true(".hidden': line 1" in r.stderr and "1 could not be read" in r.stdout, r.stderr + r.stdout)
    shutil.rmtree(folder)


def config():
    """The daemon's file speaks for the command, too, where its line is silent."""
    resolver = Resolver({("_dnsauth.good.com", "TXT"): [TOKEN], ("www.good.com", "CNAME"): ["edge.cdn.net."]})
    deaf, folder = Resolver(), tempfile.mkdtemp(prefix="dcvd-e2e-")
    deaf.held = True
    conf = folder + "/dcvd.conf"

    def write(servers, more=""):
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"[daemon]\nlog_level = error\n[checks]\ndepth = quick\ndeadline = 20\n{more}"
                    f"[resolver]\nservers = {servers}\ntimeout = 0.2\ntries = 1\n[targets]\nallow = edge.cdn.net\n")

    write(f"127.0.0.1:{resolver.port}")
    txt = ["--method", "dns-txt-token", "--token", TOKEN, "--config", conf]
    r = probe("check", "good.com", *txt, "--json", "--save", folder + "/case")
    same((r.returncode, r.stderr), (0, ""), "exit status of a check by the file's resolver")
    with open(folder + "/case", encoding="utf-8") as f:
        request = json.load(f)["request"]
    same((request["depth"], request["deadline"], request["resolver"]),
         ("quick", 20, [f"127.0.0.1:{resolver.port}"]), "what the file gives")
    r = probe("check", "good.com", *txt, "--depth", "full", "--deadline", "3", "--save", folder + "/case")
    with open(folder + "/case", encoding="utf-8") as f:
        request = json.load(f)["request"]
    same((request.get("depth"), request["deadline"]), (None, 3), "what the line says wins")
    r = probe("check", "www.good.com", "--method", "dns-cname-target", "--config", conf)
    true("invalid_cname_whitelist" not in r.stdout and r.returncode in (0, 1), r.stdout + r.stderr)
    same(probe("explain", "dns_mismatch|good.com", "--run", "--token", TOKEN, "--config", conf).returncode, 0, "explain --run")
    with open(folder + "/in.csv", "w", encoding="ascii") as f:
        f.write("good.com\ngood.com\n")
    r = probe("batch", folder + "/in.csv", *txt)
    same([json.loads(line)["verdict"] for line in r.stdout.splitlines()], ["pass"] * 2, "verdicts of batch " + r.stderr)
    r = probe("preflight", "good.com", "--config", conf, "--probe", "--method", "dns-txt-token", "--token", TOKEN, "--json")
    same((r.returncode, json.loads(r.stdout)["reports"][0]["verdict"]), (0, "pass"), "preflight --probe")

    write(f"127.0.0.1:{deaf.port}")
    r = probe("check", "good.com", *txt, "--resolver", f"127.0.0.1:{resolver.port}")
    same((r.returncode, len(deaf.asked)), (0, 0), "the line's resolver takes the place of the file's")
    began = time.monotonic()
    same(probe("check", "good.com", *txt).returncode, 3, "exit status where the file's resolver is silent")
    true(time.monotonic() - began < 5, "the file's timeout and tries hold")

    write("127.0.0.1", "per_server = 0\n")
    r = probe("check", "good.com", *txt)
    same((r.returncode, r.stdout), (2, ""), "exit status with a bad file")
    same(r.stderr, f"dcvprobe: --config: {conf}:6: [checks] per_server: '0': expected a whole number from 1 to 100000\n", "why")
    same(probe("check", "good.com", "--config", folder + "/none").returncode, 2, "exit status without the file")
    r = probe("explain", "dns_mismatch", "--config", conf)
    true(r.returncode == 2 and "expected --run" in r.stderr, r.stderr)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main({f.__name__: f for f in (batch, explain, replay, config)})

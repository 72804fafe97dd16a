#!/usr/bin/env python3
"""dcvprobe end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import csv
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

from daemon import Daemon, Resolver, main, on_terminal, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
CSR = os.path.join(os.path.dirname(__file__), "..", "lab", "order.csr")


def probe(*args, **popen):
    return subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, timeout=60, check=False,
                          **popen)


def reports_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def batch():
    """dcvprobe batch: ten thousand lines, killed twice and resumed; a slow writer and a slow reader of its pipes; bad
    lines."""
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
    same(sorted(r["line"] for r in reports), list(range(2, n + 3)),
         "every line once, also the one that repeats another")
    true(all((r["verdict"] == "pass") == (int(r["input"][1:-4]) % 2 == 0) for r in reports), "the verdict of each line")
    asked = len(resolver.asked)
    same(subprocess.run(again, timeout=60, check=False).returncode, 1, "exit status when all was done before")
    same((len(resolver.asked), len(reports_of(out))), (asked, n + 1), "nothing is asked twice")

    # Neither a slow writer of the input nor a slow reader of the output delays checks; lines before a bad one are done.
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
    same((r.returncode, r.stdout, len(resolver.asked)), (2, "", asked),
         "a file with a bad line is refused before anything is asked")
    true("line 10003: token: 'x\\x00y' is not accepted" in r.stderr, r.stderr)
    same(probe("batch", source, "--resume", source).returncode, 2, "the input cannot be the output")
    with open("/dev/full", "wb") as full:
        r = subprocess.run([os.environ["DCVPROBE"], "batch", "-", *options], input=head, stdout=full,
                           stderr=subprocess.PIPE,
                           text=True, timeout=30, check=False)
    same(r.returncode, 2, "exit status on a full disk")
    true("cannot be written" in r.stderr, r.stderr)
    shutil.rmtree(folder)


def owner():
    """dcvprobe batch for an owner of many domains: CSV as spreadsheets write it, with columns of the owner's own; CSV
    out; what failed, in groups; what has changed since."""
    names = [f"n{i}.com" for i in range(40)]
    resolver = Resolver({(f"_dnsauth.{name}", "TXT"): [TOKEN] for name in names[::2]})
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")
    source, out, report = folder + "/in.csv", folder + "/out.csv", folder + "/out.ndjson"
    options = ["--resolver", f"127.0.0.1:{resolver.port}", "--depth", "quick"]
    rows = [["Müller; Söhne" if i % 2 else 'a "b"', name, "DNS-TXT-token", TOKEN, str(i)]
            for i, name in enumerate(names)]

    def run(*more, data=None):
        r = probe("batch", source if data is None else "-", *options, *more,
                  **({} if data is None else {"input": data}))
        return r.returncode, r.stdout, r.stderr

    def write(separator, begin="", end="\n"):
        with open(source, "w", encoding="utf-8", newline="") as f:
            f.write(begin)
            writer = csv.writer(f, delimiter=separator, lineterminator=end)
            writer.writerows([["Kunde", "Domain", "method", "token", "order"], *rows])

    texts = []
    for separator, begin, end in (",", "", "\n"), (";", "\ufeff", "\r\n"), ("\t", "", "\n"):
        write(separator, begin, end)
        status, text, err = run("--format", "csv")
        same((status, err), (1, ""), f"separator {separator!r}")
        texts.append(text)
    bare = [[row[:10] for row in csv.reader(text.splitlines())] for text in texts]  # a cure may have a time to wait for
    true(bare[0] == bare[1] == bare[2], "the same rows, whatever the separator")
    got = list(csv.reader(texts[0].splitlines()))
    same(got[0], ["Kunde", "Domain", "method", "token", "order", "verdict", "code", "detail_code", "cause", "who_acts",
                  "summary", "cure"], "titles")
    same([row[:5] for row in got[1:]], rows, "the owner's columns, in the order of the input")
    same([row[5:10] for row in got[1:3]], [["pass", "", "", "", ""],
                                           ["fail", "invalid_dns_txt", "dns_mismatch", "txt-absent", "zone-owner"]],
         "verdicts")
    true(got[2][11].startswith(f'add _dnsauth.n1.com. 300 IN TXT "{TOKEN}"'), got[2][11])
    true(TOKEN not in run("--format", "csv", "--redact")[1], "no value in a row")

    # What failed, on standard error, where no terminal is, too.
    status, text, err = run("--format", "csv", "--summary")
    same((status, len(text.splitlines())), (1, 41), "rows with a summary")
    same(err.splitlines(), ["40 domains: 20 pass, 20 fail, 0 undecided", "Failures by cause",
                            "       20  txt-absent, for whoever edits the domain's DNS records", "Failures by code",
                            "       20  invalid_dns_txt", "Failures by name server",
                            f"       20  127.0.0.1:{resolver.port}"], "groups")
    status, _, err = run("--summary")
    true(status == 1 and err.startswith("40 domains: 20 pass, 20 fail"), err)

    # What has changed since.
    with open(out, "w", encoding="utf-8") as f:
        f.write(texts[0])
    with open(report, "w", encoding="utf-8") as f:
        f.write(run()[1])
    same(run("--format", "csv", "--since", out), (1, ",".join(got[0]) + "\n", ""), "nothing")
    same(run("--since", report), (1, "", ""), "nothing, in NDJSON; the exit status is that of all lines")
    resolver.table[("_dnsauth.n1.com", "TXT")] = [TOKEN]
    rows.append(["new", "n99.com", "caa", "", "99"])
    write(",")
    status, text, err = run("--format", "csv", "--since", out, "--summary")
    changed = list(csv.reader(text.splitlines()))[1:]
    same((status, [(row[1], row[5]) for row in changed]), (1, [("n1.com", "pass"), ("n99.com", "pass")]), "changes")
    true(err.startswith("41 domains: 22 pass, 19 fail"), err)
    changed = [json.loads(line)["input"] for line in run("--since", report)[1].splitlines()]
    same(sorted(changed), ["n1.com", "n99.com"], "changes, in NDJSON")

    for data, said in (("PK\3\4\24", "it is a spreadsheet or another ZIP archive"),
                       ("# mine\na.com\n", "line 1: it begins with #; comments are not taken"),
                       ("domain,tokn\na.com,x\n", "the column 'tokn' may be meant as token"),
                       ("domain\n", "'-' holds no request"), ("", "'-' holds no request"),
                       ("\n \n", "'-' holds no request")):
        status, text, err = run(data=data)
        true((status, text) == (2, "") and said in err, f"{data!r}: {status} {text} {err}")
    write(",")
    for more, said in ((["--since", report, "--format", "csv"], "--since: "), (["--since", out], "is not a report"),
                       (["--since", folder + "/none"], "cannot be read"),
                       (["--format", "html"], "--format: 'html' is not known; expected one of ndjson csv"),
                       (["--format", "csv", "--resume", report], "--resume goes on with reports in NDJSON")):
        status, text, err = run(*more)
        true((status, text) == (2, "") and said in err, f"{more}: {status} {text} {err}")
    shutil.rmtree(folder)


def explain():
    """dcvprobe explain --run: the check that reproduces a code; in JSON both are one document."""
    resolver = Resolver({("_dnsauth.shop.com", "TXT"): ["other"], ("_dnsauth.good.com", "TXT"): [TOKEN]})
    options = ["--token", TOKEN, "--resolver", f"127.0.0.1:{resolver.port}", "--depth", "quick"]
    r = probe("explain", "invalid_dns_txt|shop.com", "--run", *options)
    same((r.returncode, r.stderr), (1, ""), "exit status is that of the check")
    true("what to check" in r.stdout and "the same code: invalid_dns_txt" in r.stdout and "\"other\"" in r.stdout,
         r.stdout)
    r = probe("explain", "dns_mismatch|good.com", "--run", *options, "--json")
    answer = json.loads(r.stdout)
    same((r.returncode, answer["found"][0]["code"], answer["reports"][0]["verdict"]), (0, "dns_mismatch", "pass"),
         "one document")
    r = probe("explain", "why", "is", "it", "invalid_dns_txt", "--domain", "good.com", "--run", *options, "--json")
    answer = json.loads(r.stdout)
    same((r.returncode, answer["found"][0]["domain"], answer["reports"][0]["domain"]), (0, "good.com", "good.com"),
         "a domain for a code without one")
    r = probe("explain", '{"dns_name_validations":[{"dns_name":"good.com","status":"approved"},'
              '{"dns_name":"shop.com","status":"pending"}]}', "--run", *options, "--method", "dns-txt-token", "--json")
    answer = json.loads(r.stdout)
    same((r.returncode, [x["domain"] for x in answer["reports"]]), (1, ["shop.com"]),
         "the names of an order check that are not validated")
    r = probe("explain", "CAA check failed for good.com", "--run", *options, "--json")
    same((len(json.loads(r.stdout)["found"]), len(json.loads(r.stdout)["reports"])), (4, 1),
         "codes of one check are checked once")
    # A cause is looked for by one of its methods; one that any method finds, by all that the input allows.
    for cause, domain, methods, said in (
            ("file-bot-challenge", "shop.com", ["http-token"], "and does not find file-bot-challenge"),
            ("caa-excludes-ca", "good.com", ["caa"], "A check now passes: caa-excludes-ca"),
            ("txt-stale-other-order", "shop.com", ["dns-txt-token"], "does not find txt-stale"),
            ("txt-other-values-only", "shop.com", ["dns-txt-token"], "finds the same cause: txt-other-values-only"),
            ("name-invalid", "good.com", ["dns-txt-token", "dns-cname-token", "http-token", "caa"], "")):
        args = ["explain", cause, "--domain", domain, "--run", *options]
        reports = json.loads(probe(*args, "--json").stdout)["reports"]
        same([x["method"] for x in reports], methods, "methods of " + cause)
        r = probe(*args)
        true(said in r.stdout, f"{cause}: {r.stdout}")
    r = probe("explain", "file-empty", "--domain", "shop.com", "--run", *options, "--method", "caa", "--json")
    same([x["method"] for x in json.loads(r.stdout)["reports"]], ["caa"], "a method that is given goes first")
    r = probe("causes", "file-absent", "caa-timeout")
    true("\n  Who has to act: whoever runs the web server" in r.stdout, r.stdout)
    true("\ncaa-timeout  a cause" in r.stdout, r.stdout)
    r = probe("causes", "--json", "caa-timeout")
    listed = json.loads(r.stdout)["causes"]
    same([(x["id"], x["who_acts"]) for x in listed], [("caa-timeout", "dns-provider")], "one cause")
    r = probe("causes", "caa-timeout", "caa_timeout")
    true(r.returncode == 2 and "'caa_timeout' is not the id of a cause" in r.stderr and not r.stdout, r.stderr)
    asked = len(resolver.asked)
    for wrong, expected in (("caa_check_failed", "names no domain; give it with --domain"),
                            ("csr_invalid_cannot_parse", "dcvprobe preflight --csr"),
                            ("invalid_dns_method", "no check of a domain gives")):
        r = probe("explain", "caa_not_found", wrong, "--run", *options)
        same((r.returncode, r.stdout), (2, ""), f"nothing is done because {wrong} cannot be run")
        true(expected in r.stderr, r.stderr)
    r = probe("explain", "dns_mismatch|shop.com", "--run", *options[2:])
    true(r.returncode == 2 and "--token V" in r.stderr and not r.stdout, r.stderr)
    same(len(resolver.asked), asked, "no question is asked before a mistake is found")
    r = probe("explain", "dns_mismatch|shop.com", "--run", *options[2:], "--method", "caa", "--json")
    same([x["method"] for x in json.loads(r.stdout)["reports"]], ["caa"], "a method that needs no value " + r.stderr)

    # On a terminal what is missing is asked for.
    ours, theirs = pty.openpty()
    with subprocess.Popen([os.environ["DCVPROBE"], "explain", "invalid_dns_txt", "--run", *options[2:]], stdin=theirs,
                          stdout=subprocess.PIPE, stderr=theirs) as p:
        os.close(theirs)
        os.write(ours, b"not a domain\ngood.com\n" + TOKEN.encode() + b"\n")
        same((p.wait(30), b"A check now passes" in p.stdout.read()), (0, True), "asked for on a terminal")
    os.close(ours)

    # Pastes: from a file, from standard input, of any size.
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")
    with open(folder + "/answer", "w", encoding="utf-16") as f:
        f.write('{"errors":[{"code":"caa_not_found|shop.com","message":""}]}')
    r = probe("explain", folder + "/answer", "--json")
    same((r.returncode, json.loads(r.stdout)["found"][0]["domain"]), (0, "shop.com"), "a file of UTF-16")
    shutil.rmtree(folder)
    for data, status, expected in ((b"x" * (10 << 20) + b' "code":"dns_mismatch|shop.com"', 0, ""),
                                   (random.Random(7).randbytes(10 << 20), 2, "no text that could be read"),
                                   (b"", 2, "There is no text"), (b"good morning", 2, "No error code"),
                                   (b"dns_mismach", 2, "did you mean dns_mismatch")):
        p = subprocess.run([os.environ["DCVPROBE"], "explain", "-"], input=data, capture_output=True, timeout=60,
                           check=False)
        same(p.returncode, status, f"exit status of explain - with {data[:20]}")
        true(expected.encode() in p.stderr, p.stderr)
    r = probe("explain", "dns_mismatch", *options)
    true(r.returncode == 2 and "expected --run" in r.stderr, r.stderr)


def replay():
    """dcvprobe replay --all: saved cases are judged again and compared with the reports saved with them."""
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
    same([json.loads(line)["is"]["detail_code"] for line in r.stdout.splitlines()], ["dns_mismatch"] * 2,
         "the same as JSON")
    r = probe("replay", "--all", folder + "/more/.hidden", cases)
    same(r.returncode, 2, "exit status with a file that is no case")
    true(".hidden': line 1" in r.stderr and "1 could not be read" in r.stdout, r.stderr + r.stdout)
    # A top-level domain that the list lacks, where nobody asked the root: a new list decides, and so does an answer
    # that there is no such name, whatever type it was asked for (RFC 8020).
    root = [{"owner": ".", "type": "NS", "rdata": "a.root."}]
    denied = [{"kind": "dns", "qname": ".", "qtype": "NS", "answer": root},
              {"kind": "dns", "qname": "qqqq.", "qtype": "CAA", "rcode": "NXDOMAIN"}]
    for evidence, now, verdict in ([], "2026-11-28", "fail"), ([], "2029-11-28", "undecided"), \
            (denied[:1], "2026-11-28", "undecided"), (denied, "2029-11-28", "fail"):
        with open(cases, "w", encoding="utf-8") as f:
            json.dump({"request": {"domain": "shop.firm.qqqq", "methods": ["caa"], "depth": "quick", "now": now},
                       "evidence": evidence}, f)
        r = probe("replay", "--json", cases)
        same(json.loads(r.stdout)["reports"][0]["verdict"], verdict, f"{len(evidence)} facts on {now}")
    shutil.rmtree(folder)


def config():
    """dcvprobe --config: the daemon's file gives what the command line leaves open."""
    resolver = Resolver({("_dnsauth.good.com", "TXT"): [TOKEN], ("www.good.com", "CNAME"): ["edge.cdn.net."]})
    silent, folder = Resolver(), tempfile.mkdtemp(prefix="dcvd-e2e-")
    silent.held = True
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
    same((request.get("depth"), request["deadline"]), (None, 3), "the command line has precedence")
    r = probe("check", "www.good.com", "--method", "dns-cname-target", "--config", conf)
    true("invalid_cname_whitelist" not in r.stdout and r.returncode in (0, 1), r.stdout + r.stderr)
    same(probe("explain", "dns_mismatch|good.com", "--run", "--token", TOKEN, "--config", conf).returncode, 0,
         "explain --run")
    with open(folder + "/in.csv", "w", encoding="ascii") as f:
        f.write("good.com\ngood.com\n")
    r = probe("batch", folder + "/in.csv", *txt)
    same([json.loads(line)["verdict"] for line in r.stdout.splitlines()], ["pass"] * 2, "verdicts of batch " + r.stderr)
    r = probe("preflight", "good.com", "--config", conf, "--probe", "--method", "dns-txt-token", "--token", TOKEN,
              "--json")
    same((r.returncode, json.loads(r.stdout)["reports"][0]["verdict"]), (0, "pass"), "preflight --probe")

    # Without --probe, too, the CA's profile is read, and its lists: a method that it ends is refused.
    profile, order = folder + "/ca.conf", folder + "/order.conf"
    with open(order, "w", encoding="ascii") as f:
        f.write(f"[ca]\nprofile = {profile}\n[order]\nallowed_domains = good.com\n")
    for row, status, said in (("end = 1.2 email from 2020-01-01 by us", 1, "validation by email, section 1.2 (us)"),
                              ("end = 1.2 phone from 2020-01-01 by us", 0, "PASS "),
                              ("end = 1.2 email from 2020-13-01", 2, f"{profile}:2: ")):
        with open(profile, "w", encoding="ascii") as f:
            f.write(f"[methods]\n{row}\n")
        r = probe("preflight", "good.com", "--method", "email", "--config", order)
        true(r.returncode == status and said in " ".join((r.stdout + r.stderr).split()),
             f"{row}: {r.returncode} {r.stdout}{r.stderr}")
    with open(profile, "w", encoding="ascii") as f:
        f.write("[methods]\nend =\n")
    r = probe("preflight", "bad.com", "--config", order)
    true(r.returncode == 1 and "domain_not_allowed" in r.stdout, r.stdout + r.stderr)

    write(f"127.0.0.1:{silent.port}")
    r = probe("check", "good.com", *txt, "--resolver", f"127.0.0.1:{resolver.port}")
    same((r.returncode, len(silent.asked)), (0, 0), "the resolver of the command line replaces that of the file")
    began = time.monotonic()
    same(probe("check", "good.com", *txt).returncode, 3, "exit status where the resolver of the file does not answer")
    true(time.monotonic() - began < 5, "timeout and tries are those of the file")

    write("127.0.0.1", "per_server = 0\n")
    r = probe("check", "good.com", *txt)
    same((r.returncode, r.stdout), (2, ""), "exit status with a bad file")
    same(r.stderr,
         f"dcvprobe check: --config: {conf}:6: [checks] per_server: '0': expected a whole number from 1 to 100000\n",
         "why")
    again = probe("preflight", "good.com", "--config", conf)
    same((again.returncode, again.stdout, again.stderr), (2, "", r.stderr.replace(" check:", " preflight:")),
         "preflight with a bad file")
    same(probe("check", "good.com", "--config", folder + "/none").returncode, 2, "exit status without the file")
    r = probe("explain", "dns_mismatch", "--config", conf)
    true(r.returncode == 2 and "expected --run" in r.stderr, r.stderr)
    shutil.rmtree(folder)


def show():
    """dcvprobe show: a check of the daemon is shown as dcvprobe check shows its own."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN],
                            ("_dnsauth.bad.com", "TXT"): ["a\x1b[31mb|c"]})).start()
    at = ["--socket", dcvd.socket]
    asked = ["--method", "dns-txt-token", "--token", TOKEN]
    good, bad = probe("submit", "good.com", "bad.com", *asked, *at).stdout.split()
    r = probe("show", bad, good, "--wait", "20", "--save", dcvd.dir + "/cases", *at)
    same((r.returncode, r.stderr), (1, ""), "exit status for two checks")
    here = probe("check", "bad.com", "good.com", *asked, "--config", dcvd.config())

    def timeless(text):
        return re.sub(r" in [0-9.]+ m?s$|Checked [0-9: -]+", "", text, flags=re.M)

    same(timeless(r.stdout), timeless(here.stdout), "the text of show and of check")
    true("\x1b" not in r.stdout and '"a\\027[31mb|c"' in r.stdout, r.stdout)
    r = probe("show", bad, "--verbose", *at)
    true("All evidence" in r.stdout, r.stdout)
    for form, start in (("nagios", "DCV CRITICAL - bad.com dns-txt-token invalid_dns_txt"),
                        ("fix", "; bad.com dns-txt-token: fail"),
                        ("nsupdate", "; bad.com dns-txt-token: fail")):
        r = probe("show", bad, "--format", form, *at)
        true(r.stdout.startswith(start), r.stdout)
    stored = dcvd.get("/v1/checks/" + bad).json["reports"][0]
    shown = json.loads(probe("show", bad, "--json", *at).stdout)["reports"][0]
    same(shown, {k: v for k, v in stored.items() if k != "request"}, "the report as the store has it")
    r = probe("show", bad, "--format", "ndjson", "--redact", *at)
    true(TOKEN not in r.stdout and len(r.stdout.splitlines()) == 1, r.stdout)
    same((probe("replay", "--all", dcvd.dir + "/cases").stdout.split(":")[1]),
         " 0 differ from the report stored with them\n", "the saved cases give the same reports")
    same(probe("show", good, "0000000000000001", *at).returncode, 2, "exit status with an unknown id")
    dcvd.resolver.held = True
    slow, = probe("submit", "slow.com", *asked, *at).stdout.split()
    r = probe("show", slow, good, *at)
    same(r.returncode, 3, "exit status where one has not ended")
    true("PASS  good.com" in r.stdout and "there are no reports yet" in r.stderr, r.stdout + r.stderr)
    true(probe("show", slow, "--format", "nagios", *at).stdout.startswith(f"DCV UNKNOWN - check {slow} is "),
         "a status line")
    dcvd.call("DELETE", "/v1/checks/" + slow)
    dcvd.close()


def lists():
    """dcvprobe list and stats: filters, pages, a terminal and programs as readers."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()
    at = ["--socket", dcvd.socket]
    names = ["good.com", "a-rather-long-name-for-a-shop.example-of-a-long-domain.com"] + [f"n{i}.com"
                                                                                          for i in range(1200)]
    for start in range(0, len(names), 400):
        ids = probe("submit", *names[start:start + 400], "--method", "dns-txt-token", "--token", TOKEN,
                    *at).stdout.split()
    within(40, "all are done", lambda: dcvd.get("/v1/stats").json["states"] == {"done": 1202})
    dcvd.done(ids[-1])
    r = probe("list", "--limit", "3", *at)
    same((r.returncode, r.stderr, [line.split()[3] for line in r.stdout.splitlines()]),
         (0, "", ["METHOD", "n1199.com", "n1198.com", "n1197.com"]), "newest first")
    same(r.stdout.splitlines()[1].split()[3:], ["n1199.com", "dns-txt-token", "fail", "invalid_dns_txt", "txt-absent"],
         "a row")
    rows = [json.loads(line) for line in probe("list", "--limit", "0", "--format", "ndjson", *at).stdout.splitlines()]
    same([row["domain"] for row in rows], names[::-1], "all pages")
    document = json.loads(probe("list", "--limit", "1001", "--json", *at).stdout)
    same((len(document["checks"]), document["next"] is None), (1001, False), "one document of two pages")
    for options in (["--verdict", "pass"], ["--domain", "GOOD.com"],
                    ["--method", "dns-txt-token", "--verdict", "pass"]):
        lines = probe("list", *options, *at).stdout.splitlines()
        same([line.split()[3:] for line in lines[1:]], [["good.com", "dns-txt-token", "pass", "-", "-"]], str(options))
    for options, n in ((["--code", "invalid_dns_txt"], 50), (["--detail-code", "dns_mismatch", "--limit", "7"], 7),
                       (["--cause", "txt-absent", "--since", "2020-01-01"], 50), (["--until", "2020-01-01"], 0)):
        same(len(probe("list", *options, *at).stdout.splitlines()) - 1, n, str(options))
    screen = on_terminal(80, "list", "--limit", "0", "--color=never", *at)[0]
    true(all(len(line) <= 80 for line in screen.splitlines()), "a line is longer than the terminal")
    true(re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d [A-Z]+  fail     a-rather-long-name\S*…\n"
                   r"    [0-9a-f]{16}  dns-txt-token  invalid_dns_txt  txt-absent\n", screen, re.M), screen[-500:])
    wide = on_terminal(200, "list", "--limit", "0", "--color=never", *at)[0]
    true("n7.com" in wide.split("invalid_dns_txt  txt-absent\n")[-10], "one line each")
    for wrong, expected in ((["--limit", "x"], "0 for all"), (["--format", "fix"], "one of text json ndjson"),
                            (["--verdict", "pas"], "expected undecided, pass, fail; did you mean pass?"),
                            (["--method", "dns-txt"], "caa; did you mean dns-txt-token?"),
                            (["--code", "dns_mismtch"], "near it: dns_mismatch"), (["good.com"], "--domain"),
                            (["--since", "soon"], "--since: 'soon' is not a time; expected how long ago"),
                            (["--since", "yesterdy"], "did you mean yesterday?"),
                            (["--watches", "--code", "x"], "--code is about checks; expected --watches with")):
        r = probe("list", *wrong, *at)
        same((r.returncode, r.stdout), (2, ""), str(wrong))
        true(expected in r.stderr, r.stderr)
    r = probe("stats", *at)
    same((r.returncode, r.stderr), (0, ""), "stats")
    same(re.findall(r"^Reports by verdict\n((?:  .*\n)*)", r.stdout, re.M)[0].split(), ["fail", "1201", "pass", "1"],
         "the largest number first")
    true(re.search(r"^Findings by cause\n  txt-absent +1201\n", r.stdout, re.M), r.stdout)
    same(len({len(line) for line in r.stdout.splitlines() if line.startswith("  ")}), 1, "all rows have the same width")
    same(json.loads(probe("stats", "--since", "2020-01-01", "--json", *at).stdout)["verdicts"],
         {"fail": 1201, "pass": 1}, "JSON")
    true("No check" in probe("stats", "--since", "2099-01-01", *at).stdout, "none")
    for since, n in (("2h", 50), ("3d", 50), ("yesterday", 50), ("now", 0)):
        same(len(probe("list", "--since", since, *at).stdout.splitlines()) - 1, n, since)
    true("No check" in probe("stats", "--until", "1h", *at).stdout, "an hour ago")
    rows = probe("list", "--domains", "--limit", "0", *at).stdout.splitlines()[1:]
    same((len(rows), len({line.split()[3] for line in rows})), (1202, 1202), "one row a domain")
    lines = '{"domain":"good.com","methods":["dns-txt-token"]}\n' * 2
    batched = dcvd.call("POST", "/v1/batches", lines, {"Content-Type": "application/x-ndjson"}).json["id"]
    within(20, "the batch is done", lambda: dcvd.get(f"/v1/batches/{batched}").json["state"] == "done")
    same(len(probe("list", "--batch", batched, *at).stdout.splitlines()) - 1, 2, "the checks of a batch")
    same([line.split()[2:] for line in probe("list", "--batches", *at).stdout.splitlines()[1:]],
         [[batched, "done", "2"]], "batches")
    order = {"request": {"domain": "good.com", "methods": ["caa"]}, "interval": 3600, "until": "forever"}
    watch = dcvd.call("POST", "/v1/watches", json.dumps(order)).json["id"]
    within(20, "it has run", lambda: dcvd.get(f"/v1/watches/{watch}").json["runs"] == 1)
    same([line.split()[2:] for line in probe("list", "--watches", *at).stdout.splitlines()[1:]],
         [[watch, "active", "good.com", "3600", "s", "pass", "-"]], "watches")
    same([x["id"] for x in json.loads(probe("list", "--watches", "--json", *at).stdout)["watches"]], [watch], "JSON")

    # show takes the id of any of them, or a domain.
    r = probe("show", batched, *at)
    true(r.returncode == 3 and r.stdout.startswith(f"batch {batched}  done  2 lines\n") and
         "\n  verdict   2 undecided\n" in r.stdout, f"{r.returncode} {r.stdout}")
    r = probe("show", watch, *at)
    true(r.returncode == 0 and r.stdout.startswith(f"watch {watch}  active  good.com\n") and
         "every 3600 s" in r.stdout and "caa  pass" in r.stdout, f"{r.returncode} {r.stdout}")
    same(json.loads(probe("show", batched, "--json", *at).stdout)["id"], batched, "a batch as JSON")
    same(len(probe("show", batched, "--format", "csv", *at).stdout.splitlines()), 3, "the reports of a batch")
    r = probe("show", "n1.com", *at)
    true(r.returncode == 1 and r.stdout.startswith("FAIL  n1.com") and "What changed" not in r.stdout, r.stdout)
    dcvd.resolver.table[("_dnsauth.n1.com", "TXT")] = [TOKEN]
    dcvd.done(probe("submit", "n1.com", "--method", "dns-txt-token", "--token", TOKEN, *at).stdout.strip())
    r = probe("show", "n1.com", *at)
    true(r.returncode == 0 and r.stdout.startswith("PASS  n1.com") and
         "\n\nWhat changed at n1.com\n  20" in r.stdout and "dns-txt-token  fail to pass" in r.stdout, r.stdout)
    for wrong, expected in (("nobody.com", "'nobody.com' was not checked by dcvd yet"), ("a b/../c", "was not checked"),
                            ("0000000000000001", "there is no check, batch or watch 0000000000000001")):
        r = probe("show", wrong, *at)
        true((r.returncode, r.stdout) == (2, "") and expected in r.stderr, f"{r.returncode} {r.stdout} {r.stderr}")
    probe("cancel", watch, *at)
    two = probe("submit", "good.com", "--method", "dns-txt-token", "--method", "caa", "--token", "other",
                *at).stdout.strip()
    dcvd.done(two)
    for options, rows in (([], ["dns-txt-token", "caa"]), (["--verdict", "pass"], ["caa"]),
                          (["--code", "INVALID_DNS_TXT"], None),
                          (["--cause", "txt-stale-other-order"], ["dns-txt-token"])):
        lines = [line.split()
                 for line in probe("list", "--limit", "1", "--domain", "good.com", *options,
                                   *at).stdout.splitlines()[1:]]
        same([line[4] for line in lines if line[2] == two], rows or ["dns-txt-token", "caa"],
             f"the reports that match ({options})")
    dcvd.close()
    r = probe("list", *at)
    true(r.returncode == 2 and "dcvd does not run" in r.stderr, r.stderr)


def submit():
    """dcvprobe submit, and show of what it handed over."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()

    def run(*args):
        done = probe(*args, "--socket", dcvd.socket)
        return done.returncode, done.stdout, done.stderr

    status, out, err = run("submit", "good.com", "bad.com", "--method", "dns-txt-token", "--token", TOKEN,
                           "--deadline", "9")
    same(status, 0, f"exit status of submit ({err})")
    good, bad = out.split()
    status, out, err = run("show", good, "--wait", "20", "--json")
    same((status, json.loads(out)["reports"][0]["verdict"]), (0, "pass"), err)
    status, out, err = run("show", bad, "--wait", "20")
    same(status, 1, err)
    true("invalid_dns_txt" in out and "bad.com" in out, out)
    same(run("show", "0000000000000001")[0], 2, "exit status for an unknown id")
    status, out, err = run("submit", "a.com", "--auth-key-file", "/dev/null")
    same(status, 2, "exit status with a key")
    true("--auth-key-name" in err, err)
    # The names of keys are the daemon's, and so is the word about one that it does not know.
    status, out, err = run("submit", "a.com", "--auth-key-name", "nobody", "--csr", CSR)
    same(status, 2, "exit status with a key that the daemon does not know")
    true("auth_key_name" in err and "nobody" in err, err)
    dcvd.close()
    status, out, err = run("show", good)
    same(status, 2, "exit status without a daemon")
    true("dcvd does not run" in err, err)


def persist():
    """dcvprobe token --persist: the record to publish, and what is wrong with its input."""
    uri = "https://ca.example/acct/123"
    now = ["--now", "2026-11-22T12:00:00Z"]
    r = probe("token", "--persist", "shop.example.com", "--account-uri", uri, "--wildcard", "--until", "2027-11-22",
              *now)
    value = f"digicert.com; accounturi={uri}; policy=wildcard; persistUntil=1826841600"
    same((r.returncode, r.stderr), (0, ""), "status")
    same(r.stdout.splitlines(), ["add the record", f'  _validation-persist.shop.example.com. 300 IN TXT "{value}"',
                                 "or, in a web panel for example.com, enter:", "  Host   _validation-persist.shop",
                                 "  Type   TXT", f"  Value  {value}"], "a line of a zone file, and the panel's fields")
    r = probe("token", "--persist", "*.example.com", "--account-uri", uri, "--issuer", "ca.example", "--json")
    record = json.loads(r.stdout)
    same((record["owner"], record["type"], record["value"]),
         ("_validation-persist.example.com.", "TXT", f"ca.example; accounturi={uri}; policy=wildcard"), "JSON")
    same(record["rdata"], f'"{record["value"]}"', "as a zone file has it")
    for wrong, expected in ((["example.com"], "--account-uri: missing; expected a URI"),
                            (["exa_mple.com", "--account-uri", uri], "--persist: 'exa_mple.com' is not accepted"),
                            (["example.com", "--account-uri", "123"], "--account-uri: '123' is not accepted"),
                            (["example.com", "--account-uri", "a:b;c"], "semicolon"),
                            (["example.com", "--account-uri", uri, "--until", "2020-01-01"], "--until: '2020-01-01'"),
                            (["example.com", "x", "--account-uri", uri], "not x")):
        r = probe("token", "--persist", *wrong)
        same((r.returncode, r.stdout), (2, ""), str(wrong))
        true(expected in r.stderr, r.stderr)
    r = probe("check", "example.com", "--method", "dns-persist")
    same((r.returncode, r.stderr), (2, "dcvprobe check: --account-uri: missing; expected a URI such as "
                                       "https://ca.example/account/1, at most 1024 bytes\n"
                                       "  dcvprobe help check has its options and examples\n"),
         "a check needs the account, too")


if __name__ == "__main__":
    main({f.__name__: f for f in (persist, batch, owner, explain, replay, config, submit, show, lists)})

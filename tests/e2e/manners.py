#!/usr/bin/env python3
"""The manners of dcvprobe: what it says of mistakes, and how it behaves on a terminal. DCVD and DCVPROBE name the
programs."""
import csv
import html.parser
import json
import os
import pathlib
import re
import subprocess
import time

from daemon import Daemon, Resolver, main, on_terminal, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def probe(*args, **popen):
    return subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, timeout=60, check=False,
                          **popen)


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
            (["list", "--format", "fix"], "list: --format: 'fix' is not known; expected one of text json"),
            (["watch", "a.com", "--until", "pas"], "expected pass or forever; did you mean pass?"),
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


def screens():
    """Whatever fails, the report fits the usual terminal, with a line for the prompt; it ends with when and by what."""
    cases = sorted((pathlib.Path(__file__).parents[1] / "cases").glob("*.case"))
    shown, proven = {}, 0
    for case in cases:
        r = probe("replay", str(case))
        if r.returncode == 2:
            continue
        rows = sum(max(1, -(-len(line) // 80)) for line in r.stdout.splitlines())
        true(rows <= 23, f"{case.name}: {rows} rows")
        proven += "    dig " in r.stdout or "    curl " in r.stdout
        true(re.search(r"\n\n  Checked \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC.* by\s+dcvprobe", r.stdout), r.stdout)
        shown[case.name] = r.stdout
    true(len(shown) > 500, f"{len(shown)} cases")
    fails = sum(text.startswith("FAIL") for text in shown.values())
    true(proven > fails * 2 / 3, f"{proven} of {fails} failures show a command that proves them")
    whole = [name for name, text in shown.items() if "\n  …\n" not in text]
    true(len(whole) > len(shown) - 10, "more than names of 250 characters make a report too long")
    case = str(next(case for case in cases if case.name == "txt-doubled-zone.case"))
    true("All evidence" in probe("replay", case, "--verbose").stdout, "all of it")
    text, _ = on_terminal(80, "replay", case, "--color=never")
    true(re.search(r"Checked [0-9: -]+ CES?T", text), "local time, with its zone, on a terminal")


class Page(html.parser.HTMLParser):
    """What a browser would make of a file: its tags, what it would fetch, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.text, self.open = set(), [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        same(self.open.pop() if self.open else None, tag, "each end has its beginning")

    def handle_data(self, data):
        self.text += data


def forms():
    """The forms of a report: of check, of show, of replay; each with its date, and with --redact without the value."""
    evil = '<script>alert("x")</script>evil\x1b[31m`` ```'
    resolver = Resolver({("_dnsauth.bad.com", "TXT"): [evil, TOKEN.upper(), TOKEN[:20]],
                         ("_dnsauth.good.com", "TXT"): [TOKEN]})
    dcvd = Daemon(resolver).start()
    at = ["--socket", dcvd.socket]
    asked = ["--method", "dns-txt-token", "--token", TOKEN]
    here = [*asked, "--config", dcvd.config()]
    r = probe("check", "bad.com", "good.com", *here, "--format", "brief")
    same((r.returncode, [line.split()[:2] for line in r.stdout.splitlines()]),
         (1, [["FAIL", "bad.com"], ["PASS", "good.com"]]), "one line a domain")
    true(probe("check", "bad.com", "good.com", *here).stdout.endswith("\n2 domains: 1 pass, 1 fail, 0 undecided\n"),
         "several domains are counted at the end")
    rows = list(csv.DictReader(probe("check", "bad.com", "good.com", *here, "--format", "csv").stdout.splitlines()))
    same([(x["domain"], x["verdict"], x["code"], x["cause"]) for x in rows],
         [("bad.com", "fail", "invalid_dns_txt", "txt-altered-value"), ("good.com", "pass", "", "")], "rows")
    true(rows[0]["cure"].startswith("add _dnsauth.bad.com. 300 IN TXT") and rows[0]["checked_at"] > "2026", str(rows))
    bad, = probe("submit", "bad.com", *asked, *at).stdout.split()
    dcvd.done(bad)
    case = dcvd.dir + "/case"
    probe("check", "bad.com", *here, "--save", case)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for form in "text", "brief", "csv", "html", "mail", "ticket", "nagios", "fix", "nsupdate", "json", "ndjson":
        for command in (["check", "bad.com", *here], ["show", bad, *at], ["replay", case]):
            r = probe(*command, "--format", form)
            same((r.returncode, r.stderr), (2 if form == "nagios" else 1, ""), f"{form} of {command[0]}")
            if form in ("text", "csv", "html", "mail", "ticket"):
                true(today in r.stdout, f"{form} has no date: {r.stdout}")
            if form in ("text", "html", "ticket"):
                true("through 127.0.0.1:" in r.stdout and "by dcvprobe" in " ".join(r.stdout.split()), r.stdout)
            true("\x1b" not in r.stdout and "\u202e" not in r.stdout, f"{form}: {r.stdout!r}")
            more = ["--verbose"] if form in ("text", "html", "ticket") else []
            r = probe(*command, "--format", form, "--redact", *more)
            true(TOKEN.lower() not in r.stdout.lower(), f"{form} of {command[0]}: {r.stdout}")
            if form not in ("json", "ndjson"):  # which keep what a cut value looks like, to be judged again
                true(TOKEN[:20] not in r.stdout, f"{form} of {command[0]}: {r.stdout}")
    page = Page(probe("check", "bad.com", *here, "--format", "html").stdout)
    same((page.fetched, page.open, page.tags & {"script", "img", "link", "iframe"}), ([], [], set()), "a page")
    true('<script>alert(\\"x\\")</script>' in page.text and "evil" in page.text, page.text)
    mail = probe("check", "bad.com", *here, "--format", "mail").stdout
    true(mail.startswith("Subject: bad.com does not pass the check for its certificate\n") and "What to do" in mail and
         "What happens then" in mail and "Host   _dnsauth" in mail and max(map(len, mail.splitlines())) < 100, mail)
    ticket = probe("check", "bad.com", *here, "--format", "ticket").stdout
    fence = re.search(r"^(`+)text\n(.*?)^\1\n", ticket, re.M | re.S)
    true(fence and len(fence[1]) > 3 and "Proof" in fence[2] and ticket.endswith(fence[0]), ticket)
    dcvd.close()


def preflight():
    """Its text fits a terminal, and names the file of a CSR that is none."""
    text, status = on_terminal(70, "preflight", "--csr", os.devnull, "--email", "admin@localhost", "--color=never")
    same((status, max(len(line) for line in text.splitlines()) <= 70), (1, True), text)
    true(text.startswith(f"FAIL  csr_invalid_cannot_parse\n  csr {os.devnull}\n  The CSR cannot"), text)
    true("\n  email: admin@localhost\n" in text and "\nnote  " in text, text)


def own_columns():
    """Columns that are no part of a request are named where they are not sent; a label is kept, shown and found."""
    dcvd = Daemon(Resolver({("_dnsauth.a.com", "TXT"): [TOKEN]})).start()
    at = ["--socket", dcvd.socket]
    lines = f"Domain,method,Token,label,Kunde,ticket\na.com,dns-txt-token,{TOKEN},Auftrag \U0001f600,M,1\n"
    said = "not sent, for they are no part of a request: columns Kunde, ticket;"
    r = probe("submit", "--batch", "-", *at, input=lines)
    true(r.returncode == 0 and said in r.stderr and r.stderr.count("\n") == 1, r.stderr)
    batch = r.stdout.strip()
    for text in (lines.replace(",Kunde,ticket", "").replace(",M,1", ""), '{"domain":"a.com","methods":["caa"]}\n'):
        same(probe("submit", "--batch", "-", *at, input=text).stderr, "", text)
    r = probe("watch", "--file", "-", *at, input=lines)
    true(r.returncode == 0 and said in r.stderr, r.stderr)
    r = probe("show", "--wait", "20", batch, "--format", "csv", *at)
    same([row["label"] for row in csv.DictReader(r.stdout.splitlines())], ["Auftrag \U0001f600"], r.stdout)
    rows = probe("list", "--label", "Auftrag \U0001f600", "--batch", batch, *at).stdout.splitlines()[1:]
    same([row.split()[3] for row in rows], ["a.com"], "found by its label")
    same(probe("list", "--label", "auftrag", *at).stdout.count("\n"), 1, "not by another")
    shown = probe("show", rows[0].split()[2], *at).stdout
    true(re.search(r"Checked .* by\s+dcvprobe \S+,\s+for\s+“Auftrag \U0001f600”\.\n", shown), shown)
    r = probe("list", "--watches", "--label", "x", *at)
    true(r.returncode == 2 and "--label is about checks" in r.stderr, r.stderr)
    r = probe("submit", "a.com", "--label", "a\nb", *at)
    true("1 to 200 bytes of UTF-8, without control characters\n" in r.stderr, r.stderr)
    dcvd.close()


def watches_shown():
    """A domain that passes by one method is shown as passing, though the methods that are not in use fail."""
    dcvd = Daemon(Resolver({("_dnsauth.a.com", "CNAME"): [TOKEN + ".dcv.digicert.com"]})).start()
    at = ["--socket", dcvd.socket]
    order = {"request": {"domain": "a.com", "token": TOKEN}, "interval": 3600, "until": "forever"}
    watch = dcvd.call("POST", "/v1/watches", json.dumps(order)).json["id"]
    named = {**order, "request": {**order["request"], "methods": ["dns-txt-token", "dns-cname-token"]}}
    other = dcvd.call("POST", "/v1/watches", json.dumps(named)).json["id"]
    within(20, "both have run", lambda: all(dcvd.get(f"/v1/watches/{w}").json["runs"] == 1 for w in (watch, other)))
    results = {x["method"]: x["verdict"] for x in dcvd.get(f"/v1/watches/{watch}").json["last"]["results"]}
    same((results["dns-txt-token"], results["dns-cname-token"]), ("fail", "pass"), str(results))
    rows = {x.split()[2]: x.split()[-2:] for x in probe("list", "--watches", *at).stdout.splitlines()[1:]}
    same((rows[watch], rows[other]), (["pass", "-"], ["fail", "invalid_dns_txt"]), str(rows))
    same((probe("show", watch, *at).returncode, probe("show", other, *at).returncode), (0, 1), "exit status of show")
    process = subprocess.Popen([os.environ["DCVPROBE"], "watch", watch, *at], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL)
    lines = [process.stdout.readline() for _ in results]
    process.terminate()
    same(process.wait(20), 0, "exit status of a watch that is left")
    true(any(re.search(r" file_random_value_not_found {2,}file-", line) for line in lines), str(lines))
    dcvd.close()


def watch_file():
    """dcvprobe watch --file: a watch for each line, each with its own value; a bad line makes none."""
    other = "zyxwvutsrqponmlkjihgfedcba987654"
    dcvd = Daemon(Resolver({("_dnsauth.a.com", "TXT"): [TOKEN], ("_dnsauth.b.com", "TXT"): [other]})).start()
    at = ["--socket", dcvd.socket]
    lines = f"domain;method;token;customer\na.com;dns-txt-token;{TOKEN};1\nb.com;dns-txt-token;{other};2\n"
    r = probe("watch", "--file", "-", "--interval", "10", *at, input=lines)
    same((r.returncode, sorted(re.findall(r"  ([ab]\.com) +dns-txt-token +pass", r.stdout))), (0, ["a.com", "b.com"]),
         r.stdout + r.stderr)
    asked = [x["request"] for x in dcvd.get("/v1/watches").json["watches"]]
    same({(x["domain"], x["token"]) for x in asked}, {("a.com", TOKEN), ("b.com", other)}, "values of their own")
    row = f"a.com,dns-txt-token,{TOKEN}\n"
    r = probe("watch", "--file", "-", *at, input=row + row + f"b.com,dns-txt-token,{other}\n" + row)
    same((len(re.findall("watch [0-9a-f]{16} of", r.stderr)), "--file: 2 lines ask what an earlier one" in r.stderr),
         (2, True), r.stderr)
    for data, said in (("a.com,dns-txt-token,x\nb.com,post\n", "--file: '-', line 2: methods: 'post' is not accepted"),
                       ("", "--file: '-' holds no request"), ("PK\3\4", "a spreadsheet")):
        r = probe("watch", "--file", "-", *at, input=data)
        true((r.returncode, r.stdout) == (2, "") and said in r.stderr, r.stderr)
    true("one or the other" in probe("watch", "--file", "-", "a.com", *at, input="").stderr, "both")
    same(len(dcvd.get("/v1/watches").json["watches"]), 4, "no watch of a bad file")
    dcvd.close()


def waiting():
    """On a terminal whatever takes more than half a second says what it waits for; what it waited for is gone in the
    end, and nothing of it is in a pipe or in the output."""
    silent = Resolver()
    silent.held = True
    check = ["check", "a.com", "--method", "dns-txt-token", "--token", TOKEN, "--resolver", f"127.0.0.1:{silent.port}",
             "--deadline", "2", "--depth", "quick"]
    text, status = on_terminal(60, *check)
    shown = re.findall(r"\r([^\r\n]*?)\x1b\[K", text)
    said = r"^[01]s of 2s: waiting for \S*a\.com\. TXT from the resolver"
    true(status == 3 and any(re.search(said, x) for x in shown), text)
    true(all(len(x) < 60 for x in shown) and shown[-1] == "", shown)
    r = probe(*check)
    same((r.returncode, r.stderr), (3, ""), "nothing in a pipe")
    true("waiting" not in on_terminal(60, *check, env={"TERM": "dumb"})[0], "a terminal that cannot overwrite")
    quick = Resolver({("_dnsauth.a.com", "TXT"): [TOKEN]})
    text, status = on_terminal(80, *check[:-5], f"127.0.0.1:{quick.port}", "--depth", "quick")
    true(status == 0 and "waiting" not in text, text)
    dcvd = Daemon(silent).start()
    at = ["--socket", dcvd.socket]
    slow = probe("submit", "a.com", "--method", "dns-txt-token", "--token", TOKEN, *at).stdout.strip()
    text, _ = on_terminal(80, "show", slow, "--wait", "3", *at)
    true(re.search(r"\r\ds: waiting for dcvd on /", text), text)
    dcvd.close()


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
    main({f.__name__: f for f in (mistakes, colours, screens, forms, preflight, own_columns, watches_shown,
                                         watch_file, waiting, cancel)})

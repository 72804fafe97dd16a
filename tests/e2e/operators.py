#!/usr/bin/env python3
"""What an operator relies on: the log, --check-config, exit statuses, and what dcvprobe says where dcvd cannot be
reached or where a monitoring system calls it wrongly. Each scenario is one test."""
import os
import re
import socket
import sqlite3
import subprocess

from daemon import CHECK, Daemon, Resolver, main, same, true

TOKEN = "0123456789abcdefghijklmnopqrstuv"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def probe(*args, **popen):
    done = subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, check=False, timeout=60,
                          **popen)
    return done.returncode, done.stdout, done.stderr


def lines(dcvd, kind):
    """The members of all lines of this kind in the log."""
    found = re.findall(rf"^{TIME} dcvd: info: {kind}: (.*)$", dcvd.said(), re.M)
    return [dict(word.split("=", 1) for word in line.split(" ")) for line in found]


def log():
    """Each line has the time; the first one names what dcvd works with; requests and checks have a line each."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.start()
    first, = re.findall(r"^.* serves .*$", dcvd.said(), re.M)
    for part in (f"serves {dcvd.socket};", f"resolvers 127.0.0.1:{dcvd.resolver.port};", f"store {dcvd.database};",
                 f"configuration {dcvd.dir}/dcvd.conf"):
        true(part in first, f"{part} in {first}")
    true(all(re.match(rf"{TIME} dcvd: (notice|info): ", line) for line in dcvd.said().splitlines()), dcvd.said())
    good = dcvd.submit(domain="good.com", methods=["dns-txt-token"], token=TOKEN)
    bad = dcvd.submit(domain="bad.com", methods=["dns-txt-token"], token=TOKEN)
    odd = dcvd.submit(domain="not a=domain", methods=["dns-txt-token"], token=TOKEN)
    for ident in (good, bad, odd):
        dcvd.done(ident)
    same(dcvd.get("/v1/checks?domain=good.com&code=dns_mismatch").status, 200, "a list")
    same(dcvd.get("/v1/a%20b%0Ac").status, 404, "a path that would make two lines")
    asked = lines(dcvd, "request")
    same([(a["method"], a["status"]) for a in asked if a["path"] == "/v1/checks"],
         [("POST", "202")] * 3 + [("GET", "200")], "requests, without their query")
    true({"method": "GET", "path": "/v1/a%20b%0Ac", "status": "404"}.items() <= asked[-1].items(), asked[-1])
    true(all(a["uid"] == str(os.getuid()) and float(a["ms"]) >= 0 for a in asked), asked)
    true(TOKEN not in dcvd.said(), "a random value in the log")
    checks = {c["id"]: (c["domain"], c["verdict"], c["code"]) for c in lines(dcvd, "check")}
    same(checks, {good: ("good.com", "pass", "-"), bad: ("bad.com", "fail", "invalid_dns_txt"),
                  odd: ("not%20a=domain", "fail", "dns_invalid_domain")}, "checks")
    dcvd.resolver.held = True
    gone = dcvd.submit(domain="gone.com", methods=["dns-txt-token"], token=TOKEN)
    dcvd.call("DELETE", f"/v1/checks/{gone}")
    same(lines(dcvd, "check")[-1]["verdict"], "cancelled", "a check that was cancelled")
    dcvd.end()
    for section, key, value in (("daemon", "access_log", "no"), ("daemon", "log_level", "notice")):
        n = len(lines(dcvd, "request"))
        dcvd.set(section, access_log="yes", log_level="info")
        dcvd.set(section, **{key: value})
        dcvd.start()
        dcvd.get("/v1/codes")
        same(dcvd.end(), 0, "exit status")
        same(len(lines(dcvd, "request")), n, f"requests in the log with {key} = {value}")
    dcvd.close()


def check_config():
    """Every section is read, unknown keys are refused in each, and a key is judged as the daemon's user sees it."""
    dcvd = Daemon()

    def refused(*options):
        how = ("--check-config", *options) if options else CHECK
        same(dcvd.spawn(*how, stdout=subprocess.DEVNULL).wait(20), 2, "exit status")
        return dcvd.said().splitlines()[-1]

    for section in ("daemon", "checks", "resolver", "fetch", "access", "retention", "names", "ca", "targets", "order"):
        dcvd.sections.setdefault(section, {})["no_such_key"] = "1"
        said = refused()
        true("no_such_key" in said and section in said and "dcvd.conf" in said, said)
        del dcvd.sections[section]["no_such_key"]
    dcvd.sections["nowhere"] = {"key": "1"}
    true("there are daemon, checks, resolver, fetch, access, retention, names, ca, targets, auth_keys, order"
         in refused(), dcvd.said())
    del dcvd.sections["nowhere"]
    dcvd.sections["order"] = {"allowed_domains": "exa mple..com"}
    said = refused()
    true("[order]" in said and "mple..com" in said, said)
    del dcvd.sections["order"]
    dcvd.set("daemon", access_log="maybe")
    true("[daemon] access_log: 'maybe': expected yes or no" in refused(), dcvd.said())
    dcvd.set("daemon", access_log="no")
    path = dcvd.dir + "/key"
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
        f.write("someKey")
    dcvd.set("auth_keys", main=path)
    same(dcvd.spawn(*CHECK, stdout=subprocess.DEVNULL).wait(20), 0, "a key that this user can read")
    same(dcvd.spawn("--user", "nobody", stdout=subprocess.DEVNULL).wait(20), 2, "--user alone")
    true("--user: 'no such': unknown; expected a user" in refused("--user", "no such"), dcvd.said())
    if os.geteuid() == 0:
        os.chmod(dcvd.dir, 0o755)
        said = refused("--user", "nobody")
        true(f"{path}: Permission denied (as user nobody sees it)" in said, said)
    else:
        true("only root can judge as another user" in refused("--user", "nobody"), dcvd.said())
    dcvd.close()


def newer_store():
    """A store of a newer version ends dcvd with a status of its own, and stays as it is."""
    dcvd = Daemon().start()
    dcvd.end()
    db = sqlite3.connect(dcvd.database)
    db.execute("PRAGMA user_version = 999")
    db.close()
    before = os.stat(dcvd.database)
    for _ in range(2):
        same(dcvd.spawn().wait(20), 3, "exit status")
    true(dcvd.database + ": written by a newer version (schema 999" in dcvd.said(), dcvd.said())
    after = os.stat(dcvd.database)
    same((after.st_mtime_ns, after.st_size), (before.st_mtime_ns, before.st_size), "the file")
    with open(dcvd.database, "w", encoding="ascii") as f:
        f.write("something else" * 100)
    same(dcvd.spawn().wait(20), 3, "exit status with another file")
    os.unlink(dcvd.database)
    os.mkdir(dcvd.database)
    same(dcvd.spawn().wait(20), 3, "exit status with a folder")
    dcvd.close()


def unreachable():
    """dcvprobe tells apart that dcvd does not run and that this user may not ask."""
    dcvd = Daemon().start()
    for command in (["show", "0000000000000000"], ["list"], ["stats"], ["submit", "good.com"]):
        status, _, said = probe(*command, "--socket", dcvd.dir + "/none")
        true(status == 2 and f"does not run: nothing listens on {dcvd.dir}/none" in said and "--socket" in said, said)
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(dcvd.dir + "/left")
    left.close()
    true("dcvd does not run" in probe("list", "--socket", dcvd.dir + "/left")[2], "a socket that nobody serves")
    os.chmod(dcvd.dir, 0o755)
    os.chmod(dcvd.socket, 0o600)
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if not other:
        os.chmod(dcvd.socket, 0)
    status, _, said = probe("list", "--socket", dcvd.socket, **other)
    true(status == 2 and said.startswith(f"dcvprobe list: permission denied on {dcvd.socket}; join group "), said)
    dcvd.close()


def plugin():
    """With --format nagios each mistake of usage or configuration is UNKNOWN, in one line on standard output."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()
    broken = dcvd.dir + "/broken.conf"
    with open(broken, "w", encoding="utf-8") as f:
        f.write("[daemon]\nsoket = |x\n")
    for args, word in ((["check", "--tokn", "x", "good.com"], "tokn"), (["check"], "no DOMAIN"),
                       (["chekc", "a.com"], "chekc"),
                       (["check", "good.com", "--config", dcvd.dir + "/none"], "none"),
                       (["check", "good.com", "--config", broken], "soket"),
                       (["check", "good.com", "--token"], "token"),
                       (["check", "good.com", "--method", "txt"], "method"),
                       (["check", "good.com", "--csr", dcvd.dir + "/none"], "csr"),
                       (["caa", "good.com", "--purpose", "x"], "purpose"),
                       (["replay", dcvd.dir + "/none"], "none"), (["list"], "nagios"),
                       (["show", "7fffffffffffffff", "--socket", dcvd.socket], "7fffffffffffffff"),
                       (["show", "7fffffffffffffff", "--socket", dcvd.dir + "/none"], "does not run")):
        for form in (["--format", "nagios"], ["--format=nagios"]):
            status, out, said = probe(args[0], *form, *args[1:])
            what = f"{args} {form}: {status} {out!r} {said!r}"
            true(status == 3 and out.startswith("DCV UNKNOWN - ") and word in out and out.count("\n") == 1, what)
            true("|" not in out and "dcvprobe: " not in out, what)
    resolver = f"127.0.0.1:{dcvd.resolver.port}"
    same(probe("check", "--format", "nagios", "good.com", "--method", "dns-txt-token", "--token", TOKEN, "--depth",
               "quick", "--resolver", resolver)[0], 0, "called rightly")
    status, out, _ = probe("check", "--format", "nagios", "bad.com", "--method", "dns-txt-token", "--token", TOKEN,
                           "--depth", "quick", "--resolver", resolver)
    true(status == 2 and out.startswith("DCV CRITICAL - bad.com "), out)
    same(probe("check", "--format", "nagois", "bad.com")[0], 2, "another format")
    dcvd.close()


if __name__ == "__main__":
    main({"log": log, "check_config": check_config, "newer_store": newer_store, "unreachable": unreachable,
          "plugin": plugin})

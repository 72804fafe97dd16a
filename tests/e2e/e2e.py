#!/usr/bin/env python3
"""dcvd end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import pathlib
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time

from daemon import CHECK, Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
CSR = (pathlib.Path(__file__).parent.parent / "lab" / "order.csr").read_text(encoding="ascii")


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


def with_key(dcvd):
    path = dcvd.dir + "/key"
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
        f.write("someToken\n")
    dcvd.set("auth_keys", main=path)


def submit():
    """From a request to a row of the store that is found by its code; the key is in no row."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    with_key(dcvd)
    dcvd.start()
    answer = dcvd.call("POST", "/v1/checks", {"domain": "shop.com", "methods": ["dns-txt-token"], "csr": CSR,
                                                "auth_key_name": "main"})
    same(answer.status, 202, "status")
    ident = answer.json["id"]
    same(answer.headers["Location"], f"/v1/checks/{ident}", "Location")
    same(answer.json["state"], "queued", "state")
    report, = dcvd.done(ident)["reports"]
    same(report["id"], ident, "the report's id")
    same(report["verdict"], "fail", "verdict")
    same(report["errors"][0]["code"], "dns_mismatch|shop.com", "code")
    true(any(f["qname"] == "_dnsauth.shop.com." for f in report["evidence"]),
         "the evidence has the question that was asked")
    same(dcvd.sql("SELECT printf('%016x', request), domain, variable FROM result WHERE code = 'dns_mismatch'"),
         [(ident, "shop.com", "shop.com")], "rows with the code")

    good = dcvd.submit(**txt("good.com"))
    same(dcvd.done(good)["reports"][0]["verdict"], "pass", "verdict of a right record")
    bad = dcvd.submit(**txt("bad.com"))
    detail = dcvd.done(bad)["reports"][0]
    same((detail["errors"][0]["code"], detail["detail_code"]), ("invalid_dns_txt", "dns_mismatch"),
         "codes of a random value")
    lists(dcvd, ident, good, bad)
    for text in dcvd.sql("SELECT request || CAST((SELECT group_concat(report || evidence) FROM result) AS TEXT) "
                         "FROM request"):
        true("someToken" not in text[0], "a key is in the store")
    dcvd.close()


def lists(dcvd, shop, good, bad):
    def ids(query):
        answer = dcvd.get("/v1/checks" + query)
        same(answer.status, 200, f"status of {query} ({answer.text!r})")
        return [c["id"] for c in answer.json["checks"]]

    for query, expected in {
            "": [bad, good, shop],
            "?domain=GOOD.com.": [good],
            "?code=dns_mismatch": [shop],
            "?code=dns_mismatch%7Cshop.com": [shop],
            "?detail_code=dns_mismatch": [bad, shop],
            "?verdict=pass": [good],
            "?verdict=fail&code=invalid_dns_txt": [bad],
            "?method=dns-txt-token": [bad, good, shop],
            "?method=caa": [],
            "?since=2020-01-01": [bad, good, shop],
            "?until=2020-01-01": [],
            "?limit=1": [bad]}.items():
        same(ids(query), expected, f"list {query}")
    first = dcvd.get("/v1/checks?limit=2").json
    same([c["id"] for c in first["checks"]], [bad, good], "first page")
    rest = dcvd.get(f"/v1/checks?limit=2&cursor={first['next']}").json
    same(([c["id"] for c in rest["checks"]], rest["next"]), ([shop], None), "last page")
    row = rest["checks"][0]
    same((row["state"], row["domain"]), ("done", "shop.com"), "a listed check")
    true("evidence" not in row["reports"][0] and row["reports"][0]["verdict"] == "fail",
         "listed reports have no evidence")


def targets():
    """dns-cname-target passes only if the target itself passed before, which the store tells."""
    dcvd = Daemon(Resolver({("_dnsauth.validate.com", "TXT"): [TOKEN], ("shop.com", "CNAME"): ["validate.com."]}))
    dcvd.set("targets", allow="validate.com")
    dcvd.start()
    request = {"domain": "shop.com", "methods": ["dns-cname-target"]}
    report, = dcvd.done(dcvd.submit(**request))["reports"]
    same(report["errors"][0]["code"], "invalid_cname_validation|shop.com", "a listed target without a validation")
    same(dcvd.done(dcvd.submit(**txt("validate.com")))["reports"][0]["verdict"], "pass", "the target's own check")
    same(dcvd.done(dcvd.submit(**request))["reports"][0]["verdict"], "pass", "the same with the target validated")
    dcvd.close()


def killed():
    """A check that was answered with 202 is run again after kill -9."""
    dcvd = Daemon()
    dcvd.resolver.held = True
    dcvd.start()
    idents = [dcvd.submit(**txt(f"name{i}.com")) for i in range(3)]
    within(10, "the resolver is asked", lambda: dcvd.resolver.asked)
    dcvd.end(signal.SIGKILL)
    dcvd.resolver.held = False
    dcvd.start()
    for ident in idents:
        same(len(dcvd.done(ident)["reports"]), 1, "reports after the restart")
    dcvd.close()


def ended():
    """SIGTERM: running checks get five seconds; those that do not end stay queued in the store; every client gets an
    answer."""
    dcvd = Daemon()
    dcvd.resolver.held = True
    dcvd.start()
    ident = dcvd.submit(**txt("slow.com"))
    waiting = Connection(dcvd.socket)
    waiting.request("GET", f"/v1/checks/{ident}?wait=60")
    within(10, "the resolver is asked", lambda: dcvd.resolver.asked)
    begin = time.monotonic()
    same(dcvd.end(), 0, "exit status")
    true(time.monotonic() - begin < 9, "ending takes little more than five seconds")
    answer = json.loads(waiting.getresponse().read())
    true(answer["state"] in ("queued", "running"), f"a client that waits gets the state: {answer}")
    true(not os.path.exists(dcvd.socket), "the socket is gone")
    same(dcvd.sql("SELECT state FROM request"), [("queued",)], "state in the store")
    dcvd.resolver.held = False
    dcvd.start()
    dcvd.done(ident)
    dcvd.close()


BAD = [
    ("POST", "/v1/checks", "", 400, "missing_request_data", "body"),
    ("POST", "/v1/checks", "{", 400, "bad_request_format", "line 1"),
    ("POST", "/v1/checks", "[]", 400, "bad_request_format", "object"),
    ("POST", "/v1/checks", '{"domain":"a.com","domain":"b.com"}', 400, "bad_request_format", "domain"),
    ("POST", "/v1/checks", "{}", 400, "required_param:domain", "domain"),
    ("POST", "/v1/checks", '{"domain":7}', 400, "invalid_value:domain", "domain"),
    ("POST", "/v1/checks", '{"domain":"a.com","methods":["dns"]}', 400, "invalid_value:methods", "dns-txt-token"),
    ("POST", "/v1/checks", '{"domain":"a.com","deadline":0}', 400, "invalid_value:deadline", "deadline"),
    ("POST", "/v1/checks", '{"domain":"a.com","dedline":3}', 400, "invalid_value:dedline", "dedline"),
    ("POST", "/v1/checks", '{"domain":"a.com","token":"a\\u0007b"}', 400, "invalid_chars:token", "token"),
    ("POST", "/v1/checks", '{"domain":"a.com","methods":["dns-persist"]}', 400, "required_param:account_uri", "URI"),
    ("POST", "/v1/checks", '{"domain":"a.com","auth_key":"k"}', 400, "invalid_value:auth_key", "auth_key_name"),
    ("POST", "/v1/checks", '{"domain":"a.com","csr":"x","auth_key_name":"nope"}', 400, "invalid_value:auth_key_name",
     "nope"),
    ("POST", "/v1/checks", '{"domain":"a.com","allow_net":["10.0.0.0/8"]}', 400, "invalid_value:allow_net",
     "10.0.0.0/8"),
    ("POST", "/v1/checks", '{"domain":"a.com","resolver":["192.0.2.1"]}', 400, "invalid_value:resolver", "192.0.2.1"),
    ("POST", "/v1/checks?wait=61", '{"domain":"a.com"}', 400, "invalid_value:wait", "61"),
    ("POST", "/v1/checks?wait=-1", '{"domain":"a.com"}', 400, "invalid_value:wait", "-1"),
    ("GET", "/v1/checks?limit=0", None, 400, "invalid_value:limit", "1000"),
    ("GET", "/v1/checks?limit=1001", None, 400, "invalid_value:limit", "1001"),
    ("GET", "/v1/checks?verdict=maybe", None, 400, "invalid_value:verdict", "undecided"),
    ("GET", "/v1/checks?method=mail", None, 400, "invalid_value:method", "mail"),
    ("GET", "/v1/checks?code=dns_missmatch", None, 400, "invalid_value:code", "dns_mismatch"),
    ("GET", "/v1/checks?cause=none-such", None, 400, "invalid_value:cause", "none-such"),
    ("GET", "/v1/checks?since=yesterday", None, 400, "invalid_value:since", "yesterday"),
    ("GET", "/v1/checks?cursor=x", None, 400, "invalid_value:cursor", "next"),
    ("GET", "/v1/checks?domian=a.com", None, 400, "invalid_value:domian", "domian"),
    ("GET", "/v1/checks?domain=a%00b", None, 400, "invalid_chars:domain", "domain"),
    ("GET", "/v1/checks?limit=1&limit=2", None, 400, "invalid_value:limit", "once"),
    ("GET", "/v1/checks/0000000000000001", None, 404, "not_found", "0000000000000001"),
    ("GET", "/v1/checks/xyz", None, 404, "not_found", "xyz"),
    ("DELETE", "/v1/checks/0000000000000001", None, 404, "not_found", "0000000000000001"),
    ("GET", "/v1/codes/dns_missmatch", None, 404, "not_found", "dns_mismatch"),
    ("GET", "/v1/causes/none-such", None, 404, "not_found", "none-such"),
    ("GET", "/v2/checks", None, 404, "not_found|route", "/v2/checks"),
    ("GET", "/v1/checks/", None, 404, "not_found|route", "/v1/checks/"),
    ("PUT", "/v1/checks", "{}", 405, "not_found|route", "PUT"),
    ("POST", "/v1/codes", "{}", 405, "not_found|route", "GET"),
]


def bad_input():
    dcvd = Daemon().start()
    for method, path, body, status, code, names in BAD:
        what = f"{method} {path} {body}"
        answer = dcvd.call(method, path, body)
        same((answer.status, answer.code()), (status, code), what)
        true(names in answer.message(), f"{what}: the message names {names}: {answer.message()}")
        same(answer.headers["Content-Type"], "application/json", what)
        true(status != 405 or "GET" in answer.headers["Allow"], f"{what}: Allow")
    same(dcvd.call("PATCH", "/v1/checks").headers["Allow"], "POST, GET, HEAD", "Allow")
    request = json.dumps(txt("a.com"))
    for kind, status in {"application/json": 202, "application/json; charset=utf-8": 202, "text/plain": 202,
                         "application/x-ndjson": 202, "application/x-www-form-urlencoded": 202, "text/html": 415,
                         "application/xml": 415}.items():
        answer = dcvd.call("POST", "/v1/checks", request, {"Content-Type": kind})
        same(answer.status, status, kind)
        true(status == 202 or answer.code() == "bad_request_format", kind)
    same(dcvd.sql("SELECT count(*) FROM request")[0][0], 5, "only what was accepted is stored")
    same(dcvd.call("HEAD", "/v1/codes/dns_mismatch").status, 200, "HEAD")
    same(dcvd.get("/healthz").status, 200, "healthz")
    too_long(dcvd, request)
    dcvd.close()


def too_long(dcvd, request):
    padded = request[:-1] + " " * 70000 + "}"
    c = Connection(dcvd.socket)
    c.putrequest("POST", "/v1/checks")
    c.putheader("Content-Length", "1000000000")
    c.endheaders()  # the body is not sent at all
    answer = c.getresponse()
    same((answer.status, json.load(answer)["errors"][0]["code"]), (413, "bad_request_format"),
         "a length above the limit")
    c = Connection(dcvd.socket)
    c.request("POST", "/v1/checks", iter([padded.encode()]), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    same(c.getresponse().status, 413, "a body above the limit, without a length")


def coalesced():
    """Equal requests that run at the same time ask the network once; each gets its own report."""
    alone = Daemon().start()
    alone.done(alone.submit(**txt("same.com")))
    expected = sorted(set(alone.resolver.asked))
    once = len(alone.resolver.asked)
    alone.close()
    dcvd = Daemon()
    dcvd.set("resolver", timeout="10")
    dcvd.resolver.held = True
    dcvd.start()
    first = dcvd.submit(**txt("same.com"))
    within(10, "the resolver is asked", lambda: dcvd.resolver.asked)
    idents = [first] + [dcvd.submit(**txt("same.com")) for _ in range(4)]
    other = dcvd.submit(**txt("same.com", token=TOKEN[::-1]))
    same(dcvd.get(f"/v1/checks/{other}").json["state"], "running", "another token is another check")
    same(dcvd.call("DELETE", f"/v1/checks/{other}").json["state"], "cancelled", "state after the cancel")
    same(dcvd.call("DELETE", f"/v1/checks/{idents[1]}").json["state"], "cancelled",
         "cancelling one of several equal checks")
    del idents[1]
    dcvd.resolver.asked.clear()
    dcvd.resolver.held = False
    for ident in idents:
        report, = dcvd.done(ident, 40)["reports"]
        same(report["id"], ident, "the report's id")
    true(len(dcvd.resolver.asked) <= once, f"{once} questions answer one run: {dcvd.resolver.asked}, {expected}")
    same(dcvd.sql("SELECT count(*), count(DISTINCT request) FROM result")[0], (4, 4), "results")
    same(dcvd.call("DELETE", f"/v1/checks/{first}").json["state"], "done", "cancelling what has ended changes nothing")
    dcvd.close()


def wait():
    dcvd = Daemon().start()
    answer = dcvd.call("POST", "/v1/checks?wait=20", txt("quick.com"))
    same((answer.status, answer.json["state"], len(answer.json["reports"])), (200, "done", 1), "with ?wait the reports")
    true(answer.json["reports"][0]["evidence"], "evidence")
    same(dcvd.get(f"/v1/checks/{answer.json['id']}").text, answer.text, "the same from the store")
    dcvd.resolver.held = True
    begin = time.monotonic()
    answer = dcvd.call("POST", "/v1/checks?wait=0.3", txt("slow.com"))
    true(0.25 < time.monotonic() - begin < 3, "a wait that is over")
    same((answer.status, answer.json["state"]), (202, "running"), "state then")
    ident = answer.json["id"]
    begin = time.monotonic()
    same(dcvd.get(f"/v1/checks/{ident}?wait=0.2").json["state"], "running", "state of what runs")
    true(time.monotonic() - begin > 0.15, "held")
    same([c["state"] for c in dcvd.get("/v1/checks").json["checks"]], ["running", "done"], "states in a list")
    c = Connection(dcvd.socket)
    c.request("GET", f"/v1/checks/{ident}?wait=60")
    dcvd.resolver.held = False
    same(json.load(c.getresponse())["state"], "done", "the wait ends with the check")
    dcvd.close()


def slow_clients():
    """Clients that have sent only a part of a request delay no other client."""
    dcvd = Daemon().start()
    half = []
    for i in range(60):
        s = socket.socket(socket.AF_UNIX)
        s.connect(dcvd.socket)
        s.send(b"POST /v1/checks HTTP/1.1\r\nHost: x\r\n" + (b"Content-Length: 100\r\n\r\n{" if i % 2 else b""))
        half.append(s)
    begin = time.monotonic()
    for _ in range(50):
        same(dcvd.get("/v1/codes/dns_mismatch").status, 200, "status beside slow clients")
    same(dcvd.call("POST", "/v1/checks?wait=20", txt("a.com")).status, 200, "a check beside slow clients")
    true(time.monotonic() - begin < 10, "slow clients delay the others")
    dcvd.close()
    for s in half:
        s.close()


def full_disk():
    """With a full disk requests are refused and leave nothing in the store; when there is space again, all works as
    before."""
    dcvd = Daemon().start()
    kept = dcvd.submit(**txt("before.com"))
    dcvd.done(kept)
    dcvd.resolver.held = True
    held = dcvd.submit(**txt("held.com"))
    within(10, "the resolver is asked", lambda: ("_dnsauth.held.com", "TXT") in dcvd.resolver.asked)
    unlimited = resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    dcvd.resolver.held = False  # its results come while the disk is full
    answer = within(20, "the disk is full", lambda: (
        a := dcvd.call("POST", "/v1/checks", txt("full.com"))).status == 500 and a)
    same(answer.code(), "internal_data_check_failed", "code")
    same(dcvd.get("/readyz").status, 503, "readyz")
    same(dcvd.get(f"/v1/checks/{kept}").json["state"], "done", "what is stored can be read")
    before = dcvd.sql("SELECT count(*) FROM request WHERE domain = 'full.com'")[0][0]
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, unlimited)
    dcvd.done(held, 40)
    again = dcvd.submit(**txt("full.com"))
    dcvd.done(again)
    same(dcvd.sql("SELECT count(*) FROM request WHERE domain = 'full.com'")[0][0], before + 1,
         "the refused request is not in the store")
    same(dcvd.get("/readyz").status, 200, "readyz")
    dcvd.close()


def queue_full():
    dcvd = Daemon()
    dcvd.set("checks", in_flight="1", queue="1")
    dcvd.resolver.held = True
    dcvd.start()
    first, second = dcvd.submit(**txt("one.com")), dcvd.submit(**txt("two.com"))
    same([dcvd.get(f"/v1/checks/{i}").json["state"] for i in (first, second)], ["running", "queued"], "states")
    answer = dcvd.call("POST", "/v1/checks", txt("three.com"))
    same((answer.status, answer.code()), (429, "request_limit_exceeded"), "with a full queue")
    true(int(answer.headers["Retry-After"]) >= 1, "Retry-After")
    same(dcvd.sql("SELECT count(*) FROM request")[0][0], 2, "the refused request is not in the store")
    dcvd.resolver.held = False
    dcvd.done(first)
    dcvd.done(second)
    dcvd.close()


def rate():
    dcvd = Daemon()
    dcvd.set("access", requests_per_second="1", burst="3")
    dcvd.start()
    answers = [dcvd.get("/v1/codes/dns_mismatch") for _ in range(6)]
    same([a.status for a in answers[:3]], [200] * 3, "the burst")
    same((answers[-1].status, answers[-1].code()), (429, "request_limit_exceeded"), "over the rate")
    true(int(answers[-1].headers["Retry-After"]) >= 1, "Retry-After")
    same(dcvd.get("/healthz").status, 200, "healthz is never counted")
    dcvd.close()


def as_user(uid, dcvd, path):
    """The HTTP status that the user with this uid gets, and the code of an error."""
    r, w = os.pipe()
    child = os.fork()
    if not child:
        seen = "0"
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            answer = dcvd.get(path)
            seen = f"{answer.status} {answer.code() if answer.status != 200 else ''}"
        finally:
            os.write(w, seen.encode())
            os._exit(0)
    os.close(w)
    os.waitpid(child, 0)
    status, _, code = os.read(r, 100).decode().partition(" ")
    return int(status), code


def access():
    if os.geteuid():
        sys.exit(77)  # skipped: only root can become another user
    dcvd = Daemon()
    os.chmod(dcvd.dir, 0o755)
    dcvd.set("daemon", socket_mode="0666")
    dcvd.set("access", uids="4242", gids="4343")
    dcvd.start()
    refused = 403, "access_denied|missing_permission"
    for uid, status in {4242: (200, ""), 4343: (200, ""), 4244: refused}.items():
        same(as_user(uid, dcvd, "/v1/codes/dns_mismatch"), status, f"user {uid}")
    same(dcvd.get("/v1/codes").status, 200, "root")
    dcvd.close()


def sockets():
    """A stale socket is replaced; a live one, and any other file, is left alone; a socket from systemd is used. systemd
    is told when dcvd is ready and when it stops."""
    dcvd = Daemon()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(dcvd.socket)
    stale.close()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0dcvd-e2e-%d" % os.getpid())
    manager.settimeout(20)
    dcvd.start(env={**os.environ, "NOTIFY_SOCKET": "@dcvd-e2e-%d" % os.getpid()})
    same(manager.recv(100), b"READY=1", "the first message")
    second = dcvd.spawn("--database", dcvd.dir + "/other.db")
    same(second.wait(20), 1, "exit status of a second dcvd")
    true("another dcvd answers on " + dcvd.socket in dcvd.said(), dcvd.said())
    third = dcvd.spawn("--socket", dcvd.dir + "/other")
    same(third.wait(20), 1, "exit status of a second writer")
    true(dcvd.database in dcvd.said(), dcvd.said())
    same(dcvd.get("/healthz").status, 200, "the first dcvd still answers")
    same(dcvd.end(), 0, "exit status")
    same(manager.recv(100), b"STOPPING=1", "the last message")

    with open(dcvd.socket, "w", encoding="ascii") as f:
        f.write("precious")
    same(dcvd.spawn().wait(20), 1, "exit status with a file in the way")
    same(open(dcvd.socket, encoding="ascii").read(), "precious", "the file")
    os.unlink(dcvd.socket)

    passed = socket.socket(socket.AF_UNIX)
    passed.bind(dcvd.socket)
    passed.listen()
    command = (f"exec 3<&{passed.fileno()}; "
               f"LISTEN_FDS=1 LISTEN_PID=$$ exec {os.environ['DCVD']} --config {dcvd.config()}")
    dcvd.log = open(dcvd.dir + "/log", "a+b")
    dcvd.process = subprocess.Popen(["sh", "-c", command], pass_fds=[passed.fileno()], stderr=dcvd.log)
    within(20, "dcvd serves a socket that it was given", dcvd.ready)
    same(dcvd.end(), 0, "exit status")
    true(os.path.exists(dcvd.socket), "the socket of the service manager is not removed")
    dcvd.close()


def watchdog():
    """WATCHDOG=1 is sent as long as the loop runs, also while dcvd ends, and not if WATCHDOG_PID is another process."""
    dcvd = Daemon()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0dcvd-e2e-%d" % os.getpid())
    manager.settimeout(20)
    told = {**os.environ, "NOTIFY_SOCKET": "@dcvd-e2e-%d" % os.getpid()}
    dcvd.start(env={**told, "WATCHDOG_USEC": "300000"})
    began = time.monotonic()
    same([manager.recv(100) for _ in range(4)], [b"READY=1"] + 3 * [b"WATCHDOG=1"], "messages while it is watched")
    took = time.monotonic() - began
    true(0.2 < took < 5, f"three messages took {took:.3f} s, one is due every 0.15 s")
    os.kill(dcvd.process.pid, signal.SIGSTOP)
    time.sleep(0.2)
    manager.settimeout(0.5)
    try:
        while True:
            same(manager.recv(100), b"WATCHDOG=1", "a message from before it was stopped")
    except TimeoutError:
        pass
    manager.settimeout(20)
    os.kill(dcvd.process.pid, signal.SIGCONT)
    same(manager.recv(100), b"WATCHDOG=1", "the first message when it runs again")
    same(dcvd.end(), 0, "exit status")
    while (word := manager.recv(100)) == b"WATCHDOG=1":
        pass
    same(word, b"STOPPING=1", "the last message but those of the watchdog")
    manager.setblocking(False)
    try:
        while True:
            same(manager.recv(100), b"WATCHDOG=1", "a message while it ends")
    except BlockingIOError:
        pass

    dcvd.start(env={**told, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    manager.settimeout(20)
    same(manager.recv(100), b"READY=1", "the first message when another process is watched")
    manager.settimeout(0.3)
    try:
        raise AssertionError(f"a message to a watchdog for another process: {manager.recv(100)!r}")
    except TimeoutError:
        pass
    dcvd.close()


def options():
    """A faulty configuration, or a key file that others can read, is refused."""
    dcvd = Daemon()
    dcvd.set("checks", in_flight="0")
    same(dcvd.spawn(*CHECK).wait(20), 2, "exit status")
    true("dcvd.conf:" in dcvd.said() and "in_flight" in dcvd.said() and "1 to 100000" in dcvd.said(), dcvd.said())
    dcvd.set("checks", in_flight="7")
    same(dcvd.spawn(*CHECK, stdout=subprocess.DEVNULL).wait(20), 0, "exit status of a good one")
    with_key(dcvd)
    os.chmod(dcvd.dir + "/key", 0o644)
    same(dcvd.spawn(*CHECK).wait(20), 2, "exit status with an open key")
    true("0644" in dcvd.said() and "someToken" not in dcvd.said(), dcvd.said())
    dcvd.close()


def recursive():
    """mode = recursive needs a trust anchor, and no request may name a resolver."""
    dcvd = Daemon()
    anchor, hints = dcvd.dir + "/root.key", dcvd.dir + "/root.hints"
    dcvd.sections["resolver"] = {"mode": "recursive", "trust_anchor": anchor, "root_hints": hints, "timeout": "0.1"}
    same(dcvd.spawn(*CHECK).wait(20), 2, "exit status without the file")
    true("[resolver] trust_anchor: " + anchor in dcvd.said(), dcvd.said())
    with open(anchor, "w", encoding="ascii") as f:
        f.write(". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
    with open(hints, "w", encoding="ascii") as f:
        f.write(". 3600000 NS a.root.\na.root. 3600000 A 127.53.53.53\n")
    same(dcvd.spawn(*CHECK, stdout=subprocess.DEVNULL).wait(20), 0, "exit status with both")
    dcvd.start("--allow-net", "127.53.53.53")
    answer = dcvd.call("POST", "/v1/checks", {"domain": "shop.com", "methods": ["caa"], "resolver": ["192.0.2.1"]})
    same(answer.status, 400, "a request that names a resolver")
    true("recursive" in answer.message(), answer.text)
    ident = dcvd.submit(domain="shop.com", methods=["caa"])
    report = dcvd.done(ident)["reports"][0]
    same(report["verdict"], "undecided", "verdict where the root does not answer")
    dcvd.submit(domain="other.com", methods=["caa"])
    same(dcvd.end(), 0, "exit status with an unanswered question")
    dcvd.close()


def tcp():
    """The TCP listener on loopback serves programs and refuses requests that a web page may have made a browser
    send."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    dcvd = Daemon()
    dcvd.set("daemon", listen=f"127.0.0.1:{port}")
    dcvd.start()
    import http.client
    hosts = {f"localhost:{port}": 200, "LOCALHOST": 200, "127.1.2.3": 200, f"[::1]:{port}": 200, "rebound.com": 403,
             "localhost.rebound.com": 403, "127.rebound.com": 403, "127.0.0.1.rebound.com": 403,
             "[::1].rebound.com": 403, "[::1": 403, "localhost:x": 403, "128.0.0.1": 403, "": 403}
    for headers, status in [({}, 200), ({"Origin": "http://evil.com"}, 403),
                            *(({"Host": host}, status) for host, status in hosts.items())]:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        c.request("GET", "/v1/codes/dns_mismatch", headers=headers)
        same(c.getresponse().status, status, f"with {headers}")
        c.close()
    dcvd.close()


def counts():
    """The counts of /v1/stats and the numbers of /metrics."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.start()
    for domain in ("good.com", "bad.com", "worse.com"):
        dcvd.done(dcvd.submit(**txt(domain)))
    stats = dcvd.call("GET", "/v1/stats").json
    same(stats["verdicts"], {"fail": 2, "pass": 1}, "verdicts")
    same(stats["codes"], {"invalid_dns_txt": 2}, "codes")
    same(stats["detail_codes"], {"dns_mismatch": 2}, "detail codes")
    same(stats["causes"], {"txt-absent": 2}, "causes")
    same(stats["states"], {"done": 3}, "states")
    same(stats["days"], {time.strftime("%Y-%m-%d", time.gmtime()): 3}, "days")
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    same(dcvd.call("GET", f"/v1/stats?since={later}").json["verdicts"], {}, "verdicts of the next hour")
    same(dcvd.call("GET", f"/v1/stats?until={later}").json["verdicts"], {"fail": 2, "pass": 1}, "verdicts until then")
    same(dcvd.call("GET", "/v1/stats?until=2026-01-01").json["verdicts"], {}, "verdicts until this year")
    same(dcvd.call("GET", "/v1/stats?since=soon").code(), "invalid_value:since", "code for a time that is none")
    answer = dcvd.call("GET", "/metrics")
    true(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers["Content-Type"])
    told, values = {"HELP": set(), "TYPE": set()}, {}
    for line in answer.text.decode().splitlines():
        if line.startswith("# "):
            told[line.split()[1]].add(line.split()[2])
        elif line:
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    families = {re.sub(r"_(bucket|sum|count)$", "", name.partition("{")[0]) for name in values}
    same((told["HELP"], told["TYPE"]), (families, families), "HELP and TYPE for each metric")
    same((values["dcvd_checks_submitted_total"], values["dcvd_checks_done_total"]), (3, 3), "checks")
    same((values["dcvd_queue_depth"], values["dcvd_checks_running"], values["dcvd_store_failing"]), (0, 0, 0),
         "nothing waits")
    true(values["dcvd_dns_questions_total"] >= 6, f"{values['dcvd_dns_questions_total']} questions")
    true(values["process_resident_memory_bytes"] > 1 << 20, str(values))
    same([values[f'dcvd_reports_total{{method="dns-txt-token",verdict="{v}"}}'] for v in ("pass", "fail")], [1, 2],
         "reports")
    same(values['dcvd_errors_total{code="invalid_dns_txt"}'], 2, "errors by code")
    same(values['dcvd_findings_total{cause="txt-absent"}'], 2, "findings by cause")
    same(values['dcvd_check_seconds_count{method="dns-txt-token"}'], 3, "checks timed")
    for name in ("dcvd_store_commit_seconds", "dcvd_store_batch_jobs", "dcvd_loop_turn_seconds"):
        buckets = [v for k, v in values.items() if k.startswith(name + "_bucket{")]
        same(buckets, sorted(buckets), f"{name}: buckets grow")
        same(buckets[-1], values[name + "_count"], f"{name}: the last bucket counts all")
        true(values[name + "_count"] > 0 and values[name + "_sum"] > 0, f"{name} is 0")
    true(values["dcvd_loop_turn_seconds_max"] < 5, "the loop was blocked")
    true(0 < values["dcvd_loop_turn_cpu_seconds_max"] <= values["dcvd_loop_turn_seconds_max"] + 0.01,
         "CPU time of a turn")
    true(b"good.com" not in answer.text, "a domain is in the metrics")
    dcvd.close()


def domain():
    """The latest reports of a domain and the history of changes; the name may have any form that a check accepts."""
    resolver = Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})
    dcvd = Daemon(resolver)
    dcvd.start()
    same(dcvd.get("/v1/domains/good.com").code(), "not_found", "code for a domain that was never checked")

    def check(**more):
        ident = dcvd.submit(**txt("good.com", **more))
        return ident, dcvd.done(ident)["reports"]

    check()
    resolver.table[("_dnsauth.good.com", "TXT")] = ["another-value-than-that"]
    bad, reports = check()
    resolver.table[("_dnsauth.good.com", "TXT")] = [TOKEN]
    good, _ = check()
    again, passing = check(depth="quick")
    found = dcvd.get("/v1/domains/GOOD.com.").json
    same((found["domain"], found["next"]), ("good.com", None), "a domain")
    same(found["latest"], passing, "the latest report")
    same([r["id"] for r in found["latest"]], [again], "the check of the report")
    fail = {"verdict": "fail", "code": "invalid_dns_txt", "detail_code": reports[0]["detail_code"],
            "cause": reports[0]["findings"][0]["cause"]}
    well = {"verdict": "pass", "code": None, "detail_code": None, "cause": None}
    same([(c["check"], c["method"], c["from"], c["to"]) for c in found["history"]],
         [(good, "dns-txt-token", fail, well), (bad, "dns-txt-token", well, fail)], "the history")
    causes = sorted(f["cause"] for f in reports[0]["findings"])
    for change, op in zip(found["history"], ("remove", "add")):
        same(sorted(d["cause"] for d in change["changed"] if d["op"] == op), causes, "what changed")
        same(len(change["changed"]), len(causes), "nothing else changed")
    page = dcvd.get("/v1/domains/good.com?limit=1").json
    same([c["check"] for c in page["history"]], [good], "a page")
    rest = dcvd.get(f"/v1/domains/good.com?limit=1&cursor={page['next']}").json
    same(([c["check"] for c in rest["history"]], rest["next"]), ([bad], None), "the rest")
    dcvd.done(dcvd.submit(**txt("*.m\u00fcller.com")))
    for name in ("xn--mller-kva.com", "M%C3%9CLLER.com", "*.m%C3%BCller.com"):
        same(dcvd.get(f"/v1/domains/{name}").json["domain"], "xn--mller-kva.com", name)
    same(dcvd.get("/v1/domains/good.com?domain=a.com").code(), "invalid_value:domain", "code for an unknown parameter")
    dcvd.close()


def retention():
    """Checks that are too old are deleted, and if the store is too large the oldest ones; a check that has not ended
    stays."""
    dcvd = Daemon()
    dcvd.start()
    kept = dcvd.submit(**txt("kept.com"))
    dcvd.done(kept)
    dcvd.end()
    now = int(time.time() * 1000)
    filler = b"x" * 400_000
    db = sqlite3.connect(dcvd.database)

    def row(at, n, ended, evidence):
        ident = at << 21 | n
        db.execute("INSERT INTO request (id, state, submitted, ended, domain, request) "
                   "VALUES (?, ?, ?, ?, 'a.com', '{}')",
                   (ident, "done" if ended else "queued", at, at if ended else None))
        db.execute("INSERT INTO result (request, domain, method, verdict, started, duration_us, report, evidence) "
                   "VALUES (?, 'a.com', 'caa', 'pass', ?, 1, '{}', ?)", (ident, at, evidence))

    for n in range(1000):
        row(now - 91 * 86_400_000, n, True, b"{}")
    for n in range(100):
        row(now - 86_400_000 + n, n, True, filler)
    db.commit()
    db.close()
    dcvd.set("retention", max_size="16M")
    dcvd.start()

    def size():
        return dcvd.sql("SELECT (page_count - freelist_count) * page_size "
                        "FROM pragma_page_count, pragma_freelist_count, pragma_page_size")[0][0]

    def files():
        return sum(os.stat(p).st_size for p in (dcvd.database, dcvd.database + "-wal") if os.path.exists(p))

    oldest = (now - 90 * 86_400_000) << 21
    within(30, "the old checks are gone", lambda: not dcvd.sql(f"SELECT 1 FROM request WHERE id < {oldest}"))
    within(30, "the store is small enough", lambda: size() <= 16 << 20)
    within(30, "the files are small enough", lambda: files() <= 16 << 20)
    left = [n for n, in dcvd.sql(f"SELECT id & 2097151 FROM request WHERE id < {(now - 3_600_000) << 21} ORDER BY id")]
    true(left and left == list(range(100 - len(left), 100)), f"the newest are not those that are left: {left}")
    same(dcvd.call("GET", f"/v1/checks/{kept}").status, 200, "status of a check of today")

    # More than the limit comes in, as fast as the writer can take it: the store may exceed the limit for a short time,
    # by what comes in while old rows are deleted, which is more on a busy machine.
    first = dcvd.sql("SELECT max(id) FROM request")[0][0]
    lines = "".join(json.dumps(txt(f"d{n}.com", depth="quick")) + "\n" for n in range(10000))
    batch = dcvd.call("POST", "/v1/batches", lines, {"Content-Type": "application/x-ndjson"}).json["id"]
    largest = 0

    def ended():
        nonlocal largest
        largest = max(largest, files())
        return dcvd.get(f"/v1/batches/{batch}").json["state"] == "done"

    within(70, "the end of the batch", ended)
    within(30, "the files are small enough again", lambda: files() <= 16 << 20)
    true(largest <= 64 << 20, f"the files had {largest} bytes under load")
    true(dcvd.sql("SELECT count(*) FROM request")[0][0] < 9000, "some were deleted")
    same(dcvd.sql(f"SELECT count(*) FROM request WHERE id <= {first}")[0][0], 0, "the oldest went first")
    dcvd.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (submit, targets, killed, ended, bad_input, coalesced, wait, slow_clients, full_disk,
                                  queue_full, rate, access, sockets, watchdog, options, recursive, tcp, counts, domain,
                                  retention)})

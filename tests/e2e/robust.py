#!/usr/bin/env python3
"""dcvd when its configuration changes and when the disk, descriptors or clients fail it: each scenario is one test.
DCVD and DCVPROBE are the paths of the programs, STALL that of the module that blocks writes to the disk (stall.c)."""
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from daemon import Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
CSR = pathlib.Path(__file__).parent.parent / "lab" / "order.csr"


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


def sanitized():
    """Whether dcvd has AddressSanitizer, which keeps freed memory, so that the process grows."""
    return b"__asan_" in pathlib.Path(os.environ["DCVD"]).read_bytes()


class Manager:
    """The socket of a service manager, such as systemd, and the messages that dcvd sends to it."""

    def __init__(self):
        self.name = "dcvd-e2e-%d" % os.getpid()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("\0" + self.name)
        self.sock.settimeout(20)
        self.env = {**os.environ, "NOTIFY_SOCKET": "@" + self.name}

    def said(self):
        return self.sock.recv(200).decode().split("\n")


def hang_up(dcvd, manager):
    """Writes the configuration, sends SIGHUP and waits until dcvd has read it."""
    dcvd.config()
    dcvd.process.send_signal(signal.SIGHUP)
    words = manager.said()
    same(words[0], "RELOADING=1", "the message at the beginning")
    true(words[1].startswith("MONOTONIC_USEC=") and int(words[1].split("=")[1]) > 0, words)
    same(manager.said(), ["READY=1"], "the message at the end")


def request_token(dcvd, key):
    key_file = dcvd.dir + "/key"
    with open(os.open(key_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
        f.write(key)
    return subprocess.run([os.environ["DCVPROBE"], "token", "--auth-key-file", key_file, "--csr", CSR], check=True,
                          capture_output=True, text=True).stdout.split()[0]


def reload():
    """SIGHUP: a good configuration holds for the checks that begin after it, a bad one is refused as a whole."""
    manager = Manager()
    old, new = Resolver(), Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})
    dcvd = Daemon(old)
    dcvd.set("resolver", timeout="4")
    old.held = True
    dcvd.start(env=manager.env)
    same(manager.said(), ["READY=1"], "the first message")
    slow = dcvd.submit(**txt("slow.com"))
    within(10, "the old resolver is asked", lambda: old.asked)

    dcvd.set("checks", in_flight="0")
    dcvd.set("resolver", servers=f"127.0.0.1:{new.port}")
    hang_up(dcvd, manager)
    true("in_flight: '0': expected a whole number from 1 to 100000; the configuration stays as it was" in dcvd.said()
         and
         dcvd.dir + "/dcvd.conf:" in dcvd.said(), dcvd.said())
    dcvd.set("checks", in_flight="10")
    dcvd.set("retention", max_size="1M")
    hang_up(dcvd, manager)
    same(dcvd.said().count("stays as it was"), 2, "refusals in the log")
    asked = len(old.asked)
    dcvd.submit(**txt("unchanged.com"))
    within(10, "the old resolver is asked as before", lambda: len(old.asked) > asked)
    true(not new.asked, "a part of a refused configuration is in force")

    dcvd.set("retention", max_size="1G")
    dcvd.set("daemon", database=dcvd.dir + "/other.db", socket_mode="0600")
    hang_up(dcvd, manager)
    true("[daemon] socket_mode, database: changed in the file" in dcvd.said(), dcvd.said())
    joined = dcvd.submit(**txt("slow.com"))
    same(dcvd.done(dcvd.submit(**txt("good.com")))["reports"][0]["verdict"], "pass", "verdict by the new resolver")
    dcvd.done(joined)
    same(dcvd.get(f"/v1/checks/{slow}").json["state"], "running", "state of what began before")
    before = len(new.asked)
    old.held = False
    dcvd.done(slow, 40)
    same(len(new.asked), before, "questions of an old check to the new resolver")
    true(not os.path.exists(dcvd.dir + "/other.db"), "a second store")

    dcvd.set("access", requests_per_second="1", burst="2")
    hang_up(dcvd, manager)
    true(429 in [dcvd.get("/v1/codes/dns_mismatch").status for _ in range(8)], "the new rate")
    dcvd.set("access", requests_per_second="0")
    hang_up(dcvd, manager)
    rotate(dcvd, manager, new)
    dcvd.close()


def rotate(dcvd, manager, resolver):
    """The key in a key file is replaced by another one."""
    for key in ("first-key", "second-key"):
        resolver.table[("_dnsauth.shop.com", "TXT")] = [request_token(dcvd, key)]
        dcvd.set("auth_keys", main=dcvd.dir + "/key")
        if key == "second-key":
            same(ordered(dcvd), "fail", "verdict by the key that is no longer right")
        hang_up(dcvd, manager)
        same(ordered(dcvd), "pass", f"verdict by {key}")
        true(key not in dcvd.said(), "a key is in the log")
    os.chmod(dcvd.dir + "/key", 0o644)
    hang_up(dcvd, manager)
    true("0644" in dcvd.said().splitlines()[-1], dcvd.said())
    same(ordered(dcvd), "pass", "verdict by the key that is in force")


def ordered(dcvd):
    request = {"domain": "shop.com", "methods": ["dns-txt-token"], "csr": CSR.read_text(encoding="ascii"),
               "auth_key_name": "main"}
    return dcvd.done(dcvd.submit(**request))["reports"][0]["verdict"]


def load(dcvd, stop, failures, domains):
    """Submits checks one after the other, and waits for each, until stop is set."""
    c = Connection(dcvd.socket)
    n = 0
    while not stop.is_set():
        n += 1
        c.request("POST", "/v1/checks?wait=20", json.dumps(txt(f"{domains}{n}.com")),
                  {"Content-Type": "application/json"})
        response = c.getresponse()
        body = json.loads(response.read())
        if response.status != 200 or body["reports"][0]["errors"][0]["code"] != "invalid_dns_txt":
            failures.append(body)
    c.close()


def footprint(dcvd):
    """(resident memory in kB, number of descriptors, number of threads)"""
    pid = dcvd.process.pid
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kb = int(status.split("VmRSS:")[1].split()[0])
    return kb, len(os.listdir(f"/proc/{pid}/fd")), int(status.split("Threads:")[1].split()[0])


def reload_often():
    """A hundred configurations, good and bad, under load: no check fails, and no memory, descriptor or thread is
    lost."""
    manager = Manager()
    second = Resolver()
    dcvd = Daemon()
    dcvd.set("access", requests_per_second="0")
    dcvd.start(env=manager.env)
    same(manager.said(), ["READY=1"], "the first message")
    stop, failures = threading.Event(), []
    loads = [threading.Thread(target=load, args=(dcvd, stop, failures, f"load{i}-")) for i in range(4)]
    for t in loads:
        t.start()
    sizes = []
    for i in range(100):
        dcvd.set("resolver", servers=f"127.0.0.1:{(second if i % 2 else dcvd.resolver).port}")
        dcvd.set("checks", queue="-1" if i % 10 == 9 else "1000")
        hang_up(dcvd, manager)
        if i in (29, 99):
            sizes.append(footprint(dcvd))
    stop.set()
    for t in loads:
        t.join()
    same(failures, [], "failures under load")
    same(dcvd.said().count("stays as it was"), 10, "refusals")
    true(second.asked, "the second resolver was never asked")
    (kb, fds, threads), (kb_then, fds_then, threads_then) = sizes
    true(fds_then <= fds + 8, f"{fds} descriptors grew to {fds_then}")
    same(threads_then, threads, "threads")
    true(sanitized() or kb_then < kb + 4096, f"{kb} kB grew to {kb_then}")
    dcvd.close()


def cpu_seconds(dcvd):
    with open(f"/proc/{dcvd.process.pid}/stat", encoding="ascii") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def timed(probe):
    begin = time.monotonic()
    answer = probe()
    return time.monotonic() - begin, answer


def stalled():
    """While writes to the disk block, only requests that need them wait; when they work again, nothing is lost or
    doubled."""
    dcvd = Daemon()
    sign = dcvd.dir + "/stall"
    dcvd.set("checks", in_flight="5", queue="15")
    dcvd.start(env={**os.environ, "LD_PRELOAD": os.environ["STALL"], "DCVD_STALL": sign,
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    kept = dcvd.submit(**txt("kept.com"))
    dcvd.done(kept)
    dcvd.resolver.held = True
    held = dcvd.submit(**txt("held.com"))
    within(10, "the resolver is asked", lambda: ("_dnsauth.held.com", "TXT") in dcvd.resolver.asked)
    with open(sign, "w", encoding="ascii"):
        pass
    dcvd.resolver.held = False  # its results come while writes block
    waiting = []
    for i in range(30):
        c = Connection(dcvd.socket)
        c.request("POST", "/v1/checks", json.dumps(txt(f"n{i}.com")), {"Content-Type": "application/json"})
        waiting.append(c)
    slowest = []
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for path in "/healthz", "/v1/codes/dns_mismatch", f"/v1/checks/{kept}", "/v1/checks", "/metrics":
            seconds, answer = timed(lambda: dcvd.get(path))
            same(answer.status, 200, path)
            slowest.append(seconds)
        time.sleep(0.01)
    slowest.sort()
    true(slowest[len(slowest) // 2] < 0.05 and slowest[-1] < 1,
         f"half of the questions took {slowest[len(slowest) // 2]:.3f} s, "
         f"one {slowest[-1]:.3f} s")
    same(dcvd.get(f"/v1/checks/{held}").json["state"], "running", "state of what cannot be written")
    os.unlink(sign)
    answers = [c.getresponse() for c in waiting]
    statuses = [a.status for a in answers]
    idents = [json.loads(a.read())["id"] for a in answers if a.status == 202]
    same((statuses.count(202), statuses.count(429)), (19, 11), "accepted, and refused because the queue is full")
    for ident in [held] + idents:
        same(len(dcvd.done(ident)["reports"]), 1, "reports")
    same(dcvd.sql("SELECT count(*), count(DISTINCT request) FROM result")[0], (21, 21), "results")
    same(dcvd.sql("SELECT count(*) FROM request")[0][0], 21, "requests")
    same(dcvd.get("/readyz").status, 200, "readyz")
    dcvd.close()


def crowd():
    """Many idle connections, incomplete requests and nonsense do not keep other clients out."""
    dcvd = Daemon()
    dcvd.start()

    def dial(data=b""):
        s = socket.socket(socket.AF_UNIX)
        s.connect(dcvd.socket)
        s.settimeout(20)
        s.sendall(data)
        return s

    def served(what):
        seconds, answer = timed(lambda: dcvd.get("/v1/codes/dns_mismatch"))
        same(answer.status, 200, what)
        true(seconds < 1, f"{what}: {seconds:.3f} s")

    ask = b"GET /v1/codes/dns_mismatch HTTP/1.1\r\nHost: localhost\r\n"
    idle = []
    for _ in range(1200):
        idle.append(dial())
        if len(idle) % 200 == 0:
            served(f"beside {len(idle)} idle connections")
    true(footprint(dcvd)[1] < 700, f"{footprint(dcvd)[1]} descriptors")
    half = [dial(ask) for _ in range(600)]
    served("beside 600 halves of requests")
    bodies = [dial(b"POST /v1/checks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{") for _ in range(600)]
    served("beside 600 halves of bodies")
    same(dcvd.call("POST", "/v1/checks?wait=20", txt("a.com")).status, 200, "a check beside them")
    for s in idle + half + bodies:
        s.close()

    dcvd.resolver.held = True
    ident = dcvd.submit(**txt("held.com"))
    wait = b"GET /v1/checks/%s?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n" % ident.encode()
    busy = [dial(wait) for _ in range(520)]
    within(10, "all connections are in use", lambda: dcvd.get("/healthz").status == 429)
    dcvd.resolver.held = False
    answers = [s.recv(20).split()[1] for s in busy]
    true(answers[:500].count(b"200") >= 490 and answers[-1] == b"429",
         f"{answers.count(b'200')} were served, the last {answers[-1]}")
    for s in busy:
        s.close()
    within(10, "a connection is accepted again", lambda: dcvd.get("/healthz").status == 200)

    many = dial((ask + b"\r\n") * 200)
    many.shutdown(socket.SHUT_WR)
    text = b"".join(iter(lambda: many.recv(1 << 16), b""))
    same(text.count(b"HTTP/1.1 200"), 200, "answers to requests that were sent all at once")
    same(dial(b"GET /" + b"x" * 60000 + b" HTTP/1.1\r\n\r\n").recv(12)[9:12] in (b"414", b"431"), True,
         "status of a line too long")
    same(dial(ask + b"X: " + b"y" * 60000 + b"\r\n\r\n").recv(12)[9:12] in (b"413", b"431"), True,
         "status of a header too long")
    for noise in (b"\0" * 5000, b"\x16\x03\x01\x02\x00" * 100, b"\r\n" * 5000, b"GET\r\n\r\n",
                  b"POST /v1/checks HTTP/1.1\r\n\r\n"):
        dial(noise).close()
    served("after noise")
    dcvd.close()


def starved():
    """Without free descriptors no new connection is accepted, and dcvd uses no CPU for trying; when there are some
    again, the clients that waited are served."""
    dcvd = Daemon()
    dcvd.start()
    for connected in 0, 1:
        beside, said = [], dcvd.said().count("no connection can be accepted")
        for _ in range(connected):
            beside.append(Connection(dcvd.socket))
            beside[-1].request("GET", "/v1/events")
        before = footprint(dcvd)[1] + connected  # a connection that dcvd may not have accepted yet
        resource.prlimit(dcvd.process.pid, resource.RLIMIT_NOFILE, (before, 4096))
        many = []
        for _ in range(20):
            s = socket.socket(socket.AF_UNIX)
            s.connect(dcvd.socket)
            s.settimeout(0.3)
            many.append(s)
        within(5, "the daemon says so", lambda: dcvd.said().count("no connection can be accepted") > said)
        cpu = cpu_seconds(dcvd)
        time.sleep(1)
        true(cpu_seconds(dcvd) - cpu < 0.5, f"{cpu_seconds(dcvd) - cpu:.2f} s of CPU in a second with nothing to do")
        many[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        resource.prlimit(dcvd.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
        many[-1].settimeout(5)
        true(many[-1].recv(12).endswith(b"200"), "the client that waited is served")
        same(dcvd.get("/healthz").status, 200, "status for a later client")
        for s in many:
            s.close()
        for c in beside:
            c.close()
    dcvd.close()


def long():
    """POST with ?wait gives long reports whole, and the same as GET gives later."""
    dcvd = Daemon()
    dcvd.start()
    for labels, facts in (1, 2), (110, 111):
        answer = dcvd.call("POST", "/v1/checks?wait=20", {"domain": "a." * labels + "com", "methods": ["caa"]})
        same((answer.status, answer.json["state"]), (200, "done"), "status and state")
        same(len(answer.json["reports"][0]["evidence"]), facts, "facts")
        same(len(answer.json["reports"][0]["caa"]["climb"]), facts, "levels of the derivation")
        same(dcvd.get(f"/v1/checks/{answer.json['id']}").json, answer.json, "shown later")
    dcvd.close()


def clock_ahead():
    """A start at which all checks seem too old deletes none of them, and says so."""
    dcvd = Daemon()
    dcvd.start()
    dcvd.end()
    at = int(time.time() * 1000) - 400 * 86_400_000
    with contextlib.closing(sqlite3.connect(dcvd.database)) as db, db:
        db.executemany("INSERT INTO request (id, state, submitted, ended, domain, request) "
                       "VALUES (?, 'done', ?, ?, 'a.com', '{}')", ((at << 21 | n, at, at) for n in range(100)))
    dcvd.start()
    within(10, "the warning", lambda: "100 checks, more than a tenth of all" in dcvd.said())
    time.sleep(1)
    same(dcvd.sql("SELECT count(*) FROM request")[0][0], 100, "checks that are left")
    dcvd.close()


def uploads():
    """Batches of one user that come in and stop do not keep out those of another user."""
    dcvd = Daemon()
    dcvd.set("daemon", socket_mode="0666")
    dcvd.start()
    os.chmod(dcvd.dir, 0o755)
    stalled = []
    for _ in range(8):
        stalled.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        stalled[-1].connect(dcvd.socket)
        stalled[-1].sendall(b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                            b"Content-Length: 1000000\r\n\r\n{")
    ndjson = {"Content-Type": "application/x-ndjson"}
    line = json.dumps(txt("good.com")) + "\n"
    answers = []

    def refused():
        answers.append(dcvd.call("POST", "/v1/batches", line, ndjson))
        return answers[-1].status == 429

    within(10, "the ninth of one user is refused", refused)
    true("of this user" in answers[-1].message(), answers[-1].message())
    if os.getuid() == 0:
        reached = os.fork()
        if not reached:
            os.setuid(65534)
            os._exit(0 if dcvd.call("POST", "/v1/batches", line, ndjson).status == 202 else 1)
        same(os.waitpid(reached, 0)[1], 0, "status of another user's batch")
    for one in stalled:
        one.close()
    within(10, "the next one is taken", lambda: dcvd.call("POST", "/v1/batches", line, ndjson).status == 202)
    dcvd.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (reload, reload_often, stalled, crowd, starved, long, clock_ahead, uploads)})

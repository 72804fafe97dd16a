#!/usr/bin/env python3
"""dcvd when things go wrong or change under it: each scenario is one test. DCVD and DCVPROBE name the programs,
STALL the module that makes a disk stand still."""
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time

from house import Connection, House, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
CSR = pathlib.Path(__file__).parent.parent / "lab" / "order.csr"


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


def sanitized():
    """A sanitizer keeps freed memory back and so grows by itself."""
    return b"__asan_" in pathlib.Path(os.environ["DCVD"]).read_bytes()


class Manager:
    """A service manager's socket, and what is said on it."""

    def __init__(self):
        self.name = "dcvd-e2e-%d" % os.getpid()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("\0" + self.name)
        self.sock.settimeout(20)
        self.env = {**os.environ, "NOTIFY_SOCKET": "@" + self.name}

    def said(self):
        return self.sock.recv(200).decode().split("\n")


def hang_up(house, manager):
    """SIGHUP, and the end of what it begins."""
    house.config()
    house.process.send_signal(signal.SIGHUP)
    words = manager.said()
    same(words[0], "RELOADING=1", "the word at the beginning")
    true(words[1].startswith("MONOTONIC_USEC=") and int(words[1].split("=")[1]) > 0, words)
    same(manager.said(), ["READY=1"], "the word at the end")


def request_token(house, key):
    key_file = house.dir + "/key"
    with open(os.open(key_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
        f.write(key)
    return subprocess.run([os.environ["DCVPROBE"], "token", "--auth-key-file", key_file, "--csr", CSR], check=True,
                          capture_output=True, text=True).stdout.split()[0]


def reload():
    """SIGHUP: a good configuration is in force for what begins then, a bad one is refused whole."""
    manager = Manager()
    old, new = Resolver(), Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})
    house = House(old)
    house.set("resolver", timeout="4")
    old.held = True
    house.start(env=manager.env)
    same(manager.said(), ["READY=1"], "the first word")
    slow = house.submit(**txt("slow.com"))
    within(10, "the old resolver is asked", lambda: old.asked)

    house.set("checks", in_flight="0")
    house.set("resolver", servers=f"127.0.0.1:{new.port}")
    hang_up(house, manager)
    true("in_flight: '0': expected a whole number from 1 to 100000; the configuration stays as it was" in house.said() and
         house.dir + "/dcvd.conf:" in house.said(), house.said())
    house.set("checks", in_flight="10")
    house.set("retention", max_size="1M")
    hang_up(house, manager)
    same(house.said().count("stays as it was"), 2, "refusals in the log")
    asked = len(old.asked)
    house.submit(**txt("unchanged.com"))
    within(10, "the old resolver is asked as before", lambda: len(old.asked) > asked)
    true(not new.asked, "half of a configuration is in force")

    house.set("retention", max_size="1G")
    house.set("daemon", database=house.dir + "/other.db", socket_mode="0600")
    hang_up(house, manager)
    true("[daemon] socket_mode, database: changed in the file" in house.said(), house.said())
    joined = house.submit(**txt("slow.com"))
    same(house.done(house.submit(**txt("good.com")))["reports"][0]["verdict"], "pass", "verdict by the new resolver")
    house.done(joined)
    same(house.get(f"/v1/checks/{slow}").json["state"], "running", "state of what began before")
    before = len(new.asked)
    old.held = False
    house.done(slow, 40)
    same(len(new.asked), before, "questions of an old check to the new resolver")
    true(not os.path.exists(house.dir + "/other.db"), "a second store")

    house.set("access", requests_per_second="1", burst="2")
    hang_up(house, manager)
    true(429 in [house.get("/v1/codes/dns_mismatch").status for _ in range(8)], "the new rate")
    house.set("access", requests_per_second="0")
    hang_up(house, manager)
    rotate(house, manager, new)
    house.close()


def rotate(house, manager, resolver):
    """A key's file with another key in it."""
    for key in ("first-key", "second-key"):
        resolver.table[("_dnsauth.shop.com", "TXT")] = [request_token(house, key)]
        house.set("auth_keys", main=house.dir + "/key")
        if key == "second-key":
            same(ordered(house), "fail", "verdict by the key that is no longer right")
        hang_up(house, manager)
        same(ordered(house), "pass", f"verdict by {key}")
        true(key not in house.said(), "a key is in the log")
    os.chmod(house.dir + "/key", 0o644)
    hang_up(house, manager)
    true("0644" in house.said().splitlines()[-1], house.said())
    same(ordered(house), "pass", "verdict by the key that is in force")


def ordered(house):
    request = {"domain": "shop.com", "methods": ["dns-txt-token"], "csr": CSR.read_text(encoding="ascii"), "auth_key_name": "main"}
    return house.done(house.submit(**request))["reports"][0]["verdict"]


def load(house, stop, failures, domains):
    """Submits and waits, again and again."""
    c = Connection(house.socket)
    n = 0
    while not stop.is_set():
        n += 1
        c.request("POST", "/v1/checks?wait=20", json.dumps(txt(f"{domains}{n}.com")), {"Content-Type": "application/json"})
        response = c.getresponse()
        body = json.loads(response.read())
        if response.status != 200 or body["reports"][0]["errors"][0]["code"] != "invalid_dns_txt":
            failures.append(body)
    c.close()


def footprint(house):
    pid = house.process.pid
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kb = int(status.split("VmRSS:")[1].split()[0])
    return kb, len(os.listdir(f"/proc/{pid}/fd")), int(status.split("Threads:")[1].split()[0])


def reload_often():
    """A hundred configurations, good and bad, under load: nothing fails, and nothing is left of them."""
    manager = Manager()
    second = Resolver()
    house = House()
    house.set("access", requests_per_second="0")
    house.start(env=manager.env)
    same(manager.said(), ["READY=1"], "the first word")
    stop, failures = threading.Event(), []
    loads = [threading.Thread(target=load, args=(house, stop, failures, f"load{i}-")) for i in range(4)]
    for t in loads:
        t.start()
    sizes = []
    for i in range(100):
        house.set("resolver", servers=f"127.0.0.1:{(second if i % 2 else house.resolver).port}")
        house.set("checks", queue="-1" if i % 10 == 9 else "1000")
        hang_up(house, manager)
        if i in (29, 99):
            sizes.append(footprint(house))
    stop.set()
    for t in loads:
        t.join()
    same(failures, [], "failures under load")
    same(house.said().count("stays as it was"), 10, "refusals")
    true(second.asked, "the second resolver was never asked")
    (kb, fds, threads), (kb_then, fds_then, threads_then) = sizes
    true(fds_then <= fds + 8, f"{fds} descriptors grew to {fds_then}")
    same(threads_then, threads, "threads")
    true(sanitized() or kb_then < kb + 4096, f"{kb} kB grew to {kb_then}")
    house.close()


def cpu_seconds(house):
    with open(f"/proc/{house.process.pid}/stat", encoding="ascii") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def timed(probe):
    begin = time.monotonic()
    answer = probe()
    return time.monotonic() - begin, answer


def stalled():
    """A disk that stands still holds up who has to wait for it, and nobody else; then all is as if nothing had been."""
    house = House()
    sign = house.dir + "/stall"
    house.set("checks", in_flight="5", queue="15")
    house.start(env={**os.environ, "LD_PRELOAD": os.environ["STALL"], "DCVD_STALL": sign,
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
    kept = house.submit(**txt("kept.com"))
    house.done(kept)
    house.resolver.held = True
    held = house.submit(**txt("held.com"))
    within(10, "the resolver is asked", lambda: ("_dnsauth.held.com", "TXT") in house.resolver.asked)
    with open(sign, "w", encoding="ascii"):
        pass
    house.resolver.held = False  # its results come while the disk stands still
    waiting = []
    for i in range(30):
        c = Connection(house.socket)
        c.request("POST", "/v1/checks", json.dumps(txt(f"n{i}.com")), {"Content-Type": "application/json"})
        waiting.append(c)
    slowest = []
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for path in "/healthz", "/v1/codes/dns_mismatch", f"/v1/checks/{kept}", "/v1/checks", "/metrics":
            seconds, answer = timed(lambda: house.get(path))
            same(answer.status, 200, path)
            slowest.append(seconds)
        time.sleep(0.01)
    slowest.sort()
    true(slowest[len(slowest) // 2] < 0.05 and slowest[-1] < 1, f"half of the questions took {slowest[len(slowest) // 2]:.3f} s, "
         f"one {slowest[-1]:.3f} s")
    same(house.get(f"/v1/checks/{held}").json["state"], "running", "state of what cannot be written")
    os.unlink(sign)
    answers = [c.getresponse() for c in waiting]
    statuses = [a.status for a in answers]
    idents = [json.loads(a.read())["id"] for a in answers if a.status == 202]
    same((statuses.count(202), statuses.count(429)), (19, 11), "what there is room for, and what not")
    for ident in [held] + idents:
        same(len(house.done(ident)["reports"]), 1, "reports")
    same(house.sql("SELECT count(*), count(DISTINCT request) FROM result")[0], (21, 21), "results")
    same(house.sql("SELECT count(*) FROM request")[0][0], 21, "requests")
    same(house.get("/readyz").status, 200, "readyz")
    house.close()


def crowd():
    """Who is connected and asks nothing keeps nobody out; neither does who asks oddly."""
    house = House()
    house.start()

    def dial(data=b""):
        s = socket.socket(socket.AF_UNIX)
        s.connect(house.socket)
        s.settimeout(20)
        s.sendall(data)
        return s

    def served(what):
        seconds, answer = timed(lambda: house.get("/v1/codes/dns_mismatch"))
        same(answer.status, 200, what)
        true(seconds < 1, f"{what}: {seconds:.3f} s")

    ask = b"GET /v1/codes/dns_mismatch HTTP/1.1\r\nHost: localhost\r\n"
    idle = []
    for _ in range(1200):
        idle.append(dial())
        if len(idle) % 200 == 0:
            served(f"beside {len(idle)} idle connections")
    true(footprint(house)[1] < 700, f"{footprint(house)[1]} descriptors")
    half = [dial(ask) for _ in range(600)]
    served("beside 600 halves of requests")
    bodies = [dial(b"POST /v1/checks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{") for _ in range(600)]
    served("beside 600 halves of bodies")
    same(house.call("POST", "/v1/checks?wait=20", txt("a.com")).status, 200, "a check beside them")
    for s in idle + half + bodies:
        s.close()

    house.resolver.held = True
    ident = house.submit(**txt("held.com"))
    wait = b"GET /v1/checks/%s?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n" % ident.encode()
    busy = [dial(wait) for _ in range(520)]
    within(10, "there is no room", lambda: house.get("/healthz").status == 429)
    house.resolver.held = False
    answers = [s.recv(20).split()[1] for s in busy]
    true(answers[:500].count(b"200") >= 490 and answers[-1] == b"429", f"{answers.count(b'200')} were served, the last {answers[-1]}")
    for s in busy:
        s.close()
    within(10, "there is room again", lambda: house.get("/healthz").status == 200)

    many = dial((ask + b"\r\n") * 200)
    many.shutdown(socket.SHUT_WR)
    text = b"".join(iter(lambda: many.recv(1 << 16), b""))
    same(text.count(b"HTTP/1.1 200"), 200, "answers to what was sent at once, and half closed")
    same(dial(b"GET /" + b"x" * 60000 + b" HTTP/1.1\r\n\r\n").recv(12)[9:12] in (b"414", b"431"), True, "status of a line too long")
    same(dial(ask + b"X: " + b"y" * 60000 + b"\r\n\r\n").recv(12)[9:12] in (b"413", b"431"), True, "status of a header too long")
    for noise in b"\0" * 5000, b"\x16\x03\x01\x02\x00" * 100, b"\r\n" * 5000, b"GET\r\n\r\n", b"POST /v1/checks HTTP/1.1\r\n\r\n":
        dial(noise).close()
    served("after noise")
    house.close()


def starved():
    """Without descriptors nobody new is served, whether others are connected or not; the daemon does not spin, and serves
    again once there are some."""
    house = House()
    house.start()
    for connected in 0, 1:
        beside, said = [], house.said().count("no connection can be accepted")
        for _ in range(connected):
            beside.append(Connection(house.socket))
            beside[-1].request("GET", "/v1/events")
        before = footprint(house)[1] + connected  # one more may not have been taken yet
        resource.prlimit(house.process.pid, resource.RLIMIT_NOFILE, (before, 4096))
        many = []
        for _ in range(20):
            s = socket.socket(socket.AF_UNIX)
            s.connect(house.socket)
            s.settimeout(0.3)
            many.append(s)
        within(5, "the daemon says so", lambda: house.said().count("no connection can be accepted") > said)
        cpu = cpu_seconds(house)
        time.sleep(1)
        true(cpu_seconds(house) - cpu < 0.5, f"{cpu_seconds(house) - cpu:.2f} s of CPU in a second with nothing to do")
        many[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        resource.prlimit(house.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
        many[-1].settimeout(5)
        true(many[-1].recv(12).endswith(b"200"), "who waited is served")
        same(house.get("/healthz").status, 200, "status of one that comes later")
        for s in many:
            s.close()
        for c in beside:
            c.close()
    house.close()


def long():
    """Who waits gets a report of any length, and as it is shown later."""
    house = House()
    house.start()
    for labels, facts in (1, 2), (110, 111):
        answer = house.call("POST", "/v1/checks?wait=20", {"domain": "a." * labels + "com", "methods": ["caa"]})
        same((answer.status, answer.json["state"]), (200, "done"), "status and state")
        same(len(answer.json["reports"][0]["evidence"]), facts, "facts")
        same(len(answer.json["reports"][0]["caa"]["climb"]), facts, "levels of the derivation")
        same(house.get(f"/v1/checks/{answer.json['id']}").json, answer.json, "shown later")
    house.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (reload, reload_often, stalled, crowd, starved, long)})

#!/usr/bin/env python3
"""dcvd when things go wrong or change under it: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading

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


if __name__ == "__main__":
    main({f.__name__: f for f in (reload, reload_often)})

#!/usr/bin/env python3
"""dcvd under a load of checks, batches and cancels while it is killed or reconfigured: each request that was answered
with 202 is done exactly once. DCVD is the path of the program, SEED the seed of the random numbers, KILLS how often it
is killed."""
import heapq
import http.client
import json
import os
import random
import signal
import threading
import time

from daemon import Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
METHODS = ["dns-txt-token", "dns-cname-token", "http-token", "caa"]


class LateResolver(Resolver):
    """Answers after a random time, and one question in fifty not at all."""

    def __init__(self, rng):
        self.rng = rng
        self.late = []
        self.wake = threading.Condition()
        threading.Thread(target=self.sender, daemon=True).start()
        super().__init__()

    def answer(self, ident, question, name, qtype):
        """Every name has an address where no web server listens."""
        if qtype == "A":
            self.table[name, "A"] = ["127.77.77.77"]
        return super().answer(ident, question, name, qtype)

    def send(self, data, peer):
        if self.rng.random() < 0.02:
            return
        with self.wake:
            heapq.heappush(self.late, (time.monotonic() + self.rng.expovariate(30), data, peer))
            self.wake.notify()

    def sender(self):
        while True:
            with self.wake:
                while not self.late or self.late[0][0] > time.monotonic():
                    self.wake.wait(self.late[0][0] - time.monotonic() if self.late else None)
                _, data, peer = heapq.heappop(self.late)
            self.sock.sendto(data, peer)


class Client(threading.Thread):
    """Submits checks and batches and cancels some of them, through all restarts of dcvd."""

    def __init__(self, dcvd, number, rng):
        super().__init__(daemon=True)
        self.dcvd, self.number, self.rng = dcvd, number, rng
        self.checks = {}       # id: its methods; those that were answered with 202
        self.batches = {}      # id: how many lines; those that were answered with 202
        # Ids of checks for which DELETE was sent: they may be cancelled, even without an answer.
        self.cancelling = set()
        self.cancelled = set()   # ids of those that were answered as cancelled
        self.wrong = []
        self.stop = False
        self.n = 0

    def run(self):
        connection = None
        while not self.stop:
            try:
                connection = connection or Connection(self.dcvd.socket, 10)
                self.act(connection)
            except (OSError, http.client.HTTPException):
                connection = None  # dcvd was killed: requests without an answer do not count
                time.sleep(0.01)
            time.sleep(self.rng.random() * 0.01)

    def call(self, connection, method, path, body=None, kind="application/json"):
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def request(self, methods):
        self.n += 1
        domain = f"c{self.number}-{self.n}.com" if self.rng.random() < 0.8 else f"shared{self.rng.randrange(5)}.com"
        return json.dumps({"domain": domain, "methods": methods, "token": TOKEN})

    def act(self, connection):
        what = self.rng.random()
        if what < 0.7 or not self.checks:
            methods = self.rng.sample(METHODS, self.rng.randint(1, 3))
            status, answer = self.call(connection, "POST", "/v1/checks", self.request(methods))
            if status == 202:
                self.checks[answer["id"]] = set(methods)
            elif status != 429:  # 429: dcvd is ending
                self.wrong.append((status, answer))
        elif what < 0.85:
            ident = self.rng.choice(list(self.checks)[-20:])
            self.cancelling.add(ident)
            status, answer = self.call(connection, "DELETE", f"/v1/checks/{ident}")
            if status == 200 and answer["state"] == "cancelled":
                self.cancelled.add(ident)
        else:
            lines = self.rng.randint(1, 30)
            body = "".join(self.request(["dns-txt-token"]) + "\n" for _ in range(lines))
            status, answer = self.call(connection, "POST", "/v1/batches", body, "application/x-ndjson")
            if status == 202:
                self.batches[answer["id"]] = lines
            elif status != 429:
                self.wrong.append((status, answer))


def accounts(dcvd, clients):
    """Compares the store with the answers that the clients got."""
    store = {f"{ident:016x}": (state, batch) for ident, state,
             batch in dcvd.sql("SELECT id, state, batch FROM request")}
    results = {}
    for ident, method in dcvd.sql("SELECT request, method FROM result"):
        results.setdefault(f"{ident:016x}", []).append(method)
    lines = {}
    for _, batch in store.values():
        lines[batch and f"{batch:016x}"] = lines.get(batch and f"{batch:016x}", 0) + 1
    for c in clients:
        for ident, methods in c.checks.items():
            true(ident in store, f"check {ident} was answered with 202 and is lost")
            state = store[ident][0]
            true(state == "done" or ident in c.cancelling, f"check {ident} is {state}")
            true(state == "cancelled" or ident not in c.cancelled, f"check {ident} was cancelled and is {state}")
            same(sorted(results.get(ident, [])), sorted(methods) if state == "done" else [],
                 f"results of check {ident}")
        for ident, n in c.batches.items():
            same(lines.get(ident), n, f"checks of batch {ident}")
    for ident, (state, batch) in store.items():
        found = results.get(ident, [])
        same(len(found), len(set(found)), f"check {ident} has two results of a method")
        true(state == "cancelled" or found, f"check {ident} is {state} without a result")
        true(not batch or (state, len(found)) == ("done", 1), f"check {ident} of a batch is {state}")
    same(dcvd.sql("PRAGMA integrity_check"), [("ok",)], "integrity")
    same(dcvd.sql("PRAGMA foreign_key_check"), [], "foreign keys")


class Storm:
    """A dcvd and six clients that submit and cancel without a pause."""

    def __init__(self, **daemon):
        seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
        print("seed", seed, flush=True)
        self.rng = random.Random(seed)
        self.dcvd = Daemon(LateResolver(random.Random(self.rng.random())))
        self.dcvd.set("access", requests_per_second="0")
        self.dcvd.set("resolver", timeout="0.2")
        self.dcvd.set("daemon", **daemon)
        self.dcvd.sections["fetch"] = {"allow_net": "127.77.0.0/16"}
        self.clients = [Client(self.dcvd, i, random.Random(self.rng.random())) for i in range(6)]

    def begin(self):
        self.dcvd.start()
        for c in self.clients:
            c.start()

    def heard(self, what):
        return sum(len(getattr(c, what)) for c in self.clients)

    def calm(self):
        """Waits until there were enough requests, which takes longer on a busy machine; then stops the clients, waits
        until all is done, and compares the store with the answers."""
        within(60, "a load", lambda: self.heard("checks") > 50 and self.heard("batches"))
        for c in self.clients:
            c.stop = True
        for c in self.clients:
            c.join()
        within(60, "all is done", lambda: not self.dcvd.sql("SELECT 1 FROM request WHERE ended IS NULL LIMIT 1") and
               all(self.dcvd.get(f"/v1/batches/{b}").json["state"] == "done" for c in self.clients for b in c.batches))
        accounts(self.dcvd, self.clients)
        same([w for c in self.clients for w in c.wrong], [], "answers that were neither 202 nor a busy daemon's")
        print(", ".join(f"{self.heard(what)} {what}" for what in ("checks", "batches", "cancelled")))


def killed_often():
    storm = Storm()
    dcvd, rng = storm.dcvd, storm.rng
    dcvd.set("daemon", loops=str(rng.randint(1, 3)))
    storm.begin()
    for _ in range(int(os.environ.get("KILLS") or 60)):
        time.sleep(rng.choice((0.05, 0.2, 0.6)) * rng.random())  # short enough to hit it while it starts, too
        dcvd.end(signal.SIGKILL)
        dcvd.process = dcvd.spawn()
    within(20, "dcvd is ready", dcvd.ready)
    storm.calm()
    dcvd.close()


def threads():
    """Checks on three threads while configurations are reloaded and metrics read, with a restart in the middle."""
    storm = Storm(loops="3")
    dcvd = storm.dcvd
    storm.begin()
    for life in range(2):
        end = time.monotonic() + 3
        while time.monotonic() < end:
            dcvd.process.send_signal(signal.SIGHUP)
            said = dict(line.split(" ", 1) for line in dcvd.get("/metrics").text.decode().splitlines()
                        if line[0] != "#")
            time.sleep(0.1)
        true(int(said["dcvd_dns_questions_total"]) > 0, "no question on any thread")
        cpu = float(said["dcvd_loop_turn_cpu_seconds_max"])
        true(0 < cpu < 60, f"a turn of {cpu} s of CPU")
        if not life:
            same(dcvd.end(), 0, "exit status: " + dcvd.said())
            dcvd.start()
    true(dcvd.said().count("is in force") > 10, "the configuration was not read again")
    storm.calm()
    dcvd.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (killed_often, threads)})

#!/usr/bin/env python3
"""dcvd under a load of checks, batches and cancels, whatever else is done to it: what was answered with 202 is done exactly
once. DCVD names the program, SEED what happens when, KILLS how often it is killed."""
import heapq
import http.client
import json
import os
import random
import signal
import threading
import time

from house import Connection, House, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
METHODS = ["dns-txt-token", "dns-cname-token", "http-token", "caa"]


class LateResolver(Resolver):
    """Answers after a while, each time another, and one time in fifty not at all."""

    def __init__(self, rng):
        self.rng = rng
        self.late = []
        self.wake = threading.Condition()
        threading.Thread(target=self.sender, daemon=True).start()
        super().__init__()

    def answer(self, ident, question, name, qtype):
        """Every web site is at an address where nobody listens."""
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
    """Asks for checks and batches and cancels some, over whichever life of the daemon answers."""

    def __init__(self, house, number, rng):
        super().__init__(daemon=True)
        self.house, self.number, self.rng = house, number, rng
        self.checks = {}       # id: its methods, where 202 came
        self.batches = {}      # id: its lines
        self.cancelling = set()  # asked for: it may have come to pass, whatever was answered
        self.cancelled = set()   # answered so
        self.wrong = []
        self.stop = False
        self.n = 0

    def run(self):
        connection = None
        while not self.stop:
            try:
                connection = connection or Connection(self.house.socket, 10)
                self.act(connection)
            except (OSError, http.client.HTTPException):
                connection = None  # it was killed: whatever was on its way is nobody's
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
            elif status != 429:  # it ends
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


def accounts(house, clients):
    """What the store says, against what was answered."""
    store = {f"{ident:016x}": (state, batch) for ident, state, batch in house.sql("SELECT id, state, batch FROM request")}
    results = {}
    for ident, method in house.sql("SELECT request, method FROM result"):
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
            same(sorted(results.get(ident, [])), sorted(methods) if state == "done" else [], f"results of check {ident}")
        for ident, n in c.batches.items():
            same(lines.get(ident), n, f"checks of batch {ident}")
    for ident, (state, batch) in store.items():
        found = results.get(ident, [])
        same(len(found), len(set(found)), f"check {ident} has two results of a method")
        true(state == "cancelled" or found, f"check {ident} is {state} without a result")
        true(not batch or (state, len(found)) == ("done", 1), f"check {ident} of a batch is {state}")
    same(house.sql("PRAGMA integrity_check"), [("ok",)], "integrity")
    same(house.sql("PRAGMA foreign_key_check"), [], "foreign keys")


class Storm:
    """A house, and clients that give it no rest."""

    def __init__(self, **daemon):
        seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
        print("seed", seed, flush=True)
        self.rng = random.Random(seed)
        self.house = House(LateResolver(random.Random(self.rng.random())))
        self.house.set("access", requests_per_second="0")
        self.house.set("resolver", timeout="0.2")
        self.house.set("daemon", **daemon)
        self.house.sections["fetch"] = {"allow_net": "127.77.0.0/16"}
        self.clients = [Client(self.house, i, random.Random(self.rng.random())) for i in range(6)]

    def begin(self):
        self.house.start()
        for c in self.clients:
            c.start()

    def calm(self):
        """Everybody is heard, nothing is left to do, and the books are right."""
        for c in self.clients:
            c.stop = True
        for c in self.clients:
            c.join()
        within(60, "all is done", lambda: not self.house.sql("SELECT 1 FROM request WHERE ended IS NULL LIMIT 1") and
               all(self.house.get(f"/v1/batches/{b}").json["state"] == "done" for c in self.clients for b in c.batches))
        accounts(self.house, self.clients)
        same([w for c in self.clients for w in c.wrong], [], "answers that were neither 202 nor a busy daemon's")
        checks, batches, cancelled = (sum(len(getattr(c, what)) for c in self.clients) for what in ("checks", "batches", "cancelled"))
        print(f"{checks} checks, {batches} batches, {cancelled} cancelled")
        true(checks > 50 and batches, "that was no load")


def killed_often():
    storm = Storm()
    house, rng = storm.house, storm.rng
    house.set("daemon", loops=str(rng.randint(1, 3)))
    storm.begin()
    for _ in range(int(os.environ.get("KILLS") or 60)):
        time.sleep(rng.choice((0.05, 0.2, 0.6)) * rng.random())  # while it starts, too
        house.end(signal.SIGKILL)
        house.process = house.spawn()
    within(20, "dcvd is ready", house.ready)
    storm.calm()
    house.close()


def threads():
    """Checks on three threads, new configurations and questions how it is, an end in the midst of it all."""
    storm = Storm(loops="3")
    house = storm.house
    storm.begin()
    for life in range(2):
        end = time.monotonic() + 3
        while time.monotonic() < end:
            house.process.send_signal(signal.SIGHUP)
            said = dict(line.split(" ", 1) for line in house.get("/metrics").text.decode().splitlines() if line[0] != "#")
            time.sleep(0.1)
        true(int(said["dcvd_dns_questions_total"]) > 0, "no question on any thread")
        cpu = float(said["dcvd_loop_turn_cpu_seconds_max"])
        true(0 < cpu < 60, f"a turn of {cpu} s of CPU")
        if not life:
            same(house.end(), 0, "exit status: " + house.said())
            house.start()
    true(house.said().count("is in force") > 10, "it was not read again")
    storm.calm()
    house.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (killed_often, threads)})

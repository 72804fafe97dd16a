#!/usr/bin/env python3
"""soak.py BUILD [SECONDS]: runs dcvd in the lab at full load for ten minutes or SECONDS. PASS where neither memory nor
the number of descriptors or threads grows.

The load: checks of all methods at depth full of the domains of the lab, batches, watches, cancels, lists and counts,
event streams that are opened and closed and one that is not read, SIGHUP every thirty seconds. The averages of the
second and the last fifth of the samples are compared. LOOPS in the environment is the number of loops (2). Prints PASS
or FAIL, with exit status 0 or 1; 77 where the lab cannot be started."""
import http.client
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "e2e"))
BUILD = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 600
if not os.environ.get("LAB_INSIDE"):
    os.execv(HERE / "lab" / "lab.sh", ["lab.sh", "--", __file__, str(BUILD), str(SECONDS)])
os.environ.update(DCVD=str(BUILD / "daemon" / "dcvd"), LOOPS=os.environ.get("LOOPS", "2"))

from daemon import Connection, Daemon, within  # pylint: disable=wrong-import-position

QUEUE = 300  # checks that wait: enough to keep dcvd busy all the time
METHODS = ["dns-txt-token", "dns-cname-token", "dns-cname-target", "http-token", "caa"]
# What is compared, and the growth that is always allowed
COLUMNS = {"resident kB": 1024, "descriptors": 10, "threads": 0}


def lab():
    """The token of the lab's orders, and the domains of its situations."""
    values = dict(line.split("=", 1) for line in (pathlib.Path(os.environ["LAB"]) / "values").read_text().splitlines()
                  if "=" in line)
    rows = [line.split(" | ") for line in (HERE / "lab" / "situations").read_text().splitlines()
            if line and line[0] != "#"]
    return values["RANDOM"].split()[-1], sorted({row[1] for row in rows if "{" not in row[1]})


class Load:
    def __init__(self):
        self.token, self.domains = lab()
        self.dcvd = Daemon()
        self.dcvd.set("checks", deadline="8", depth="full")
        self.dcvd.set("resolver", servers="8.8.8.8:53")
        self.dcvd.set("access", requests_per_second="0")
        self.dcvd.set("retention", max_size="64M")
        self.queued, self.stop = 0, False
        self.said = {}  # HTTP status: how often
        self.idents = []
        self.lock = threading.Lock()

    def request(self):
        """A random request. Half of them have a random token, because equal requests share one check."""
        token = self.token if random.random() < 0.5 else "%032x" % random.getrandbits(128)
        return {"domain": random.choice(self.domains), "token": token,
                "methods": random.sample(METHODS, random.randint(1, 5))}

    def call(self, connection, method, path, body=None, kind="application/json"):
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        response = connection.getresponse()
        text = response.read()
        with self.lock:
            self.said[response.status] = self.said.get(response.status, 0) + 1
        return response.status, text

    def ident(self, answer):
        status, text = answer
        return json.loads(text)["id"] if status in (201, 202) else None

    def submit(self, c):
        if self.queued > QUEUE:
            time.sleep(0.05)
            return
        if ident := self.ident(self.call(c, "POST", "/v1/checks", json.dumps(self.request()))):
            self.idents = self.idents[-500:] + [ident]

    def ask(self, c):
        if not self.idents:
            return
        ident, domain = random.choice(self.idents), random.choice(self.domains)
        for path in (f"/v1/checks/{ident}?wait=1", f"/v1/checks?domain={domain}&limit=20",
                     "/v1/checks?code=dns_mismatch", "/v1/stats",
                     f"/v1/domains/{domain}", "/v1/batches", "/v1/watches", "/healthz", "/readyz", "/v1/openapi.json"):
            self.call(c, "GET", path)
        time.sleep(0.1)

    def cancel(self, c):
        for ident in self.idents[-3:]:
            self.call(c, "DELETE", f"/v1/checks/{ident}")
        time.sleep(0.2)

    def batch(self, c):
        body = "".join(json.dumps(self.request()) + "\n" for _ in range(100))
        ident = self.ident(self.call(c, "POST", "/v1/batches", body, "application/x-ndjson"))
        time.sleep(4)
        if ident and random.random() < 0.3:
            self.call(c, "DELETE", f"/v1/batches/{ident}")

    def watch(self, c):
        made = [self.ident(self.call(c, "POST", "/v1/watches",
                                     json.dumps({"request": self.request(), "interval": 60, "until": until})))
                for until in 10 * ["pass", "forever"]]
        time.sleep(15)
        for ident in made:
            if ident:
                self.call(c, "DELETE", f"/v1/watches/{ident}")

    def events(self, c):
        c.request("GET", "/v1/events")
        response = c.getresponse()
        end = time.monotonic() + random.random() * 10
        while time.monotonic() < end and not self.stop and response.readline():
            pass
        c.close()  # while events still come

    def unread(self, c):
        c.request("GET", "/v1/events")
        time.sleep(5)
        c.close()

    def again(self, act):
        c = Connection(self.dcvd.socket)
        while not self.stop:
            try:
                act(c)
            except (OSError, http.client.HTTPException):  # dcvd closes a connection that was idle for half a minute
                c.close()
        c.close()

    def hang_up(self):
        n = 0
        while not self.stop:
            n += 1
            self.dcvd.set("checks", in_flight=str(900 + n % 2 * 100))
            self.dcvd.config()
            self.dcvd.process.send_signal(signal.SIGHUP)
            time.sleep(30)

    def metrics(self):
        values = {}
        for line in self.dcvd.get("/metrics").text.decode().splitlines():
            if line and line[0] != "#":
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def sample(self):
        m = self.metrics()
        self.queued = m["dcvd_queue_depth"]
        status = pathlib.Path(f"/proc/{self.dcvd.process.pid}/status").read_text(encoding="ascii")
        return {"resident kB": int(status.split("VmRSS:")[1].split()[0]), "descriptors": m["process_open_fds"],
                "threads": int(status.split("Threads:")[1].split()[0]), "queued": m["dcvd_queue_depth"],
                "running": m["dcvd_checks_running"], "done": m["dcvd_checks_done_total"], "watches": m["dcvd_watches"],
                "longest turn ms": m["dcvd_loop_turn_seconds_max"] * 1000,
                "its CPU at most ms": m["dcvd_loop_turn_cpu_seconds_max"] * 1000,
                "longest commit ms": m["dcvd_store_commit_seconds_max"] * 1000}


def mean(samples, column):
    return sum(s[column] for s in samples) / len(samples)


def main():
    load = Load()
    load.dcvd.start()
    acts = [load.submit] * 3 + [load.ask] * 2 + [load.cancel, load.batch, load.watch, load.unread] + [load.events] * 3
    for act in acts:
        threading.Thread(target=load.again, args=(act,), daemon=True).start()
    threading.Thread(target=load.hang_up, daemon=True).start()
    samples, shown, begin = [], 0, time.monotonic()
    while (now := time.monotonic() - begin) < SECONDS:
        samples.append(load.sample())
        if not shown:
            print(f"{'s':>5}", *(f"{c:>18}" for c in samples[0]))
        if now >= shown * SECONDS / 30:
            print(f"{now:5.0f}", *(f"{v:18.1f}" for v in samples[-1].values()), flush=True)
            shown += 1
        time.sleep(0.5)
    load.stop = True
    fifth = len(samples) // 5
    failed = []
    for column, least in COLUMNS.items():
        before, after = mean(samples[fifth:2 * fifth], column), mean(samples[-fifth:], column)
        grown = after > before + max(least, before * 0.05 if least else 0)
        failed += [column] * grown
        print(f"{column}: {before:.0f} in the second fifth, {after:.0f} in the last: {'GREW' if grown else 'steady'}")
    within(120, "what was asked for is done", lambda: load.sample()["running"] + load.sample()["queued"] == 0)
    done = load.metrics()["dcvd_checks_done_total"]
    print(f"{done:.0f} checks done, {done / SECONDS:.0f} a second; "
          f"answers by status: {dict(sorted(load.said.items()))}")
    failed += [f"status {s}" for s in load.said if s >= 500 or s == 400]
    reloads = load.dcvd.said().count("is in force")
    if reloads < SECONDS // 31:
        failed.append(f"{reloads} reloads")
    load.dcvd.close()
    print("FAIL: " + ", ".join(failed) if failed else "PASS")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

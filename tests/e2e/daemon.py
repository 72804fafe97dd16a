"""Starts a real dcvd for a test, with its own socket and store and with a scripted resolver at a loopback address.

Environment: DCVD is the path of the program, LOOPS the number of its loops. No packet leaves the machine, and each
process is ended by its own id."""
import atexit
import fcntl
import http.client
import json
import os
import pty
import pwd
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 16: "TXT", 28: "AAAA", 43: "DS", 257: "CAA"}


# As root --check-config judges as user dcvd, where a machine has one; the folders of tests are closed to it.
CHECK = ("--check-config", "--user", pwd.getpwuid(os.geteuid()).pw_name)


def same(got, expected, what):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def within(seconds, what, probe):
    """Calls probe() until it returns a true value, and returns that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


class Resolver:
    """A DNS server that answers from a table {(name, type): [rdata, …]}, with names without a final dot. Other
    questions get NODATA. While .held is true it does not answer, nor ever for names in .silent and
    below. .asked is the list of all questions."""

    def __init__(self, table=None):
        self.table = table or {}
        self.asked = []
        self.held = False
        self.silent = set()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(4096)
            name, at = [], 12
            while query[at]:
                name.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
                at += 1 + query[at]
            qtype, = struct.unpack("!H", query[at + 1:at + 3])
            question = query[12:at + 5]
            name = ".".join(name)
            self.asked.append((name, TYPES.get(qtype, qtype)))
            if not self.held and not any(("." + name).endswith("." + one) for one in self.silent):
                self.send(self.answer(query[:2], question, name, TYPES.get(qtype, qtype)), peer)

    def send(self, data, peer):
        self.sock.sendto(data, peer)

    def answer(self, ident, question, name, qtype):
        records = self.table.get((name, qtype), [])
        body = b""
        for text in records:
            if qtype == "CNAME":
                rdata = b"".join(bytes([len(l)]) + l.encode() for l in text.rstrip(".").split(".")) + b"\0"
            elif qtype == "A":
                rdata = socket.inet_aton(text)
            else:
                rdata = bytes([len(text)]) + text.encode()
            number = next(n for n, name in TYPES.items() if name == qtype)
            body += b"\xc0\x0c" + struct.pack("!HHIH", number, 1, 60, len(rdata)) + rdata
        if not records:  # the SOA record of a negative answer, of the root
            soa = b"\x01a\x00\x01b\x00" + struct.pack("!IIIII", 1, 2, 3, 4, 5)
            body += b"\x00" + struct.pack("!HHIH", 6, 1, 60, len(soa)) + soa
        body += b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 0)
        return ident + struct.pack("!HHHHH", 0x8180, 1, len(records), 0 if records else 1, 1) + question + body


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read()
        is_json = self.text and self.headers["Content-Type"] == "application/json"
        self.json = json.loads(self.text) if is_json else None

    def code(self):
        return self.json["errors"][0]["code"]

    def message(self):
        return self.json["errors"][0]["message"]


class Daemon:
    """A dcvd under test, in a temporary folder with its configuration, store, socket and log."""

    def __init__(self, resolver=None):
        self.dir = tempfile.mkdtemp(prefix="dcvd-e2e-")
        self.resolver = resolver or Resolver()
        self.socket = self.dir + "/s"
        self.database = self.dir + "/dcvd.db"
        self.process = None
        self.sections = {"daemon": {"socket": self.socket, "database": self.database,
                                    "loops": os.environ.get("LOOPS", "1")},
                         "checks": {"deadline": "20", "depth": "quick"},
                         "resolver": {"servers": f"127.0.0.1:{self.resolver.port}", "timeout": "2", "tries": "3"},
                         "access": {}, "retention": {}, "auth_keys": {}, "targets": {}}

    def set(self, section, **keys):
        self.sections[section].update(keys)

    def config(self):
        path = self.dir + "/dcvd.conf"
        with open(path, "w", encoding="utf-8") as f:
            for name, keys in self.sections.items():
                f.write(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
        return path

    def spawn(self, *options, **popen):
        """Starts dcvd and does not wait until it is ready; its standard error goes to the file log."""
        self.log = open(self.dir + "/log", "a+b")
        process = subprocess.Popen([os.environ["DCVD"], "--config", self.config(), *options], stderr=self.log, **popen)
        atexit.register(process.kill)  # for a scenario that fails: dcvd would keep the terminal open
        return process

    def start(self, *options, **popen):
        self.process = self.spawn(*options, **popen)
        within(20, "dcvd is ready", self.ready)
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"dcvd ended with {self.process.returncode}: {self.said()}")
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def said(self):
        with open(self.dir + "/log", "rb") as f:
            return f.read().decode("utf-8", "replace")

    def end(self, number=signal.SIGTERM, seconds=15):
        self.process.send_signal(number)
        status = self.process.wait(seconds)
        self.process = None
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            same(self.end(), 0, "exit status after SIGTERM; it said: " + self.said())
        said = self.said()
        true("ERROR: AddressSanitizer" not in said and "LeakSanitizer" not in said and "ThreadSanitizer" not in said
             and "runtime error" not in said, said)
        true("a fault on this side" not in said, said)
        shutil.rmtree(self.dir)

    def call(self, method, path, body=None, headers=None, timeout=30):
        c = Connection(self.socket, timeout)
        try:
            if isinstance(body, dict):
                body = json.dumps(body)
                headers = {"Content-Type": "application/json", **(headers or {})}
            c.request(method, path, body, headers or {})
            return Answer(c.getresponse())
        finally:
            c.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def submit(self, **request):
        a = self.call("POST", "/v1/checks", request)
        same(a.status, 202, f"status of a submission ({a.text!r})")
        return a.json["id"]

    def done(self, ident, seconds=20):
        return within(seconds, f"check {ident} is done",
                      lambda: (a := self.get(f"/v1/checks/{ident}").json)["state"] == "done" and a)

    def sql(self, statement):
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return db.execute(statement).fetchall()
        finally:
            db.close()


def on_terminal(columns, *args, env=None, lines=24):
    """What the command prints on a terminal with that many columns, errors included, and its exit status."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen([os.environ["DCVPROBE"], *args], stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**plain, "TERM": "xterm", "TZ": "Europe/Berlin", **(env or {})})
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # the program has closed the terminal
        pass
    os.close(ours)
    return text.decode().replace("\r\n", "\n"), process.wait(20)


def main(scenarios):
    scenario = scenarios[sys.argv[1]]
    scenario()
    print("ok", sys.argv[1])

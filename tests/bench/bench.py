"""What the benches share: servers at a loopback address, alternating runs, medians, and the rows of the table.

A bench prints each run and ends with a line for each of its rows of contrib/doc/performance.md, the ratio last. It also
appends the rows to the file that BENCH_ROWS in the environment names, for contrib/bench. No packet leaves the machine;
each process is ended by its own id."""
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ADDRESS = "127.53.80.1"  # of all servers here, so that servers at 127.0.0.1 do not conflict with them
DNS_PORT, SLOW_PORT = 5301, 5302
ROUNDS = int(os.environ.get("ROUNDS", "3"))
VALUE = "0123456789abcdefghijklmnopqrstuv"
FILE = "/.well-known/pki-validation/fileauth.txt"
SKIPPED = 77


def need(*programs):
    missing = [p for p in programs if not shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        print(f"{os.path.basename(sys.argv[0])}: not installed: {' '.join(missing)} "
              "(contrib/bench installs what is missing)")
        sys.exit(SKIPPED)


def program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Run:
    """A program that has run to its end: its output, duration (seconds) and CPU time (seconds)."""

    def __init__(self, argv, stdout=subprocess.PIPE, expect=(0,)):
        begin = time.monotonic()
        p = subprocess.Popen([str(a) for a in argv], stdout=stdout, stderr=subprocess.PIPE)
        self.out = p.stdout.read().decode() if p.stdout else ""
        self.err = p.stderr.read().decode()
        _, status, usage = os.wait4(p.pid, 0)
        self.seconds = time.monotonic() - begin
        p.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        if p.returncode not in expect:
            raise SystemExit(f"{argv[0]} ended with {p.returncode}: {self.err or self.out}")


def one_at_a_time():
    """Waits until no other bench runs, because all use the same address and would disturb each other's times."""
    place = open("/var/tmp/dcv-bench.lock", "w", encoding="ascii")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another bench runs: waiting for its end", file=sys.stderr)
        fcntl.flock(place, fcntl.LOCK_EX)
    return place


class Bench:
    """A temporary folder, the build to be measured, and the servers that were started for it."""

    def __init__(self, build=None):
        top = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
        self.build = os.path.realpath(build or (sys.argv[1] if len(sys.argv) > 1 else top + "/build/try"))
        self.probe, self.daemon = self.build + "/probes/dcvprobe", self.build + "/daemon/dcvd"
        if not os.access(self.daemon, os.X_OK):
            raise SystemExit(f"no dcvd in {self.build}; give a release build")
        self.processes = []

    def __enter__(self):
        self.place = one_at_a_time()
        # On a disk, because durable storage is measured; /tmp may be in memory.
        self.dir = tempfile.mkdtemp(prefix="dcv-bench-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        # In memory, for the output of benches in which the disk must not be measured.
        # pylint: disable-next=consider-using-with
        self.reports = tempfile.NamedTemporaryFile(prefix="dcv-bench-", dir="/dev/shm")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            self.end(p)
        self.reports.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.place.close()

    def path(self, name, text=None):
        path = os.path.join(self.dir, name)
        if text is not None:
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
        return path

    def start(self, *argv):
        with open(self.path("log"), "ab") as log:
            p = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log)
        self.processes.append(p)
        return p

    def end(self, p, number=signal.SIGTERM):
        if p in self.processes:
            self.processes.remove(p)
        if p.poll() is None:
            p.send_signal(number)
            p.wait(30)

    def until(self, what, probe, seconds=20):
        end = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > end:
                with open(self.path("log"), encoding="utf-8", errors="replace") as f:
                    raise SystemExit(f"{what}: not within {seconds} s; the programs said: {f.read()[-2000:]}")
            time.sleep(0.02)

    # ------------------------------------------------------------ servers

    def name_server(self):
        """NSD with bench.com: a CAA set at every name n….bench.com; three.com: a CAA set at the apex only, so that
        n….sub.three.com takes three questions; file.com: every name has the address of our web server."""
        head = "@ 300 IN SOA ns hostmaster 1 2 3 4 5\n@ 300 IN NS ns\nns 300 IN A 127.0.0.1\n"
        caa = '300 IN CAA 0 issue "digicert.com"\n'
        self.path("bench.com", head + "* " + caa)
        self.path("three.com", head + "@ " + caa + "* 300 IN A 127.0.0.1\n")
        self.path("file.com", head + f"* 300 IN A {ADDRESS}\n* 300 IN TXT {VALUE}\n")
        zones = "".join(f"zone:\n  name: {z}\n  zonefile: {z}\n" for z in ("bench.com", "three.com", "file.com"))
        conf = self.path("nsd.conf", f"""server:
  ip-address: {ADDRESS}@{DNS_PORT}
  username: ""
  chroot: ""
  zonesdir: "{self.dir}"
  database: ""
  pidfile: "{self.dir}/nsd.pid"
  xfrdfile: ""
  xfrdir: "{self.dir}"
  zonelistfile: "{self.dir}/zones"
  logfile: "{self.dir}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
  hide-version: yes
remote-control:
  control-enable: no
{zones}""")
        self.start(program("nsd"), "-d", "-c", conf)
        self.until("NSD answers", lambda: dns_answers(DNS_PORT))
        return f"{ADDRESS}:{DNS_PORT}"

    def slow_server(self, delay_ms):
        """A DNS server that answers after a delay: see delayed_dns.c."""
        p = self.start(self.build + "/tests/bench/delayed_dns", ADDRESS, SLOW_PORT, delay_ms)
        self.until("the delaying responder answers", lambda: dns_answers(SLOW_PORT, delay_ms / 1000 + 1))
        return p, f"{ADDRESS}:{SLOW_PORT}"

    def web_server(self, listen, answer=None):
        os.makedirs(self.path("root" + os.path.dirname(FILE)), exist_ok=True)
        self.path("root" + FILE, VALUE + "\n")
        temp = "".join(f"{t}_temp_path {self.dir}/t; " for t in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        body = f"location / {{ {answer} }}" if answer else f"root {self.dir}/root;"
        conf = self.path("nginx.conf", f"""daemon off; master_process off;
pid {self.dir}/nginx.pid; error_log {self.dir}/nginx.log;
events {{ worker_connections 8192; }}
http {{ access_log off; default_type text/plain; {temp} keepalive_requests 100000000;
  server {{ listen {listen} backlog=8192; {body} }} }}
""")
        p = self.start(program("nginx"), "-e", self.path("nginx.log"), "-c", conf)
        where = listen.removeprefix("unix:")
        self.until("nginx answers", lambda: can_connect(where))
        return p

    def dcvd(self, resolver, **checks):
        """Starts a dcvd with a new store; further keys are those of [checks]."""
        d = Daemon(self, resolver, checks)
        self.until("dcvd is ready", d.ready)
        return d

    # ------------------------------------------------------------ results

    def rounds(self, **runs):
        """Runs each of the functions, which return numbers by name, in turn, ROUNDS times. Returns the medians."""
        seen = {name: [] for name in runs}
        for n in range(ROUNDS):
            for name, run in runs.items():
                seen[name].append(run())
                shown = ", ".join(f"{k} {v:,.6g}" for k, v in seen[name][-1].items())
                print(f"round {n + 1}: {name}: {shown}", flush=True)
        return {name: {k: statistics.median(s[k] for s in list_) for k in list_[0]} for name, list_ in seen.items()}


def row(what, ours, tool, least, aim, less=False, unit="", against=""):
    """Prints a row of the table. tool: the figure of the other program, None: ours is compared with a bound. less: less
    is better."""
    ratio = ours / tool if tool else ours
    said = {"row": what, "ours": ours, "tool": tool, "ratio": ratio, "least": least, "aim": aim, "less": less,
            "unit": unit,
            "against": against}
    if os.environ.get("BENCH_ROWS"):
        with open(os.environ["BENCH_ROWS"], "a", encoding="ascii") as f:
            f.write(json.dumps(said) + "\n")
    beside = f", {against} {tool:,.4g} {unit}" if tool else ""
    print(f"{what}: dcvd {ours:,.4g} {unit}{beside}; wanted {least} {'at most' if less else 'at least'}, aim {aim}; "
          f"{'ratio' if tool else 'figure'} {ratio:.3g}", flush=True)


def dns_answers(port, seconds=0.2):
    """Whether a server answers a TXT question for a.file.com."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        try:
            s.sendto(b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x01a\x04file\x03com\0\0\x10\0\x01", (ADDRESS, port))
            return bool(s.recv(512))
        except OSError:
            return False


def can_connect(where):
    family = socket.AF_UNIX if where.startswith("/") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as s:
        try:
            s.connect(where if where.startswith("/") else (where.split(":")[0], int(where.split(":")[1])))
            return True
        except OSError:
            return False


def cpu_of(pid):
    """The CPU time of all threads of a process, in seconds."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def memory_of(pid, key="VmRSS"):
    """MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key + ":")) / 1024


def dnsperf(server, names, queries, flight=100):
    """Queries per second, and CPU of each in microseconds."""
    host, port = server.split(":")
    run = Run([program("dnsperf"), "-s", host, "-p", port, "-d", names, "-c1", "-T1", f"-q{flight}", "-n1"])
    rate = next(float(line.split()[-1]) for line in run.out.splitlines() if "Queries per second" in line)
    return {"rate": rate, "cpu_us": run.cpu / queries * 1e6}


class Daemon:
    def __init__(self, bench, resolver, checks):
        self.bench, self.socket = bench, bench.path("s")
        self.resolver, self.checks = resolver, {"depth": "quick", **checks}
        self.begin()

    def begin(self):
        b = self.bench
        sections = {"daemon": {"socket": self.socket, "database": b.path("dcvd.db"), "log_level": "error"},
                    "checks": self.checks,
                    "resolver": {"servers": self.resolver, "timeout": 30 if "deadline" in self.checks else 2},
                    "fetch": {"allow_net": "127.0.0.0/8"}, "access": {"requests_per_second": 0}}
        text = "".join(f"[{s}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()) for s, keys in sections.items())
        self.process = b.start(b.daemon, "--config", b.path("dcvd.conf", text))
        self.pid = self.process.pid

    def end(self):
        self.bench.end(self.process)

    def ready(self):
        if self.process.poll() is not None:
            with open(self.bench.path("log"), encoding="utf-8", errors="replace") as f:
                raise SystemExit("dcvd ended: " + f.read()[-2000:])
        try:
            return self.call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(120)
        s.connect(self.socket)
        return s

    def call(self, method, path, body=b"", kind="application/json", connection=None):
        """Sends a request on a new connection or on the one given. Returns status and body."""
        s = connection or self.connect()
        try:
            s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            got = b""
            while b"\r\n\r\n" not in got:
                got += self.more(s)
            head, _, rest = got.partition(b"\r\n\r\n")
            length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n")
                           if h.lower().startswith(b"content-length:")), 0)
            while len(rest) < length:
                rest += self.more(s)
            return int(head.split()[1]), rest
        finally:
            if not connection:
                s.close()

    @staticmethod
    def more(s):
        piece = s.recv(1 << 20)
        if not piece:
            raise OSError("the daemon closed the connection")
        return piece

    def post_batch(self, lines):
        status, body = self.call("POST", "/v1/batches", b"".join(lines), "application/x-ndjson")
        if status != 202:
            raise SystemExit(f"POST /v1/batches: {status} {body[:500]!r}")
        return json.loads(body)["id"]

    def batch_done(self, ident):
        while True:
            body = json.loads(self.call("GET", f"/v1/batches/{ident}?wait=60")[1])
            if body["state"] == "done":
                return body

    def batch(self, lines):
        """Seconds from the first byte of a batch until all of it is on disk, seconds of CPU time, and its counts."""
        cpu, begin = cpu_of(self.pid), time.monotonic()
        body = self.batch_done(self.post_batch(lines))
        return time.monotonic() - begin, cpu_of(self.pid) - cpu, body["counts"]

#!/usr/bin/env python3
"""Batches end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import resource
import signal
import socket
import subprocess
import time

from daemon import Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def line(domain, **more):
    return json.dumps({"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}).encode() + b"\n"


def post(dcvd, body, **headers):
    return dcvd.call("POST", "/v1/batches", body, {"Content-Type": "application/x-ndjson", **headers})


def accepted(dcvd, body, lines):
    answer = post(dcvd, body)
    same((answer.status, answer.json and answer.json.get("lines")), (202, lines), f"status and lines ({answer.text!r})")
    same(answer.headers["Location"], "/v1/batches/" + answer.json["id"], "Location")
    return answer.json["id"]


def show(dcvd, ident):
    return dcvd.get(f"/v1/batches/{ident}").json


def done(dcvd, ident, seconds=60):
    return within(seconds, f"batch {ident} is done", lambda: (b := show(dcvd, ident))["state"] == "done" and b)


def left(dcvd):
    """The numbers of rows in the tables that a batch uses."""
    return dcvd.sql("SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM batch_line), "
                    "(SELECT count(*) FROM request)")[0]


def begin_upload(dcvd, *pieces):
    """Begins an upload and does not end its body."""
    c = Connection(dcvd.socket)
    c.putrequest("POST", "/v1/batches")
    c.putheader("Transfer-Encoding", "chunked")
    c.endheaders()
    for piece in pieces:
        send_piece(c, piece)
    return c


def send_piece(c, piece):
    c.send(b"%x\r\n%s\r\n" % (len(piece), piece))


def batch():
    """A batch with different verdicts: its counts, its list of checks, waiting for it, cancelling it while it runs."""
    dcvd = Daemon(Resolver({(f"_dnsauth.n{i}.com", "TXT"): [TOKEN] for i in range(0, 300, 3)}))
    dcvd.start()
    alone = dcvd.submit(domain="alone.com", methods=["dns-txt-token"], token=TOKEN)
    lines = [line(f"n{i}.com") for i in range(300)]
    lines[7:7] = [b"\r\n", b"  \n"]  # blank lines do not count, and the last line needs no line end
    ident = accepted(dcvd, b"".join(lines).rstrip(b"\n"), 300)
    b = done(dcvd, ident)
    true(b["submitted_at"] < b["ended_at"], f"times: {b}")
    same(b["lines"], 300, "lines")
    same(b["counts"], {"state": {"queued": 0, "running": 0, "done": 300, "cancelled": 0},
                       "verdict": {"pass": 100, "fail": 200, "undecided": 0}, "code": {"invalid_dns_txt": 200}},
         "counts")
    rows = dcvd.get(f"/v1/checks?batch={ident}&limit=1000").json["checks"]
    same(sorted(r["domain"] for r in rows), sorted(f"n{i}.com" for i in range(300)), "its checks, and no other")
    true(alone not in [r["id"] for r in rows], "a check that is not of the batch")
    same(len(dcvd.get(f"/v1/checks?batch={ident}&verdict=pass&limit=1000").json["checks"]), 100, "those that pass")

    dcvd.resolver.held = True
    second = accepted(dcvd, line("slow.com") * 3, 3)
    true(show(dcvd, second)["state"] in ("queued", "running"), "state")
    within(10, "its checks run", lambda: show(dcvd, second)["counts"]["state"]["running"] == 3)
    same(show(dcvd, second)["ended_at"], None, "ended_at of one that runs")
    begin = time.monotonic()
    same(dcvd.get(f"/v1/batches/{second}?wait=0.3").json["state"], "running", "state after the wait")
    true(time.monotonic() - begin > 0.25, "the answer is delayed")
    c = Connection(dcvd.socket)
    c.request("GET", f"/v1/batches/{second}?wait=60")
    dcvd.resolver.held = False
    same(json.load(c.getresponse())["state"], "done", "the wait ends with the batch")
    page = dcvd.get("/v1/batches?limit=1").json
    same([(x["id"], x["state"], x["lines"]) for x in page["batches"]], [(second, "done", 3)], "newest first")
    page = dcvd.get(f"/v1/batches?cursor={page['next']}").json
    same(([x["id"] for x in page["batches"]], page["next"]), ([ident], None), "the rest")
    same(dcvd.call("DELETE", f"/v1/batches/{ident}").json["state"], "done", "cancelling what has ended changes nothing")
    cancelled(dcvd)
    dcvd.close()


def cancelled(dcvd):
    dcvd.resolver.held = True
    ident = accepted(dcvd, b"".join(line(f"never{i}.com") for i in range(6000)), 6000)
    within(10, "some of it runs", lambda: show(dcvd, ident)["counts"]["state"]["running"] > 100)
    answer = dcvd.call("DELETE", f"/v1/batches/{ident}")
    same((answer.status, answer.json["state"], answer.json["counts"]["state"]["cancelled"]), (200, "cancelled", 6000),
         "cancelled")
    true(answer.json["ended_at"], "ended_at")
    same(dcvd.call("DELETE", f"/v1/batches/{ident}").json["state"], "cancelled", "twice")
    dcvd.resolver.held = False
    within(10, "its lines leave the store", lambda: not left(dcvd)[1])
    asked = len(dcvd.resolver.asked)
    dcvd.done(dcvd.submit(domain="after.com", methods=["dns-txt-token"], token=TOKEN))
    true(all(name.endswith("after.com") for name, _ in dcvd.resolver.asked[asked:]), "none of its lines runs any more")


def status(dcvd, key):
    with open(f"/proc/{dcvd.process.pid}/status", encoding="ascii") as f:
        return next(int(row.split()[1]) for row in f if row.startswith(key + ":"))


def batch_large():
    """A large upload is read only as fast as it is stored, so memory does not grow; a single check meanwhile is served
    at once."""
    n = 25000
    dcvd = Daemon(Resolver({("_dnsauth.single.com", "TXT"): [TOKEN]})).start()
    sanitized = status(dcvd, "VmSize") > 1 << 30  # kB; AddressSanitizer reserves more than that, and keeps freed memory
    before = status(dcvd, "VmRSS")
    padding = b" " * 4000  # a hundred megabytes for the batch
    c = begin_upload(dcvd)
    for i in range(0, n, 50):
        send_piece(c, b"".join(padding + line(f"n{k}.com") for k in range(i, i + 50)))
    c.send(b"0\r\n\r\n")
    answer = json.load(c.getresponse())
    same(answer["lines"], n, "lines")
    most = 0
    while (b := show(dcvd, answer["id"]))["state"] != "done":
        begin = time.monotonic()
        single = dcvd.call("POST", "/v1/checks?wait=30",
                           {"domain": "single.com", "methods": ["dns-txt-token"], "token": TOKEN})
        same((single.status, single.json["reports"][0]["verdict"]), (200, "pass"), "a check meanwhile")
        most = max(most, time.monotonic() - begin)
        time.sleep(0.3)
    same(b["counts"]["verdict"]["fail"], n, "reports")
    true(0 < most < 5, f"a check meanwhile is served at once: {most:.1f} s")
    grown = status(dcvd, "VmHWM") - before
    true(sanitized or grown < 60000, f"memory grew by {grown} kB")
    same(dcvd.sql("SELECT count(*), count(DISTINCT domain) FROM request WHERE batch IS NOT NULL")[0], (n, n),
         "each line once")
    dcvd.close()


BAD = [
    (b"", 400, "missing_request_data", "no body"),
    (b" \n\n", 400, "missing_request_data", "no body"),
    (line("a.com") + b"{\n", 400, "bad_request_format", "line 2: "),
    (line("a.com") + b"\n[]\n", 400, "bad_request_format", "line 3: "),
    (line("a.com") + b"{}", 400, "required_param:domain", "line 2: "),
    (line("a.com") + line("b.com", dedline=3), 400, "invalid_value:dedline", "line 2: "),
    (line("a.com") + line("b.com", allow_net=["10.0.0.0/8"]), 400, "invalid_value:allow_net", "line 2: "),
    (line("a.com") + b"\xff\xfe\n", 400, "bad_request_format", "line 2: "),
    (line("a.com") + b'{"domain":"' + b"a" * 70000, 413, "bad_request_format", "line 2: "),
    (b"a.com,dns-txt-token\n", 400, "bad_request_format", "line 1: "),
]


def batch_bad_line():
    """A batch with a bad line is refused as a whole."""
    dcvd = Daemon().start()
    for body, code, error, names in BAD:
        answer = post(dcvd, body)
        same((answer.status, answer.code()), (code, error), repr(body[-60:]))
        true(names in answer.message(), f"the message names {names}: {answer.message()}")
    same(post(dcvd, line("a.com"), **{"Content-Type": "text/html"}).status, 415, "an unknown type")
    for path in "/v1/batches/0000000000000001", "/v1/batches/x":
        for method in "GET", "DELETE":
            same(dcvd.call(method, path).code(), "not_found", f"{method} {path}")
    same(dcvd.call("PUT", "/v1/batches", "").headers["Allow"], "POST, GET, HEAD", "Allow")
    lines = [line(f"n{i}.com") for i in range(60000)]
    lines[20000] = line("bad.com", methods=["post"])
    answer = post(dcvd, b"".join(lines))
    same((answer.status, answer.code()), (400, "invalid_value:methods"), "a bad line among many")
    true("line 20001: " in answer.message(), answer.message())
    same(dcvd.get("/v1/batches").json["batches"], [], "a refused batch is not listed")
    within(20, "nothing is left", lambda: left(dcvd) == (0, 0, 0))
    same(dcvd.resolver.asked, [], "none of their lines was run")

    unlimited = resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    answer = post(dcvd, b"".join(lines[:5000]))
    same((answer.status, answer.code()), (500, "internal_data_check_failed"), "a full disk")
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, unlimited)
    within(20, "nothing is left", lambda: left(dcvd) == (0, 0, 0))
    done(dcvd, accepted(dcvd, line("a.com"), 1))
    dcvd.close()


def batch_killed():
    """A batch that is incomplete when dcvd is killed never runs; of an accepted one each line runs exactly once."""
    n = 8000
    dcvd = Daemon().start()
    lines = [line(f"n{i}.com") for i in range(n)]
    cut = begin_upload(dcvd, b"".join(lines))
    within(20, "a part is stored", lambda: left(dcvd)[1] > 1000)
    dcvd.end(signal.SIGKILL)
    dcvd.start()
    same(dcvd.get("/v1/batches").json["batches"], [], "an incomplete batch is not listed")
    within(20, "nothing is left", lambda: left(dcvd) == (0, 0, 0))
    same(dcvd.resolver.asked, [], "none of its lines was run")
    cut.close()

    ident = accepted(dcvd, b"".join(lines), n)
    ids = {row[0] for row in dcvd.sql("SELECT id FROM batch_line UNION SELECT id FROM request")}
    last = f"{max(ids):016x}"
    same(dcvd.get(f"/v1/checks/{last}").json["state"], "queued", "a line that waits, by its id")
    ended = 0
    for number, expected in (signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0):
        within(30, "some have ended", lambda: show(dcvd, ident)["counts"]["state"]["done"] > ended + 100)
        cut = begin_upload(dcvd, b"".join(lines[:2000]))
        same(dcvd.end(number), expected, "exit status")
        ended = dcvd.sql("SELECT count(*) FROM request WHERE state = 'done'")[0][0]
        true(ended < n, f"it is not all done: {ended}")
        cut.close()
        dcvd.start()
    same(done(dcvd, ident)["counts"]["state"], {"queued": 0, "running": 0, "done": n, "cancelled": 0}, "states")
    same(dcvd.sql("SELECT count(*), count(DISTINCT domain) FROM request")[0], (n, n), "each line once")
    same({row[0] for row in dcvd.sql("SELECT id FROM request")}, ids, "each with the id that it had from the beginning")
    same(dcvd.get(f"/v1/checks/{last}").json["state"], "done", "the last line, by its id")
    same(dcvd.sql("SELECT count(*), count(DISTINCT request) FROM result")[0], (n, n), "each with a report")
    dcvd.close()


def batch_set_aside():
    """A line that was running at two ends of the process that nobody asked for is set aside; the others are run."""
    dcvd = Daemon()
    dcvd.resolver.silent.add("deadly.com")
    dcvd.start()
    lines = [line(f"n{i}.com") for i in range(20)]
    ident = accepted(dcvd, b"".join([*lines, line("deadly.com")]), 21)
    for ends in range(2):
        within(20, "only the deadly one runs", lambda: show(dcvd, ident)["counts"]["state"]["done"] == 20)
        within(20, "it runs", lambda: show(dcvd, ident)["counts"]["state"]["running"] == 1)
        dcvd.end(signal.SIGKILL)
        dcvd.start()
    same(done(dcvd, ident)["counts"]["verdict"]["undecided"], 1, "lines that are undecided")
    report = dcvd.get("/v1/checks?domain=deadly.com").json["checks"][0]
    true("was set aside" in json.dumps(dcvd.get(f"/v1/checks/{report['id']}").json), "the reason is told")
    dcvd.close()


def batch_slow():
    """An upload may be slow, but not idle; a client may close its connection; the number of uploads is limited."""
    dcvd = Daemon().start()
    piece = b"".join(line(f"n{i}.com") for i in range(1000))
    slow, idle = begin_upload(dcvd, piece), begin_upload(dcvd, line("idle.com"))
    others = [begin_upload(dcvd, piece) for _ in range(6)]
    answer = post(dcvd, line("a.com"))
    same((answer.status, answer.code(), answer.headers["Retry-After"]), (429, "request_limit_exceeded", "1"),
         "too many at once")
    others[0].sock.shutdown(socket.SHUT_WR)
    for other in others:
        other.close()
    within(10, "aborted uploads leave nothing in the store", lambda: left(dcvd)[0] <= 1)
    done(dcvd, accepted(dcvd, line("a.com"), 1))
    begin = time.monotonic()
    while time.monotonic() - begin < 33:
        time.sleep(3)
        send_piece(slow, piece)
        try:
            send_piece(idle, line("idle.com"))
        except OSError:
            break
    true(25 < time.monotonic() - begin < 40, "the idle upload is closed")
    slow.send(b"0\r\n\r\n")
    answer = json.load(slow.getresponse())
    true(answer["lines"] > 5000, f"the slow upload is accepted: {answer}")
    done(dcvd, answer["id"])
    same(dcvd.sql("SELECT count(*) FROM request WHERE domain = 'idle.com'")[0][0], 0, "lines of the idle upload")
    expect = (b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: %s\r\n"
              b"Content-Length: 9\r\n\r\n")
    for kind, first in (b"text/html", b"HTTP/1.1 415"), (b"application/x-ndjson", b"HTTP/1.1 100"):
        s = socket.socket(socket.AF_UNIX)
        s.connect(dcvd.socket)
        s.send(expect % kind)
        same(s.recv(12), first, "the status line that the client waits for")
        s.close()
    dcvd.close()


def batch_command():
    """dcvprobe submit --batch: fields of the file, and options of the command line for what the lines leave open."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()

    def submit(source, *options, **more):
        done_ = subprocess.run([os.environ["DCVPROBE"], "submit", "--socket", dcvd.socket, "--batch", source, *options],
                               capture_output=True, text=True, timeout=60, check=False, **more)
        return done_.returncode, done_.stdout.strip(), done_.stderr

    def requests(ident):
        rows = dcvd.sql(f"SELECT request FROM request WHERE printf('%016x', batch) = '{ident}' ORDER BY id")
        return [json.loads(row[0]) for row in rows]

    rows = f'Domain,token,issuer\n"good.com",{TOKEN},\n\n"bad.com",,"a.example b.example"\n'
    status, ident, err = submit("-", "--token", "other", "--method", "dns-txt-token", "--issuer", "c.example",
                                input=rows)
    same((status, err), (0, ""), "exit status")
    counts = done(dcvd, ident)["counts"]
    same((counts["verdict"]["pass"], counts["verdict"]["fail"]), (1, 1), "verdicts")
    same([(r["domain"], r["token"], r["issuer"]) for r in requests(ident)],
         [("good.com", TOKEN, ["c.example"]), ("bad.com", "other", ["a.example", "b.example"])], "requests")

    listed = subprocess.run([os.environ["DCVPROBE"], "list", "--socket", dcvd.socket, "--batch", ident, "--format",
                             "ndjson"],
                            capture_output=True, text=True, timeout=60, check=True).stdout
    same([json.loads(row)["domain"] for row in listed.splitlines()], ["bad.com", "good.com"], "list --batch")

    path = dcvd.dir + "/in.ndjson"
    with open(path, "wb") as f:
        f.write(line("a.com", depth="full", methods=["caa"]) + b"\n" + line("b.com") * 3000)
    status, ident, err = submit(path, "--deadline", "7")
    same((status, err, show(dcvd, ident)["lines"]), (0, "", 3001), "a file")
    done(dcvd, ident)
    first = requests(ident)[0]
    same((first["domain"], first["deadline"], "depth" in first), ("a.com", 7, False),
         "fields that are as the line or the command line says")

    before = left(dcvd)
    for text, options, expected in (
            (line("a.com") + b"\n" + line("b.com", dedline=1), (), "line 3: dedline"),
            (b"domain,auth_key_name,csr\n\na.com,,\nb.com,nobody,x\n", ("--method", "dns-txt-token"),
             "line 4: auth_key_name"),
            (b"", (), "missing_request_data"),
            (line("a.com"), ("c.com",), "one or the other")):
        with open(path, "wb") as f:
            f.write(text)
        status, out, err = submit(path, *options)
        same((status, out), (2, ""), f"exit status: {err}")
        true(expected in err and err.count("\n") - err.count("\n  dcvprobe help ") == 1, f"{expected} in {err!r}")
    status, out, err = submit(dcvd.dir + "/none")
    true(status == 2 and "cannot be opened" in err, err)
    within(10, "nothing is left of them", lambda: left(dcvd) == before)
    dcvd.close()


if __name__ == "__main__":
    main({f.__name__: f for f in (batch, batch_large, batch_bad_line, batch_killed, batch_set_aside, batch_slow,
                                  batch_command)})

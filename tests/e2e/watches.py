#!/usr/bin/env python3
"""Events and watches end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import resource
import signal
import subprocess
import threading
import time

from daemon import Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


class Stream:
    """Reads GET /v1/events in a thread. .ended: how the body ended, None as long as it has not."""

    def __init__(self, dcvd, query=""):
        self.events, self.ended = [], None
        self.connection = Connection(dcvd.socket, 60)
        self.connection.request("GET", "/v1/events" + query)
        self.response = self.connection.getresponse()
        same((self.response.status, self.response.headers["Content-Type"]), (200, "application/x-ndjson"),
             "a stream's head")
        same(json.loads(self.response.readline())["event"], "alive", "the first line")
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            for line in self.response:
                self.events.append(json.loads(line))
            self.ended = "whole"
        except Exception as e:  # pylint: disable=broad-except
            self.ended = repr(e)

    def of(self, **members):
        return [e for e in self.events if all(e.get(k) == v for k, v in members.items())]


def result(verdict, code=None, detail=None, cause=None):
    return [{"method": "dns-txt-token", "verdict": verdict, "code": code, "detail_code": detail, "cause": cause}]


ABSENT = result("fail", "invalid_dns_txt", "dns_mismatch", "txt-absent")


def quick(dcvd, polling):
    """Sets a CA profile with these steps of polling."""
    path = dcvd.dir + "/ca.conf"
    with open(path, "w", encoding="utf-8") as f:
        f.write("[watch]\npolling = " + polling + "\n")
    dcvd.sections["ca"] = {"profile": path}


def watch_of(dcvd, request, **more):
    answer = dcvd.call("POST", "/v1/watches", {"request": request, **more})
    same((answer.status, answer.json["state"]), (202, "active"), f"a watch is taken ({answer.text!r})")
    same(answer.headers["Location"], "/v1/watches/" + answer.json["id"], "Location")
    return answer.json["id"]


def shown(dcvd, ident):
    return dcvd.get(f"/v1/watches/{ident}").json


def is_(dcvd, ident, state, seconds=20):
    return within(seconds, f"watch {ident} is {state}", lambda: (w := shown(dcvd, ident))["state"] == state and w)


def events():
    """Each change of a check's state is sent, in order, to the streams that ask for it; one that is not read delays
    nobody."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.set("resolver", timeout="10")
    dcvd.set("access", requests_per_second="0")
    dcvd.start()
    everything, one = Stream(dcvd), Stream(dcvd, "?domain=GOOD.com&event=check")
    asleep = Connection(dcvd.socket, 60)
    asleep.request("GET", "/v1/events")
    good = dcvd.submit(**txt("good.com"))
    within(10, "the end of a check", lambda: one.of(id=good, state="done"))
    same([e["state"] for e in one.events], ["queued", "running", "done"], "a check's states")
    done = one.events[-1]
    same((done["event"], done["domain"]), ("check", "good.com"), "an event")
    same(done["results"],
         [{"method": "dns-txt-token", "verdict": "pass", "code": None, "detail_code": None, "cause": None}],
         "results")
    bad = dcvd.submit(**txt("bad.com"))
    within(10, "the end of a check", lambda: everything.of(id=bad, state="done"))
    result, = everything.events[-1]["results"]
    same((result["verdict"], result["code"], result["detail_code"], result["cause"]),
         ("fail", "invalid_dns_txt", "dns_mismatch", "txt-absent"), "the result of a failure in an event")
    same(len(one.events), 3, "nothing of another domain")
    dcvd.resolver.held = True
    gone = dcvd.submit(**txt("gone.com"))
    dcvd.call("DELETE", f"/v1/checks/{gone}")
    within(10, "the end of a cancelled check", lambda: everything.of(id=gone, state="cancelled"))
    dcvd.resolver.held = False

    ids = many(dcvd, 2500)
    within(30, "all ends", lambda: len(everything.of(state="done")) == len(ids) + 2)
    same(everything.of(event="lost"), [], "a stream that is read loses nothing")
    response = asleep.getresponse()
    late, lost = [], []
    for line in response:
        event = json.loads(line)
        (lost if event["event"] == "lost" else late).append(event)
        if lost:
            break
        if len(late) == 1000:
            dcvd.submit(**txt("after.com"))
    true(lost[0]["n"] > 0 and len(late) > 1000,
         f"a stream that was not read has the first events and a count: {lost}, {len(late)}")
    asleep.close()
    for _ in range(70):  # a closed stream counts only until dcvd notices that it is closed
        c = Connection(dcvd.socket, 60)
        c.request("GET", "/v1/events")
        same(c.getresponse().status, 200, "a stream after others were closed")
        c.close()
        dcvd.call("DELETE", f"/v1/checks/{dcvd.submit(**txt('a.com'))}")
    same(dcvd.end(), 0, "exit status with streams open")
    within(5, "both end", lambda: everything.ended and one.ended)
    same((everything.ended, one.ended), ("whole", "whole"), "how streams end")
    dcvd.start()
    for query, name in (("?event=chek", "check, watch"), ("?watch=x", "id of a watch"),
                        ("?limit=1", "only since event domain watch label")):
        answer = dcvd.get("/v1/events" + query)
        same(answer.status, 400, f"status of {query}")
        true(name in answer.message(), answer.message())
    same(dcvd.call("HEAD", "/v1/events").status, 200, "HEAD")
    open_ones = [Stream(dcvd) for _ in range(64)]
    same(dcvd.get("/v1/events").status, 429, "a stream too many")
    dcvd.close()
    true(all(within(5, "an end", lambda s=s: s.ended) == "whole" for s in open_ones), "all streams end")


def watch():
    """One watch passes when the record appears, one expires at the end of the CA's steps, one goes on; all are
    listed."""
    dcvd = Daemon()
    quick(dcvd, "1 until 3")
    dcvd.start()
    stream = Stream(dcvd, "?event=watch")
    green, never = watch_of(dcvd, txt("Good.com")), watch_of(dcvd, txt("bad.com"), interval="ca", until="pass")
    forever = watch_of(dcvd, txt("ever.com"), until="forever")
    slow = watch_of(dcvd, txt("slow.com"), interval=86400)
    within(10, "the first runs", lambda: len(stream.events) == 4)
    first, = stream.of(id=green)
    same((first["changed"], first["from"], first["to"], first["state"], first["domain"]),
         (True, None, ABSENT, "active", "good.com"),
         "the first result")
    dcvd.resolver.table["_dnsauth.good.com", "TXT"] = [TOKEN]
    passed = is_(dcvd, green, "passed", 3)
    same((passed["until"], passed["interval"], passed["next_at"], passed["last"]["results"]),
         ("pass", "ca", None, result("pass")),
         "one that passed")
    true(passed["runs"] >= 2 and passed["ended_at"] and passed["request"]["domain"] == "Good.com",
         f"what is known of it: {passed}")
    same(dcvd.get("/v1/checks/" + passed["last_check"]).json["reports"][0]["verdict"], "pass", "its last check")
    event = within(10, "its event", lambda: stream.of(id=green, state="passed"))[-1]
    same((event["check"], event["from"], event["to"], event["state"]),
         (passed["last_check"], ABSENT, result("pass"), "passed"),
         "the change")
    over = is_(dcvd, never, "expired")
    same((over["runs"], over["last"]["results"]), (4, ABSENT), "runs of 1 until 3")
    same([(e["state"], e["changed"]) for e in stream.of(id=never)], [("active", True), ("expired", False)],
         "its events")
    within(10, "one goes on for ever", lambda: shown(dcvd, forever)["runs"] > 5)
    dcvd.resolver.table["_dnsauth.ever.com", "TXT"] = [TOKEN]
    within(10, "its change", lambda: stream.of(id=forever, to=result("pass")))
    same((shown(dcvd, forever)["state"], len(stream.of(id=forever))), ("active", 2), "one goes on when it passes")
    same((shown(dcvd, slow)["runs"], shown(dcvd, slow)["interval"]), (1, 86400), "one with a long interval")
    listed(dcvd, green, never, forever, slow)
    answer = dcvd.call("DELETE", f"/v1/watches/{forever}")
    same((answer.status, answer.json), (200, {"id": forever, "state": "deleted"}), "a delete")
    same(dcvd.call("DELETE", f"/v1/watches/{green}").status, 200, "a watch that has ended can be deleted")
    asked = len(dcvd.resolver.asked)
    time.sleep(1.5)
    same(len(dcvd.resolver.asked), asked, "nothing is asked any more")
    same(stream.events[-1]["state"], "deleted", "the last event")
    for method in "GET", "DELETE":
        same(dcvd.call(method, f"/v1/watches/{forever}").status, 404, f"{method} of a deleted one")
    bad(dcvd)
    dcvd.close()


def listed(dcvd, green, never, forever, slow):
    def ids(query):
        return [w["id"] for w in dcvd.get("/v1/watches" + query).json["watches"]]

    for query, expected in {"": [slow, forever, never, green], "?state=active": [slow, forever],
                            "?state=passed": [green],
                            "?domain=BAD.com": [never], "?domain=bad.com&state=active": [],
                            "?limit=3": [slow, forever, never]}.items():
        same(ids(query), expected, f"list {query}")
    page = dcvd.get("/v1/watches?limit=2").json
    same(dcvd.get(f"/v1/watches?limit=2&cursor={page['next']}").json["next"], None, "the end of the list")


BAD = [
    ("", "missing_request_data", "request"),
    ("[1]", "bad_request_format", "object"),
    ("{", "bad_request_format", "line 1"),
    ("{}", "required_param:request", "POST /v1/checks"),
    ('{"request":"a.com"}', "invalid_value:request", "a.com"),
    ('{"request":{}}', "required_param:domain", "domain"),
    ('{"request":{"domain":"a.com","dedline":3}}', "invalid_value:dedline", "dedline"),
    ('{"request":{"domain":"a.com"},"interval":9}', "invalid_value:interval", "9"),
    ('{"request":{"domain":"a.com"},"interval":86401}', "invalid_value:interval", "from 10 to 86400"),
    ('{"request":{"domain":"a.com"},"interval":"CA"}', "invalid_value:interval", "CA"),
    ('{"request":{"domain":"a.com"},"until":"never"}', "invalid_value:until", "forever"),
    ('{"request":{"domain":"a.com"},"intervall":60}', "invalid_value:intervall", "interval"),
]


def bad(dcvd):
    before = len(dcvd.get("/v1/watches").json["watches"])
    for body, code, names in BAD:
        answer = dcvd.call("POST", "/v1/watches", body)
        same((answer.status, answer.code()), (400, code), body)
        true(names in answer.message(), f"{body}: {answer.message()}")
    same(len(dcvd.get("/v1/watches").json["watches"]), before, "only what was accepted is stored")
    same(dcvd.get("/v1/watches?state=ended").code(), "invalid_value:state", "a state")


def watch_killed():
    """kill -9: a watch goes on; the run that was cut off is finished and counts, and missed runs are made up for by
    one."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    quick(dcvd, "1 until 1000")
    dcvd.start()
    failing, waiting = watch_of(dcvd, txt("bad.com")), watch_of(dcvd, txt("long.com"), interval=3600)
    within(10, "runs", lambda: shown(dcvd, failing)["runs"] > 1 and shown(dcvd, waiting)["runs"] == 1)
    next_at = shown(dcvd, waiting)["next_at"]
    dcvd.resolver.held = True
    check = within(10, "a run", lambda: shown(dcvd, failing)["check"])
    last_moment = watch_of(dcvd, txt("good.com"))
    dcvd.end(signal.SIGKILL)
    time.sleep(2.5)
    dcvd.resolver.held = False
    before = dcvd.sql("SELECT runs FROM watch WHERE domain = 'bad.com'")[0][0]
    dcvd.start()
    is_(dcvd, last_moment, "passed")
    within(10, "the run that was cut off", lambda: dcvd.get(f"/v1/checks/{check}").json["state"] == "done")
    within(10, "it goes on", lambda: shown(dcvd, failing)["runs"] > before + 2)
    checks = dcvd.sql("SELECT count(*), max(id) FROM request WHERE domain = 'bad.com'")[0]
    true(checks[0] <= shown(dcvd, failing)["runs"] + 1, f"not more checks than runs: {checks}")
    same((shown(dcvd, waiting)["runs"], shown(dcvd, waiting)["next_at"]), (1, next_at), "one that was not due")
    same(dcvd.end(), 0, "exit status with watches")
    same(dcvd.sql("SELECT count(*) FROM watch WHERE state = 'active'"), [(2,)], "they go on after the next start")
    dcvd.start()
    within(10, "runs after the restart", lambda: shown(dcvd, failing)["check"] or shown(dcvd, failing)["next_at"])
    dcvd.close()


def watch_busy():
    """A run that finds the queue full is tried again; a cancelled check is no result of its watch."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.set("checks", in_flight="1", queue="1")
    dcvd.resolver.held = True
    dcvd.start()
    full = [dcvd.submit(**txt(f"n{i}.com")) for i in range(2)]
    late = watch_of(dcvd, txt("good.com"), interval=60)
    time.sleep(0.5)
    same((shown(dcvd, late)["check"], shown(dcvd, late)["runs"]), (None, 0), "with a full queue it has not run")
    true(shown(dcvd, late)["next_at"], "when it is tried again")
    dcvd.resolver.held = False
    for ident in full:
        dcvd.call("DELETE", f"/v1/checks/{ident}")
    is_(dcvd, late, "passed")
    dcvd.resolver.held = True
    cancelled = watch_of(dcvd, txt("other.com"), interval=60)
    check = within(10, "its run", lambda: shown(dcvd, cancelled)["check"])
    dcvd.call("DELETE", f"/v1/checks/{check}")
    w = within(10, "its next run", lambda: (w := shown(dcvd, cancelled))["next_at"] and w)
    same((w["state"], w["runs"], w["last"]), ("active", 0, None), "what is known of it")
    dcvd.close()


class Command:
    """A running dcvprobe watch; its output is read in threads."""

    def __init__(self, dcvd, *args):
        self.process = subprocess.Popen([os.environ["DCVPROBE"], "watch", "--socket", dcvd.socket, *args],
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines, self.said = [], []
        self.readers = [threading.Thread(target=lambda f=f, to=to: to.extend(iter(f.readline, "")), daemon=True)
                        for f, to in ((self.process.stdout, self.lines), (self.process.stderr, self.said))]
        for reader in self.readers:
            reader.start()

    def end(self, seconds=20):
        status = self.process.wait(seconds)
        for reader in self.readers:
            reader.join(5)
        return status, "".join(self.said)


def watch_command():
    """dcvprobe watch prints changes, also after a restart of the daemon, and does not delete the watches when it is
    stopped."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    quick(dcvd, "1 until 12")
    dcvd.start()
    options = ["--method", "dns-txt-token", "--token", TOKEN]
    both = Command(dcvd, "good.com", "later.com", *options)
    within(10, "two lines", lambda: len(both.lines) == 2)
    dcvd.resolver.table["_dnsauth.later.com", "TXT"] = [TOKEN]
    same(both.end()[0], 0, "exit status when all have passed")
    same([line.split()[1:] for line in both.lines[-1:]], [["later.com", "dns-txt-token", "pass", "-", "-"]],
         "the last line")
    same(sorted(line.split()[1:] for line in both.lines)[1:],
         [["later.com", "dns-txt-token", "fail", "invalid_dns_txt", "txt-absent"],
          ["later.com", "dns-txt-token", "pass", "-", "-"]], "each change once")
    same(len({line.index("dns-txt-token") for line in both.lines}), 1, "columns")

    events = Command(dcvd, "bad.com", *options, "--format", "ndjson")
    within(10, "a line", lambda: events.lines)
    ident = json.loads(events.lines[0])["id"]
    dcvd.end(signal.SIGKILL)
    within(10, "it says so", lambda: any("trying again" in line for line in events.said))
    dcvd.resolver.table["_dnsauth.bad.com", "TXT"] = [TOKEN]
    dcvd.start()
    status, said = events.end()
    same((status, [json.loads(line)["to"] for line in events.lines]), (0, [ABSENT, result("pass")]), said)
    event = json.loads(events.lines[1])
    same((event["from"], event["state"], event["changed"], event["event"]), (ABSENT, "passed", True, "watch"),
         "an event")
    true("answers again" in said, said)

    stopped = Command(dcvd, "never.com", *options, "--interval", "60", "--until", "forever")
    within(10, "a line", lambda: stopped.lines)
    stopped.process.send_signal(signal.SIGINT)
    status, said = stopped.end(5)
    active = dcvd.get("/v1/watches?state=active").json["watches"][0]
    same((status, active["domain"], active["interval"], active["until"]), (1, "never.com", 60, "forever"),
         "Ctrl-C leaves the watch")
    true(f"watch --delete {active['id']}" in said, said)
    again = Command(dcvd, active["id"])
    within(10, "the present state", lambda: again.lines)
    same(Command(dcvd, "--delete", active["id"]).end(), (0, ""), "--delete")
    status, said = again.end()
    same((status, again.lines[-1].split()[1:]), (1, ["never.com", "the", "watch", "was", "deleted"]), said)
    over = Command(dcvd, "over.com", *options)
    same(over.end(30)[0], 1, "exit status of one that expired")
    true("expired" in over.lines[-1] and len(over.lines) == 2, over.lines)
    same(Command(dcvd, ident).end()[0], 0, "one that passed before")
    for args, expected in ((["a.com", "--interval", "9"], "from 10 to 86400"), (["a.com", "--until", "x"], "forever"),
                           ([], "DOMAIN"),
                           (["a.com", "b.com", "--method", "x"], "dns-txt-token"), (["0" * 16], "no watch"),
                           ([ident, "--token", TOKEN], "with a domain only"), (["--delete", "a.com"], "not an id"),
                           (["a.com", "--format", "fix"], "ndjson")):
        status, said = Command(dcvd, *args).end()
        same(status, 2, f"exit status of {args}")
        true(expected in said, said)
    same(dcvd.get("/v1/watches?state=active").json["watches"], [], "refused watches are not stored")
    dcvd.close()
    true("dcvd does not run" in Command(dcvd, "a.com").end()[1], "without a daemon")


def watch_full_disk():
    """With a full disk the runs of watches are delayed, and nothing else happens to them."""
    dcvd = Daemon()
    quick(dcvd, "1 until 1000")
    dcvd.start()
    idents = [watch_of(dcvd, txt(f"n{i}.com")) for i in range(50)]
    within(10, "runs", lambda: shown(dcvd, idents[-1])["runs"] > 1)
    unlimited = resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    within(10, "the disk is full", lambda: dcvd.get("/readyz").status == 503)
    same(dcvd.call("POST", "/v1/watches", {"request": txt("full.com")}).code(), "internal_data_check_failed",
         "a new watch with a full disk")
    same(dcvd.call("DELETE", f"/v1/watches/{idents[0]}").status, 500, "a delete with a full disk")
    time.sleep(12)
    before = {i: shown(dcvd, i)["runs"] for i in idents}
    true(dcvd.said().count("cannot be stored") < 40, "errors in the log")
    resource.prlimit(dcvd.process.pid, resource.RLIMIT_FSIZE, unlimited)
    within(25, "all go on", lambda: all(shown(dcvd, i)["runs"] > n + 1 for i, n in before.items()))
    same(dcvd.call("DELETE", f"/v1/watches/{idents[0]}").status, 200, "a delete when there is space again")
    dcvd.close()


def many(dcvd, n):
    """Submits n checks over one connection. Returns their ids."""
    ids, c = [], Connection(dcvd.socket)
    for i in range(n):
        c.request("POST", "/v1/checks", json.dumps(txt(f"n{i}.com")), {"Content-Type": "application/json"})
        ids.append(json.load(c.getresponse())["id"])
    c.close()
    return ids


if __name__ == "__main__":
    main({f.__name__: f for f in (events, watch, watch_killed, watch_busy, watch_full_disk, watch_command)})

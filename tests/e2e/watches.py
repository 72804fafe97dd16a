#!/usr/bin/env python3
"""Events and watches end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import os
import resource
import signal
import subprocess
import threading
import time

from house import Connection, House, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


class Stream:
    """Reads GET /v1/events as it comes; .ended: how the body ended."""

    def __init__(self, house, query=""):
        self.events, self.ended = [], None
        self.connection = Connection(house.socket, 60)
        self.connection.request("GET", "/v1/events" + query)
        self.response = self.connection.getresponse()
        same((self.response.status, self.response.headers["Content-Type"]), (200, "application/x-ndjson"), "a stream's head")
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


def quick(house, polling):
    """A CA that polls by these steps."""
    path = house.dir + "/ca.conf"
    with open(path, "w", encoding="utf-8") as f:
        f.write("[watch]\npolling = " + polling + "\n")
    house.sections["ca"] = {"profile": path}


def watch_of(house, request, **more):
    answer = house.call("POST", "/v1/watches", {"request": request, **more})
    same((answer.status, answer.json["state"]), (202, "active"), f"a watch is taken ({answer.text!r})")
    same(answer.headers["Location"], "/v1/watches/" + answer.json["id"], "Location")
    return answer.json["id"]


def shown(house, ident):
    return house.get(f"/v1/watches/{ident}").json


def is_(house, ident, state, seconds=20):
    return within(seconds, f"watch {ident} is {state}", lambda: (w := shown(house, ident))["state"] == state and w)


def events():
    """Every change of a check's state is told, in order, to those who want it; who does not read holds up nobody."""
    house = House(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    house.set("resolver", timeout="10")
    house.set("access", requests_per_second="0")
    house.start()
    everything, one = Stream(house), Stream(house, "?domain=GOOD.com&event=check")
    asleep = Connection(house.socket, 60)
    asleep.request("GET", "/v1/events")
    good = house.submit(**txt("good.com"))
    within(10, "the end of a check", lambda: one.of(id=good, state="done"))
    same([e["state"] for e in one.events], ["queued", "running", "done"], "a check's states")
    done = one.events[-1]
    same((done["event"], done["domain"]), ("check", "good.com"), "an event")
    same(done["results"], [{"method": "dns-txt-token", "verdict": "pass", "code": None, "detail_code": None, "cause": None}],
         "results")
    bad = house.submit(**txt("bad.com"))
    within(10, "the end of a check", lambda: everything.of(id=bad, state="done"))
    result, = everything.events[-1]["results"]
    same((result["verdict"], result["code"], result["detail_code"], result["cause"]),
         ("fail", "invalid_dns_txt", "dns_mismatch", "txt-absent"), "what a failure is told as")
    same(len(one.events), 3, "nothing of another domain")
    house.resolver.held = True
    gone = house.submit(**txt("gone.com"))
    house.call("DELETE", f"/v1/checks/{gone}")
    within(10, "the end of a cancelled check", lambda: everything.of(id=gone, state="cancelled"))
    house.resolver.held = False

    ids = many(house, 2500)
    within(30, "all ends", lambda: len(everything.of(state="done")) == len(ids) + 2)
    same(everything.of(event="lost"), [], "a reader that reads loses nothing")
    response = asleep.getresponse()
    late, lost = [], []
    for line in response:
        event = json.loads(line)
        (lost if event["event"] == "lost" else late).append(event)
        if lost:
            break
        if len(late) == 1000:
            house.submit(**txt("after.com"))
    true(lost[0]["n"] > 0 and len(late) > 1000, f"a reader that slept has the first ones and a count: {lost}, {len(late)}")
    asleep.close()
    for _ in range(70):  # one that went away is no stream for longer than it takes to notice
        c = Connection(house.socket, 60)
        c.request("GET", "/v1/events")
        same(c.getresponse().status, 200, "a stream after the ones that went away")
        c.close()
        house.call("DELETE", f"/v1/checks/{house.submit(**txt('a.com'))}")
    same(house.end(), 0, "exit status with streams open")
    within(5, "both end", lambda: everything.ended and one.ended)
    same((everything.ended, one.ended), ("whole", "whole"), "how streams end")
    house.start()
    for query, name in (("?event=chek", "check, watch"), ("?watch=x", "id of a watch"), ("?limit=1", "only event domain watch")):
        answer = house.get("/v1/events" + query)
        same(answer.status, 400, f"status of {query}")
        true(name in answer.message(), answer.message())
    same(house.call("HEAD", "/v1/events").status, 200, "HEAD")
    open_ones = [Stream(house) for _ in range(64)]
    same(house.get("/v1/events").status, 429, "a stream too many")
    house.close()
    true(all(within(5, "an end", lambda s=s: s.ended) == "whole" for s in open_ones), "all streams end")


def watch():
    """A record appears and its watch turns green; one expires with the CA's steps, one goes on; all is listed."""
    house = House()
    quick(house, "1 until 3")
    house.start()
    stream = Stream(house, "?event=watch")
    green, never = watch_of(house, txt("Good.com")), watch_of(house, txt("bad.com"), interval="ca", until="pass")
    forever = watch_of(house, txt("ever.com"), until="forever")
    slow = watch_of(house, txt("slow.com"), interval=86400)
    within(10, "the first runs", lambda: len(stream.events) == 4)
    first, = stream.of(id=green)
    same((first["changed"], first["from"], first["to"], first["state"], first["domain"]), (True, None, ABSENT, "active", "good.com"),
         "the first result")
    house.resolver.table["_dnsauth.good.com", "TXT"] = [TOKEN]
    passed = is_(house, green, "passed", 3)
    same((passed["until"], passed["interval"], passed["next_at"], passed["last"]["results"]), ("pass", "ca", None, result("pass")),
         "one that passed")
    true(passed["runs"] >= 2 and passed["ended_at"] and passed["request"]["domain"] == "Good.com", f"what is known of it: {passed}")
    same(house.get("/v1/checks/" + passed["last_check"]).json["reports"][0]["verdict"], "pass", "its last check")
    event = within(10, "its event", lambda: stream.of(id=green, state="passed"))[-1]
    same((event["check"], event["from"], event["to"], event["state"]), (passed["last_check"], ABSENT, result("pass"), "passed"),
         "the change")
    over = is_(house, never, "expired")
    same((over["runs"], over["last"]["results"]), (4, ABSENT), "runs of 1 until 3")
    same([(e["state"], e["changed"]) for e in stream.of(id=never)], [("active", True), ("expired", False)], "its events")
    within(10, "one goes on for ever", lambda: shown(house, forever)["runs"] > 5)
    house.resolver.table["_dnsauth.ever.com", "TXT"] = [TOKEN]
    within(10, "its change", lambda: stream.of(id=forever, to=result("pass")))
    same((shown(house, forever)["state"], len(stream.of(id=forever))), ("active", 2), "one goes on when it passes")
    same((shown(house, slow)["runs"], shown(house, slow)["interval"]), (1, 86400), "one with a long interval")
    listed(house, green, never, forever, slow)
    answer = house.call("DELETE", f"/v1/watches/{forever}")
    same((answer.status, answer.json), (200, {"id": forever, "state": "deleted"}), "a delete")
    same(house.call("DELETE", f"/v1/watches/{green}").status, 200, "an ended one can be deleted")
    asked = len(house.resolver.asked)
    time.sleep(1.5)
    same(len(house.resolver.asked), asked, "nothing is asked any more")
    same(stream.events[-1]["state"], "deleted", "the last event")
    for method in "GET", "DELETE":
        same(house.call(method, f"/v1/watches/{forever}").status, 404, f"{method} of a deleted one")
    bad(house)
    house.close()


def listed(house, green, never, forever, slow):
    def ids(query):
        return [w["id"] for w in house.get("/v1/watches" + query).json["watches"]]

    for query, expected in {"": [slow, forever, never, green], "?state=active": [slow, forever], "?state=passed": [green],
                            "?domain=BAD.com": [never], "?domain=bad.com&state=active": [], "?limit=3": [slow, forever, never]}.items():
        same(ids(query), expected, f"list {query}")
    page = house.get("/v1/watches?limit=2").json
    same(house.get(f"/v1/watches?limit=2&cursor={page['next']}").json["next"], None, "the end of the list")


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


def bad(house):
    before = len(house.get("/v1/watches").json["watches"])
    for body, code, names in BAD:
        answer = house.call("POST", "/v1/watches", body)
        same((answer.status, answer.code()), (400, code), body)
        true(names in answer.message(), f"{body}: {answer.message()}")
    same(len(house.get("/v1/watches").json["watches"]), before, "only what was accepted is stored")
    same(house.get("/v1/watches?state=ended").code(), "invalid_value:state", "a state")


def watch_killed():
    """kill -9: a watch goes on, a run under way is its run, and those that were missed are one."""
    house = House(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    quick(house, "1 until 1000")
    house.start()
    failing, waiting = watch_of(house, txt("bad.com")), watch_of(house, txt("long.com"), interval=3600)
    within(10, "runs", lambda: shown(house, failing)["runs"] > 1 and shown(house, waiting)["runs"] == 1)
    next_at = shown(house, waiting)["next_at"]
    house.resolver.held = True
    check = within(10, "a run", lambda: shown(house, failing)["check"])
    last_moment = watch_of(house, txt("good.com"))
    house.end(signal.SIGKILL)
    time.sleep(2.5)
    house.resolver.held = False
    before = house.sql("SELECT runs FROM watch WHERE domain = 'bad.com'")[0][0]
    house.start()
    is_(house, last_moment, "passed")
    within(10, "the run that was cut off", lambda: house.get(f"/v1/checks/{check}").json["state"] == "done")
    within(10, "it goes on", lambda: shown(house, failing)["runs"] > before + 2)
    checks = house.sql("SELECT count(*), max(id) FROM request WHERE domain = 'bad.com'")[0]
    true(checks[0] <= shown(house, failing)["runs"] + 1, f"no run more than its time: {checks}")
    same((shown(house, waiting)["runs"], shown(house, waiting)["next_at"]), (1, next_at), "one that was not due")
    same(house.end(), 0, "exit status with watches")
    same(house.sql("SELECT count(*) FROM watch WHERE state = 'active'"), [(2,)], "they go on after the next start")
    house.start()
    within(10, "runs after the restart", lambda: shown(house, failing)["check"] or shown(house, failing)["next_at"])
    house.close()


def watch_busy():
    """A run that finds the queue full is tried again; a check that is cancelled is no result."""
    house = House(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    house.set("checks", in_flight="1", queue="1")
    house.resolver.held = True
    house.start()
    full = [house.submit(**txt(f"n{i}.com")) for i in range(2)]
    late = watch_of(house, txt("good.com"), interval=60)
    time.sleep(0.5)
    same((shown(house, late)["check"], shown(house, late)["runs"]), (None, 0), "no room for its run")
    true(shown(house, late)["next_at"], "when it is tried again")
    house.resolver.held = False
    for ident in full:
        house.call("DELETE", f"/v1/checks/{ident}")
    is_(house, late, "passed")
    house.resolver.held = True
    cancelled = watch_of(house, txt("other.com"), interval=60)
    check = within(10, "its run", lambda: shown(house, cancelled)["check"])
    house.call("DELETE", f"/v1/checks/{check}")
    w = within(10, "its next run", lambda: (w := shown(house, cancelled))["next_at"] and w)
    same((w["state"], w["runs"], w["last"]), ("active", 0, None), "what is known of it")
    house.close()


class Command:
    """dcvprobe watch, its output read as it comes."""

    def __init__(self, house, *args):
        self.process = subprocess.Popen([os.environ["DCVPROBE"], "watch", "--socket", house.socket, *args], stdout=subprocess.PIPE,
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
    """dcvprobe watch tells what changes, through a restart of the daemon too, and leaves watches when it is stopped."""
    house = House(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    quick(house, "1 until 12")
    house.start()
    options = ["--method", "dns-txt-token", "--token", TOKEN]
    both = Command(house, "good.com", "later.com", *options)
    within(10, "two lines", lambda: len(both.lines) == 2)
    house.resolver.table["_dnsauth.later.com", "TXT"] = [TOKEN]
    same(both.end()[0], 0, "exit status when all have passed")
    same([line.split()[1:] for line in both.lines[-1:]], [["later.com", "dns-txt-token", "pass", "-", "-"]], "the last line")
    same(sorted(line.split()[1:] for line in both.lines)[1:],
         [["later.com", "dns-txt-token", "fail", "invalid_dns_txt", "txt-absent"],
          ["later.com", "dns-txt-token", "pass", "-", "-"]], "each change once")
    same(len({line.index("dns-txt-token") for line in both.lines}), 1, "columns")

    events = Command(house, "bad.com", *options, "--format", "ndjson")
    within(10, "a line", lambda: events.lines)
    ident = json.loads(events.lines[0])["id"]
    house.end(signal.SIGKILL)
    within(10, "it says so", lambda: any("trying again" in line for line in events.said))
    house.resolver.table["_dnsauth.bad.com", "TXT"] = [TOKEN]
    house.start()
    status, said = events.end()
    same((status, [json.loads(line)["to"] for line in events.lines]), (0, [ABSENT, result("pass")]), said)
    event = json.loads(events.lines[1])
    same((event["from"], event["state"], event["changed"], event["event"]), (ABSENT, "passed", True, "watch"), "an event")
    true("answers again" in said, said)

    stopped = Command(house, "never.com", *options, "--interval", "60", "--until", "forever")
    within(10, "a line", lambda: stopped.lines)
    stopped.process.send_signal(signal.SIGINT)
    status, said = stopped.end(5)
    active = house.get("/v1/watches?state=active").json["watches"][0]
    same((status, active["domain"], active["interval"], active["until"]), (1, "never.com", 60, "forever"), "Ctrl-C leaves the watch")
    true(f"watch --delete {active['id']}" in said, said)
    again = Command(house, active["id"])
    within(10, "how it stands", lambda: again.lines)
    same(Command(house, "--delete", active["id"]).end(), (0, ""), "--delete")
    status, said = again.end()
    same((status, again.lines[-1].split()[1:]), (1, ["never.com", "the", "watch", "was", "deleted"]), said)
    over = Command(house, "over.com", *options)
    same(over.end(30)[0], 1, "exit status of one that expired")
    true("expired" in over.lines[-1] and len(over.lines) == 2, over.lines)
    same(Command(house, ident).end()[0], 0, "one that passed before")
    for args, expected in ((["a.com", "--interval", "9"], "from 10 to 86400"), (["a.com", "--until", "x"], "forever"), ([], "DOMAIN"),
                           (["a.com", "b.com", "--method", "x"], "dns-txt-token"), (["0" * 16], "no watch"),
                           ([ident, "--token", TOKEN], "with a domain only"), (["--delete", "a.com"], "not an id"),
                           (["a.com", "--format", "nagios"], "ndjson")):
        status, said = Command(house, *args).end()
        same(status, 2, f"exit status of {args}")
        true(expected in said, said)
    same(house.get("/v1/watches?state=active").json["watches"], [], "nothing is left of what was refused")
    house.close()
    true("does not answer" in Command(house, "a.com").end()[1], "without a daemon")


def watch_full_disk():
    """A store that takes nothing in delays runs, and no more."""
    house = House()
    quick(house, "1 until 1000")
    house.start()
    idents = [watch_of(house, txt(f"n{i}.com")) for i in range(50)]
    within(10, "runs", lambda: shown(house, idents[-1])["runs"] > 1)
    unlimited = resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    within(10, "no room", lambda: house.get("/readyz").status == 503)
    same(house.call("POST", "/v1/watches", {"request": txt("full.com")}).code(), "internal_data_check_failed", "no room for a new one")
    same(house.call("DELETE", f"/v1/watches/{idents[0]}").status, 500, "nor for a delete")
    time.sleep(12)
    before = {i: shown(house, i)["runs"] for i in idents}
    true(house.said().count("cannot be stored") < 40, "errors in the log")
    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, unlimited)
    within(25, "all go on", lambda: all(shown(house, i)["runs"] > n + 1 for i, n in before.items()))
    same(house.call("DELETE", f"/v1/watches/{idents[0]}").status, 200, "a delete once there is room")
    house.close()


def many(house, n):
    """Checks by one connection."""
    ids, c = [], Connection(house.socket)
    for i in range(n):
        c.request("POST", "/v1/checks", json.dumps(txt(f"n{i}.com")), {"Content-Type": "application/json"})
        ids.append(json.load(c.getresponse())["id"])
    c.close()
    return ids


if __name__ == "__main__":
    main({f.__name__: f for f in (events, watch, watch_killed, watch_busy, watch_full_disk, watch_command)})

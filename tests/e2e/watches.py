#!/usr/bin/env python3
"""Events and watches end to end: each scenario is one test. DCVD and DCVPROBE name the programs."""
import json
import threading

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
    true(lost[0]["n"] > 100 and len(late) > 1000, f"a reader that slept has the first ones and a count: {lost}, {len(late)}")
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


def many(house, n):
    """Checks by one connection."""
    ids, c = [], Connection(house.socket)
    for i in range(n):
        c.request("POST", "/v1/checks", json.dumps(txt(f"n{i}.com")), {"Content-Type": "application/json"})
        ids.append(json.load(c.getresponse())["id"])
    c.close()
    return ids


if __name__ == "__main__":
    main({f.__name__: f for f in (events,)})

#!/usr/bin/env python3
"""What programs that use the API rely on: labels, requests that are sent again, streams that are resumed. Each scenario
is one test."""
import json
import os
import signal
import subprocess
import threading
import time
import urllib.parse

from daemon import Connection, Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
LABEL = "Auftrag 7 – Größe \"L\" \\ \U0001f511"


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


def quoted(**query):
    return "?" + urllib.parse.urlencode(query)


def refused(answer, code, *words):
    same((answer.status, answer.code()), (400, code), f"a refusal ({answer.text!r})")
    for word in words:
        true(word in answer.message(), f"{word} in {answer.message()}")


def ids(dcvd, path, key, **query):
    return [row["id"] for row in dcvd.get(path + quoted(**query)).json[key]]


def label():
    """A label comes back wherever its request is shown, can be searched for, and survives kill -9."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()
    stream = Stream(dcvd)
    answer = dcvd.call("POST", "/v1/checks", txt("good.com", label=LABEL))
    same((answer.status, answer.json["label"]), (202, LABEL), "the label of what was accepted")
    good = answer.json["id"]
    same([r["label"] for r in dcvd.done(good)["reports"]], [LABEL], "the label of a report")
    at_once = dcvd.call("POST", "/v1/checks?wait=10", txt("good.com", label="x" * 200))
    same((at_once.status, at_once.json["label"]), (200, "x" * 200), "the label of a check that is waited for")
    plain = dcvd.call("POST", "/v1/checks?wait=10", txt("bad.com")).json
    same((plain["label"], "label" in plain["reports"][0]), (None, False), "a check without a label")
    lines = "\n".join(json.dumps(txt(f"n{i}.com", label=f"line {i}")) for i in range(3))
    batch = dcvd.call("POST", "/v1/batches", lines, {"Content-Type": "application/x-ndjson"}).json["id"]
    within(20, "the batch is done", lambda: dcvd.get(f"/v1/batches/{batch}").json["state"] == "done")
    watch = dcvd.call("POST", "/v1/watches", {"request": txt("ever.com", label=LABEL), "interval": 86400})
    same((watch.status, watch.json["label"]), (202, LABEL), "the label of a watch")
    watch = watch.json["id"]
    ran = within(20, "the watch's check", lambda: dcvd.get(f"/v1/watches/{watch}").json["last_check"])
    dcvd.resolver.held = True
    slow = dcvd.submit(**txt("slow.com", label="slow one"))
    same(dcvd.get(f"/v1/checks/{slow}").json["label"], "slow one", "the label of one that runs")
    dcvd.end(signal.SIGKILL)
    dcvd.resolver.held = False
    dcvd.start()
    same(dcvd.done(slow)["label"], "slow one", "the label after kill -9")
    same(ids(dcvd, "/v1/checks", "checks", label=LABEL), [ran, good], "checks with the label")
    same(ids(dcvd, "/v1/checks", "checks", label=LABEL, domain="GOOD.com", verdict="pass"), [good], "and a verdict")
    same(ids(dcvd, "/v1/checks", "checks", label=LABEL, domain="good.com", verdict="fail"), [], "and another verdict")
    same(ids(dcvd, "/v1/checks", "checks", label=LABEL.upper()), [], "a label in other letters")
    one, = dcvd.get("/v1/checks" + quoted(label="line 1", batch=batch, code="dns_mismatch")).json["checks"] or [None]
    same((one or {}).get("domain"), None, "a code of another kind")
    one, = dcvd.get("/v1/checks" + quoted(label="line 1", batch=batch, detail_code="dns_mismatch")).json["checks"]
    same((one["domain"], one["label"], one["reports"][0]["label"]), ("n1.com", "line 1", "line 1"), "a line of a batch")
    same(ids(dcvd, "/v1/watches", "watches", label=LABEL), [watch], "watches with the label")
    same(ids(dcvd, "/v1/watches", "watches", label="no such"), [], "watches with another one")
    same(dcvd.get(f"/v1/watches/{watch}").json["label"], LABEL, "the label of a watch after kill -9")
    same(dcvd.get("/v1/domains/good.com").json["latest"][0]["label"], "x" * 200, "the label of the latest report")
    same({e["label"] for e in stream.of(id=good)}, {LABEL}, "the label of events")
    true(stream.of(id=watch, label=LABEL) and not any("label" in e for e in stream.of(domain="bad.com")),
         "the label of a watch's event, and none of others")
    same(sorted(dcvd.sql("SELECT label FROM checks WHERE domain = 'n2.com'")), [("line 2",)], "the label in the store")
    for bad in ("", "x" * 201, "é" * 101, "a\nb", "a\u202eb", "a\x7f"):
        code = "invalid_chars:label" if any(c < " " or c == "\x7f" for c in bad) else "invalid_value:label"
        refused(dcvd.call("POST", "/v1/checks", txt("good.com", label=bad)), code, "label: ", "1 to 200 bytes")
        refused(dcvd.get("/v1/checks" + quoted(label=bad)), code, "label: ")
    refused(dcvd.call("POST", "/v1/checks", {**txt("good.com"), "label": 7}), "invalid_value:label", "label")
    for value in (7, True, "x", ["x"], {"x": 1}):  # of a member that there is not, the value does not matter
        for path, body in (("/v1/checks", {**txt("good.com"), "labl": value}),
                           ("/v1/watches", {"request": txt("good.com"), "labl": value})):
            answer = dcvd.call("POST", path, body)
            refused(answer, "invalid_value:labl", "labl: not accepted; expected ")
            true(", not " not in answer.message(), answer.message())
    refused(dcvd.get("/v1/checks?label=%ff"), "invalid_value:label", "UTF-8")
    refused(dcvd.get("/v1/codes" + quoted(label="x")), "invalid_value:label", "no query here")
    dcvd.close()


def post(dcvd, path, body, key, kind="application/json"):
    return dcvd.call("POST", path, body if isinstance(body, str) else json.dumps(body),
                     {"Content-Type": kind, "Idempotency-Key": key})


def idempotency():
    """What is sent again under its key makes nothing new, after kill -9 and from many at once, too."""
    dcvd = Daemon()
    dcvd.set("access", requests_per_second="0")
    dcvd.start()
    lines = "\n".join(json.dumps(txt(f"n{i}.com")) for i in range(2000))
    calls = (("/v1/checks", txt("good.com"), txt("good.com", deadline=5)),
             ("/v1/watches", {"request": txt("ever.com"), "interval": 86400}, {"request": txt("ever.com")}),
             ("/v1/batches", lines, lines + "\n" + json.dumps(txt("more.com"))))
    first = {}
    for path, body, other in calls:
        first[path] = post(dcvd, path, body, f"order {path}")
        same(first[path].status, 202, f"{path}: {first[path].text!r}")
        conflict = post(dcvd, path, other, f"order {path}")
        same((conflict.status, conflict.code()), (409, "invalid_value:idempotency_key"), f"{path}: another body")
        true(f"'order {path}'" in conflict.message() and "expected the same one" in conflict.message(),
             conflict.message())
    for kill in (False, True):
        if kill:
            dcvd.end(signal.SIGKILL)
            dcvd.start()
        for path, body, _ in calls:
            again = post(dcvd, path, body, f"order {path}")
            same((again.status, again.json, again.headers["Location"]),
                 (202, first[path].json, first[path].headers["Location"]), f"{path}: the same, {kill=}")
    same(post(dcvd, "/v1/checks", calls[1][1]["request"], "order /v1/watches").status, 409, "another call")
    waited = post(dcvd, "/v1/checks?wait=20", calls[0][1], "order /v1/checks")
    same((waited.status, waited.json["id"], waited.json["state"]), (200, first["/v1/checks"].json["id"], "done"),
         "the same, waited for")
    same(dcvd.sql("SELECT count(*) FROM request WHERE domain = 'good.com'"), [(1,)], "one check in the store")
    same(dcvd.sql("SELECT count(*) FROM watch"), [(1,)], "one watch")
    same(dcvd.sql("SELECT lines FROM batch WHERE accepted IS NOT NULL"), [(2000,)], "one batch")
    within(30, "the others are gone", lambda: dcvd.sql("SELECT count(*) FROM batch") == [(1,)])
    other = post(dcvd, "/v1/checks", calls[0][1], "another key")
    true(other.status == 202 and other.json["id"] != waited.json["id"], "another key")
    seen = set()
    many = [threading.Thread(target=lambda: seen.add(post(dcvd, "/v1/checks", txt("many.com"), "~" * 200).json["id"]))
            for _ in range(30)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    same(len(seen), 1, "ids of thirty at once")
    same(dcvd.sql("SELECT count(*) FROM request WHERE domain = 'many.com'"), [(1,)], "checks of thirty at once")
    for bad in ("", "x" * 201, "a\tb", "\xe9"):
        for path, body, _ in calls:
            refused(post(dcvd, path, body, bad), "invalid_value:idempotency_key", "idempotency_key: ",
                    "1 to 200 printable")
    same(dcvd.call("GET", "/v1/checks", headers={"Idempotency-Key": ""}).status, 200, "on a call that makes nothing")
    same(dcvd.end(), 0, "exit status")
    old = "UPDATE idempotency SET at = at - 86400001"
    import sqlite3  # pylint: disable=import-outside-toplevel
    db = sqlite3.connect(dcvd.database)
    db.execute(old)
    db.commit()
    db.close()
    dcvd.start()
    later = post(dcvd, "/v1/checks", txt("later.com"), "order /v1/checks")
    true(later.status == 202 and later.json["id"] != waited.json["id"], "the key after a day")
    same(dcvd.sql("SELECT count(*) FROM idempotency"), [(1,)], "keys that are old are deleted")
    dcvd.close()


class Stream:
    """Reads GET /v1/events in a thread: .events has all lines but those that say that nothing happens."""

    def __init__(self, dcvd, **query):
        self.events, self.ended, self.live = [], False, False
        self.connection = Connection(dcvd.socket, 60)
        self.connection.request("GET", "/v1/events" + quoted(**query))
        self.response = self.connection.getresponse()
        same(self.response.status, 200, f"a stream ({query})")
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            for line in self.response:
                event = json.loads(line)
                if event["event"] == "alive":
                    self.live = True
                else:
                    self.events.append(event)
        except Exception:  # pylint: disable=broad-except
            pass
        self.ended = True

    def of(self, **members):
        return [e for e in self.events if all(e.get(k) == v for k, v in members.items())]

    def until_live(self):
        within(20, "all that was missed has come", lambda: self.live)
        return self.events

    def close(self):
        self.connection.close()


def resumed():
    """A stream that is resumed has all that happened meanwhile, once and in order, after kill -9, too; where it cannot
    have that, it begins with a gap."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.set("access", requests_per_second="0")
    dcvd.start()
    whole = Stream(dcvd)
    whole.until_live()
    first = dcvd.submit(**txt("good.com", label="first"))
    within(10, "its end", lambda: whole.of(id=first, state="done"))
    numbers = [e["seq"] for e in whole.events]
    true(numbers == sorted(set(numbers)) and numbers[-1] < 2 ** 53, f"numbers that grow: {numbers}")
    seen = numbers[-1]
    lines = "\n".join(json.dumps(txt(f"n{i}.com", label=f"{i % 2}")) for i in range(700))
    batch = dcvd.call("POST", "/v1/batches", lines, {"Content-Type": "application/x-ndjson"}).json["id"]
    within(30, "the batch is done", lambda: dcvd.get(f"/v1/batches/{batch}").json["state"] == "done")
    last = dcvd.submit(**txt("good.com", label="last"))
    within(10, "its end", lambda: whole.of(id=last, state="done"))
    for since in (0, numbers[0], seen):
        missed = [e for e in whole.events if e["seq"] > since]
        again = Stream(dcvd, since=since).until_live()
        same(again[:1] == [{"event": "gap", "seq": since, "at": again[0]["at"]}], since == 0, f"a gap after {since}")
        same(again[since == 0:], missed, f"what was missed since {since}")
    for query in ({"domain": "GOOD.com"}, {"label": "1"}, {"event": "watch"}, {"label": "first", "domain": "good.com"}):
        expected = [e for e in whole.events if e["seq"] > numbers[0] and
                    all(e[k] == v.lower() for k, v in query.items() if k in e)]
        expected = [e for e in expected if "label" not in query or "label" in e]
        same(Stream(dcvd, since=numbers[0], **query).until_live(), expected, f"what was missed of {query}")
    dcvd.end(signal.SIGKILL)
    within(5, "the stream ends", lambda: whole.ended)
    dcvd.start()
    resumed_ = Stream(dcvd, since=seen)
    missed = [e for e in whole.events if e["seq"] > seen]
    same([e for e in resumed_.until_live() if e["event"] != "gap"], missed, "what was missed, after kill -9")
    more = dcvd.submit(**txt("more.com"))
    within(10, "it goes on", lambda: resumed_.of(id=more, state="done"))
    numbers = [e["seq"] for e in resumed_.events]
    same(numbers, sorted(set(numbers)), "numbers go on after a restart")
    same(dcvd.end(), 0, "exit status")
    dcvd.start()
    same([e["event"] for e in Stream(dcvd, since=numbers[-1]).until_live()], [], "no gap after an orderly end")
    same([e["id"] for e in Stream(dcvd, since=seen).until_live() if e.get("state") == "done"][-1], more, "the last one")
    same(Stream(dcvd, since=numbers[-1] + 1).until_live()[0]["event"], "gap", "a number that never was")
    for bad in ("x", "", "-1", "1.5", "1" * 17, "2026-11-22"):
        refused(dcvd.get("/v1/events" + quoted(since=bad)), "invalid_value:since", "since: ", 'the "seq" of an event')
    dcvd.end()
    import sqlite3  # pylint: disable=import-outside-toplevel
    db = sqlite3.connect(dcvd.database)  # a day later
    db.execute("UPDATE event SET seq = seq - (86400000 << 11)")
    db.execute(f"DELETE FROM event WHERE seq = {seen} - (86400000 << 11)")
    db.commit()
    db.close()
    dcvd.start()
    same(Stream(dcvd, since=seen).until_live()[0]["event"], "gap", "what is no longer kept")
    stored = dcvd.sql("SELECT count(*) FROM event")[0][0]
    for i in range(5):
        dcvd.done(dcvd.submit(**txt(f"late{i}.com")))
    within(10, "old events are deleted", lambda: dcvd.sql("SELECT count(*) FROM event")[0][0] < stored)
    dcvd.close()


def behind():
    """A resumed stream whose reader takes nothing waits for it, and loses nothing."""
    dcvd = Daemon()
    dcvd.set("access", requests_per_second="0")
    dcvd.start()
    start = Stream(dcvd)
    since = dcvd.submit(**txt("first.com"))
    seq = within(10, "an event", lambda: start.of(id=since, state="done"))[0]["seq"]
    n = 4000
    lines = "\n".join(json.dumps(txt(f"n{i}.com", label="x" * 200)) for i in range(n))
    batch = dcvd.call("POST", "/v1/batches", lines, {"Content-Type": "application/x-ndjson"}).json["id"]
    within(60, "the batch is done", lambda: dcvd.get(f"/v1/batches/{batch}").json["state"] == "done")
    c = Connection(dcvd.socket, 60)
    c.request("GET", f"/v1/events?since={seq}")
    for i in range(20):  # while it is not read, others are served
        dcvd.done(dcvd.submit(**txt(f"other{i}.com")))
    done, numbers = set(), []
    for line in c.getresponse():
        event = json.loads(line)
        true(event["event"] in ("check", "alive"), event)
        if event["event"] == "alive":
            break
        numbers.append(event["seq"])
        if event["state"] == "done":
            done.add(event["domain"])
    same(len(done & {f"n{i}.com" for i in range(n)}), n, "lines of the batch")
    same(numbers, sorted(set(numbers)), "in order, each once")
    c.close()
    gone = Connection(dcvd.socket, 60)  # a reader that goes away in the middle of it
    gone.request("GET", f"/v1/events?since={seq}")
    gone.getresponse().readline()
    gone.close()
    open_ = Connection(dcvd.socket, 60)  # and one that is there when the daemon ends
    open_.request("GET", f"/v1/events?since={seq}")
    same(open_.getresponse().status, 200, "a stream")
    dcvd.close()


def metrics(text):
    """{name of a sample with its labels: its value}"""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.decode().splitlines()
            if not line.startswith("#")}


def probe():
    """GET /v1/probe answers with what a check comes to, 200 whatever that is, and keeps nothing of it."""
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN], ("_dnsauth.near.com", "TXT"): [TOKEN.upper()]}))
    dcvd.set("resolver", timeout="1", tries="1")
    dcvd.set("access", requests_per_second="0")
    dcvd.start()
    for query, success, undecided, info in (
            ({"domain": "good.com", "method": "dns-txt-token", "token": TOKEN}, 1, 0, ("", "")),
            ({"domain": "GOOD.com", "token": TOKEN}, 1, 0, ("", "")),
            ({"domain": "near.com", "method": ["dns-txt-token", "caa"], "token": TOKEN}, 0, 0,
             ("invalid_dns_txt", "txt-altered-value")),
            ({"domain": "near.com", "method": "dns-txt-token,caa", "token": TOKEN}, 0, 0,
             ("invalid_dns_txt", "txt-altered-value")),
            ({"domain": "good.com"}, 0, 1, ("", "")), ({"domain": "good.com", "method": "caa"}, 1, 0, ("", "")),
            ({"domain": "no good", "method": "caa"}, 0, 0, ("dns_invalid_domain", "name-invalid"))):
        answer = dcvd.get("/v1/probe?" + urllib.parse.urlencode(query, doseq=True))
        same((answer.status, answer.headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"), query)
        got = metrics(answer.text)
        same({k: v for k, v in got.items() if "duration" not in k},
             {"dcvd_probe_success": success, "dcvd_probe_undecided": undecided,
              'dcvd_probe_info{code="%s",cause="%s"}' % info: 1}, query)
        true(0 < got["dcvd_probe_duration_seconds"] < 5 and TOKEN.encode() not in answer.text, got)
    same(dcvd.sql("SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM event WHERE line <> '')"), [(0,)],
         "what is kept of it")
    true("probe: domain=near.com verdict=fail code=invalid_dns_txt ms=" in dcvd.said() and TOKEN not in dcvd.said(),
         dcvd.said())
    for query, code, word in (("", "required_param:domain", "the domain to check"), ("?domain=a.com&tokn=x",
                              "invalid_value:tokn", "'x' will not do; expected only domain method adn"),
                              ("?domain=a.com&method=txt", "invalid_value:method", "'txt' is not accepted"),
                              ("?domain=a.com&deadline=0", "invalid_value:deadline", "from 0.1 to 3600"),
                              ("?domain=a.com&domain=b.com", "invalid_value:domain", "expected it once"),
                              ("?domain=a.com&depth", "invalid_value:depth", "expected a value"),
                              ("?domain=a.com&token=%0a", "invalid_chars:token", "without control"),
                              ("?domain=a.com&auth_key_name=x&csr=x", "invalid_value:auth_key_name", "[auth_keys]"),
                              ("?domain=a.com&allow_net=10.0.0.0/8", "invalid_value:allow_net", "none"),
                              ("?domain=a.com&label=x", "invalid_value:label", "only domain")):
        refused(dcvd.get("/v1/probe" + query), code, word)
    before, dcvd.resolver.held = len(dcvd.resolver.asked), True
    path, answers = f"/v1/probe?domain=same.com&method=dns-txt-token&token={TOKEN}", []
    many = [threading.Thread(target=lambda: answers.append(dcvd.get(path).status)) for _ in range(20)]
    for thread in many:
        thread.start()
    within(10, "the resolver is asked", lambda: ("_dnsauth.same.com", "TXT") in dcvd.resolver.asked)
    for thread in many:
        thread.join()
    same(answers, [200] * 20, "equal ones at once")
    asked = dcvd.resolver.asked[before:].count(("_dnsauth.same.com", "TXT"))
    true(asked < 20, f"equal ones in flight are one: {asked} questions")
    began = time.monotonic()
    hurried = dcvd.get(f"/v1/probe?domain=slow.com&token={TOKEN}",
                       headers={"X-Prometheus-Scrape-Timeout-Seconds": "1.1"})
    true(hurried.status == 200 and time.monotonic() - began < 1, "no longer than Prometheus waits")
    same(metrics(hurried.text)["dcvd_probe_undecided"], 1, "what is not known in that time")
    dcvd.set("checks", in_flight="1", queue="0")
    dcvd.end()
    dcvd.start()
    waiting = threading.Thread(target=lambda: answers.append(dcvd.get(f"/v1/probe?domain=a.com&token={TOKEN}").status))
    waiting.start()
    within(10, "it runs", lambda: ("_dnsauth.a.com", "TXT") in dcvd.resolver.asked)
    full = dcvd.get(f"/v1/probe?domain=b.com&token={TOKEN}")
    same((full.status, full.headers["Retry-After"]), (429, "1"), "a full queue")
    same(dcvd.end(), 0, "exit status while one runs")
    waiting.join()
    true(answers[-1] in (200, 429), f"the answer of one that the end cut short: {answers[-1]}")
    dcvd.close()


FORMS = {"text": "text/plain", "brief": "text/plain", "csv": "text/csv", "nagios": "text/plain", "html": "text/html",
         "mail": "text/plain", "ticket": "text/plain", "fix": "text/plain", "nsupdate": "text/plain"}


def forms():
    """A check in each form is what dcvprobe show prints; with redact=1 no form holds the random value."""
    near = TOKEN[:-1] + "w"
    dcvd = Daemon(Resolver({("_dnsauth.near.com", "TXT"): [TOKEN.upper()],
                            ("_dnsauth.near.com.near.com", "TXT"): [near]}))
    dcvd.start()
    ident = dcvd.submit(domain="near.com", token=TOKEN, label="<b>x</b>")
    dcvd.done(ident)
    for form, kind in FORMS.items():
        answer = dcvd.get(f"/v1/checks/{ident}?format={form}")
        same((answer.status, answer.headers["Content-Type"]), (200, kind + "; charset=utf-8"), form)
        shown = subprocess.run([os.environ["DCVPROBE"], "show", ident, "--format", form, "--socket", dcvd.socket],
                               capture_output=True, check=False).stdout
        same(answer.text.rstrip(b"\n"), shown.rstrip(b"\n"), f"what dcvprobe prints as {form}")
        hidden = dcvd.get(f"/v1/checks/{ident}?format={form}&redact=1&wait=1").text
        true(hidden and TOKEN.encode() not in hidden and TOKEN.upper().encode() not in hidden, f"{form}: {hidden!r}")
    true(TOKEN.encode() in dcvd.get(f"/v1/checks/{ident}?format=fix&redact=0").text, "without redaction")
    dcvd.resolver.held = True
    slow = dcvd.submit(**txt("slow.com"))
    answer = dcvd.get(f"/v1/checks/{slow}?format=text")
    true(answer.status == 404 and "there are no reports yet; wait=S" in answer.message(), answer.text)
    dcvd.call("DELETE", f"/v1/checks/{slow}")
    same(dcvd.get(f"/v1/checks/{slow}?format=html").message(), f"check {slow} is cancelled: there are no reports",
         "one that was cancelled")
    same(dcvd.get("/v1/checks/7fffffffffffffff?format=html").code(), "not_found", "none")
    refused(dcvd.get(f"/v1/checks/{ident}?format=xml"), "invalid_value:format", "'xml'", "text, brief, csv")
    refused(dcvd.get(f"/v1/checks/{ident}?format=text&redact=yes"), "invalid_value:redact", "expected 0 or 1")
    dcvd.close()


if __name__ == "__main__":
    main({"forms": forms, "probe": probe, "label": label, "idempotency": idempotency, "resumed": resumed,
          "behind": behind})

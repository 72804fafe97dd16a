#!/usr/bin/env python3
"""Whether a cure is seen when its forecast says: forecast.py DCVPROBE

Beside a cure stands until when the resolver remembers what the cure changes ("wait"). Here a resolver does remember it:
an Unbound of its own, which keeps answers as long as their TTLs say. It is asked at scripted times, the cures are
applied, and from then on it is asked all the time: the change must be there at the time of the forecast, and must not
have been there a second before it. The same for what a check at depth full says of a resolver that is behind.

Ends with "N passed, N failed"; status 77 where no lab can be."""
import datetime
import pathlib
import re
import subprocess
import sys
import time

from answers import Server
from loop import Case, cures_of, script_of
from situation import at_once, check, inside, situations
from updates import CNAME, Primary, name_wire

CACHE = "127.0.0.2"
# What the cures change: that there is no name, no record, a TXT, CNAME or CAA record, with and without aliases, signed.
ROWS = ("absent", "old-order", "signed-absent", "hop-far-old", "cname-old-order", "caa-rule-issue-other",
        "persist-alias-own")
ALIAS, OTHERS, MINIMUM = 6, 4, 5  # TTLs and the SOA record's MINIMUM, seconds
BEFORE = (0.0, 1.37)  # seconds for which the resolver has known the answers, in one round and the next
# Not checked at depth full meanwhile: its many questions bring the new SOA record of a signed zone, and Unbound then
# drops what it had with the old one.
QUIET = ("signed-absent",)
LATE, SLACK = 1.0, 0.1  # seconds; slack for the questions themselves


class Cache:
    """A resolver that remembers as the TTLs say."""

    def __init__(self, lab):
        conf = (lab / "run" / "unbound.conf").read_text()
        conf = re.sub(r"interface: 8\.8\.8\.8\n|  cache-max-negative-ttl: .*\n|include: .*\n", "", conf)
        conf = conf.replace("interface: 127.0.0.1", f"interface: {CACHE}").replace("unbound.log", "cache.log")
        conf = re.sub(r"(?s)remote-control:.*", "", conf)
        (lab / "run" / "cache.conf").write_text(conf)
        self.process = subprocess.Popen([lab / "bin" / "unbound", "-c", lab / "run" / "cache.conf"])

    def ready(self):
        for _ in range(200):
            try:
                Server(CACHE, recursive=True).ask(b"\0", 2)
                return
            except OSError:
                time.sleep(0.03)
        raise RuntimeError("the cache does not answer")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def shortened(primary, zone):
    """Makes the zone's TTLs short."""
    for file in primary.zones[zone]:
        for record in file.records:
            record[1] = ALIAS if record[2] == CNAME else OTHERS
        soa = file.soa.split()
        file.soa = " ".join([*soa[:10], str(MINIMUM)])
    primary.edited.add(zone)


class Trial:
    """One situation and its first cure."""

    def __init__(self, dcvprobe, row):
        self.dcvprobe, self.row, self.wrong = dcvprobe, row, []

    def report(self, *more):
        return check(self.dcvprobe, self.row, "--resolver", CACHE, *more)[0]

    def begin(self):
        report = self.report("--depth", "quick")
        self.case = Case(self.row, report, *next(cures_of(report)), True)
        waits = [f["until"] for f in self.case.cure["ops"] if f["op"] == "wait"]
        self.due = moment(waits[0]) if waits else time.time()
        change = next(f for f in self.case.fixes if f["op"] != "remove")
        self.question = name_wire(change["owner"]), {"TXT": 16, "CNAME": 5, "CAA": 257}[change["type"]]

    def watch(self, added):
        """Asks until the change is there."""
        server = Server(CACHE, recursive=True)
        while time.time() < self.due + 5:
            if any((kind, rdata) in added for _, kind, rdata in server.ask(*self.question)):
                break
            time.sleep(0.01)
        seen = time.time()
        if seen > self.due + SLACK:
            self.wrong.append(f"{seen - self.due:.2f} s after the forecast it is seen: early")
        if self.due > seen + LATE + SLACK:
            self.wrong.append(f"{self.due - seen:.2f} s before the forecast it is seen: late")
        self.seen = seen

    def behind(self):
        """What depth full says of the resolver while it still has the old answer; None: nothing."""
        if self.row.name in QUIET:
            return None
        report = self.report("--depth", "full")
        for finding in report["findings"]:
            for fix in finding["fixes"]:
                if finding["cause"] == "resolver-stale" and fix["op"] == "wait":
                    return moment(fix["until"])
        return None

    def passes(self):
        time.sleep(max(0, self.due - time.time()))
        report = self.report("--depth", "quick")
        if report["verdict"] != "pass":
            self.wrong.append(f"at the time of the forecast the check says {report['verdict']}")


def play(dcvprobe, primary, rows, known):
    """One round: the resolver learns the answers, and is asked again after some time; then the cures are applied."""
    trials = [Trial(dcvprobe, row) for row in rows]
    at_once(Trial.begin, trials)
    if known:
        time.sleep(known)
        at_once(Trial.begin, trials)
    primary.changes = []
    for trial in trials:
        subprocess.run(["nsupdate", "-v"], check=True, text=True,
                       input="server 127.0.0.1 5300\n" + script_of(trial.case, primary.zone_of))
    added = {(kind, rdata) for what, _, kind, _, rdata in primary.changes if what == "add"}
    primary.commit()
    stale = at_once(Trial.behind, trials)
    at_once(lambda trial: trial.watch(added), trials)
    at_once(Trial.passes, trials)
    for trial, said in zip(trials, stale):
        if said is not None and not trial.seen - SLACK <= said <= trial.seen + LATE + SLACK:
            trial.wrong.append(f"depth full says {said - trial.seen:.2f} s from when it is seen")
    return trials, sum(said is not None for said in stale)


def fresh(dcvprobe, primary, rows, known):
    """A round with a cache that knows nothing, and zones as they were but for their TTLs."""
    primary.restore()
    for name in {primary.zone_of(name_wire(name)) for name in (*(row.domain + "." for row in rows), "hop-near.com.")}:
        shortened(primary, name)
    primary.commit()
    cache = Cache(primary.lab)
    cache.ready()
    try:
        return play(dcvprobe, primary, rows, known)
    finally:
        cache.process.terminate()
        cache.process.wait()


def main():
    dcvprobe, _ = inside()
    primary = Primary()
    rows = situations(ROWS)
    passed = failed = 0
    for known in BEFORE:
        trials, behind = fresh(dcvprobe, primary, rows, known)
        if again := [trial.row for trial in trials if trial.wrong]:  # once more: on a busy machine anything may be late
            trials = [t for t in trials if not t.wrong] + fresh(dcvprobe, primary, again, known)[0]
        for trial in trials:
            passed, failed = passed + (not trial.wrong), failed + bool(trial.wrong)
            print(f"{'FAIL' if trial.wrong else 'ok  '} {trial.row.name} after {known} s, "
                  f"{trial.due - trial.seen:.2f} s before the forecast: {'; '.join(trial.wrong)}")
        if not behind:
            failed += 1
            print("FAIL depth full says of no resolver that it is behind")
    primary.restore()
    primary.commit()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()

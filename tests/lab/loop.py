#!/usr/bin/env python3
"""Applies the cures of reports and checks again: loop.py DCVPROBE [NAME…]

Each cure of each failing situation that a program can carry out, of its first finding and of those that block, is
applied by program and checked: the check must pass where the report calls the cure proven. What it does not vouch for
stands in comments of `--format nsupdate`. Where depth quick proves none, the report of depth full is taken. Records
are changed by nsupdate(1) at the primary of the zones (updates.py); files are put on the web site; another order is a
check with other options. `--format nsupdate` and `--format fix` must say the same as the report. With the cure the
zones must load in NSD and in BIND, a named must take the update as it is meant (bind.py), and all names that answered
before must answer the same (answers.py). Then the cures are undone: each check must fail with the same code and cause
as before. Cures that only a person can apply are not tested.

Each situation that passes is checked at depth full: it must pass there, with no finding of more weight than a note but
those that a row of the tables expects for the same domain.

Prints a table. closed: the check passes. open, harm: a cure that nobody called proven does not make it pass, or takes
answers away. person: why a machine's part does not suffice. aside: the lab cannot say.
Ends with "N passed, N failed"; status 77 where no lab can be."""
import concurrent.futures
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

from answers import Answers
from bind import Named
from situation import at_once, check, inside, reports_of, settled, situations, slow_first
from updates import NONE, Primary, name_text, name_wire, read_records

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "CAA": 257}
KINDS = {"TXT": 16, "CAA": 257}  # of records that can be broken
RECORDS, FILE = ("add", "remove", "replace"), "put-file"
KRESD = "1.1.1.1"  # nothing empties its cache, so what it was told of a cure would stay
# Causes whose first report brings a machine's part and a person's: why the machine's alone need not suffice.
PERSONS_PART = {
    "file-forbidden": "the server's access rules keep everybody from the file: they are changed by hand",
}


def by_machine(fix):
    return fix["op"] in (*RECORDS, FILE) or bool(fix["op"] == "input" and fix["value"])


def cures_of(report):
    """The cures that a program can carry out, each once: (finding, cure). The first is the one that is written."""
    seen = set()
    for n, finding in enumerate(report["findings"]):
        for cure in finding["cures"] if n == 0 or finding["weight"] == "blocking" else []:
            does = json.dumps([{k: v for k, v in fix.items() if k != "text"} for fix in cure["ops"] if by_machine(fix)])
            if does != "[]" and not cure["breaks"] and does not in seen:
                seen.add(does)
                yield finding, cure


def unproven(cure):
    """Whether a cure has records, and the program does not vouch for them."""
    return not cure["proven"] and any(f["op"] in RECORDS for f in cure["ops"])


def ordered(situation, argument, value):
    """The situation with another domain or method, or another name to check at."""
    other, option = copy.copy(situation), "--" + argument.replace("_", "-")
    if argument == "domain":
        other.domain = value
    elif option in situation.options:
        at = situation.options.index(option)
        other.options = [*situation.options[:at + 1], value, *situation.options[at + 2:]]
    else:
        other.options = [*situation.options, option, value]
    return other


class Case:
    """A cure for a machine of a failing situation. written: the one that --format nsupdate writes."""

    def __init__(self, situation, report, finding, cure, written):
        self.situation, self.report, self.finding, self.cure, self.written = situation, report, finding, cure, written
        self.fixes = [f for f in cure["ops"] if f["op"] in (*RECORDS, FILE)]
        self.remark = written and unproven(cure)  # the forms for programs have it in comments
        self.cured = situation
        for fix in cure["ops"]:
            if fix["op"] == "input" and fix["value"]:
                self.cured = ordered(self.cured, fix["argument"], fix["value"])
        self.changed = {name_text(name_wire(f["owner"])) for f in self.fixes if "owner" in f}
        self.changed |= {f["url"] for f in self.fixes if "url" in f}
        asked = {name_text(name_wire(f["qname"])) for f in report["evidence"] if "qname" in f}
        self.asked = self.changed | asked | {f["url"] for f in report["evidence"] if "url" in f}
        self.named = None  # the future of what named says
        self.changes = {}  # {zone: list of (what, owner, type, TTL, rdata)}, when it is applied
        self.passes, self.still = False, ""
        self.wrong, self.harm = [], []  # said wrongly; broken by the cure
        self.persons, self.aside = PERSONS_PART.get(finding["cause"]), None

    def reaches(self, other):
        """Whether a name that it changes was asked for by the other; a wildcard is all names below it."""
        return any(name in other.asked or name.startswith("*.") and any(a.endswith(name[1:]) for a in other.asked)
                   for name in self.changed)

    def touches(self, other):
        """One of the two might be cured by the other's cure."""
        return self.situation is other.situation or self.reaches(other) or other.reaches(self)

    def verdict(self):
        if self.aside and not self.passes:
            return "aside"
        if self.wrong or self.cure["proven"] and not (self.passes and not self.harm):
            return "FAIL"
        if self.harm:
            return "harm"
        if self.passes:
            return "closed"
        return "person" if self.persons else "FAIL" if self.written and self.fixes and not self.remark else "open"

    def remarks(self):
        persons = None if self.passes else self.persons
        return "; ".join(filter(None, [self.aside, persons, *self.wrong, *self.harm, self.still]))


def outcome(report):
    first = report["findings"][0]["cause"] if report["findings"] else None
    return report["verdict"], report["errors"][0]["code"] if report["errors"] else None, first


def replayed(dcvprobe, path, form):
    done = subprocess.run([dcvprobe, "replay", path, "--format", form], check=False, text=True, capture_output=True)
    if done.returncode != 1:
        raise RuntimeError(f"replay --format {form}: exit status {done.returncode} on a failure: {done.stderr}")
    return done.stdout


def broken(fix):
    """Whether the record to be removed is so broken that nsupdate does not accept its data."""
    return fix.get("old_rdata" if fix["op"] == "replace" else "rdata", "").startswith("\\#")


def wanted(case):
    """The changes of the report's JSON that an update can make: (what, owner) in their order."""
    for fix in case.fixes:
        if fix["op"] in RECORDS:
            owner = name_text(name_wire(fix["owner"]))
            if fix["op"] != "add" and not broken(fix):
                yield "delete", owner
            if fix["op"] != "remove":
                yield "add", owner


def script_of(case, zone_of):
    """The cure as a script for nsupdate, as the report's JSON has it."""
    zone, lines = None, []
    for fix in case.fixes:
        if fix["op"] not in RECORDS:
            continue
        here = zone_of(name_wire(fix["owner"]))
        if here != zone:
            lines += ["send"] * (zone is not None) + [f"zone {name_text(here)}"]
            zone = here
        if fix["op"] != "add" and not broken(fix):
            lines.append(f"update delete {fix['owner']} {fix['type']} {fix.get('old_rdata', fix['rdata'])}")
        if fix["op"] != "remove":
            lines.append(f"update add {fix['owner']} {fix['ttl']} {fix['type']} {fix['rdata']}")
    return "\n".join([*lines, "send", ""])


class Loop:
    def __init__(self, dcvprobe):
        self.dcvprobe = dcvprobe
        self.known = reports_of(dcvprobe)
        self.primary = Primary()
        self.named = Named(self.primary)
        self.answers = Answers(self.primary)
        self.beside = concurrent.futures.ThreadPoolExecutor(1)  # what named has to do while checks wait
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=self.primary.lab))

    def failing(self, situation):
        """The first check, which saves its evidence: what to do about it is asked of that. run.sh's own where it ran in
        this lab, and a new one where that does not do."""
        if situation.name in self.known:
            report, saved = self.known.pop(situation.name)
            shutil.copy(saved, self.saved(situation))
        else:
            report, _ = check(self.dcvprobe, situation, "--save", str(self.saved(situation)))
        first = next((cure for _, cure in cures_of(report)), None)
        if first and unproven(first) and as_expected(situation, report):  # depth full asks what quick does not
            full = str(self.saved(situation)) + ".full"
            whole, _ = check(self.dcvprobe, situation, "--depth", "full", "--save", full)
            if as_expected(situation, whole):
                shutil.move(full, self.saved(situation))
                return whole
        return report

    def saved(self, situation):
        return self.scratch / f"{situation.name}.case"

    def out_of_reach(self, case):
        """Why the cure cannot be applied in this lab, or None. The domain must have a zone here; a cure with an owner
        in no zone is faulty."""
        records = any(f["op"] in RECORDS for f in case.fixes)
        if records and not self.primary.zone_of(name_wire(case.report["domain"] + ".")):
            return "the domain is registered nowhere: there is no zone yet"
        if records and any(self.primary.misbehaves(name_wire(f["qname"])) for f in case.report["evidence"]
                           if "qname" in f):
            return "its name server misbehaves on purpose (misbehave.py), whatever its records are"
        return None

    def begin(self, cases):
        """Takes the answers before all cures."""
        asked = {}
        for case in cases:
            names = {(name_wire(f["qname"]), f["qtype"]) for f in case.report["evidence"] if "qname" in f}
            for zone in {self.primary.zone_of(name_wire(f["owner"])) for f in case.fixes if "owner" in f}:
                if zone in self.primary.zones:
                    asked.setdefault(zone, set()).update((n, TYPES[t]) for n, t in names if t in TYPES)
        self.answers.begin(asked)
        self.named.ready()

    def texts(self, case):
        """The cure that is written: as an update, as a piece of a zone file and as a text."""
        if not case.written:
            return None
        return [replayed(self.dcvprobe, self.saved(case.situation), form) for form in ("nsupdate", "fix", "text")]

    def apply(self, case, texts):
        """Hands the cure of one case to the primary, to named and to the web site."""
        script = texts[0] if texts else script_of(case, self.primary.zone_of)
        self.primary.changes, self.primary.faults = [], []
        if case.remark:  # it is written for a person, who takes it from there
            live = [line for line in script.splitlines() if line.startswith(("update", "send"))]
            case.wrong += [f"what is not proven is a line for a program: {line}" for line in live]
            script = re.sub(r"(?m)^; (?=(zone|update|send)\b)", "", script)
        done = subprocess.run(["nsupdate", "-v"], input=f"server 127.0.0.1 5300\n{script}", check=False, text=True,
                              capture_output=True)
        if done.returncode:
            case.wrong.append(f"nsupdate: {done.stderr.strip()}")
        changes = list(self.primary.changes)
        if [change[:2] for change in changes] != list(wanted(case)):
            case.wrong.append(f"the update {changes} is not what the report says")
        if texts:
            self.compare_texts(case, changes, *texts[1:])
        by_zone = self.by_zone(changes)
        if changes and not any(self.primary.misbehaving.find(c[1]) is not None for v in by_zone.values() for c in v):
            case.named = self.beside.submit(self.named.take, script, by_zone)
        for fix in case.fixes:
            if fix["op"] in RECORDS and broken(fix):
                self.remove(fix)
        case.changes = self.by_zone(self.primary.changes)
        case.wrong += self.primary.faults
        for fix in case.fixes:
            if fix["op"] == FILE:
                url = urllib.parse.urlsplit(fix["url"])
                path = self.primary.lab / "fixed" / url.hostname / url.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(fix["body"])

    def by_zone(self, changes):
        zones = {}
        for what, owner, kind, ttl, rdata in changes:
            wire = name_wire(owner)
            zones.setdefault(self.primary.zone_of(wire), []).append((what, wire, kind, ttl, rdata))
        return zones

    def compare_texts(self, case, changes, piece, text):
        """The other forms of the cure say the same as the update."""
        panels = set(re.findall(r"web panel for ([^\s,]+),", " ".join(text.split())))
        zones = {self.primary.zone_of(name_wire(f["owner"])) for f in case.fixes if "owner" in f}
        if not panels <= {name_text(zone).removesuffix(".") for zone in zones if zone}:
            case.wrong.append(f"a web panel for {', '.join(sorted(panels))}, and the records are in another zone")
        zone = self.scratch / "fix"
        zone.write_text(piece)
        added = [(name_text(owner), kind, ttl, rdata) for owner, ttl, kind, rdata in read_records(zone)[0]]
        if not case.remark and sorted(added) != sorted(change[1:] for change in changes if change[0] == "add"):
            case.wrong.append(f"--format fix adds {added}, and the update {changes}")

    def remove(self, fix):
        """Removes a record as a person would do in an editor."""
        owner = name_wire(fix["owner"])
        rdata = bytes.fromhex("".join((fix["old_rdata"] if fix["op"] == "replace" else fix["rdata"]).split()[2:]))
        self.primary.change(self.primary.zone_of(owner), owner, KINDS[fix["type"]], NONE, 0, rdata)

    def take_away(self):
        self.primary.restore()
        shutil.rmtree(self.primary.lab / "fixed", ignore_errors=True)

    def again(self, case):
        return check(self.dcvprobe, case.situation)[0]

    def again_cured(self, case):
        return check(self.dcvprobe, case.cured)[0]

    def keeps(self, cases):
        """With the cures of a round the zones load, and what answered before answers the same."""
        zones = {}
        for case in cases:
            for zone in case.changes:
                zones.setdefault(zone, []).append(case)
        for file, address in self.primary.commit():
            for case in zones.pop(file.apex, []):
                case.harm.append(f"NSD at {address} does not load the zone {file.name}")
        files = [file for zone in zones for file in self.primary.zones.get(zone, [])]
        for file, refused in zip(files, at_once(self.named.refuses, files)):
            for case in zones[file.apex] if refused else []:
                case.harm.append(f"named-checkzone: {refused}")
        for zone in zones.keys() & self.primary.zones.keys():
            changes = [change for case in zones[zone] for change in case.changes[zone]]
            removed = {(o, k, d) for what, o, k, _, d in changes if what == "delete"}
            added = {(o, k, d) for what, o, k, _, d in changes if what == "add"}
            for name, kind, lost, gained in self.answers.differences(zone, removed, added):
                for case in zones[zone]:
                    case.harm.append(f"{name_text(name)} type {kind}: lost {set(lost)}, gained {set(gained)}")

    def round(self, cases):
        """One round of cases whose cures do not affect each other."""
        self.take_away()
        for case, texts in zip(cases, at_once(self.texts, cases)):
            self.apply(case, texts)
        self.keeps(cases)
        for case, report in zip(cases, settled(self.again_cured, cases,
                                         lambda _, report: report["verdict"] == "pass")):
            case.passes = report["verdict"] == "pass"
            if not case.passes:
                first = report["findings"][0] if report["findings"] else {"cause": report.get("reason"), "summary": ""}
                case.still = f"still {report['verdict']}: {first['cause']}: {first['summary']}"

    def relapsed(self, cases):
        self.take_away()
        if left := self.primary.commit():
            raise RuntimeError(f"NSD does not load what it loaded at the start: {left}")
        cases = list({case.situation.name: case for case in cases}.values())
        reports = settled(self.again, cases, lambda case, report: outcome(report) == outcome(case.report))
        for case, report in zip(cases, reports):
            if outcome(report) != outcome(case.report):
                case.wrong.append(f"with the cure taken away: {outcome(report)}, and before it: {outcome(case.report)}")


def as_expected(row, report):
    verdict, code, cause = outcome(report)
    return (verdict, code) == ("fail", row.code) and cause in row.cause.split("/")


def rounds(cases):
    """The cases in groups, by first fit, so that the cures in a group do not affect each other."""
    groups = []
    for case in cases:
        group = next((g for g in groups if not any(case.touches(other) for other in g)), None)
        if group is None:
            groups.append(group := [])
        group.append(case)
    return groups


def good_at_depth_full(dcvprobe, table, rows):
    """How many passing situations pass at depth full too, and what is wrong with the others."""
    wrong = []
    expected = {}
    for row in table:
        if row.verdict == "pass":
            expected.setdefault(row.key(), set()).update(row.cause.split("/"))

    def full(row):
        return check(dcvprobe, row, "--depth", "full")[0]

    def weighty(row, report):
        return {f["cause"] for f in report["findings"] if f["weight"] != "note"} - expected[row.key()]

    for row, report in zip(rows, settled(full, rows, lambda row, r: r["verdict"] == "pass" and not weighty(row, r))):
        if report["verdict"] != "pass":
            first = report["findings"][0]["summary"] if report["findings"] else report.get("reason")
            wrong.append(f"{row.name}: {report['verdict']} at depth full: {first}")
        elif weighty(row, report):
            wrong.append(f"{row.name}: {', '.join(weighty(row, report))} at depth full on a clean pass")
    return len(rows) - len(wrong), wrong


def shown(case):
    return "; ".join(f"{f['op']} " + " ".join(f[k] for k in ("argument", "value", "url", "owner", "type", "rdata")
                                             if k in f) for f in case.cure["ops"] if by_machine(f))


def main():
    dcvprobe, names = inside()
    table = situations()
    # slow ones first, so that they come into the same round, and all wait at the same time
    rows = slow_first(row for row in table if not names or row.name in names)
    loop = Loop(dcvprobe)
    failing = [row for row in rows if row.verdict == "fail"]
    cases, left, unexpected = [], {}, []
    for row, report in zip(failing, settled(loop.failing, failing, lambda row, r: as_expected(row, r))):
        if not as_expected(row, report):
            unexpected.append(f"{row.name}: {outcome(report)}, not what the table says")
            continue
        found = [] if row.option("--resolver") == KRESD else list(cures_of(report))
        for n, (finding, cure) in enumerate(found):
            cases.append(Case(row, report, finding, cure, n == 0))
            cases[-1].aside = loop.out_of_reach(cases[-1])
        if not found:
            ops = {f["op"] for c in report["findings"][0]["cures"] for f in c["ops"]}
            left.setdefault(", ".join(sorted(ops)), []).append(row.name)
    loop.begin(cases)
    groups = rounds(cases)
    for group in groups:
        loop.round(group)
    loop.relapsed(cases)
    for case in cases:
        case.wrong += case.named.result() if case.named else []
    passed, wrong = good_at_depth_full(dcvprobe, table, [row for row in rows if row.verdict == "pass"])

    wrong += unexpected
    failed = len(wrong)
    counts = {}
    for case in sorted(cases, key=lambda case: case.finding["cause"]):
        verdict, proven = case.verdict(), "proven" if case.cure["proven"] else "unsure"
        failed, passed = failed + (verdict == "FAIL"), passed + (verdict == "closed")
        counts[proven, verdict] = counts.get((proven, verdict), 0) + 1
        print(f"{verdict:6} {proven} {case.finding['cause']:24} {case.situation.name:24} {shown(case)}")
        if verdict != "closed":
            print(f"       {case.remarks()}")
    print("\n" + ", ".join(f"{n} {proven} {verdict}" for (proven, verdict), n in sorted(counts.items())))
    print(f"In {len(groups)} rounds. Nothing for a machine to do in:")
    for ops, names in sorted(left.items()):
        print(f"  {ops or 'no fix'}: {' '.join(names)}")
    for line in wrong:
        print(f"FAIL   {line}")
    loop.named.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()

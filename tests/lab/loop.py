#!/usr/bin/env python3
"""Applies the fixes of reports and checks again: loop.py DCVPROBE [NAME…]

Each failing situation whose first finding has records or a file as its fix is fixed by program and checked again: it
must pass. Then the fix is undone: it must fail with the same code and cause as before. Records are changed by
nsupdate(1) with the output of `--format nsupdate`, at the primary of the zones (updates.py); files are put on the web
site. `--format fix` must say the same as the update. Fixes that only a person can apply are not tested.

Each situation that passes is checked at depth full: it must pass there, with no finding of more weight than a note but
those that a row of the tables expects for the same domain.

Prints a table; ends with "N passed, N failed"; status 77 where no lab can be."""
import copy
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

from situation import at_once, check, inside, reports_of, settled, situations, slow_first
from updates import NONE, Primary, name_text, name_wire, read_records

KINDS = {"TXT": 16, "CAA": 257}  # of records that can be broken
RECORDS, FILE = ("add", "remove", "replace"), "put-file"
# Causes whose first report brings a machine's part and a person's: why the machine's alone need not suffice.
PERSONS_PART = {
    "file-forbidden": "the server's access rules keep everybody from the file: they are changed by hand",
}


def first_cure(finding):
    """The first cure that a program can carry out; the first cure where there is none."""
    cures = [c for c in finding["cures"] if not c["breaks"]]
    machine = [c for c in cures if any(f["op"] in (*RECORDS, FILE) or f.get("value") for f in c["ops"])]
    return (machine or cures or [{"ops": [], "proven": False}])[0]


def cure_of(finding):
    return first_cure(finding)["ops"]


def unproven(report):
    """Whether the first cure has records, and the program does not vouch for them."""
    cure = first_cure(report["findings"][0]) if report["findings"] else {"ops": [], "proven": True}
    return not cure["proven"] and any(f["op"] in RECORDS for f in cure["ops"])


def ordered(situation, option, value):
    """The situation with another method, or another name to check at."""
    other = copy.copy(situation)
    if option in situation.options:
        at = situation.options.index(option)
        other.options = [*situation.options[:at + 1], value, *situation.options[at + 2:]]
    else:
        other.options = [*situation.options, option, value]
    return other


class Case:
    """A failing situation with a cure for a machine."""

    def __init__(self, situation, report):
        self.situation, self.report = situation, report
        self.finding = report["findings"][0]
        ops = cure_of(self.finding)
        self.unproven = unproven(report)
        self.fixes = [f for f in ops if f["op"] in (*RECORDS, FILE)]
        self.cured = situation
        for fix in ops:
            if fix["op"] == "input":
                self.cured = ordered(self.cured, "--" + fix["argument"], fix["value"])
        self.changed = {name_text(name_wire(f["owner"])) for f in self.fixes if "owner" in f}
        self.changed |= {f["url"] for f in self.fixes if "url" in f}
        asked = {name_text(name_wire(f["qname"])) for f in report["evidence"] if "qname" in f}
        self.asked = self.changed | asked | {f["url"] for f in report["evidence"] if "url" in f}
        self.wrong = []
        self.excuse = PERSONS_PART.get(self.finding["cause"])

    def touches(self, other):
        """One of the two might be cured by the other's cure."""
        return bool(self.changed & other.asked or other.changed & self.asked)


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


class Loop:
    def __init__(self, dcvprobe):
        self.dcvprobe = dcvprobe
        self.known = reports_of(dcvprobe)
        self.primary = Primary()
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=self.primary.lab))

    def failing(self, situation):
        """The first check, which saves its evidence: what to do about it is asked of that. run.sh's own where it ran in
        this lab, and a new one where that does not do."""
        if situation.name in self.known:
            report, saved = self.known.pop(situation.name)
            shutil.copy(saved, self.saved(situation))
        else:
            report, _ = check(self.dcvprobe, situation, "--save", str(self.saved(situation)))
        if unproven(report) and as_expected(situation, report):  # what depth quick does not ask, depth full does
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

    def cure(self, case):
        """As an update, as a piece of a zone file and as a text."""
        return [replayed(self.dcvprobe, self.saved(case.situation), form) for form in ("nsupdate", "fix", "text")]

    def apply(self, case, script, piece, text):
        """Hands the cure of one case to the primary and to the web site."""
        panels = set(re.findall(r"web panel for ([^\s,]+),", " ".join(text.split())))
        zones = {self.primary.zone_of(name_wire(f["owner"])) for f in case.fixes if "owner" in f}
        if not panels <= {name_text(zone).removesuffix(".") for zone in zones if zone}:
            case.wrong.append(f"a web panel for {', '.join(sorted(panels))}, and the records are in another zone")
        self.primary.changes, self.primary.faults = [], []
        if case.unproven:  # it is written for a person, who takes it from there
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
        zone = self.scratch / "fix"
        zone.write_text(piece)
        added = [(name_text(owner), kind, ttl, rdata) for owner, ttl, kind, rdata in read_records(zone)[0]]
        if not case.unproven and sorted(added) != sorted(change[1:] for change in changes if change[0] == "add"):
            case.wrong.append(f"--format fix adds {added}, and the update {changes}")
        for fix in case.fixes:
            if fix["op"] in RECORDS and broken(fix):
                self.remove(fix)
        case.wrong += self.primary.faults
        for fix in case.fixes:
            if fix["op"] == FILE:
                url = urllib.parse.urlsplit(fix["url"])
                path = self.primary.lab / "fixed" / url.hostname / url.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(fix["body"])

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

    def cured(self, cases):
        """One round of cases whose cures do not affect each other."""
        self.take_away()
        for case, cure in zip(cases, at_once(self.cure, cases)):
            self.apply(case, *cure)
        self.primary.commit()
        for case, report in zip(cases, settled(self.again_cured, cases,
                                         lambda _, report: report["verdict"] == "pass")):
            if report["verdict"] != "pass":
                first = report["findings"][0] if report["findings"] else {"cause": report.get("reason"), "summary": ""}
                case.wrong.append(f"still {report['verdict']}: {first['cause']}: {first['summary']}")

    def relapsed(self, cases):
        self.take_away()
        self.primary.commit()
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


def shown(fix):
    if fix["op"] == FILE:
        return f"put-file {fix['url']}"
    return f"{fix['op']} {fix['owner']} {fix['type']} {fix['rdata']}"


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
        ops = [f["op"] for f in cure_of(report["findings"][0])]
        if set(ops) & {*RECORDS, FILE}:
            cases.append(Case(row, report))
            cases[-1].excuse = cases[-1].excuse or loop.out_of_reach(cases[-1])
        else:
            left.setdefault(", ".join(sorted(set(ops))), []).append(row.name)
    groups = rounds(cases)
    for group in groups:
        loop.cured(group)
    loop.relapsed(cases)
    passed, wrong = good_at_depth_full(dcvprobe, table, [row for row in rows if row.verdict == "pass"])

    wrong += unexpected
    failed = len(wrong)
    for case in sorted(cases, key=lambda case: case.finding["cause"]):
        verdict = "closed" if not case.wrong else "person" if case.excuse else "FAIL"
        failed, passed = failed + (verdict == "FAIL"), passed + (verdict == "closed")
        print(f"{verdict:6} {case.finding['cause']:24} {case.situation.name:24} {'; '.join(map(shown, case.fixes))}")
        if case.wrong:
            print(f"       {case.excuse if case.excuse else '; '.join(case.wrong)}")
    print(f"\nTried though not proven: {' '.join(case.situation.name for case in cases if case.unproven) or 'none'}")
    print(f"\nIn {len(groups)} rounds. Nothing for a machine to do in:")
    for ops, names in sorted(left.items()):
        print(f"  {ops or 'no fix'}: {' '.join(names)}")
    for line in wrong:
        print(f"FAIL   {line}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()

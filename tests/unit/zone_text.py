#!/usr/bin/env python3
"""zone_text.py DCVPROBE: names that dcvprobe shows are what name servers read in a zone file.

Names of all kinds of bytes go in as octets and come out as text; a zone of these texts is read by the tools of other
projects, as rdata and as owners. ldns-read-zone must come to the same octets; nsd-checkzone and named-checkzone must
accept the zone. A tool that is not installed is left out; exit status 77 where none is."""
import json
import re
import shutil
import subprocess
import sys
import tempfile

LABELS = [bytes([c]) for c in range(1, 256)] + [bytes([c]) + b"a" for c in b'$@";()\\.#*_ '] + \
    [b"a" + bytes([c]) for c in b'$@";()\\.#*_ '] + [b'00 \\".@*', b'"a",', b"$TTL", b"@", b"a;b", b"(", b"\\# 1 00"]
ZONE = b"\x04zone\x04test\x00"


def shown(dcvprobe, names):
    """The text of each name, as the rdata of a PTR record."""
    answer = [{"owner": "zone.test.", "type": "PTR", "rdata": f"\\# {len(n)} {n.hex()}"} for n in names]
    case = {"request": {"domain": "zone.com", "methods": ["caa"], "now": "2026-11-22T12:00:00Z", "depth": "quick"},
            "evidence": [{"kind": "dns", "qname": "zone.com.", "qtype": "PTR", "rcode": "NOERROR", "answer": answer}]}
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
        json.dump(case, f)
        f.flush()
        done = subprocess.run([dcvprobe, "replay", f.name, "--format", "ndjson"], capture_output=True, text=True)
    return [r["rdata"] for r in json.loads(done.stdout)["evidence"][0]["answer"]]


def octets(text):
    """The octets of a name in text; ASCII letters in lower case, since tools may change the case of owners."""
    wire, label = b"", b""
    for m in re.finditer(r"\\([0-9]{3})|\\(.)|(.)", text):
        if m[3] == ".":
            wire, label = wire + bytes([len(label)]) + label, b""
        else:
            label += bytes([int(m[1])]) if m[1] else (m[2] or m[3]).encode()
    return (wire + b"\0").lower()


def main():
    dcvprobe = sys.argv[1]
    names = [bytes([len(l)]) + l + ZONE for l in LABELS]
    texts = shown(dcvprobe, names)
    tools = [t for t in ("ldns-read-zone", "nsd-checkzone", "named-checkzone") if shutil.which(t)]
    head = "zone.test. 60 IN SOA ns.zone.test. host.zone.test. 1 60 60 60 60\nzone.test. 60 IN NS ns.zone.test.\n" \
        "ns.zone.test. 60 IN A 45.54.64.53\n"
    for tool in tools:
        # NSD 4.6 takes the dot behind an escaped backslash for a part of the label.
        lines = [f"{t} 60 IN PTR {t}\n" for t in texts if tool != "nsd-checkzone" or "\\\\.zone" not in t]
        with tempfile.NamedTemporaryFile("w", suffix=".zone") as f:
            f.write(head + "".join(lines))
            f.flush()
            command = {"ldns-read-zone": [tool, f.name], "nsd-checkzone": [tool, "zone.test", f.name],
                       "named-checkzone": [tool, "-i", "none", "-k", "ignore", "-n", "ignore", "zone.test", f.name]}
            done = subprocess.run(command[tool], capture_output=True, text=True)
        assert done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}"
        if tool == "ldns-read-zone":
            pairs = [l.split("\t") for l in done.stdout.splitlines() if "\tPTR\t" in l]
            got = {(octets(p[0]), octets(p[4])) for p in pairs}
            want = {(n.lower(), n.lower()) for n in names}
            # ldns 1.8 reads rdata whose first label is @ as the origin, however it is escaped.
            want = {(o, d[2:] if d.startswith(b"\x01@") and (o, d[2:]) in got else d) for o, d in want}
            assert got == want, f"ldns reads other names: {sorted(got ^ want)[:6]}"
    print(f"{len(names)} names read by {', '.join(tools)}")
    return 0 if tools else 77


if __name__ == "__main__":
    sys.exit(main())

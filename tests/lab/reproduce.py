#!/usr/bin/env python3
"""Runs the commands that reproduce facts, and compares their output with the facts: reproduce.py DCVPROBE [NAME…]

Runs the `reproduce` line of every fact of every situation, each line once, by a shell as a person would paste it, and
compares what dig and curl see with the fact: the rcode and the records, the status and the beginning of the body, the
kind of failure. Ends with "N passed, N failed"; status 77 where no lab can be."""
import base64
import re
import signal
import subprocess
import sys
import threading

from situation import at_once, check, inside, reports_of, situations

SEEN = 1 << 20  # bytes of output that are read: some servers send without an end
PATIENCE = 12  # seconds, then a line counts as silent
SILENT = 3  # how many lines are run that get no answer: each takes all of PATIENCE
MOST_PASSING = 5  # how many questions may be of one moment only before it must be more than a busy machine
# What a line cannot show again.
LEFT_OUT = {
    "the server does not always say the same": r"limited|timeout-once|ns-behind|ns-differ",
    "the lab's root is not the one that unbound-host knows": r"^unbound-host ",
}
# curl's exit status for each outcome without a response (curl(1), EXIT CODES)
FAILURES = {"refused": (7,), "unreachable": (7,), "timeout": (28,), "reset": (52, 56, 35), "tls": (35, 60),
            "not-http": (1, 8, 35, 56), "too-many-redirects": (47,)}


def run(line):
    """Exit status (None: it did not end in time) and the beginning of the output."""
    with subprocess.Popen(["bash", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        too_long = threading.Timer(PATIENCE, process.kill)
        too_long.start()
        out = process.stdout.read(SEEN)
        process.stdout.close()
        status = process.wait()
        too_long.cancel()
        return None if status == -signal.SIGKILL else status, out


def squeezed(text):
    return re.sub(r"\s+", "", text).lower()


def dns_differs(fact, status, text):
    rcode = re.search(r"status: (\w+)", text)
    silent = status is None or (
        not rcode and re.search(r"timed out|no servers could be reached|connection refused|closed", text))
    # A resolver waits for silent servers, gives up in the end, and remembers that for a while.
    gave_up = rcode and rcode[1] == "SERVFAIL"
    if fact["via"] == "resolver" and (silent and fact["outcome"] == "servfail" or
                                      gave_up and fact["outcome"] == "timeout"):
        return None
    if fact["outcome"] in ("timeout", "unreachable"):
        return None if silent else f"an answer, and the fact is a {fact['outcome']}"
    broken = fact["outcome"] == "malformed" or any("defect" in r or r["rdata"].startswith("\\#")
                                                   for r in fact["answer"])
    if broken and (silent or not rcode or fact["outcome"] == "malformed"):
        said = re.search(r"malformed|mismatch|bad |extra|error|warning", text, re.I)
        return None if silent or said else "nothing wrong with the answer"
    if not rcode or rcode[1] != fact["rcode"]:
        return f"status {rcode[1] if rcode else 'none'}, not {fact['rcode']}"
    seen = {squeezed(line.split(None, 4)[4]) for line in text.splitlines() if re.match(r"[^;\s]+\s+\d+\s+IN\s", line)}
    missing = [r["rdata"] for r in fact["answer"] if "defect" not in r and squeezed(r["rdata"]) not in seen]
    return f"without {missing[0]}" if missing else None


def http_differs(fact, status, output):
    if fact["outcome"] != "response":
        expected = FAILURES[fact["outcome"]]
        hangs = status is None and fact["outcome"] == "timeout"
        return None if hangs or status in expected else f"exit status {status}, not {expected}"
    if "undecoded" in fact and status == 61:  # curl's "unrecognized or bad content encoding": it shows nothing then
        return None
    head, _, body = output.partition(b"\r\n\r\n")
    line = re.match(rb"HTTP/\S+ (\d+)", head)
    if not line or int(line[1]) != fact["status"]:
        return f"{head[:40]}, not status {fact['status']}"
    wanted = base64.b64decode(fact["body_base64"]) if "body_base64" in fact else fact["body"].encode()
    return None if body.startswith(wanted) else f"another body: {body[:40]}"


def differs(fact):
    status, output = run(fact["reproduce"])
    if fact["kind"] == "dns":
        return dns_differs(fact, status, output.decode("latin-1"))
    return http_differs(fact, status, output)


def main():
    dcvprobe, names = inside()
    facts, rows, silent = {}, {}, 0
    # the forms of the lines are all in these; those of way-situations are very many, and no others
    table, known = situations(names, "" if names else "situations caa-situations"), reports_of(dcvprobe)

    def report_of(row):
        return known[row.name][0] if row.name in known else check(dcvprobe, row)[0]

    for row, report in zip(table, at_once(report_of, table)):
        for fact in report["evidence"]:
            facts.setdefault(fact["reproduce"], fact)
            rows.setdefault(fact["reproduce"], row)

    def once_more(line):
        """Runs the line alone, after a new check: on a busy machine a server may have answered late, and what a check
        asks may depend on that. A question that three checks no longer ask has nothing to be compared with."""
        for _ in range(3):
            report, _ = check(dcvprobe, rows[line])
            fact = next((fact for fact in report["evidence"] if fact["reproduce"] == line), None)
            if fact:
                return differs(fact)
        passing.append(line)
        return None

    chosen, passing = [], []
    for line, fact in facts.items():
        waits = fact["outcome"] in ("timeout", "unreachable")
        silent += waits
        if fact["outcome"] != "forbidden-address" and not (waits and silent > SILENT) and \
                not any(re.search(pattern, line) for pattern in LEFT_OUT.values()):
            chosen.append(fact)
    failed = 0
    for fact, wrong in zip(chosen, at_once(differs, chosen)):
        if wrong and (wrong := once_more(fact["reproduce"])):
            failed += 1
            print(f"FAIL {fact['reproduce']}\n     {wrong}")
    print(f"{len(facts)} lines, {len(facts) - len(chosen)} left out: forbidden addresses, more silence, "
          f"{', '.join(LEFT_OUT)}")
    print(f"{len(chosen) - failed - len(passing)} passed, {failed} failed, {len(passing)} asked only once")
    sys.exit(failed > 0 or not chosen or len(passing) > MOST_PASSING)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares dcvprobe check --depth full with a CA's resolver in many small internets, which are made from seeds.

  differential.py DCVPROBE [--seed N] [--count M]   M internets of seeds N, N+1, ... and those in found/
  differential.py DCVPROBE --replay FILE...         the internets that files describe
  differential.py --show N                          the description of one seed

README.md says what is compared. Ends with 0 where all agree, 1 where one does not; 77 where no lab can be."""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import generate
import oracle
import serve
from internet import MOST_CHOICES, TOKEN, Internet, plain

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE = 250  # internets that are served at a time
SHRINK_ROUNDS = 40
MOST_SHRUNK = 4  # of one run: each takes ten seconds or more


def inside(arguments):
    """Starts this program again in a network of its own within the lab."""
    if os.environ.get("DIFFERENTIAL_INSIDE") == "up":
        return
    if os.environ.get("LAB_INSIDE") != "up":
        os.execv(HERE.parent / "lab.sh", ["lab.sh", "--", sys.executable, __file__, *arguments])
    os.environ["DIFFERENTIAL_INSIDE"] = "up"
    os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, *arguments])


def make_network():
    commands = ["link set lo up"] + [f"route add local {net} dev lo" for net in ("45.54.0.0/16", "45.55.0.0/16")]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True)


class Lab:
    """The network, the resolvers, and the name servers of the internets that are being tried."""

    def __init__(self, dcvprobe):
        self.dcvprobe = dcvprobe
        self.directory = oracle.start_directory()
        self.servers, self.number = None, 0
        make_network()
        self.serve({})
        self.resolvers = oracle.start_resolvers(self.directory, MOST_CHOICES)

    def serve(self, texts):
        self.stop_servers()
        path = pathlib.Path(self.directory) / "internets.json"
        path.write_text(json.dumps(texts))
        self.servers = subprocess.Popen([sys.executable, HERE / "serve.py", path], start_new_session=True)
        deadline = time.monotonic() + 20
        while True:
            try:
                asked = subprocess.run(["dig", "+time=1", "+tries=1", "+short", f"@{serve.TLD_ADDRESS}", "com", "SOA"],
                                       check=False, capture_output=True, text=True)
                if asked.returncode == 0 and asked.stdout:
                    return
            finally:
                if time.monotonic() > deadline:
                    raise RuntimeError("the name servers do not start")
            time.sleep(0.05)

    def stop_servers(self):
        if self.servers:
            os.killpg(self.servers.pid, signal.SIGKILL)
            self.servers.wait()
            self.servers = None

    def close(self):
        self.stop_servers()
        for resolver in self.resolvers:
            resolver.process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ------------------------------------------------------------ one lot of internets
    def reports(self, internets):
        """What dcvprobe says of each: {domain: report}."""
        requests = [{"domain": internet.domain, "methods": [internet.methods[0]], "depth": "full", "token": TOKEN,
                     "deadline": 20} for internet in internets]
        for request in requests:
            if request["methods"] == ["caa"]:
                del request["token"]
        done = subprocess.run([self.dcvprobe, "batch", "-", "--no-evidence", "--in-flight", "48", "--resolver",
                               f"{self.resolvers[0].address}:{oracle.PORT}"],
                              input="".join(json.dumps(request) + "\n" for request in requests), check=False,
                              capture_output=True, text=True)
        found = {}
        for line in done.stdout.splitlines():
            report = json.loads(line)
            found[report["domain"]] = report
        if len(found) != len(requests):
            raise RuntimeError(f"dcvprobe gave {len(found)} reports of {len(requests)}: {done.stderr[-2000:]}")
        return found

    def run(self, texts):
        """[(difference or None, outcomes, report)] of each text; None for one that cannot be tried."""
        internets = []
        for text in texts:
            self.number = self.number % 3999 + 1
            try:
                internets.append(Internet(text, self.number))
            except (ValueError, IndexError):
                internets.append(None)
        able = [internet for internet in internets if internet and internet.choices()]
        if not able:
            return [None] * len(texts)
        self.serve({internet.number: internet.text for internet in able})
        with concurrent.futures.ThreadPoolExecutor(17) as pool:
            reports = pool.submit(self.reports, able)
            seen = {internet.number: pool.submit(oracle.outcomes, self.resolvers[1:], internet, internet.methods[0])
                    for internet in able}
            results = []
            for internet in internets:
                found = seen[internet.number].result() if internet in able else None
                if not found:
                    results.append(None)
                    continue
                report = reports.result()[internet.domain]
                differs = oracle.compare(internet, found, report)
                results.append((differs, found, report) if differs or not internet.unsure() else None)
        return results


# ------------------------------------------------------------------ making an example smaller
def smaller(text):
    """Descriptions with one thing less."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.startswith("zone "):
            end = next((k for k in range(i + 1, len(lines)) if not lines[k].startswith(" ")), len(lines))
            apex = line.split()[1]
            yield "\n".join(kept for k, kept in enumerate(lines)
                            if not i <= k < end and kept.split()[2:3] != [apex]) + "\n"
            if len(line.split()) > 2:
                yield "\n".join(lines[:i] + [f"zone {apex}"] + lines[i + 1 :]) + "\n"
        elif not line.startswith(("domain ", "check ")):
            yield "\n".join(lines[:i] + lines[i + 1 :]) + "\n"
            if line.startswith("    ns ") and len(line.split()) > 2:
                yield "\n".join(lines[:i] + [" ".join(["   "] + line.split()[:2])] + lines[i + 1 :]) + "\n"


def shrink(lab, text, kind):
    for _ in range(SHRINK_ROUNDS):
        candidates = list(smaller(text))
        results = lab.run(candidates)
        text, before = next((candidate for candidate, result in zip(candidates, results)
                             if result and result[0] and result[0][0] == kind), text), text
        if text == before:
            break
    return text


# ------------------------------------------------------------------ all of it
def show(name, text, result):
    kind, what = result[0]
    print(f"--- {name}: {kind}: {plain(what)}")
    print(plain(text).replace(TOKEN, "TOKEN"), end="")
    for choice, known, outcome in result[1]:
        servers = " ".join(f"{plain(apex)}={server}" for apex, server in choice.items())
        print(f"    with {servers}{f' (knows zones of {known} labels)' if known else ''}: {outcome}")
    report = result[2]
    causes = [finding["cause"] for finding in report["findings"]]
    print(f"    dcvprobe: {report['verdict']} {report.get('detail_code')} {' '.join(causes)}", flush=True)


def try_all(lab, named):
    """named: [(name, text)]. Returns the count of each kind, and what differs as (name, text, result)."""
    counts, differing = collections.Counter(), []
    for start in range(0, len(named), AT_ONCE):
        lot = named[start : start + AT_ONCE]
        for (name, text), result in zip(lot, lab.run([text for _, text in lot])):
            if not result:
                counts["left out"] += 1
            elif result[0]:
                differing.append((name, text, result))
            else:
                counts["agree"] += 1
    # Once more, alone: on a busy machine an answer may have been late.
    again = lab.run([text for _, text, _ in differing]) if differing else []
    for (name, text, _), result in zip(list(differing), again):
        if result and result[0]:
            counts[result[0][0]] += 1
        else:
            counts["agree" if result else "left out"] += 1
    return counts, [(name, text, result) for (name, text, _), result in zip(differing, again) if result and result[0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dcvprobe", nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--replay", nargs="+", metavar="FILE")
    parser.add_argument("--show", type=int, metavar="SEED")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--keep", metavar="DIRECTORY", help="where descriptions that differ are written")
    options = parser.parse_args()
    if options.show is not None:
        print(generate.description(options.show), end="")
        return 0
    if not options.dcvprobe:
        parser.error("the path of dcvprobe is missing")
    files = [pathlib.Path(file) for file in options.replay] if options.replay else sorted((HERE / "found").glob("*"))
    named = [(file.name, file.read_text()) for file in files]
    inside(sys.argv[1:])
    if not options.replay:
        print(f"seeds {options.seed} to {options.seed + options.count - 1}", flush=True)
        named += [(f"seed-{seed}", generate.description(seed))
                  for seed in range(options.seed, options.seed + options.count)]
    lab = Lab(os.path.realpath(options.dcvprobe))
    try:
        counts, differing = try_all(lab, named)
        for at, (name, text, result) in enumerate(differing):
            if not options.no_shrink and at < MOST_SHRUNK:
                text = shrink(lab, text, result[0][0])
                result = lab.run([text])[0] or result
                if not result[0]:
                    result = [entry for entry in differing if entry[0] == name][0][2]
            show(name, text, result)
            if options.keep:
                pathlib.Path(options.keep, name).write_text(text)
    finally:
        lab.close()
    print(", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    return 1 if differing or not counts["agree"] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Tests contrib/grafana and contrib/icinga with the programs: a running dcvd exports every metric and label of the
dashboard, and the commands that Icinga would run give the status and output of a plugin.

monitoring.py TOP, with DCVD and DCVPROBE in the environment."""
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(TOP / "tests" / "e2e"))
from daemon import Daemon, Resolver, main, same, true  # pylint: disable=wrong-import-position

TOKEN = "0123456789abcdefghijklmnopqrstuv"
PROMQL = {"sum", "max", "by", "rate", "increase", "histogram_quantile", "topk", "le"}


def started():
    return Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]})).start()


def exported(text):
    """{name of a sample: its labels}"""
    found = {}
    for name, labels in re.findall(r"^(\w+)(\{.*\})? [0-9.e+-]+$", text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def grafana():
    dashboard = json.loads((TOP / "contrib/grafana/dcvd.json").read_text(encoding="utf-8"))
    dcvd = started()
    dcvd.done(dcvd.submit(domain="good.com", methods=["dns-txt-token"], token=TOKEN))
    metrics = exported(dcvd.get("/metrics").text.decode())
    dcvd.close()
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            where = f"panel {panel['title']}: {expression}"
            same(expression.count("("), expression.count(")"), f"{where}: parentheses")
            bare = re.sub(r'"[^"]*"|\$\w+', "", expression)
            names = {n for n in re.findall(r"[a-z_]+", bare) if n.startswith(("dcvd_", "process_"))}
            true(names, f"{where}: no metric")
            labels = set(re.findall(r"(\w+)=~?", bare)) | {
                label for by in re.findall(r"by \(([^)]*)\)", bare) for label in by.split(", ")}
            labels |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for name in names:
                true(name in metrics, f"{where}: dcvd exports no {name}")
                true(labels - {"instance"} <= metrics[name], f"{where}: {name} has the labels {metrics[name]} only")
            same(set(re.findall(r"[a-z_]+", bare)) - names - labels - PROMQL, set(),
                 f"{where}: words that are not known")
    ids = [panel["id"] for panel in dashboard["panels"]]
    same(len(set(ids)), len(ids), "panels have different ids")
    true("://" not in json.dumps(dashboard), "the dashboard names a host")


def commands():
    """{name: (command, {option: its variable}, variables)} of Icinga's CheckCommand objects."""
    text = re.sub(r"/\*.*?\*/", "", (TOP / "contrib/icinga/dcvd.conf").read_text(encoding="utf-8"), flags=re.S)
    found = {}
    for name, body in re.findall(r'^object CheckCommand "(\w+)" \{\n(.*?)^\}', text, re.M | re.S):
        command = json.loads(re.search(r"^  command = (\[.*?\])$", body, re.M | re.S)[1])
        options = dict(re.findall(r'^    "(--[a-z-]+)" = \{\n      value = "\$(\w+)\$"', body, re.M))
        values = {k: v.strip('"') for k, v in re.findall(r"^  vars\.(\w+) = (.*)$", body, re.M)}
        found[name] = command, options, values
    used = set(re.findall(r'check_command = "(\w+)"', text))
    same(used, set(found), "commands that services use")
    return found


def run(definition, **values):
    """Runs the command as Icinga does: $name$ is the variable, $$ a dollar sign; options whose variable is not set are
    left out."""
    command, options, defaults = definition
    values = {**defaults, **values}
    known = set(options.values()) | set(re.findall(r"\$(\w+)\$", " ".join(command).replace("$$", "")))
    same(set(values) - known, set(), "variables that no argument takes")
    words = [re.sub(r"\$(\w*)\$", lambda m: str(values[m[1]]) if m[1] else "$", word) for word in command]
    words[0] = words[0].replace("/usr/bin/dcvprobe", os.environ["DCVPROBE"])
    for option, variable in options.items():
        if variable in values:
            words += [option, str(values[variable])]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def icinga():
    defined = commands()
    dcvd = started()
    dcv, ready = defined["dcv"], defined["dcvd_ready"]
    resolver = f"127.0.0.1:{dcvd.resolver.port}"
    status, said = run(dcv, dcv_domain="good.com", dcv_method="dns-txt-token", dcv_token=TOKEN, dcv_resolver=resolver)
    same((status, said[:6]), (0, "DCV OK"), said)
    status, said = run(dcv, dcv_domain="bad.com", dcv_method="dns-txt-token", dcv_token=TOKEN, dcv_resolver=resolver)
    same((status, said[:12]), (2, "DCV CRITICAL"), said)
    # The token alone: of all methods one that passes is enough. Without it nothing is known of control.
    for domain, values, expected in (("good.com", {"dcv_token": TOKEN}, (0, "DCV OK - good.com dns-txt-token pass")),
                                     ("bad.com", {"dcv_token": TOKEN}, (2, "DCV CRITICAL - bad.com dns-txt-token ")),
                                     ("good.com", {}, (3, "DCV UNKNOWN - good.com control not checked: No token ")),
                                     ("good.com", {"dcv_method": "caa"}, (0, "DCV OK - good.com caa pass"))):
        status, said = run(dcv, dcv_domain=domain, dcv_resolver=resolver, **values)
        same((status, said[:len(expected[1])]), expected, f"{domain} {values}: {said}")
    takes = subprocess.run([os.environ["DCVPROBE"], "check", "--=x"], capture_output=True, text=True,
                           check=False).stderr
    same(set(dcv[1]) - set(re.findall(r"'(--[a-z-]+)'", takes)), set(), "options that dcvprobe check does not have")
    status, said = run(ready, dcvd_socket=dcvd.socket)
    same((status, said), (0, "DCVD OK - it takes requests\n"), "a daemon that is ready")
    dcvd.close()
    status, said = run(ready, dcvd_socket=dcvd.socket)
    same((status, said[:15]), (2, "DCVD CRITICAL -"), "no daemon")
    true(said.count("\n") == 1, f"one line of status: {said!r}")


main({"grafana": grafana, "icinga": icinga})

#!/usr/bin/env python3
"""Tests contrib/grafana, contrib/icinga and contrib/prometheus with the programs: a running dcvd exports every metric
and label of the dashboard, the commands that Icinga would run give the status and output of a plugin, and a Prometheus
that runs with the scrape configuration has the metrics of dcvd and of the domains.

monitoring.py TOP, with DCVD and DCVPROBE in the environment."""
import atexit
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import urllib.parse
import urllib.request

TOP = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(TOP / "tests" / "e2e"))
from daemon import Daemon, Resolver, main, same, true, within  # pylint: disable=wrong-import-position

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


def tool(name):
    """The path of a program of Debian's package prometheus. Without it the test is skipped, with CI set it fails."""
    found = shutil.which(name)
    if not found:
        print(f"there is no {name}: contrib/packages-check names the package")
        sys.exit(1 if os.environ.get("CI") else 77)
    return found


def promtool(*args, **popen):
    done = subprocess.run([tool("promtool"), *args], capture_output=True, text=True, check=False, timeout=60, **popen)
    true(done.returncode == 0, f"promtool {' '.join(map(str, args))}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def prometheus():
    folder = TOP / "contrib/prometheus"
    promtool("check", "rules", folder / "dcvd.rules.yml")
    promtool("check", "config", folder / "prometheus.yml")
    promtool("test", "rules", folder / "dcvd.rules.test.yml")
    rules = re.sub(r"{{.*?}}", "", (folder / "dcvd.rules.yml").read_text(encoding="utf-8"))
    alerts = set(re.findall(r"alert: (\w+)", rules))
    tests = (folder / "dcvd.rules.test.yml").read_text(encoding="utf-8")
    tested = set(re.findall(r"alertname: (\w+)\n +exp_alerts", tests))
    same(tested, alerts, "alerts that a test sees fire")

    port, own = free_port(), free_port()
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.set("daemon", listen=f"127.0.0.1:{port}")
    dcvd.start()
    dcvd.done(dcvd.submit(domain="good.com", methods=["dns-txt-token"], token=TOKEN))
    exports = dcvd.get("/metrics").text.decode()
    probed = dcvd.get(f"/v1/probe?domain=good.com&token={TOKEN}").text.decode()
    for text in (exports, probed):
        same(promtool("check", "metrics", input=text), "", "what promtool finds in the metrics")
    known = {**exported(exports), **exported(probed)}
    used = set(re.findall(r"\bdcvd_\w+", rules))
    true(len(used) >= 7 and used <= set(known), f"metrics of the rules that dcvd does not export: {used - set(known)}")

    text = (folder / "prometheus.yml").read_text(encoding="utf-8").replace("127.0.0.1:8053", f"127.0.0.1:{port}")
    text = text.replace("  - dcvd.rules.yml", f"  - {folder.resolve()}/dcvd.rules.yml")
    text = re.sub(r"(scrape_interval|scrape_timeout): \w+", r"\1: 2s", text)
    text = text.replace("job_name: dcvd\n", "job_name: dcvd\n    scrape_interval: 2s\n    scrape_timeout: 2s\n")
    text = text.replace("/etc/prometheus/", dcvd.dir + "/")
    pathlib.Path(dcvd.dir, "prometheus.yml").write_text(text, encoding="utf-8")
    pathlib.Path(dcvd.dir, "dcv-orders.json").write_text(json.dumps(
        [{"targets": [domain], "labels": {"__param_token": TOKEN, "__param_method": "dns-txt-token"}}
         for domain in ("good.com", "bad.com")]), encoding="utf-8")
    with open(dcvd.dir + "/prometheus.log", "wb") as log:
        server = subprocess.Popen([tool("prometheus"), f"--config.file={dcvd.dir}/prometheus.yml",
                                   f"--storage.tsdb.path={dcvd.dir}/tsdb", f"--web.listen-address=127.0.0.1:{own}"],
                                  stdout=log, stderr=log)
    atexit.register(server.kill)

    def result(expression):
        url = f"http://127.0.0.1:{own}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    def scraped():
        return len(result('dcvd_probe_success{job=~"dcv.*"}')) == 4 and result('up{job="dcvd"} == 1')

    within(60, "Prometheus has scraped all", scraped)
    orders = {(r["metric"]["domain"], r["value"][1]) for r in result('dcvd_probe_success{job="dcv-orders"}')}
    same(orders, {("good.com", "1"), ("bad.com", "0")}, "the domains of the orders")
    failing = [r["metric"] for r in result(re.search(r"alert: DcvFails\n +expr: >-\n(.*\n.*)\n", rules)[1])]
    same([(m["domain"], m["code"], m["cause"]) for m in failing], [("bad.com", "invalid_dns_txt", "txt-absent")],
         "what the alert DcvFails finds")
    true(TOKEN not in json.dumps(result('{job=~"dcv.*"}')), "the value of an order is no label")
    same({r["metric"]["domain"] for r in result('dcvd_probe_success{job="dcv"}')},
         {"www.example.com", "shop.example.com"}, "the domains of the example")
    server.terminate()
    server.wait(20)
    dcvd.close()


main({"grafana": grafana, "icinga": icinga, "prometheus": prometheus})

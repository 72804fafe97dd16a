#!/usr/bin/env python3
"""One domain, one verdict, end to end: the exit statuses of all commands that judge, their documents and the API's.
DCVD and DCVPROBE name the programs."""
import json
import os
import shutil
import subprocess
import tempfile

from daemon import Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
CNAME = f"{TOKEN}.dcv.digicert.com."


def probe(*args):
    return subprocess.run([os.environ["DCVPROBE"], *args], capture_output=True, text=True, timeout=60, check=False)


def internet():
    """txt.com and cname.com pass by one method each, near.com by none, with an altered value in a TXT record; nothing
    is at none.com."""
    return Resolver({("_dnsauth.txt.com", "TXT"): [TOKEN], ("_dnsauth.cname.com", "CNAME"): [CNAME],
                     ("_dnsauth.near.com", "TXT"): [TOKEN.upper()], ("_dnsauth.old.com", "CNAME"): ["x.other.com."]})


def brief(domain):
    control, caa = domain["control"], domain["caa"]
    return (domain["domain"], domain["verdict"], control and (control["verdict"], control["method"]),
            caa and caa["verdict"], domain["reports"])


FAIL, PASS, OPEN = "fail", "pass", "undecided"
UNCHECKED = ("not-checked", None)
TXT, BY_CNAME = "dns-txt-token", "dns-cname-token"
# The options, the exit status, a plugin's exit status, and the domain's verdict.
CASES = [
    (["txt.com", "--token", TOKEN], 0, 0, ("txt.com", PASS, (PASS, TXT), PASS, [0, 1, 2, 3])),
    (["cname.com", "--token", TOKEN], 0, 0, ("cname.com", PASS, (PASS, BY_CNAME), PASS, [0, 1, 2, 3])),
    (["near.com", "--token", TOKEN], 1, 2, ("near.com", FAIL, (FAIL, TXT), PASS, [0, 1, 2, 3])),
    (["old.com", "--token", TOKEN], 1, 2, ("old.com", FAIL, (FAIL, BY_CNAME), PASS, [0, 1, 2, 3])),
    (["none.com", "--token", TOKEN], 1, 2, ("none.com", FAIL, (FAIL, TXT), PASS, [0, 1, 2, 3])),
    (["*.txt.com", "--token", TOKEN], 0, 0, ("txt.com", PASS, (PASS, TXT), PASS, [0, 1, 2])),
    (["txt.com"], 3, 3, ("txt.com", OPEN, UNCHECKED, PASS, [0])),
    (["txt.com", "--method", TXT], 3, 3, ("txt.com", OPEN, UNCHECKED, None, [0])),
    (["txt.com", "--issuer", "other.example"], 3, 3, ("txt.com", OPEN, UNCHECKED, PASS, [0])),
    (["txt.com", "--method", "caa"], 0, 0, ("txt.com", PASS, None, PASS, [0])),
    (["txt.com", "--ca", "sectigo.com"], 0, 0, ("txt.com", PASS, None, PASS, [0])),
    (["txt.com", "--method", TXT, "--token", TOKEN], 0, 0, ("txt.com", PASS, (PASS, TXT), None, [0])),
    (["txt.com", "--method", f"{TXT},caa", "--token", TOKEN], 0, 0, ("txt.com", PASS, (PASS, TXT), PASS, [0, 1])),
    (["txt.com", "--method", TXT, "--method", BY_CNAME, "--token", TOKEN], 1, 2,
     ("txt.com", FAIL, (FAIL, BY_CNAME), None, [0, 1])),
    (["no..name"], 1, 2, (None, FAIL, UNCHECKED, FAIL, [0])),
]


def command():
    """check, replay, batch, explain --run and the formats."""
    resolver = internet()
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")
    at = ["--resolver", f"127.0.0.1:{resolver.port}", "--depth", "quick"]
    for options, status, plugin, domain in CASES:
        r = probe("check", *options, *at, "--json", "--save", folder + "/case")
        document = json.loads(r.stdout)
        same((r.returncode, list(document), brief(document["domains"][0])),
             (status, ["schema_version", "domains", "reports"], domain), str(options))
        again = probe("replay", folder + "/case", "--json")
        same((again.returncode, json.loads(again.stdout)["domains"]), (status, document["domains"]),
             f"replay of {options}")
        same(probe("check", *options, *at).returncode, status, f"as text: {options}")
        r = probe("check", *options, *at, "--format", "nagios")
        true(r.returncode == plugin and r.stdout.startswith("DCV ") and r.stdout.count("\n") == 1,
             f"{options}: {r.returncode} {r.stdout}")

    # Several domains: the status is that of the worst, and each has its own reports.
    r = probe("check", "txt.com", "near.com", "--token", TOKEN, *at, "--json")
    document = json.loads(r.stdout)
    same((r.returncode, [(d["domain"], d["reports"]) for d in document["domains"]]),
         (1, [("txt.com", [0, 1, 2, 3]), ("near.com", [4, 5, 6, 7])]), "two domains")
    true(all(document["reports"][i]["domain"] == d["domain"] for d in document["domains"] for i in d["reports"]),
         "the places of their reports")
    r = probe("check", "txt.com", "--token", TOKEN, *at, "--format", "ndjson")
    same((r.returncode, [json.loads(line)["method"] for line in r.stdout.splitlines()]),
         (0, [TXT, BY_CNAME, "http-token", "caa"]), "one report a line")

    # Nothing is said of a record that passes, and no record of a second method is asked for.
    true("update" not in probe("check", "txt.com", "--token", TOKEN, *at, "--format", "nsupdate").stdout,
         "a domain that passes needs no cure")
    script = probe("check", "none.com", "--token", TOKEN, *at, "--format", "nsupdate").stdout
    same([line.split()[1:5] for line in script.splitlines() if line.startswith("update")],
         [["add", "_dnsauth.none.com.", "300", "TXT"]], script)
    true(f"; Or by {BY_CNAME}, which is not in use: " in script, script)
    text = probe("check", "none.com", "--token", TOKEN, *at).stdout
    same((text.count("IN TXT"), text.count("IN CNAME"), text.count("publish at")), (1, 0, 0), text)
    text = probe("check", "txt.com", *at).stdout
    true(text.startswith("UNDECIDED  txt.com\n  Control  not checked. No token was given."), text)
    true("\n  CAA      pass\n" in text, text)

    # Files of many, the same again with what is there, and a part of it.
    source, out = folder + "/in.csv", folder + "/out.ndjson"
    for lines, status in ((["txt.com", "cname.com"], 0), (["txt.com", "near.com"], 1), (["txt.com", "cname.com"], 0)):
        with open(source, "w", encoding="ascii") as f:
            f.write("".join(line + "\n" for line in lines))
        for more in [], ["--resume", out], ["--resume", out]:
            same(probe("batch", source, "--token", TOKEN, *at, *more).returncode, status, f"batch of {lines} {more}")
    same(probe("batch", source, *at).returncode, 3, "batch without a token")
    same(probe("batch", source, *at, "--method", "caa").returncode, 0, "batch of CAA alone")

    order = '{"order_status":"pending","dns_name_validations":[{"dns_name":"txt.com","status":"unvalidated"}]}'
    r = probe("explain", order, "--run", "--token", TOKEN, *at, "--json")
    same((r.returncode, brief(json.loads(r.stdout)["domains"][0])), (0, CASES[0][3]), "explain --run")
    r = probe("explain", order, "--run", "--token", TOKEN, *at)
    true(r.returncode == 0 and "\nPASS  txt.com\n  Control  pass. " in r.stdout, r.stdout)
    shutil.rmtree(folder)


def daemon():
    """The API's checks, show, and a watch until the domain passes."""
    resolver = internet()
    dcvd = Daemon(resolver).start()
    at = ["--socket", dcvd.socket]
    for request, status, domain in (
            ({"domain": "txt.com", "token": TOKEN}, 0, CASES[0][3]),
            ({"domain": "near.com", "token": TOKEN}, 1, CASES[2][3]),
            ({"domain": "txt.com"}, 3, ("txt.com", OPEN, UNCHECKED, PASS, [0])),
            ({"domain": "txt.com", "methods": ["caa"]}, 0, ("txt.com", PASS, None, PASS, [0])),
            ({"domain": "txt.com", "methods": [TXT, BY_CNAME], "token": TOKEN}, 1,
             ("txt.com", FAIL, (FAIL, BY_CNAME), None, [0, 1]))):
        answer = dcvd.call("POST", "/v1/checks?wait=20", request).json
        same(brief(answer["domains"][0]), domain, f"the answer at once: {request}")
        stored = dcvd.get("/v1/checks/" + answer["id"]).json
        same(stored["domains"], answer["domains"], "the answer of the store")
        listed = dcvd.get("/v1/checks?limit=1").json["checks"][0]
        same((listed["id"], listed["domains"]), (answer["id"], answer["domains"]), "in a list")
        r = probe("show", answer["id"], "--json", *at)
        same((r.returncode, json.loads(r.stdout)["domains"]), (status, answer["domains"]), "show")
    resolver.held = True
    ident = dcvd.submit(domain="held.com", token=TOKEN)
    same(dcvd.get("/v1/checks/" + ident).json["domains"], [], "of one that has not ended")
    resolver.held = False

    watch = dcvd.call("POST", "/v1/watches", {"request": {"domain": "txt.com", "token": TOKEN}, "interval": 10}).json
    within(20, "the watch passes by one method",
           lambda: dcvd.get("/v1/watches/" + watch["id"]).json["state"] == "passed")
    same(probe("watch", watch["id"], *at).returncode, 0, "exit status of a watch that has passed")
    watch = dcvd.call("POST", "/v1/watches", {"request": {"domain": "txt.com"}, "interval": 10}).json
    within(20, "a run has ended", lambda: dcvd.get("/v1/watches/" + watch["id"]).json["runs"])
    same(dcvd.get("/v1/watches/" + watch["id"]).json["state"], "active", "a watch without a token")
    dcvd.end()


if __name__ == "__main__":
    main({f.__name__: f for f in (command, daemon)})

#!/usr/bin/env python3
"""One domain, one verdict, end to end: the exit statuses of all commands that judge, their documents and the API's.
DCVD and DCVPROBE name the programs."""
import json
import os
import pathlib
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


CSR = pathlib.Path(__file__).parent.parent / "lab" / "order.csr"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"


def keys():
    """Keys and CSRs that cannot be had, or are exchanged, are refused before anything is asked."""
    resolver = Resolver()
    folder = tempfile.mkdtemp(prefix="dcvd-e2e-")

    def write(name, text):
        path = f"{folder}/{name}"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(text)
        return path

    csr, other = str(CSR), write("other.txt", "some-token-value\n")
    key, private = write("key", "someToken\n"), write("private.pem", PRIVATE)
    half = write("half.pem", "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n")
    certificate = write("certificate.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    conf = write("conf", f"[resolver]\nservers = 127.0.0.1:{resolver.port}\n[checks]\ndepth = quick\n"
                         f"[auth_keys]\nmain = {key}\ngone = {folder}/none\n"
                         f"exchanged = {write('exchanged', CSR.read_text())}\n")
    at = ["--config", conf]
    # The options, and what is said.
    wrong = [
        (["--auth-key-name", "nobody", "--csr", csr],
         f"--auth-key-name: 'nobody' is not accepted; expected a name from [auth_keys] of the configuration ({conf}), "
         "which has main, gone, exchanged"),
        (["--auth-key-name", "gone", "--csr", csr],
         "--auth-key-name: 'gone' is not accepted; expected a key whose file can be read; "
         f"{folder}/none: No such file or directory"),
        (["--auth-key-name", "exchanged", "--csr", csr],
         "--auth-key-name: 'exchanged' is not accepted; expected the account's AuthKey; this is a certificate"),
        (["--auth-key-file", folder + "/none", "--csr", csr],
         f"--auth-key-file: '{folder}/none' cannot be read: No such file or directory; expected a readable file"),
        (["--auth-key-file", csr, "--csr", key],
         f"--auth-key-file: '{csr}' is not accepted; expected the account's AuthKey; this is a certificate signing "
         "request, so the two files may be exchanged"),
        (["--auth-key-file", private, "--csr", csr],
         f"--auth-key-file: '{private}' is not accepted; expected the account's AuthKey; this is a private key"),
        (["--auth-key-file", certificate, "--csr", csr],
         f"--auth-key-file: '{certificate}' is not accepted; expected the account's AuthKey; this is a PEM file"),
        (["--auth-key-file", key, "--csr", private],
         f"--csr: '{private}' is not accepted; expected a certificate signing request, not a private key"),
        (["--auth-key-file", key, "--csr", folder + "/none"], f"--csr: '{folder}/none' cannot be read"),
    ]
    none = [
        (["--auth-key-file", key, "--csr", other],
         f"--csr: '{other}' is not accepted; expected a certificate signing request; this is none: it is neither"),
        (["--auth-key-file", key, "--csr", half], "this is none: it has a BEGIN line of a request, but"),
        (["--auth-key-name", "main", "--csr", certificate], 'it holds a block of the kind "CERTIFICATE"'),
    ]
    lines = write("in.csv", "domain\na.com\n")
    commands = (["check", "a.com"], ["batch", lines], ["explain", "dns_mismatch|a.com", "--run"], ["token"])
    for command_line in commands:
        for options, said in wrong + none:
            token = command_line == ["token"]
            if token and "--auth-key-file" in options:
                r = probe(*command_line, *options)
            else:
                r = probe(*command_line, *options, *at)
            same(r.returncode, 2, f"{command_line} {options} {r.stderr}")
            same((r.stdout != "", r.stderr.count("\n") - r.stderr.count("\n  dcvprobe help ")),
                 (token and (options, said) in none, 1),
                 f"{command_line} {options} {r.stdout}")
            true(r.stderr.startswith(f"dcvprobe {command_line[0]}: ") and said in r.stderr, f"{said} in {r.stderr!r}")
    for option in "--csr", "--original":
        r = probe("preflight", option, private)
        same((r.returncode, r.stdout), (2, ""), r.stderr)
        said = f"{option}: '{private}' is not accepted; expected a certificate signing request, not a private key"
        true(said in r.stderr, r.stderr)
    r = probe("preflight", "--csr", other)
    same((r.returncode, r.stdout.split()[:2]), (1, ["FAIL", "csr_invalid_cannot_parse"]), "an order with such a CSR")

    # Lines of their own: all of a file are read first, and the number of the bad one is said.
    for line, said in (({"auth_key_name": "nobody", "csr": CSR.read_text()}, "auth_key_name: 'nobody' is not accepted"),
                       ({"auth_key_name": "main", "csr": "x"}, "csr: not accepted; expected a certificate signing"),
                       ({"auth_key_name": "main", "csr": PRIVATE}, "not a private key"),
                       ({"auth_key_name": "gone", "csr": CSR.read_text()}, "a key whose file can be read")):
        path = write("in.ndjson", '{"domain":"a.com","methods":["caa"]}\n' +
                     json.dumps({"domain": "b.com", "methods": [TXT], **line}) + "\n")
        r = probe("batch", path, *at)
        same((r.returncode, r.stdout), (2, ""), r.stderr)
        true("line 2: " in r.stderr and said in r.stderr and r.stderr.count("\n") == 1, r.stderr)
    same(resolver.asked, [], "nothing was asked")

    # Those that are in order: the key of the file, and that of the configuration, prove the same.
    stamp = ["--csr", csr, "--timestamp", "20261122000000"]
    r = probe("token", "--auth-key-file", key, *stamp)
    same((r.returncode, len(r.stdout), r.stderr), (0, 65, ""), "a token")
    same(probe("token", "--auth-key-name", "main", *at, *stamp).stdout, r.stdout, "the same by the key's name")
    now = ["--now", "2026-11-23"]
    resolver.table["_dnsauth.a.com", "TXT"] = [r.stdout.strip()]
    for options in (["--auth-key-name", "main"], ["--auth-key-file", key]):
        r = probe("check", "a.com", *options, "--csr", csr, *at, *now, "--json")
        same((r.returncode, brief(json.loads(r.stdout)["domains"][0])[2]), (0, (PASS, TXT)), r.stderr)
    path = write("in.ndjson", json.dumps({"domain": "a.com", "auth_key_name": "main", "csr": CSR.read_text()}) + "\n")
    r = probe("batch", path, *at, *now)
    same((r.returncode, [json.loads(line)["method"] for line in r.stdout.splitlines()
                         if json.loads(line)["verdict"] == PASS and "caa" not in line[:200]]), (0, [TXT]), r.stderr)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main({f.__name__: f for f in (command, daemon, keys)})

#!/usr/bin/env python3
"""Compares the manual pages and the example configuration with the programs: options, keys, defaults, calls.

documents.py TOP DCVPROBE DCVD. What the programs do not print is read from the tables in their source."""
import os
import pathlib
import pwd
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(sys.argv[1])
DCVPROBE, DCVD = (str(pathlib.Path(program).resolve()) for program in sys.argv[2:4])
wrong = []


def read(path):
    return (TOP / path).read_text(encoding="utf-8")


def compare(where, said, true):
    for what, words in (("missing", true - said), ("not in the program", said - true)):
        if words:
            wrong.append(f"{where}: {what}: {', '.join(sorted(words))}")
    if not true:
        wrong.append(f"{where}: nothing to compare it with; has the form of a table changed?")


def options(*command):
    """All long options: every option begins with the empty text, so that getopt_long() lists them as ambiguous."""
    said = subprocess.run([*command, "--=x"], capture_output=True, text=True, check=False).stderr
    return set(re.findall(r"'--([a-z-]+)'", said))


def help_of(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def helped(command):
    """The options in the help of a command of dcvprobe, but for those that every command has."""
    return set(re.findall(r"^  (?:-v, )?--([a-z-]+)", help_of(DCVPROBE, "help", command), re.M)) - {"help"}


def man_options(page):
    """The options that the page defines: in bold at the start of a line, one or several."""
    found = set()
    for line in re.findall(r"^\*-.*$", page, re.M):
        found |= set(re.findall(r"(?:^|, )\*--([a-z-]+)\*", line))
    return found


def says(text):
    """What a text on an option must say wherever the option is described: whether it may be repeated, whether there is
    a default, the examples, and the fixed values that it may have."""
    plain = re.sub(r"[*_]|\s+", lambda m: "" if m[0] in "*_" else " ", text).lower()
    examples = re.findall(r"(?:\w+=)?\[?\d+[.:-][\w.:\]-]*\w|\w+=\[[\w:]+\]:\d+|\[[\w:]+\]:\d+", plain)
    values = re.findall(r"\b(quick|full|recursive):|\b(tls|smime|vmc)\b", plain)
    return {*(phrase for phrase in ("may be repeated", "unless given") if phrase in plain), *examples,
            *("".join(value) for value in values)}


def check_request(help_text, page):
    """The help and the manual page say the same of each option of a request: its argument, and what says() finds."""
    request = help_text.split("describe the request:\n")[1].split("\nOther options")[0]
    shown = re.findall(r"^  --([a-z-]+) (\S+)((?:.*\n(?!  --))*.*)", request, re.M)
    described = {option: (re.sub("_", "", argument), text) for option, argument, text in re.findall(
        r"^\*--([a-z-]+)\* (\S+)\n((?:\t.*\n)+)", page.split("# THE REQUEST")[1].split("\n# ")[0], re.M)}
    for option, argument, text in shown:
        of_page, more = described.get(option, ("nothing", ""))
        if of_page != argument:
            wrong.append(f"dcvprobe.1: --{option} has the argument {of_page}, in the help it is {argument}")
        for thing in says(text) ^ says(more):
            wrong.append(f"dcvprobe.1 and dcvprobe help: --{option}: only one of them says '{thing}'")
    if len(shown) != len(described):
        wrong.append(f"dcvprobe.1: {len(described)} options of a request, the help has {len(shown)}")


def commands():
    return re.findall(r"^  ([a-z]+)  ", help_of(DCVPROBE, "help"), re.M)


def check_dcvprobe():
    overview = help_of(DCVPROBE, "help")
    if len(overview.splitlines()) > 24:
        wrong.append("dcvprobe help: more than a screen")
    for command in commands():
        text = help_of(DCVPROBE, "help", command)
        if help_of(DCVPROBE, command, "-h") != text or help_of(DCVPROBE, command, "--help") != text:
            wrong.append(f"dcvprobe {command} -h and --help differ from dcvprobe help {command}")
        if wide := [line for line in text.splitlines() if len(line) > 80]:
            wrong.append(f"dcvprobe help {command}: wider than a terminal: {wide}")
        if text.split("\nExamples:\n")[1].count("\n  dcvprobe ") + 1 != 2:
            wrong.append(f"dcvprobe help {command}: not two examples")
    page = read("contrib/man/dcvprobe.1.scd")
    check_request(help_of(DCVPROBE, "help", "check"), page)
    own = {command: helped(command) for command in commands()}
    compare("dcvprobe.1, options", man_options(page), set().union(*own.values()))
    section = {s.split("\n")[0]: man_options(s) for s in re.split(r"^# ", page, flags=re.M)}
    fields = help_of(DCVPROBE, "help", "check").split("describe the request:\n")[1].split("\nOther options")[0]
    compare("dcvprobe.1, THE REQUEST", section["THE REQUEST"], set(re.findall(r"^  --([a-z-]+) ", fields, re.M)))
    compare("dcvprobe.1, OPTIONS OF PREFLIGHT", section["OPTIONS OF PREFLIGHT"],
            own["preflight"] - {"format", "json", "color"})
    head = page.split("# DESCRIPTION")[0]
    compare("dcvprobe.1, SYNOPSIS", set(re.findall(r"\*([a-z]{3,})\*", head)) - {"dcvprobe"}, set(commands()))


def check_dcvd():
    true = options(DCVD)
    compare("dcvd.8, options", man_options(read("contrib/man/dcvd.8.scd")), true)
    compare("dcvd --help", set(re.findall(r"--([a-z-]+)", help_of(DCVD, "--help"))), true)


def macros():
    """The texts of macros, which the table of keys uses."""
    found = {}
    for header in [*TOP.glob("probes/*/*.h"), *TOP.glob("daemon/*/*.h")]:
        found |= dict(re.findall(r'^#define (\w+) "([^"]*)"', header.read_text(encoding="utf-8"), re.M))
    return found


def keys():
    """{(section, key): (default, range or None)}, from the table in probes/run/conf.c."""
    named, found = macros(), {}
    rows = re.findall(r'^    \{"(\w+)", "(\w+)", KIND_(\w+), [^,]+, ([^,]+), ([^,]+), ("[^"]*"|\w+), (?:"\w+"|NULL)\},',
                      read("probes/run/conf.c"), re.M)
    for section, key, kind, low, high, value in rows:
        value = "" if value == "NULL" else value.strip('"') if value[0] == '"' else named[value]
        found[section, key] = value, f"{low} to {high}" if kind == "NUMBER" and low != high else None
    for key in re.findall(r"^    X\((\w+_domains)\)", read("probes/ca/order.h"), re.M):
        found["order", key] = "", None
    return found


def check_conf():
    true = keys()
    page, paragraphs = read("contrib/man/dcvd.conf.5.scd"), {}
    for section, text in re.findall(r"^# \[(\w+)\]\n(.*?)(?=^# )", page, re.M | re.S):
        for heads, body in re.findall(r"^(\*\w.*)\n((?:\t.*\n)+)", text, re.M):
            for key, value in re.findall(r"\*(\w+)\*(?: = ?(.*))?", heads):
                paragraphs[section, key] = value, body
    names = {f"[{section}] {key}" for section, key in true}
    compare("dcvd.conf.5", {f"[{section}] {key}" for section, key in paragraphs}, names)
    example, section = {}, None
    for paragraph in read("contrib/dcvd.conf").split("\n\n"):  # one that begins with "# Example" shows no defaults
        section = m[1] if (m := re.match(r"\[(\w+)\]\n", paragraph)) else section
        shown = re.search(r"^# Example", paragraph, re.M)
        for key, value in re.findall(r"^#(\w+) = (.*)", paragraph, re.M):
            example[section, key] = "" if shown else value
    compare("dcvd.conf", {f"[{s}] {key}" for s, key in example if s != "auth_keys"}, names)
    for at, (value, bounds) in true.items():
        for where, said in (("dcvd.conf.5", paragraphs.get(at, (value,))[0]), ("dcvd.conf", example.get(at, value))):
            if said != value:
                wrong.append(f"{where}: [{at[0]}] {at[1]}: '{said}' is not the default, which is '{value}'")
        if bounds and at in paragraphs and bounds not in paragraphs[at][1]:
            wrong.append(f"dcvd.conf.5: [{at[0]}] {at[1]}: the range, {bounds}, is missing")


def check_example():
    """The programs accept every line of the example configuration."""
    with tempfile.TemporaryDirectory() as folder:
        key, conf = pathlib.Path(folder, "key"), pathlib.Path(folder, "dcvd.conf")
        key.write_text("key", encoding="ascii")
        key.chmod(0o600)
        text = re.sub(r"^#(\w+ = )", r"\1", read("contrib/dcvd.conf"), flags=re.M)
        text = text.replace("/etc/dcvd/ca.conf", str(TOP.resolve() / "contrib/ca-profiles/digicert.conf"))
        conf.write_text(text.replace("/etc/dcvd/keys/production", str(key)), encoding="utf-8")
        me = pwd.getpwuid(os.geteuid()).pw_name
        for command in ([DCVD, "--check-config", "--user", me], [DCVPROBE, "preflight", "www.example.com"]):
            done = subprocess.run([*command, "--config", str(conf)], capture_output=True, text=True, check=False)
            if done.returncode:
                wrong.append(f"dcvd.conf: {done.stderr}{done.stdout}")


def check_api():
    page = read("contrib/man/dcvd-api.7.scd")
    routes, queries = set(), {}
    for method, path, query in re.findall(r'^ROUTE\(\w+, "([A-Z]+)", "(/[^"]*)", [^,]+,\s+((?:"[^"]*"\s*)+),$',
                                          read("daemon/api/routes.def"), re.M):
        routes.add(f"{method} {path}")
        queries[f"{method} {path}"] = set(query.replace('"', "").split())
    said = {}
    for line in re.findall(r"^\*[A-Z]+ /.*$", page, re.M):
        for method, path, segment, query in re.findall(r"\*([A-Z]+) (/[^*]*)\*(_[A-Z]+_)?(\[\?.*\])?", line):
            said[f"{method} {path}{'*' if segment else ''}"] = set(re.findall(r"(\w+)=", query))
    compare("dcvd-api.7, CALLS", set(said), routes)
    for route, query in queries.items():
        if said.get(route, query) != query:
            wrong.append(f"dcvd-api.7: {route} takes {' '.join(sorted(query)) or 'nothing'} in its query")
    fields = set(re.findall(r'^    X\((\w+), "', read("probes/format/request.c"), re.M)) - {"auth_key"}
    table = page.split("# A REQUEST")[1].split("# A REPORT")[0]
    compare("dcvd-api.7, A REQUEST", set(re.findall(r"^\|  (\w+)$", table, re.M)), fields)


check_dcvprobe()
check_dcvd()
check_conf()
check_example()
check_api()
for line in wrong:
    print(line)
sys.exit(bool(wrong))

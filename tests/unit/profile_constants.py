#!/usr/bin/env python3
"""profile_constants.py TOP: checks that the values of the CA are in its profile and nowhere else in the code.

Takes each value of contrib/ca-profiles/digicert.conf, which has the values that are built in (test_profile.c checks
that), and looks for it in probes/, daemon/ and db/, except in comments. Prints file, line and key of each that it
finds; exit status 1 where there is any. Before that it tests itself with a few lines of code.

What is looked for:
- A text, in string literals of all files, in whatever letter case: labels, names, paths and each part of a path, header
  lines, identifiers, a user agent. Not texts of lower-case letters only, which are ordinary words ("account"), and not
  the names of methods and the choices of a key (yes, host), which are dcvprobe's.
- A number above 300, in code and in strings, in the folders that apply the CA's rules (RULES below). Smaller numbers
  (5 redirects, 30 days) have too many other meanings, and so have ports: 80 and 443 belong to the schemes (RFC 9110).
- A range of statuses such as 200-299, in the same folders, as a comparison: >= 200 with < 300 or <= 299 in one line.
"""
import pathlib
import re
import sys

# Files that are left out: the profile itself, and the catalogues of the API's error codes, whose texts say what the
# API's document says and decide nothing.
LEFT_OUT = {"probes/ca/profile.c", "probes/ca/profile.def", "probes/model/codes.def", "probes/model/codes_seen.def"}
RULES = ("probes/ca/", "probes/evidence/", "probes/methods/", "probes/plan/", "probes/causes/", "probes/judge/",
         "probes/observe/", "probes/run/")
# Places with the same text or number, but another meaning. One that is no longer found must be removed from here.
OTHERS = {
    ("probes/ca/profile_read.c", "DigiCert"): "in the name of the file that documents the form",
    ("probes/causes/causes_delegation.c", "3600"): "seconds: the TTL of an NS record to add",
    ("probes/run/conf.c", "2000"): "requests at once that one user may send",
}
CHOICES = {("file", "encodings"), ("dns", "retired_cname"), ("dns", "own_cname_only"), ("perspectives", "bind"),
           ("file", "redirect_reach"), ("file", "redirect_ports"), ("api", "order_answers")}
# Keys whose value is one text, with blanks; the others are lists of words.
WHOLE = {("ca", "name"), ("methods", "end"), ("ca", "user_agent"), ("file", "headers"), ("file", "http_headers"),
         ("api", "order"), ("api", "domain_check"), ("api", "order_check")}
METHODS = ("methods",)  # METHOD:LABEL
SOURCE = re.compile(r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:[^"\\\n]|\\.)*")|'(?:[^'\\\n]|\\.)*'""", re.S)


def values(text):
    """(section, key, value) for each value of a profile file."""
    section = key = None
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if bare[0] == "[":
            section, key = bare.strip("[]"), None
            continue
        if line[0] not in " \t":
            key, _, bare = (part.strip() for part in line.partition("="))
        bare = re.sub(r"( from \d{4}-\d\d-\d\d)?( by [^,]*(, .*)?)?$", "", bare)
        if not bare:
            continue
        if (section, key) in WHOLE:
            yield section, key, bare
        elif (section, key) not in CHOICES:
            for word in re.split(r"[ \t,]+", bare):
                yield section, key, word


def wanted(text):
    """What to look for: (key, value, regular expression, whether it is a rule: then only in RULES, in code and
    strings)."""
    texts, numbers, ranges = {}, {}, {}
    for section, key, value in values(text):
        where = f"[{section}] {key}"
        if re.fullmatch(r"\d+", value):
            if int(value) > 300:
                numbers.setdefault(value, where)
            continue
        if m := re.fullmatch(r"(\d+)-(\d+)", value):
            ranges.setdefault(m.groups(), where)
            continue
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            continue
        for part in value.split(":")[1 if key in METHODS else 0:] if section == "caa" else [value]:
            texts.setdefault(part, where)
        if value[0] == "/":
            for part in filter(None, value.split("/")):
                texts.setdefault(part, where)
    for value, where in texts.items():
        if len(value) > 1 and not re.fullmatch(r"[a-z]+", value):
            edge = r"(?<![\w.-])" if re.match(r"\w", value) else ""
            yield where, value, re.compile(edge + re.escape(value.lower()) + r"(?!\w)"), False
    for value, where in numbers.items():
        yield where, value, re.compile(rf"(?<![\w.]){value}(?![\w.]*\w)"), True
    for (first, last), where in ranges.items():
        yield where, f"{first}-{last}", re.compile(rf">=\s*{first}\b.*<(\s*{int(last) + 1}|=\s*{last})\b"), True


def parts(source):
    """The source without comments, and its string literals alone, neighbouring ones as the one text that they are to
    the compiler. Every text begins in the line where it was."""
    def blank(text):
        return re.sub(r"[^\n]", " ", text)

    code = SOURCE.sub(lambda m: blank(m[0]) if m["comment"] else m[0], source)
    strings, at, owed = "", 0, 0
    for m in SOURCE.finditer(source):
        if m["comment"]:
            continue
        gap = code[at:m.start()]
        if m["string"] and at and strings.endswith('"') and not gap.strip():
            strings = strings[:-1] + m[0][1:]
            owed += gap.count("\n")
        else:
            strings += "\n" * owed + blank(gap) + (m[0] if m["string"] else blank(m[0]))
            owed = 0
        at = m.end()
    return code, strings + "\n" * owed + blank(code[at:])


def found(name, source, looked_for, met):
    """What to say of each place. met: the exceptions that were made."""
    code, strings = (text.lower() for text in parts(source))
    for where, value, pattern, is_rule in looked_for:
        text = code if is_rule else strings
        if (is_rule and not name.startswith(RULES)) or value.split("-")[0].lower() not in text:
            continue
        for number in sorted({text.count("\n", 0, m.start()) + 1 for m in pattern.finditer(text)}):
            if (name, value) in OTHERS:
                met.add((name, value))
            else:
                yield f"{name}:{number}: {value} is the CA's: {where} in the profile"


# A file, a line, and whether something is to be found in it.
SAMPLES = [
    ("probes/observe/http.h", "enum { BODY_MOST = 5000 };", True),
    ("probes/observe/http.h", "enum { BODY_MOST = 65536 }; /* the CA reads 5000 */", False),
    ("probes/observe/http.h", "int x; // 5000", False),
    ("probes/cmd/client.c", "enum { CONNECT_MS = 5000 };", False),
    ("probes/evidence/fetch.c", "if (s != 301 && s != 302)", True),
    ("probes/evidence/fetch.c", "if (s >= 200 && s < 300)", True),
    ("probes/evidence/fetch.c", "if (s < 300 || s >= 400)", False),
    ("probes/causes/causes_file.c", '"only 301, 302, 307 and 308 are followed"', True),
    ("probes/causes/causes_file.c", '"one of the ports 80 and 443 must answer"', False),
    ("probes/methods/file_look.c", '{"/well-known/PKI-Validation/", NAME_SAME}', True),
    ("probes/methods/file_look.c", 'if (!strcmp(file, "fileauth.txt"))', True),
    ("probes/methods/txt.c", '/* at _dnsauth.D */ arena_printf(a, "%s.%s.", p->txt_label, d);', False),
    ("probes/methods/txt.c", 'arena_printf(a, "_dnsauth.%s.", d);', True),
    ("probes/methods/txt.c", 'arena_printf(a, "_dns" /* in two */\n "auth.%s.", d);', True),
    ("probes/methods/txt.c", 'two("_dns", "auth.");', False),
    ("db/rows.c", 'bind("digicert.com");', True),
    ("probes/ca/caa.c", '[METHOD_HTTP_TOKEN] = "ca-tbr-18"', True),
    ("probes/ca/caa.c", '{"dns-01", 7}', True),
    ("probes/show/render.c", '"Call: PUT domain/ID/dcv/validate-token"', True),
    ("probes/show/render.c", '"Call: PUT %s"', False),
    ("daemon/api/schemas.def", 'FIELD("issuer", "string", "such as digicert.com")', True),
    ("daemon/api/schemas.def", 'FIELD("class", "string", "probe or account")', False),
]


def main():
    top = pathlib.Path(sys.argv[1])
    looked_for = list(wanted((top / "contrib/ca-profiles/digicert.conf").read_text(encoding="utf-8")))
    for name, line, bad in SAMPLES:
        if bool(list(found(name, line, looked_for, set()))) != bad:
            sys.exit(f"profile_constants: {'not found' if bad else 'found'} in a sample: {line}")
    files = [file for program in ("probes", "daemon", "db") for file in sorted((top / program).rglob("*"))
             if file.suffix in (".c", ".h", ".def") and str(file.relative_to(top)) not in LEFT_OUT]
    if len(files) < 100 or len(looked_for) < 40:
        sys.exit(f"profile_constants: {len(files)} files and {len(looked_for)} values: has something moved?")
    met = set()
    wrong = [text for file in files
             for text in found(str(file.relative_to(top)), file.read_text(encoding="utf-8"), looked_for, met)]
    wrong += [f"{name}: {value} is excepted in vain" for name, value in sorted(set(OTHERS) - met)]
    for text in wrong:
        print(text)
    print(f"profile_constants: {len(looked_for)} values in {len(files)} files, found {len(wrong)} times")
    sys.exit(bool(wrong))


main()

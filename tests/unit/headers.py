#!/usr/bin/env python3
"""headers.py TOP: checks two rules about names in probes/, daemon/ and db/. Prints what breaks one; exit status 1 where
anything does.

1. A header declares what its own .c defines: each function that is declared in x.h is defined in x.c beside it. A
   header of several files says so in the comment at its top: "Header of x.c and x_*.c." x_inner.h is that of x.c and
   x_*.c.
2. A struct, union, enum or typedef has a name of its own."""
import collections
import fnmatch
import pathlib
import re
import sys

PROGRAMS = ("probes", "daemon", "db")
VERBS = {("plan.c", "plan_next"), ("judge.c", "judge")}  # of dcv.h, which says what the program does
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
HEAD = re.compile(r"\s*/\*(.*?)\*/", re.S)
FAMILY = re.compile(r"Header of ((?:[\w*]+\.c(?:, | and )?)+)")
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
# A function at the start of a statement: its type, its name, its parameters.
FUNCTION = re.compile(r"([\w\s*]*?[\s*])(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)\s*([;{])$", re.S)
TYPE = re.compile(r"\b(?:struct|union|enum)\s+(\w+)\s*\{")
ALIAS = re.compile(r"\btypedef\b[^;{}]*(?:\{(?:[^{}]|\{[^{}]*\})*\})?\s*(\w+)\s*;", re.S)


def plain(text):
    """The text without comments, directives and what is quoted; its lines keep their numbers."""
    def blank(found):
        return " " + "\n" * found[0].count("\n")
    for pattern in (COMMENT, LITERAL, DIRECTIVE, ATTRIBUTE):
        text = pattern.sub(blank, text)
    return text


def statements(text):
    """(line, statement) of each statement outside of braces, with the ";" or "{" that ends it."""
    depth = start = 0
    for found in re.finditer(r"[{};]", text):
        sign, at = found[0], found.start()
        if sign != "}" and not depth:
            words = text[start:at + 1]
            yield text.count("\n", 0, start + len(words) - len(words.lstrip())) + 1, words.strip()
        depth += {"{": 1, "}": -1, ";": 0}[sign]
        if not depth:
            start = at + 1


def functions(text, end):
    """(line, name) of the functions that are declared (end ";") or defined ("{") in a text, but for static ones."""
    for line, words in statements(text):
        found = FUNCTION.match(words)
        if found and found[4] == end and not re.match(r"(static|typedef)\b", words):
            yield line, found[2]


def family(path, text):
    """Patterns of the names of the files whose functions a header may declare."""
    stem = path.stem.removesuffix("_inner")
    own = [f"{stem}.c"] + ([f"{stem}_*.c"] if stem != path.stem else [])
    head = HEAD.match(text)
    named = FAMILY.search(re.sub(r"\s*\n \*\s*", " ", head[1])) if head else None
    return own + (re.findall(r"[\w*]+\.c", named[1]) if named else [])


def broken(top):
    files = {p: p.read_text(encoding="utf-8") for program in PROGRAMS for p in sorted((top / program).rglob("*.[ch]"))}
    code = {p: plain(text) for p, text in files.items()}
    defined = collections.defaultdict(list)
    types = collections.defaultdict(list)
    for path, text in code.items():
        if path.suffix == ".c":
            for _, name in functions(text, "{"):
                defined[name].append(path)
        for found in [*TYPE.finditer(text), *ALIAS.finditer(text)]:
            types[found[1]].append(f"{path.relative_to(top)}:{text.count(chr(10), 0, found.start()) + 1}")
    for path, text in code.items():
        if path.suffix != ".h":
            continue
        own = family(path, files[path])
        for line, name in functions(text, ";"):
            # What a macro defines is found nowhere, and so is not looked at.
            for other in defined[name]:
                if path.name == "dcv.h" and (other.name, name) in VERBS:
                    continue
                if other.parent != path.parent or not any(fnmatch.fnmatch(other.name, p) for p in own):
                    yield f"{path.relative_to(top)}:{line}: {name}() is defined in {other.relative_to(top)}"
    for name, places in sorted(types.items()):
        if len(places) > 1:
            yield f"{places[1]}: the name {name} is that of another type, too: {places[0]}"


def main():
    lines = list(broken(pathlib.Path(sys.argv[1])))
    print(*lines, sep="\n")
    print(f"headers: {len(lines)} break a rule" if lines else "headers: each declares what its own .c defines")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())

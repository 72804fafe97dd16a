#!/usr/bin/env python3
"""public_cas.py IDENTIFIERS.tsv OUT.c: the table of the public CAs, as public_cas.h describes it."""
import sys


def text(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    rows = []
    with open(sys.argv[1], encoding="ascii") as f:
        lines = [line.rstrip("\n") for line in f if line.strip() and not line.startswith("#")]
    if lines[0].split("\t") != ["name", "aliases", "identifiers", "source"]:
        sys.exit(f"{sys.argv[1]}: expected the columns name, aliases, identifiers and source")
    for line in lines[1:]:
        columns = line.split("\t")
        if len(columns) != 4 or not all(columns):
            sys.exit(f"{sys.argv[1]}: expected four columns, none of them empty: {line}")
        name, aliases, identifiers, source = columns
        rows.append((name, aliases.split(", "), identifiers.split(", "), source))
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "ca/public_cas.h"\n\n')
        for i, (_, aliases, identifiers, _) in enumerate(rows):
            out.write(f"static const char *aliases_{i}[] = {{{', '.join(map(text, aliases))}}};\n")
            out.write(f"static const char *identifiers_{i}[] = {{{', '.join(map(text, identifiers))}}};\n")
        out.write("\nconst struct public_ca public_cas[] = {\n")
        for i, (name, aliases, identifiers, source) in enumerate(rows):
            out.write(f"    {{{text(name)}, {{aliases_{i}, {len(aliases)}}}, {{identifiers_{i}, {len(identifiers)}}}, "
                      f"{text(source)}}},\n")
        out.write(f"}};\nconst size_t public_cas_n = {len(rows)};\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""suffixes.py LIST OUT.c: the public suffix list that is built in, as the table that suffixes.h describes."""
import sys

RULE, BELOW, EXCEPTION, TOP = 1, 2, 4, 8


def fold(name):
    """The hash of suffixes.c."""
    h = 2166136261
    for byte in name.encode("ascii"):
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h ^ h >> 15


def ascii_form(name):
    return ".".join(l if l.isascii() else "xn--" + l.encode("punycode").decode("ascii") for l in name.split("."))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        text = f.read()
    date = text[text.index("VERSION: ") + 9:][:10]
    text = text[text.index("===BEGIN ICANN DOMAINS==="):text.index("===END ICANN DOMAINS===")]
    said = {}
    for line in text.splitlines()[1:]:
        if not line.strip() or line.startswith("//"):
            continue
        rule = ascii_form(line.split()[0])
        name = rule.removeprefix("!").removeprefix("*.")
        says = EXCEPTION if rule[0] == "!" else BELOW if rule[0] == "*" else RULE
        said[name] = said.get(name, 0) | says
        top = name.rsplit(".", 1)[-1]
        said[top] = said.get(top, 0) | TOP
    bits = (2 * len(said) - 1).bit_length()
    slots, names = {}, ""
    for name, says in said.items():
        i = fold(name) % (1 << bits)
        while i in slots:
            i = (i + 1) % (1 << bits)
        slots[i] = (len(names), len(name), says)
        names += name
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "wire/suffixes.h"\n\nstatic const char names[] =\n')
        for at in range(0, len(names), 100):
            out.write(f'    "{names[at:at + 100]}"\n')
        out.write(f"    ;\nstatic const struct suffix_slot slots[1u << {bits}] = {{\n")
        for i, slot in sorted(slots.items()):
            out.write("    [%d] = {%d, %d, %d},\n" % (i, *slot))
        out.write("};\nconst struct suffixes suffixes_built_in = "
                  f'{{.date = "{date}", .bits = {bits}, .names = names, .slots = slots}};\n')


if __name__ == "__main__":
    main()

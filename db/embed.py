#!/usr/bin/env python3
"""embed.py SCHEMA.sql OUT.c: the schema as C strings, one for each '-- user_version N' section, in order."""
import sys

sections = []
with open(sys.argv[1], encoding="ascii") as schema:
    for line in schema:
        if line.startswith("-- user_version "):
            if int(line.split()[2]) != len(sections) + 1:
                sys.exit(f"{sys.argv[1]}: '{line.strip()}' is out of order")
            sections.append([])
        elif sections:
            sections[-1].append(line.rstrip("\n"))

with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write('#include "db_inner.h"\n\nconst char *const db_schema[] = {\n')
    for lines in sections:
        for line in lines:
            out.write('    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"\n')
        out.write("    ,\n")
    out.write("};\nconst int db_schema_version = sizeof db_schema / sizeof *db_schema;\n")

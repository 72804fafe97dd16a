#!/usr/bin/env python3
"""sizes.py TOP: checks that a file can be read: a source file or script has at most 700 lines, and none in a source
file is wider than 120 columns. Prints each that is; exit status 1 where any is. A tab counts to the next multiple of
eight."""
import pathlib
import sys

FOLDERS = ("probes", "daemon", "db", "tests", "contrib")
KINDS = {".c", ".h", ".def", ".py", ".build"}
SCRIPT = b"#!"  # how a program without a suffix begins
LINES, COLUMNS = 700, 120


def is_code(path):
    return path.suffix in KINDS or (path.is_file() and not path.is_symlink() and path.read_bytes()[:2] == SCRIPT)


def broken(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > LINES:
        yield f"{path}: {len(lines)} lines, more than {LINES}"
    for number, line in enumerate(lines if path.suffix in KINDS else [], 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield f"{path}:{number}: {len(line.expandtabs(8))} columns, more than {COLUMNS}"


def main():
    top = pathlib.Path(sys.argv[1])
    paths = [path for folder in FOLDERS for path in sorted((top / folder).rglob("*")) if is_code(path)]
    found = [text for path in paths for text in broken(path)]
    print(*found, sep="\n")
    if not paths:
        print(f"sizes: no file in {top}")
    return bool(found or not paths)


if __name__ == "__main__":
    sys.exit(main())

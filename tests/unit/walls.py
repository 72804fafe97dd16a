#!/usr/bin/env python3
"""walls.py TOP: checks that no file includes what is above it or beside it. Reads the #include lines of probes/,
daemon/ and db/ and prints file, line and rule for each that breaks one; exit status 1 where any does.

The folders of a program are its floors, from the ground up, in the order of the list in contrib/doc/house.md ("Reading
the code"). A file includes its own folder and those before it in the list, except for what BESIDE and ONLY say. The
name of a header that is private to its folder ends in _inner.h."""
import pathlib
import re
import sys

PROBES = ["base", "model", "wire", "ca", "evidence", "methods", "plan", "causes", "judge", "format", "show", "observe",
          "run", "cmd"]
DAEMON = ["base", "api", "threads", "work", "http", "front", "."]
PURE = {"probes": PROBES[:PROBES.index("show") + 1], "daemon": ["api"]}
# Two folders of which neither may include the other, though one stands in the list before the other.
BESIDE = {("judge", "plan"), ("causes", "plan"), ("observe", "causes"), ("observe", "evidence"),
          ("observe", "methods"), ("observe", "plan"), ("observe", "judge"), ("observe", "format"),
          ("observe", "show")}
# What the other programs may see of probes/ and db/.
ONLY = {"db": {"probes": ["base", "model"]}}
WORLD = re.compile(r"(uv|ares|sqlite3|microhttpd|unbound|nats|pthread|threads|time)\.h$|"
                   r"(curl|sys/(socket|epoll|time|un))")
OBSERVERS = re.compile(r"(dns|http|recursive)(_\w+)?\.[ch]$")


def owner(top, program, text):
    """(program, folder) of an included file: in its own program, or else in probes/, db/ or daemon/; None: nowhere."""
    for where in (program, "probes", "db", "daemon"):
        if (top / where / text).exists():
            return where, text.rsplit("/", 1)[0] if "/" in text else "."
    return None


def rule(program, folder, file, other, target, text):
    """The rule that the include breaks, or None."""
    name = text.rsplit("/", 1)[-1]
    if name.endswith("_inner.h") and (other, target) != (program, folder):
        return f"{name} is private to {other}/{target}/"
    if program == other:
        floors = {"probes": PROBES, "daemon": DAEMON}.get(program, ["."])
        if folder == target:
            ours, theirs = OBSERVERS.match(file), OBSERVERS.match(name)
            if folder == "observe" and ours and theirs and ours[1] != theirs[1]:
                return "no observer includes another one"
            return None
        if target not in floors or folder not in floors:
            return f"{program}/{target}/ is in no list of floors"
        if floors.index(target) > floors.index(folder):
            return f"{target}/ is above {folder}/"
        if (folder, target) in BESIDE or (target, folder) in BESIDE:
            return f"{folder}/ and {target}/ are side by side"
        return None
    if program == "probes" or other == "daemon":
        return f"{program}/ is below {other}/"
    allowed = ONLY.get(program, {}).get(other)
    if allowed and target not in allowed:
        return f"of {other}/ {program}/ may include {' and '.join(a + '/' for a in allowed)} only"
    pure = program == "daemon" and folder in PURE["daemon"]
    if pure and other == "probes" and target not in PURE["probes"] + ["run"]:
        return f"{folder}/ is pure, and probes/{target}/ is not"
    if program == "daemon" and other == "probes" and target == "cmd":
        return "cmd/ is for dcvprobe only"
    return None


def code_of(text):
    """The text without comments; its lines keep their numbers."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda comment: " " + "\n" * comment[0].count("\n"), text, flags=re.S)


def broken(top):
    for program in ("probes", "daemon", "db"):
        for path in sorted(p for p in (top / program).rglob("*") if p.suffix in (".c", ".h", ".def")):
            folder = str(path.parent.relative_to(top / program))
            for number, line in enumerate(code_of(path.read_text(encoding="utf-8")).splitlines(), 1):
                if not re.match(r"\s*#\s*include", line):
                    continue
                found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]\s*$', line)
                text, why = found[2] if found else line, None
                if not found:
                    why = "names no file, so nobody can see where it leads"
                elif found[1] == "<":
                    if folder in PURE.get(program, []) and WORLD.search(text):
                        why = f"{folder}/ is pure, and <{text}> is not"
                else:
                    at = owner(top, program, text)
                    why = rule(program, folder, path.name, *at, text) if at else "there is no such file"
                if why:
                    yield f"{path.relative_to(top)}:{number}: {line.strip()}: {why}"


def main():
    top = pathlib.Path(sys.argv[1])
    lines = list(broken(top))
    print(*lines, sep="\n")
    print(f"walls: {len(lines)} includes break a rule" if lines else "walls: no include goes up")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())

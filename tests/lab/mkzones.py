#!/usr/bin/env python3
"""Makes the zones of the lab: mkzones.py DIRECTORY

Reads the tables `zones`, `way-zones` and `caa-zones` beside this file and writes into DIRECTORY: values (lines
NAME=value, which {NAME} in the tables stands for), zones/ (zone files, signed where the table says so),
nsd-{root,com,a,b} (the zone files that each server loads), misbehave.table (for misbehave.py), unbound-cached (what the
resolver remembers) and root.key (the trust anchor of the resolvers)."""
import base64
import datetime
import pathlib
import re
import subprocess
import sys

from request_token import request_token

HERE = pathlib.Path(__file__).resolve().parent
TABLES = ("zones", "way-zones", "caa-zones")
ROOT_SERVER = ("a.root-servers.net.", "198.41.0.4", "2001:503:ba3e::2:30")
COM_SERVER = ("a.gtld-servers.net.", "192.5.6.30", None)
# label of the name server's host name, IPv4, IPv6
SERVERS = {
    "a": ("ns1", "45.54.64.53", "2a0e:aaaa::53"),
    "b": ("ns2", "45.54.65.53", None),
    "c": ("ns6", "45.54.64.54", None),
    "d": ("ns7", "45.54.65.54", None),
    "odd": ("ns4", "45.54.67.53", None),
    "hole": ("ns3", "45.54.99.66", None),
    "web": ("ns5", "45.54.66.80", None),
}
ALGORITHM = "ECDSAP256SHA256"  # ldns and resolvers treat 5 and 7 as insecure
NSEC3 = ["-n", "-t", "0"]
# the times of signatures that are not valid now
EXPIRED = ["-i", "20200101000000", "-e", "20200201000000"]
FUTURE = ["-i", "20600101000000", "-e", "20600201000000"]


class Zone:
    def __init__(self, words):
        self.name = words[0]
        options = dict(word.partition("=")[::2] for word in words[1:])
        self.servers = options.pop("servers", "a,b").split(",")
        self.parent = [s for s in options.pop("parent", ",".join(self.servers)).split(",") if s]
        self.load = options.pop("load", ",".join(s for s in self.servers if s in "ab"))
        self.signed = options.pop("signed", None) is not None
        self.hosts = options.pop("hosts", None)
        self.strange = options.pop("stranger", None)
        self.stub = options.pop("resolver", None)
        self.glue = options.pop("glue", None)
        self.broken = [kind for kind in options.pop("break", "").split(",") if kind]
        self.differs = [word for word in words if word == "differs" or word.startswith("older=")]
        for word in ("differs", "older"):
            options.pop(word, None)
        if options:
            sys.exit(f"zones: {self.name}: unknown option {', '.join(options)}")
        self.rows = []


def read_tables(values):
    zones = []
    for line in [line for table in TABLES for line in (HERE / table).read_text(encoding="utf-8").splitlines()]:
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        line = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], line)
        if line.startswith("zone "):
            zones.append(Zone(line.split()[1:]))
        else:
            zones[-1].rows.append(line.split(None, 2))
    return zones


def make_values(top):
    """The values of the tables. Those that depend on the date are computed at each start, so that they are never out of
    date."""
    now = datetime.datetime.now(datetime.timezone.utc)
    key = (HERE / "auth-key").read_bytes().removesuffix(b"\n")
    csr = (HERE / "order.csr").read_bytes()
    token = "r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga"

    def at(moment, text=csr):
        return request_token(key, moment.strftime("%Y%m%d%H%M%S"), text)

    valid = at(now - datetime.timedelta(hours=1))
    return {
        "TOKEN": token,
        "TOKEN_HEAD": token[:20],
        "TOKEN_TAIL": token[20:],
        "TOKEN_UPPER": token.upper(),
        "TOKEN_EDIT": token.replace("bm7j", "b7j"),
        # below a domain of one letter under com this makes the longest possible name: 126 labels, 255 bytes
        "LABELS_124": ".".join("a" * 124),
        "LABELS_62": ".".join("a" * 62),
        "OTHER": "k1vd7rm4x0tq8s5gz2hcw9nb6yfj3lpe",
        "RANDOM": f"--token {token}",
        "RECURSIVE": f"--resolver recursive --trust-anchor {top}/root.key --root-hints {top}/run/root.hints",
        "ROOT_HINTS": f"{top}/run/root.hints",
        "REQUEST": f"--auth-key-file {HERE}/auth-key --csr {HERE}/order.csr",
        "PERSIST_SOON": str(int(now.timestamp()) + 3 * 86400),
        "DAYS_10_AGO": (now - datetime.timedelta(days=10)).strftime("%Y-%m-%d"),
        "DAYS_40_AGO": (now - datetime.timedelta(days=40)).strftime("%Y-%m-%d"),
        "REQUEST_VALID": valid,
        "REQUEST_29_DAYS": at(now - datetime.timedelta(days=29)),
        "REQUEST_EXPIRED": at(now - datetime.timedelta(days=31)),
        # not older than a year, because a token begins with the digits of this year or the last one
        "REQUEST_FUTURE": at(now.replace(month=12, day=31, hour=23, minute=59, second=59)),
        "REQUEST_CUT": valid[:-1],
        "REQUEST_BAD_DATE": f"{now.year}1340" + valid[8:],
        "REQUEST_OTHER_CSR": at(now - datetime.timedelta(hours=1), b"the CSR of another order\n"),
        "REQUEST_CRLF": at(now - datetime.timedelta(hours=1), csr.replace(b"\n", b"\r\n")),
    }


def host(zone, label):
    """The host name of a name server."""
    return f"{label}.{zone.hosts or zone.name}."


def glue(zone, label, ipv4, ipv6):
    """The addresses of that host; none where it is in another zone, which has them or has not."""
    if zone.hosts:
        return []
    return [f"{host(zone, label)} A {ipv4}"] + ([f"{host(zone, label)} AAAA {ipv6}"] if ipv6 else [])


def soa(name, server):
    # without $ORIGIN ldns-signzone says "wrong name"
    mailbox = "hostmaster." + name.lstrip(".")
    return [f"$ORIGIN {name}", "$TTL 60", f"@ SOA {server} {mailbox} 1 3600 600 86400 30"]


def zone_lines(zone, server=None):
    """The lines of the zone file; server: for a zone whose servers differ, that of one of them."""
    lines = soa(zone.name + ".", SERVERS[zone.servers[0]][0])
    if f"older={server}" in zone.differs:
        lines[-1] = lines[-1].replace(" 1 3600 ", " 0 3600 ")
    if zone.strange and zone.strange == server:
        lines[-1] = f"@ SOA dns.stranger.com. admin.stranger.com. 2019010100 {lines[-1].split(None, 5)[5]}"
    for label, *addresses in (SERVERS[s] for s in zone.servers):
        lines += [f"@ NS {host(zone, label)}"] + glue(zone, label, *addresses)
    for owner, kind, rdata in zone.rows:
        if kind == "FILL":
            number, _, pattern = rdata.partition(" ")
            pattern = pattern.strip() or f'TXT "<n>-{"x" * 60}"'
            lines += [f"{owner} {pattern.replace('<n>', str(n))}" for n in range(int(number))]
        elif kind.partition(":")[0] in "ab" and ":" in kind:
            if kind[0] == server:
                lines.append(f"{owner} {kind[2:]} {rdata}")
        elif not kind.startswith(("!", "cached:")):
            lines.append(f"{owner} {kind} {rdata}")
    return lines


def delegation(zone):
    lines = []
    for label, *addresses in (SERVERS[s] for s in zone.parent):
        addresses = (zone.glue, None) if zone.glue else addresses
        lines += [f"{zone.name}. NS {host(zone, label)}"] + glue(zone, label, *addresses)
    return lines


def ancestors(name):
    while "." in name:
        name = name.partition(".")[2]
        yield name


def cached(zones):
    """What Unbound remembers: as local data the rows of type cached:TYPE, while other types of the owner it asks for;
    of a zone with resolver=SERVER all that this server has."""
    lines = []
    for zone in (zone for zone in zones if zone.stub):
        lines += ["stub-zone:", f"name: {zone.name}", f"stub-addr: {SERVERS[zone.stub][1]}", "server:"]
    for zone in zones:
        for owner, kind, rdata in (row for row in zone.rows if row[1].startswith("cached:")):
            name = f"{zone.name}." if owner == "@" else f"{owner}.{zone.name}."
            kind = kind.removeprefix("cached:")
            if kind == "NXDOMAIN":
                lines.append(f'local-zone: "{name}" always_nxdomain')
            else:
                lines += [f'local-zone: "{name}" typetransparent', f"local-data: '{name} 1234 IN {kind} {rdata}'"]
    return lines


class ZoneDirectory:
    """The directory in which zone files are written and signed."""

    def __init__(self, top):
        self.top = top
        self.zones = top / "zones"
        self.keys = top / "keys"
        for directory in (self.zones, self.keys):
            directory.mkdir(parents=True, exist_ok=True)

    def run(self, *command):
        return subprocess.run(command, cwd=self.keys, check=True, text=True, stdout=subprocess.PIPE).stdout

    def write(self, name, lines):
        path = self.zones / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def sign(self, origin, path, *options):
        """Returns the path of the signed file, the DS record and the path of the key."""
        key = self.run("ldns-keygen", "-k", "-a", ALGORITHM, origin).strip()
        signed = path.with_suffix(".signed")
        self.run("ldns-signzone", *options, "-o", origin, "-f", str(signed), str(path), key)
        return signed, self.run("ldns-key2ds", "-n", "-2", f"{key}.key").strip(), self.keys / f"{key}.key"

    def resign(self, origin, path, key, *options):
        """Signs the zone again, with the key in a file."""
        signed = path.with_suffix(".resigned")
        self.run("ldns-signzone", *options, "-o", origin, "-f", str(signed), str(path), key.stem)
        return signed


def alter_signatures(path):
    """Flips one bit in every signature over TXT and CAA records: it is still well-formed, but does not verify."""
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines):
        fields = line.split()
        if fields[3:4] == ["RRSIG"] and fields[4] in ("TXT", "CAA"):
            signature = bytearray(base64.b64decode(fields[-1]))
            signature[8] ^= 1
            lines[i] = " ".join(fields[:-1] + [base64.b64encode(signature).decode()])
    path.write_text("\n".join(lines) + "\n")


def strip_denial(path):
    """Removes the NSEC records and their signatures, so that nothing proves that a name or type is absent."""
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "NSEC" not in line.split()[3:5]) + "\n")


def swap_key_signatures(path, other):
    """Replaces the signatures over the DNSKEY set by those of another signed file of the zone."""

    def over_keys(line):
        return line.split()[3:5] == ["RRSIG", "DNSKEY"]

    lines = [line for line in path.read_text().splitlines() if not over_keys(line)]
    lines += filter(over_keys, other.read_text().splitlines())
    path.write_text("\n".join(lines) + "\n")


def sign_zone(directory, zone, path):
    """Signs a zone and breaks it as the table says. Returns the file to load and the DS records."""
    origin = zone.name + "."
    times = EXPIRED if "expired" in zone.broken else FUTURE if "future" in zone.broken else []
    signed, ds, key = directory.sign(origin, path, *times)
    fields = ds.split()
    strange = " ".join(fields[:-1] + ["f" * 8 + fields[-1][8:]])
    records = [ds]
    for kind in zone.broken:
        match kind:
            case "signature":
                alter_signatures(signed)
            case "denial":
                strip_denial(signed)
            case "keys-expired":
                swap_key_signatures(signed, directory.resign(origin, path, key, *EXPIRED))
            case "ds":
                records = [strange]
            case "ds-one-of-two":
                records = [strange, ds]
            case "unsigned":
                signed = path
            case "ds-old-algorithm":
                fields[-3] = "8"  # of a key that is gone: those of today are of another algorithm
                records = [" ".join(fields[:-1] + ["f" * 8 + fields[-1][8:]])]
            case "algorithm":
                fields[-3] = "253"  # a private algorithm, unknown to resolvers, so that the zone counts as not signed
                signed, records = path, [" ".join(fields)]
            case "expired" | "future":
                pass
            case _:
                sys.exit(f"zones: {zone.name}: unknown break={kind}")
    return signed, records


def publish(directory, zone, loads, below):
    """Writes one zone for its servers, with the delegations of the zones below. Returns its own delegation, for its
    parent."""
    if "odd" in zone.servers:
        behind = SERVERS[zone.load][1] if zone.load else ""
        with open(directory.top / "misbehave.table", "a", encoding="ascii") as table:
            table.write(f"zone {zone.name} {behind}\n")
            for owner, kind, rest in zone.rows:
                if kind.startswith("!") or not behind and not kind.startswith("cached:"):
                    table.write(f"{owner} {kind.lstrip('!')} {rest}\n")
        if not behind:
            return delegation(zone)
    if zone.differs:
        for server in zone.load.split(","):
            path = directory.write(f"{zone.name}.{server}.zone", zone_lines(zone, server) + below)
            loads[server].append(f"{zone.name} {path.name}")
        return delegation(zone)
    path = directory.write(zone.name + ".zone", zone_lines(zone) + below)
    ds = []
    if zone.signed:
        path, ds = sign_zone(directory, zone, path)
    for server in filter(None, zone.load.split(",")):
        loads[server].append(f"{zone.name} {path.name}")
    return delegation(zone) + ds


def main(top):
    directory = ZoneDirectory(top)
    values = make_values(top)
    (top / "values").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    loads = {"root": [], "com": [], "a": [], "b": []}

    com = soa("com.", COM_SERVER[0]) + [f"@ NS {COM_SERVER[0]}"]
    zones = read_tables(values)
    (top / "unbound-cached").write_text("server:\n" + "\n".join(cached(zones)) + "\n")
    below = {zone.name: [] for zone in zones}
    # Children first: the DS record of a child is needed to sign its parent.
    for zone in sorted(zones, key=lambda zone: -zone.name.count(".")):
        above = next((name for name in ancestors(zone.name) if name in below), None)
        below.get(above, com).extend(publish(directory, zone, loads, below[zone.name]))
    com_signed, com_ds, _ = directory.sign("com.", directory.write("com.zone", com), *NSEC3)
    loads["com"].append(f"com {com_signed.name}")

    name, ipv4, ipv6 = ROOT_SERVER
    root = soa(".", name) + [f"@ NS {name}", f"{name} A {ipv4}", f"{name} AAAA {ipv6}"]
    root += [f"com. NS {COM_SERVER[0]}", f"{COM_SERVER[0]} A {COM_SERVER[1]}", com_ds]
    root_signed, _, root_key = directory.sign(".", directory.write("root.zone", root))
    loads["root"].append(f". {root_signed.name}")
    (top / "root.key").write_text(root_key.read_text())

    for server, lines in loads.items():
        (top / f"nsd-{server}").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))

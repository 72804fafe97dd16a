"""A primary name server for the lab's zones: it takes updates (RFC 2136) as nsupdate sends them, writes the zone files
again, signs those that are signed and makes NSD load them. It is stricter than the RFC, which ignores changes without
an effect: here they are faults."""
import copy
import os
import pathlib
import re
import signal
import socket
import socketserver
import struct
import subprocess
import threading
import time

from situation import at_once

SOA, CNAME, MX = 6, 5, 15
IN, NONE, ANY = 1, 254, 255
UPDATE, NOERROR, FORMERR, NOTAUTH = 5, 0, 1, 9
WITH_NAME = (2, 5, 12, 39)  # NS, CNAME, PTR, DNAME: their rdata is a name, which may be compressed
PLAIN = re.compile(rb"[A-Za-z0-9_*-]")


def name_wire(text):
    """Zone-file form to wire form, in lower case, in which names are compared."""
    wire, label = b"", b""
    for escaped, plain in re.findall(r"\\(\d\d\d|.)|(.)", text):
        if plain == ".":
            wire, label = wire + bytes([len(label)]) + label, b""
        else:
            label += bytes([int(escaped)]) if len(escaped) == 3 else (escaped or plain).encode("latin-1")
    return (wire + b"\0").lower()


def name_text(wire):
    text, at = "", 0
    while wire[at]:
        for byte in wire[at + 1 : at + 1 + wire[at]]:
            text += chr(byte) if PLAIN.match(bytes([byte])) else f"\\{byte:03}"
        text += "."
        at += wire[at] + 1
    return text or "."


def above(name):
    """The name and its ancestors, in wire form."""
    while name:
        yield name
        name = name[name[0] + 1 :] if name[0] else b""


def read_records(path):
    """A list of [owner, TTL, type, rdata] of all records of a zone file but SOA, and the line of the SOA."""
    done = subprocess.run(["ldns-read-zone", "-U", "SOA", path], check=True, text=True, capture_output=True)
    records, soa = [], None
    for line in done.stdout.splitlines():
        owner, ttl, _, kind, rdata = line.split(None, 4)
        if kind == "SOA":
            soa = line
        else:
            number, data = int(kind[4:]), bytes.fromhex("".join(rdata.split()[2:]))
            records.append([name_wire(owner), int(ttl), number, data.lower() if number in (*WITH_NAME, MX) else data])
    return records, soa


class ZoneFile:
    """The zone file of one or more name servers. signed: the signed file that they load instead, if there is one."""

    def __init__(self, lab, name, loaded):
        self.lab, self.name, self.loaded = lab, name, lab / "zones" / loaded
        self.apex = name_wire(name + ".")
        self.path = self.loaded.with_suffix(".zone")
        self.records, self.soa = read_records(self.path)
        self.serial = int(self.soa.split()[6])
        self.original = copy.deepcopy(self.records)
        self.bytes = self.soa, self.serial, self.path.read_bytes(), self.loaded.read_bytes()
        self.nsec3 = b"NSEC3PARAM" in self.bytes[-1]

    def at(self, owner):
        return [r for r in self.records if r[0] == owner]

    def write(self):
        if self.records == self.original:  # with the same signatures, and what is wrong with them
            self.soa, self.serial, zone, loaded = self.bytes
            self.path.write_bytes(zone)
            self.loaded.write_bytes(loaded)
            return
        self.serial += 1
        soa = self.soa.split()
        soa[6] = str(self.serial)
        lines = [f"$ORIGIN {self.name}.", " ".join(soa)]
        lines += [f"{name_text(o)} {ttl} IN TYPE{kind} \\# {len(rdata)} {rdata.hex()}"
                  for o, ttl, kind, rdata in self.records]
        self.path.write_text("\n".join(lines) + "\n")
        if self.loaded != self.path:
            keys = [path.stem for path in (self.lab / "keys").glob(f"K{self.name}.+*.key")]
            subprocess.run(["ldns-signzone", *(["-n", "-t", "0"] if self.nsec3 else []), "-o", self.name + ".", "-f",
                            self.loaded, self.path, *keys], cwd=self.lab / "keys", check=True, capture_output=True)


class Misbehaving:
    """The records that misbehave.py serves as bytes (raw), because no zone file can have them. Other behaviours have no
    records that could be changed."""

    KINDS = {16: "TXT", 257: "CAA"}

    def __init__(self, lab):
        self.table, self.pid = lab / "misbehave.table", lab / "run" / "misbehave.pid"
        self.original = self.table.read_text()
        self.zones = {name_wire(words[1] + ".") for words in map(str.split, self.original.splitlines())
                      if words[0] == "zone"}
        self.lines = self.original.splitlines()

    def find(self, owner, kind=None):
        """The line number of the row for records of the owner and type, or of any type; None if there is none."""
        zone, below, found = "", False, None
        for number, line in enumerate(self.lines):
            words = line.split()
            if words[0] == "zone":
                zone, below = words[1], len(words) == 2  # its rows apply to names below their owners, too
            elif not kind or words[1] in (self.KINDS.get(kind), "ANY"):
                name = name_wire(zone + "." if words[0] == "@" else f"{words[0]}.{zone}.")
                if name == owner or (below and name in above(owner)):
                    found = number
        return found

    def has_records(self, number):
        return self.lines[number].split()[2] == "raw"

    def change(self, number, add, rdata):
        """False if the row does not allow it, or if the record to be removed is not there."""
        owner, kind, behaviour, *data = self.lines[number].split()
        if not self.has_records(number) or (not add and rdata.hex() not in data):
            return False
        data = [d for d in data if d != rdata.hex()] + [rdata.hex()] * add
        self.lines[number] = " ".join([owner, kind, behaviour, *data])
        return True

    def restore(self):
        self.lines = self.original.splitlines()

    def commit(self):
        self.table.write_text("\n".join(self.lines) + "\n")
        os.kill(int(self.pid.read_text()), signal.SIGHUP)


class Primary:
    """All zones that NSD serves, by name. .changes: the changes that updates asked for; .faults: those of them that had
    no effect."""

    def __init__(self):
        self.lab = pathlib.Path(os.environ["LAB"])
        self.zones, self.servers = {}, {}
        self.changes, self.faults = [], []
        for table in self.lab.glob("nsd-*"):
            role = table.name.removeprefix("nsd-")
            conf = (self.lab / "run" / f"nsd-{role}.conf").read_text()
            address = re.search(r"ip-address: (\S+)", conf)[1]
            for line in table.read_text().splitlines():
                if role not in ("root", "com"):
                    zone, loaded = line.split()
                    self.servers.setdefault((zone, loaded), []).append((role, address))
        files = at_once(lambda key: ZoneFile(self.lab, *key), self.servers)
        for (zone, _), file in zip(self.servers, files):
            self.zones.setdefault(name_wire(zone + "."), []).append(file)
        self.edited = set()
        self.misbehaving = Misbehaving(self.lab)
        for kind in (socketserver.TCPServer, socketserver.UDPServer):
            server = kind(("127.0.0.1", 5300), self.handler(kind is socketserver.TCPServer))
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def zone_of(self, owner):
        return next((name for name in above(owner) if name in self.zones or name in self.misbehaving.zones), None)

    def misbehaves(self, owner):
        """Whether the answers for the owner do not depend on its records."""
        row = self.misbehaving.find(owner)
        return row is not None and not self.misbehaving.has_records(row)

    # ------------------------------------------------------------ the protocol
    def handler(self, tcp):
        primary = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                if not tcp:
                    packet, sock = self.request
                    sock.sendto(primary.reply(packet), self.client_address)
                    return
                stream = self.request.makefile("rb")
                while head := stream.read(2):
                    answer = primary.reply(stream.read(struct.unpack(">H", head)[0]))
                    self.request.sendall(struct.pack(">H", len(answer)) + answer)

        return Handler

    def reply(self, packet):
        number, flags, *counts = struct.unpack(">6H", packet[:12])
        opcode = flags >> 11 & 15
        reader = Reader(packet)
        name, kind, _ = reader.question()
        head = struct.pack(">HH", number, 0x8400 | opcode << 11)
        question = name + struct.pack(">HH", kind, IN)
        if opcode != UPDATE:  # nsupdate asks for the SOA of a name where the script does not name the zone
            zone = self.zone_of(name)
            if zone not in self.zones:
                return struct.pack(">HHHHHH", number, 0x8400 | NOTAUTH, 1, 0, 0, 0) + question
            labels = self.zones[zone][0].soa.split()
            rdata = name_wire(labels[4]) + name_wire(labels[5]) + struct.pack(">5I", *map(int, labels[6:11]))
            record = zone + struct.pack(">HHIH", SOA, IN, 60, len(rdata)) + rdata
            return head + struct.pack(">4H", 1, int(name == zone), int(name != zone), 0) + question + record
        if self.zone_of(name) != name or counts[1]:
            self.faults.append(f"an update for {name_text(name)}, which is no zone here")
            return struct.pack(">HHHHHH", number, 0x8000 | opcode << 11 | NOTAUTH, 0, 0, 0, 0)
        for _ in range(counts[2]):
            self.change(name, *reader.record())
        return head + struct.pack(">4H", 0, 0, 0, 0)

    def change(self, zone, owner, kind, rclass, ttl, rdata):
        """RFC 2136 3.4.2, for one record."""
        self.changes.append(("add" if rclass == IN else "delete", name_text(owner), kind, ttl, rdata))
        if self.zone_of(owner) != zone:
            self.faults.append(f"{name_text(owner)} is not in the zone {name_text(zone)}")
            return
        row = self.misbehaving.find(owner, kind)
        if row is not None or zone not in self.zones:
            if row is None or not self.misbehaving.change(row, rclass == IN, rdata):
                self.faults.append(f"{name_text(owner)} misbehaves otherwise")
            return
        self.edited.add(zone)
        files = self.zones[zone]
        if rclass == NONE:
            if not any(r[2:] == [kind, rdata] for file in files for r in file.at(owner)):
                self.faults.append(f"the record to be removed is not at {name_text(owner)}")
            for file in files:
                file.records = [r for r in file.records if (r[0], *r[2:]) != (owner, kind, rdata)]
            return
        if rclass != IN:
            self.faults.append(f"class {rclass}: a whole set of records would go")
            return
        lacking = [file for file in files if not any(r[2:] == [kind, rdata] for r in file.at(owner))]
        if not lacking:
            self.faults.append(f"the record to be added is at {name_text(owner)} already")
        for file in lacking:
            there = file.at(owner)
            if kind == CNAME and there:
                self.faults.append(f"a CNAME at {name_text(owner)}, where other records are")
            elif kind != CNAME and any(r[2] == CNAME for r in there):
                self.faults.append(f"a record at {name_text(owner)}, where a CNAME is")
            for r in there:
                if r[2] == kind:
                    r[1] = ttl  # RFC 2181 5.2: one TTL for the set
            file.records.append([owner, ttl, kind, rdata])

    # ------------------------------------------------------------ the zones
    def restore(self):
        """Sets all zones back to how they were at the start; commit() writes them."""
        for files in self.zones.values():
            for file in files:
                file.records = copy.deepcopy(file.original)
        self.misbehaving.restore()

    def commit(self):
        """Writes the zones that were changed since the last commit but one, waits until NSD has loaded them and empties
        the resolver's cache. Returns those that NSD does not load: (file, address)."""
        files = [file for zone in self.edited for file in self.zones[zone]]
        self.misbehaving.commit()
        at_once(ZoneFile.write, files)
        roles = {server for file in files for server in self.servers[(file.name, file.loaded.name)]}
        for role, _ in roles:
            os.kill(int((self.lab / "run" / f"nsd-{role}.pid").read_text()), signal.SIGHUP)
        served = [(file, address) for file in files for _, address in self.servers[(file.name, file.loaded.name)]]
        refused = [pair for pair, loaded in zip(served, at_once(self.wait, served)) if not loaded]
        self.edited = {name for name in self.edited if any(f.records != f.original for f in self.zones[name])}
        for what in ("flush_zone .", "flush_negative", "flush_infra all"):
            subprocess.run(["unbound-control", "-c", self.lab / "run" / "unbound.conf", *what.split()], check=True,
                           capture_output=True)
        return refused

    @staticmethod
    def wait(served):
        """Whether a server has loaded a file as it is: False after four seconds."""
        file, address = served
        question = name_wire(file.name + ".") + struct.pack(">HH", SOA, IN)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.connect((address, 53))
            for _ in range(200):
                sock.send(struct.pack(">6H", 1, 0, 1, 0, 0, 0) + question)
                packet = sock.recv(4096)
                answer = Reader(packet)
                answer.question()
                if packet[7] and struct.unpack(">I", answer.record()[-1][-20:-16])[0] == file.serial:
                    return True
                time.sleep(0.02)
        return False


class Reader:
    """Reads a DNS message from its beginning to its end."""

    def __init__(self, packet):
        self.packet, self.offset = packet, 12

    def name(self, at=None):
        wire, jumped = b"", at is not None
        at = self.offset if at is None else at
        while length := self.packet[at]:
            if length >= 0xC0:
                if not jumped:
                    self.offset = at + 2
                at, jumped = struct.unpack(">H", self.packet[at : at + 2])[0] & 0x3FFF, True
                continue
            wire += self.packet[at : at + 1 + length]
            at += length + 1
        if not jumped:
            self.offset = at + 1
        return (wire + b"\0").lower()

    def question(self):
        name = self.name()
        self.offset += 4
        return name, *struct.unpack(">HH", self.packet[self.offset - 4 : self.offset])

    def record(self):
        """owner, type, class, TTL, rdata"""
        owner = self.name()
        kind, rclass, ttl, length = struct.unpack(">HHIH", self.packet[self.offset : self.offset + 10])
        self.offset += 10 + length
        rdata = self.packet[self.offset - length : self.offset]
        if length and kind in WITH_NAME:
            rdata = self.name(self.offset - length)
        elif length and kind == MX:
            rdata = rdata[:2] + self.name(self.offset - length + 2)
        return owner, kind, rclass, ttl, rdata

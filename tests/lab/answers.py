"""What the lab's name servers answer for the names of a zone: taken before a change and compared with what they answer
after it. Whatever answered before has to answer the same, but for the records that were removed and added."""
import socket
import struct

from updates import CNAME, IN, Reader, above

DNAME, OPT, SIZE = 39, 41, 4096
RANDOM = b"\x09q7vz3k1xm"  # a label that nobody entered: a wildcard answers for it, or nothing does


class Server:
    """Asks one name server, or a resolver: recursive."""

    def __init__(self, address, recursive=False):
        self.address, self.flags = address, 0x0100 if recursive else 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(2)
        self.udp.connect((address, 53))
        self.number = 0

    def ask(self, name, kind):
        """The records of the answer: (owner, type, rdata)."""
        self.number = (self.number + 1) & 0xFFFF
        packet = struct.pack(">6H", self.number, self.flags, 1, 0, 0, 1) + name + struct.pack(">HH", kind, IN)
        packet += b"\0" + struct.pack(">HHIH", OPT, SIZE, 0, 0)
        self.udp.send(packet)
        answer = self.udp.recv(SIZE)
        while answer[:2] != packet[:2]:
            answer = self.udp.recv(SIZE)
        if answer[2] & 2:
            with socket.create_connection((self.address, 53), 2) as tcp:
                tcp.sendall(struct.pack(">H", len(packet)) + packet)
                stream = tcp.makefile("rb")
                answer = stream.read(struct.unpack(">H", stream.read(2))[0])
        reader = Reader(answer)
        reader.question()
        records = (reader.record() for _ in range(struct.unpack(">H", answer[6:8])[0]))
        return frozenset((owner, kind, rdata) for owner, kind, _, _, rdata in records)


def questions(files, asked):
    """What to ask about a zone: each of its sets, and at all names that are known, and below each, what its wildcards
    would answer. files: the zone as its servers have it; asked: further (name, type)."""
    records = [r for file in files for r in file.original]
    names = {name for r in records for name in above(r[0])} | {name for name, _ in asked}
    apex = files[0].apex
    kinds = {r[2] for r in records if r[0].startswith(b"\1*") or r[2] == DNAME}
    within = {name for name in names if apex in above(name)}
    below = {RANDOM + name for name in within if len(RANDOM + name) <= 255}
    return sorted({(r[0], r[2]) for r in records} | {(name, kind) for name, kind in asked if name in within} |
                  {(name, kind) for name in within | below for kind in kinds})


def is_of(record, changes):
    """Whether the record is one of those changed, or what a wildcard among them makes of it."""
    owner, kind, rdata = record
    return any(kind == k and rdata == d and (owner == o or o.startswith(b"\1*") and o[2:] in above(owner))
               for o, k, d in changes)


def due(differing, answer, changes):
    """Whether records are missing or new in an answer because of the changes alone: they are those changed, or follow
    an alias of theirs."""
    aliases = [r for r in answer if r[1] in (CNAME, DNAME)]
    return all(is_of(r, changes) for r in differing) or any(is_of(r, changes) for r in aliases)


def of_no_host(name):
    """Whether a label of the name begins with an underscore: it belongs to validation and the like."""
    return any(name[1:2] == b"_" for name in above(name))


class Answers:
    """The answers of all servers for some zones. .before: {(zone, address): {question: records}}"""

    def __init__(self, primary):
        self.primary, self.before, self.servers = primary, {}, {}

    def take(self, zone):
        """Of one zone, as it is: {address: {question: records}}"""
        files = self.primary.zones[zone]
        addresses = {address for file in files for _, address in self.primary.servers[(file.name, file.loaded.name)]}
        for address in addresses - self.servers.keys():
            self.servers[address] = Server(address)
        return {a: {q: self.servers[a].ask(*q) for q in self.questions[zone]} for a in sorted(addresses)}

    def begin(self, asked):
        """Takes the answers before all changes. asked: {zone: set of (name, type)}; those zones are looked at."""
        self.questions = {zone: questions(self.primary.zones[zone], more) for zone, more in asked.items()}
        self.before = {zone: self.take(zone) for zone in asked}

    def differences(self, zone, removed, added):
        """Yields what differs in a zone and does not follow from the records (owner, type, rdata) changed:
        (name, type, records missing, records new)."""
        own = {(o, k, d) for file in self.primary.zones[zone] for o, _, k, d in file.original}
        for address, answers in self.take(zone).items():
            for question, after in answers.items():
                before = self.before[zone][address][question]
                lost, gained = before - after, after - before
                if of_no_host(question[0]):
                    lost &= own  # what a wildcard answers there is nobody's
                if not due(lost, before, removed) or not due(gained, after, added):
                    yield *question, lost, gained

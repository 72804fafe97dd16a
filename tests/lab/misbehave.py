#!/usr/bin/env python3
"""A name server that breaks rules on purpose, over UDP and TCP: misbehave.py ADDRESS TABLE

TABLE holds a line "zone NAME", then rows "OWNER TYPE BEHAVIOUR [ARGUMENT…]". A row rules its owner and all names below
it, for queries of its type (or ANY). BEHAVIOUR is a function of class Answer with _ for -. Other types of an owner get an orderly
empty answer, other names NXDOMAIN. The zone's apex is sound, so that resolvers find their way here. Queries are
answered as an authoritative server and as a resolver would (AA and RA), so that a program may also be pointed here
directly and see what a resolver in between would hide."""
import shlex
import socket
import struct
import sys
import threading

A, NS, CNAME, SOA, TXT, CAA, ANY = 1, 2, 5, 6, 16, 257, 255
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "TXT": TXT, "CAA": CAA, "ANY": ANY}
AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED, ANSWER = 0x0400, 0x0200, 0x0100, 0x8080
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
POINTER_TO_QUESTION = b"\xc0\x0c"


def encode_name(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in labels) + b"\0"


def record(kind, rdata, owner=POINTER_TO_QUESTION, length=None):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(rdata) if length is None else length) + rdata


def text(value):
    return bytes([len(value)]) + value.encode("latin-1")


class Query:
    def __init__(self, packet, tcp):
        self.tcp = tcp
        self.id, self.flags = struct.unpack(">HH", packet[:4])
        self.has_edns = packet[10:12] != b"\0\0"
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
            at += packet[at] + 1
        self.question = packet[12 : at + 5]
        self.type = struct.unpack(">H", packet[at + 1 : at + 3])[0]
        self.name = ".".join(labels).lower()


class Answer:
    """One answer in the making. A behaviour changes it; where it sets .unsent nothing is sent."""

    def __init__(self, query):
        self.query = query
        self.id = query.id
        self.question = query.question
        self.flags = AUTHORITATIVE
        self.rcode = 0
        self.answer, self.authority = [], []
        self.tail = b""
        self.unsent = False

    def packet(self):
        flags = ANSWER | self.flags | (self.query.flags & RECURSION_DESIRED) | self.rcode
        head = struct.pack(">HHHHHH", self.id, flags, 1, len(self.answer), len(self.authority), 0)
        return head + self.question + b"".join(self.answer + self.authority) + self.tail

    # ---------------------------------------------------------------- behaviours, by their names in the table
    def good(self, *values):
        self.answer += [record(TXT, text(value)) for value in values]

    def raw(self, *rdata):
        self.answer += [record(self.query.type, bytes.fromhex(hexadecimal)) for hexadecimal in rdata]

    def servfail(self):
        self.rcode = SERVFAIL

    def refused(self):
        self.rcode, self.flags = REFUSED, 0

    def formerr(self):
        self.rcode = FORMERR

    def notimp(self):
        self.rcode = NOTIMP

    def silent(self):
        self.unsent = True

    def tc(self, *values):
        """Truncated over UDP, whole over TCP."""
        if self.query.tcp:
            self.good(*values)
        else:
            self.flags |= TRUNCATED

    def tc_no_tcp(self):
        """Truncated over UDP; a TCP connection is accepted and closed without an answer."""
        self.flags |= TRUNCATED
        self.unsent = self.query.tcp

    def bad_string(self, *values):
        """After the good values a record whose character-string runs past its rdata."""
        self.good(*values)
        self.answer.append(record(TXT, b"\x40abc"))

    def rdlength(self, *values):
        """After the good values a record whose rdata runs past the message."""
        self.good(*values)
        self.answer.append(record(TXT, b"\x03ab", length=4))

    def pointer_loop(self):
        """An alias whose target is a compression pointer to itself."""
        at = 12 + len(self.question) + 12
        self.answer.append(record(CNAME, struct.pack(">H", 0xC000 | at)))

    def wrong_id(self, *values):
        self.id ^= 1
        self.good(*values)

    def wrong_question(self):
        self.question = encode_name("another.name") + self.question[-4:]

    def trailing_bytes(self, *values):
        self.good(*values)
        self.tail = b"junk"

    def no_edns(self, *values):
        if self.query.has_edns:
            self.rcode = FORMERR
        else:
            self.good(*values)

    def no_soa(self):
        """NODATA that a cache cannot keep."""


class Zone:
    def __init__(self, path, address):
        with open(path, encoding="ascii") as table:
            rows = [shlex.split(line) for line in table]
        self.name = next(row[1] for row in rows if row[0] == "zone")
        self.address = socket.inet_aton(address)
        self.rows = {}
        for owner, kind, behaviour, *arguments in (row for row in rows if row[0] != "zone"):
            method = getattr(Answer, behaviour.replace("-", "_"))
            self.rows.setdefault(f"{owner}.{self.name}", {})[TYPES[kind]] = (method, arguments)

    def soa(self):
        apex = encode_name(self.name)
        return record(SOA, b"\x03ns1" + apex + b"\x04host" + apex + struct.pack(">5I", 1, 3600, 600, 86400, 30), apex)

    def apex(self, kind):
        if kind == SOA:
            return [self.soa()]
        if kind == NS:
            return [record(NS, encode_name("ns1." + self.name))]
        return [record(A, self.address)] if kind == A else []

    def find(self, name):
        """The rows of the closest owner at or above name."""
        while name and name != self.name:
            if name in self.rows:
                return self.rows[name]
            name = name.partition(".")[2]
        return None

    def reply(self, query):
        answer = Answer(query)
        rows = self.find(query.name)
        if query.name == "" and query.type == NS:
            # asked as a resolver whether the network is there at all
            answer.answer = [record(NS, encode_name("a.root-servers.net"))]
        elif query.name in (self.name, "ns1." + self.name):
            answer.answer = self.apex(query.type)
        elif rows is None:
            answer.rcode = NXDOMAIN
        else:
            method, arguments = rows.get(query.type) or rows.get(ANY) or (None, [])
            if method:
                method(answer, *arguments)
                return answer
        if not answer.answer:
            answer.authority = [self.soa()]
        return answer


def serve_udp(sock, zone):
    while True:
        packet, peer = sock.recvfrom(4096)
        try:
            answer = zone.reply(Query(packet, tcp=False))
            if not answer.unsent:
                sock.sendto(answer.packet(), peer)
        except (IndexError, struct.error) as error:
            print(f"misbehave: bad query: {error}", file=sys.stderr)


def serve_connection(connection, zone):
    with connection:
        connection.settimeout(5)
        try:
            stream = connection.makefile("rb")
            while head := stream.read(2):
                answer = zone.reply(Query(stream.read(struct.unpack(">H", head)[0]), tcp=True))
                if answer.unsent:
                    return
                packet = answer.packet()
                connection.sendall(struct.pack(">H", len(packet)) + packet)
        except (OSError, IndexError, struct.error) as error:
            print(f"misbehave: connection: {error}", file=sys.stderr)


def main(address, table):
    zone = Zone(table, address)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, 53))
    threading.Thread(target=serve_udp, args=(datagrams, zone), daemon=True).start()
    with socket.create_server((address, 53), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_connection, args=(connection, zone), daemon=True).start()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

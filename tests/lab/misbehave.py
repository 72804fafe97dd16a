#!/usr/bin/env python3
"""A name server that breaks rules on purpose, over UDP and TCP: misbehave.py ADDRESS TABLE

TABLE holds lines "zone NAME [ADDRESS]", each followed by rows "OWNER TYPE BEHAVIOUR [ARGUMENT…]" for queries of that
type (or ANY). BEHAVIOUR is a function of class Answer with _ for -.

In a zone without ADDRESS a row applies to its owner and all names below it. Other types of an owner get a correct empty
answer, other names NXDOMAIN, and the apex is answered correctly, so that resolvers find this server. In a zone with
ADDRESS a row applies to its owner alone ("@" for the apex), and queries without a row are passed on to the name server
at ADDRESS: so a correct zone, which may be signed, gets a fault at one place. In both the behaviour of "* EVERY"
changes every answer. SIGHUP makes the server read TABLE again.

Answers have the flags of an authoritative server and of a resolver (AA and RA), so that a program can also ask this
server directly and see what a resolver in between would hide."""
import collections
import shlex
import signal
import socket
import struct
import sys
import threading

A, NS, CNAME, SOA, TXT, CAA, ANY = 1, 2, 5, 6, 16, 257, 255
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "TXT": TXT, "CAA": CAA, "ANY": ANY, "SOA": SOA, "EVERY": 0}
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
        self.packet, self.tcp = packet, tcp
        self.id, self.flags = struct.unpack(">HH", packet[:4])
        self.has_edns = packet[10:12] != b"\0\0"
        self.wants_signatures = self.has_edns and packet[-4] & 0x80 != 0  # the OPT record is the last and is empty
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
            at += packet[at] + 1
        self.question = packet[12 : at + 5]
        self.type = struct.unpack(">H", packet[at + 1 : at + 3])[0]
        self.name = ".".join(labels).lower()


class Answer:
    """The answer to one query. A behaviour changes it. If it sets .unsent, nothing is sent; if it sets .passed_on, the
    name server behind the zone answers."""

    dropped = collections.Counter()  # queries that silent_first left unanswered

    def __init__(self, query):
        self.query = query
        self.id = query.id
        self.question = query.question
        self.flags = AUTHORITATIVE
        self.rcode = 0
        self.answer, self.authority = [], []
        self.tail = b""
        self.unsent = self.passed_on = False

    def packet(self):
        flags = ANSWER | self.flags | (self.query.flags & RECURSION_DESIRED) | self.rcode
        head = struct.pack(">HHHHHH", self.id, flags, 1, len(self.answer), len(self.authority), 0)
        return head + self.question + b"".join(self.answer + self.authority) + self.tail

    # ---------------------------------------------------------------- behaviours, by their names in the table
    def good(self, *values):
        self.answer += [record(TXT, text(value)) for value in values]

    def raw(self, *rdata):
        self.answer += [record(self.query.type, bytes.fromhex(hexadecimal)) for hexadecimal in rdata]

    def alias_beside(self, target, *values):
        """A CNAME with other records of the same owner."""
        self.answer.append(record(CNAME, encode_name(target)))
        self.good(*values)

    def foreign(self, target, *values):
        """A CNAME, and records of its target, which is in a zone of other servers."""
        self.answer.append(record(CNAME, encode_name(target)))
        self.answer += [record(TXT, text(value), encode_name(target)) for value in values]

    def foreign_raw(self, target, *rdata):
        """The same for records of the type that is asked for."""
        self.alias(target)
        self.answer += [record(self.query.type, bytes.fromhex(text), encode_name(target)) for text in rdata]

    def alias(self, target):
        """The alias alone, also where its target is in the same zone."""
        self.answer.append(record(CNAME, encode_name(target)))

    def address(self, *addresses):
        """Address records, whatever was asked for."""
        self.answer += [record(A, socket.inet_aton(address)) for address in addresses]

    def denied(self):
        """NXDOMAIN, whatever is below the name."""
        self.rcode, self.authority = NXDOMAIN, [self.zone.soa()]

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

    def silent_first(self, count):
        """The first queries get no answer, as if they were lost."""
        key = self.query.name, self.query.type
        self.unsent = self.dropped[key] < int(count)
        self.dropped[key] += 1
        self.passed_on = not self.unsent

    def tc(self, *values):
        """Truncated over UDP, complete over TCP."""
        if self.query.tcp:
            self.good(*values)
        else:
            self.flags |= TRUNCATED

    def long(self, head, unit):
        """One CAA record that fills a message over TCP, but for what a resolver adds: issue, with a value of head and
        as many units as fit."""
        if not self.query.tcp:
            self.flags |= TRUNCATED
            return
        value = head + unit * ((65535 - 64 - len(self.packet()) - len(head)) // len(unit))
        self.answer.append(record(CAA, b"\0\5issue" + value.encode("latin-1")))

    def chain(self, hops, *rdata):
        """A chain of that many aliases, with records at its end: too much for UDP."""
        if not self.query.tcp:
            self.flags |= TRUNCATED
            return
        owners = [self.query.name] + [f"h{n}.{self.query.name}" for n in range(int(hops))]
        for owner, target in zip(owners, owners[1:]):
            self.answer.append(record(CNAME, encode_name(target), encode_name(owner)))
        self.answer += [record(self.query.type, bytes.fromhex(text), encode_name(owners[-1])) for text in rdata]

    def tc_no_tcp(self):
        """Truncated over UDP; a TCP connection is accepted and closed without an answer."""
        self.flags |= TRUNCATED
        self.unsent = self.query.tcp

    def bad_string(self, *values):
        """Good values, then a record whose character-string is longer than its rdata."""
        self.good(*values)
        self.answer.append(record(TXT, b"\x40abc"))

    def rdlength(self, *values):
        """Good values, then a record whose rdata is longer than the message."""
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
        """NODATA without an SOA record, which a cache does not keep."""

    def absent(self):
        """A correct NODATA, whatever the name server behind has."""
        self.authority = [self.zone.soa()]

    def lower_case(self):
        """The answer has the question in lower case."""
        self.question = self.question[:-4].lower() + self.question[-4:]

    def edns_refused(self, rcode=FORMERR):
        if self.query.has_edns:
            self.rcode, self.answer, self.authority, self.passed_on = int(rcode), [], [], False

    def edns_dropped(self):
        """As by a firewall that knows the DNS of 1987 alone."""
        self.unsent = self.query.has_edns

    def upward(self):
        """A referral to the root: this server knows nothing of the zone."""
        self.flags, self.passed_on = 0, False
        self.answer, self.authority = [], [record(NS, encode_name("a.root-servers.net"), b"\0")]

    def limited(self):
        """Two of three datagrams are dropped, but none of a validating resolver, which asks for signatures."""
        counts = not self.query.tcp and not self.query.wants_signatures
        self.unsent = counts and self.dropped["limited"] % 3 > 0
        self.passed_on = not self.unsent
        self.dropped["limited"] += counts

    def unsigned(self):
        """As from a server that has a signed zone without its signatures: the question for them is not passed on."""
        packet = self.query.packet
        if self.query.wants_signatures:
            self.query.packet = packet[:-4] + bytes([packet[-4] & 0x7F]) + packet[-3:]
        self.passed_on = True


class Zone:
    def __init__(self, address, name, behind=None):
        self.name, self.behind = name, behind
        self.address = socket.inet_aton(address)
        self.rows = {}

    def add(self, owner, kind, behaviour, *arguments):
        method = getattr(Answer, behaviour.replace("-", "_"))
        name = self.name if owner == "@" else f"{owner}.{self.name}"
        self.rows.setdefault(name, {})[TYPES[kind]] = (method, arguments)

    def soa(self):
        apex = encode_name(self.name)
        return record(SOA, b"\x03ns4" + apex + b"\x04host" + apex + struct.pack(">5I", 1, 3600, 600, 86400, 30), apex)

    def apex(self, kind):
        if kind == SOA:
            return [self.soa()]
        if kind == NS:
            return [record(NS, encode_name("ns4." + self.name))]
        return [record(A, self.address)] if kind == A else []

    def find(self, name):
        """The rows of the closest owner at or above name, or of name alone."""
        if self.behind:
            return self.rows.get(name, {})
        while name and name != self.name:
            if name in self.rows:
                return self.rows[name]
            name = name.partition(".")[2]
        return None

    def fill(self, answer):
        answer.zone = self
        self.fill_by_rows(answer)
        method, arguments = self.rows.get("*." + self.name, {}).get(TYPES["EVERY"], (None, []))
        if method:
            method(answer, *arguments)

    def fill_by_rows(self, answer):
        query = answer.query
        rows = self.find(query.name)
        method, arguments = (rows or {}).get(query.type) or (rows or {}).get(ANY) or (None, [])
        if method:
            method(answer, *arguments)
            return
        answer.passed_on = bool(self.behind)
        if query.name == "" and query.type == NS:
            # the control question to a resolver: whether the network works
            answer.answer = [record(NS, encode_name("a.root-servers.net"))]
        elif query.name in (self.name, "ns4." + self.name):
            answer.answer = self.apex(query.type)
        elif rows is None:
            answer.rcode = NXDOMAIN
        if not answer.answer:
            answer.authority = [self.soa()]


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("the name server behind closed the connection")
        data += more
    return data


def ask(server, query):
    """The answer of another name server to the same query."""
    kind = socket.SOCK_STREAM if query.tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(2)
        sock.connect((server, 53))
        if not query.tcp:
            sock.send(query.packet)
            return sock.recv(65535)
        sock.sendall(struct.pack(">H", len(query.packet)) + query.packet)
        return exactly(sock, struct.unpack(">H", exactly(sock, 2))[0])


class Server:
    def __init__(self, address, table):
        self.address, self.table = address, table
        self.read()

    def read(self, *_):
        zones = {}
        with open(self.table, encoding="ascii") as lines:
            for row in map(shlex.split, lines):
                if row[0] == "zone":
                    zone = zones[row[1]] = Zone(self.address, *row[1:])
                else:
                    zone.add(*row)
        self.zones, self.rest = zones, zones["odd.com"]

    def reply(self, query):
        """The bytes of the answer; None: nothing is sent."""
        name = query.name
        while name and name not in self.zones:
            name = name.partition(".")[2]
        zone = self.zones.get(name, self.rest)
        answer = Answer(query)
        zone.fill(answer)
        if answer.unsent:
            return None
        return ask(zone.behind, query) if answer.passed_on else answer.packet()


def serve_udp(sock, server):
    while True:
        packet, peer = sock.recvfrom(4096)
        try:
            answer = server.reply(Query(packet, tcp=False))
            if answer:
                sock.sendto(answer, peer)
        except (OSError, IndexError, struct.error) as error:
            print(f"misbehave: bad query: {error}", file=sys.stderr)


def serve_connection(connection, server):
    with connection:
        connection.settimeout(5)
        try:
            stream = connection.makefile("rb")
            while head := stream.read(2):
                answer = server.reply(Query(stream.read(struct.unpack(">H", head)[0]), tcp=True))
                if not answer:
                    return
                connection.sendall(struct.pack(">H", len(answer)) + answer)
        except (OSError, IndexError, struct.error) as error:
            print(f"misbehave: connection: {error}", file=sys.stderr)


def main(address, table):
    server = Server(address, table)
    signal.signal(signal.SIGHUP, server.read)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, 53))
    threading.Thread(target=serve_udp, args=(datagrams, server), daemon=True).start()
    with socket.create_server((address, 53), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_connection, args=(connection, server), daemon=True).start()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Names, records, questions and signatures as bytes. Standard library only."""
import functools
import hashlib
import random
import re
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "TXT": 16, "AAAA": 28, "DNAME": 39, "OPT": 41, "DS": 43, "RRSIG": 46,
         "NSEC": 47, "DNSKEY": 48, "CAA": 257, "ANY": 255}
NAMES = {number: name for name, number in TYPES.items()}
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
QR, AA, TC, RD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010


@functools.lru_cache(100000)
def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"


def decode_name(packet, at):
    labels, end = [], None
    while packet[at]:
        if packet[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack(">H", packet[at : at + 2])[0] & 0x3FFF
            continue
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
        at += packet[at] + 1
    return ".".join(labels), end or at + 1


def canonical(name):
    """The key that puts names into the order of DNSSEC (RFC 4034 6.1)."""
    return [label.encode("latin-1") for label in reversed(name.split(".")) if label]


def encode_rdata(kind, text):
    if kind == "A":
        return socket.inet_aton(text)
    if kind in ("NS", "CNAME", "DNAME"):
        return encode_name(text.rstrip("."))
    if kind == "TXT":
        value = text.strip('"').encode("latin-1")
        return bytes([len(value)]) + value
    if kind == "CAA":
        flags, tag, value = re.fullmatch(r'(\d+) (\S+) "(.*)"', text).groups()
        return bytes([int(flags), len(tag)]) + (tag + value).encode("latin-1")
    if kind == "SOA":
        server, mailbox, *numbers = text.split()
        return encode_name(server) + encode_name(mailbox) + struct.pack(">5I", *map(int, numbers))
    raise ValueError(f"no encoder for {kind}")


# ------------------------------------------------------------------ signatures: RSASHA256, one key for every zone
def prime(bits, source):
    while True:
        n = source.getrandbits(bits) | 1 | 3 << bits - 2
        if n % 65537 != 1 and all(pow(base, n - 1, n) == 1 for base in (2, 3, 5, 7, 11, 13, 17)):
            return n


class Key:
    """The key is made anew from the same random numbers in each process, and signs with it cost half a millisecond."""

    def __init__(self):
        source = random.Random("differential")
        self.p, self.q = prime(512, source), prime(512, source)
        self.n = self.p * self.q
        d = pow(65537, -1, (self.p - 1) * (self.q - 1))
        self.dp, self.dq, self.inverse = d % (self.p - 1), d % (self.q - 1), pow(self.q, -1, self.p)
        self.rdata = struct.pack(">HBB", 257, 3, 8) + b"\3\1\0\1" + self.n.to_bytes(128, "big")
        total = sum(byte << 8 if i % 2 == 0 else byte for i, byte in enumerate(self.rdata))
        self.tag = (total + (total >> 16 & 0xFFFF)) & 0xFFFF

    def sign(self, data):
        digest_info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
        m = int.from_bytes(b"\0\1" + b"\xff" * (125 - len(digest_info)) + b"\0" + digest_info, "big")
        a, b = pow(m, self.dp, self.p), pow(m, self.dq, self.q)
        return (b + (a - b) * self.inverse % self.p * self.q).to_bytes(128, "big")

    def ds(self, zone, digest=None):
        digest = digest or hashlib.sha256(encode_name(zone) + self.rdata).digest()
        return struct.pack(">HBB", self.tag, 8, 2) + digest


def rrsig(key, owner, kind, ttl, rdatas, signer, times, labels=None):
    """labels: fewer than owner's, where a wildcard made the records."""
    count = len([label for label in owner.split(".") if label and label != "*"]) if labels is None else labels
    name = owner
    if labels is not None:
        name = ".".join(["*"] + owner.split(".")[-labels:]) if labels else "*"
    head = struct.pack(">HBBIIIH", TYPES[kind], 8, count, ttl, times[1], times[0], key.tag) + encode_name(signer)
    data = head + b"".join(encode_name(name) + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(rdata)) + rdata
                           for rdata in sorted(rdatas))
    return head + key.sign(data)


def bitmap(kinds):
    windows = {}
    for kind in kinds:
        number = TYPES[kind]
        bits = windows.setdefault(number >> 8, bytearray(32))
        bits[(number & 255) >> 3] |= 0x80 >> (number & 7)
    out = b""
    for window, bits in sorted(windows.items()):
        used = bytes(bits).rstrip(b"\0")
        out += bytes([window, len(used)]) + used
    return out


# ------------------------------------------------------------------ a client
def question(name, kind, ident):
    """As a stub resolver asks, with EDNS."""
    return (struct.pack(">6H", ident, RD, 1, 0, 0, 1) + encode_name(name) + struct.pack(">HH", TYPES[kind], 1) +
            b"\0" + struct.pack(">HHIH", TYPES["OPT"], 4096, 0, 0))


def read_answer(packet):
    """rcode, and the answer section as (owner, type, rdata)."""
    flags, _, count = struct.unpack(">3H", packet[2:8])
    at = decode_name(packet, 12)[1] + 4
    records = []
    for _ in range(count):
        owner, at = decode_name(packet, at)
        kind, _, _, length = struct.unpack(">HHIH", packet[at : at + 10])
        at += 10
        rdata = packet[at : at + length]
        if kind in (TYPES["CNAME"], TYPES["NS"]):
            rdata = encode_name(decode_name(packet, at)[0].lower())
        records.append((owner.lower(), NAMES.get(kind, str(kind)), rdata))
        at += length
    return flags & 15, records

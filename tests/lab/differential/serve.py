#!/usr/bin/env python3
"""The name servers of many small internets, and those of the root and the top-level domains, in one process:
serve.py FILE

FILE holds a JSON object of number and description. The server with number S of internet N has the address
server_address(N, S); all of these belong to the lab.

Questions from the address of an oracle (oracle_address) meet one choice of servers: delegations name the chosen server
of each zone alone. Where that server fails for a question, another server of the zone answers in its place, because a
resolver would ask that one next; so no oracle has to wait for a server that is silent. Everybody else meets the servers
as they are."""
import bisect
import json
import os
import socket
import struct
import sys
import threading
import time

import wire
from internet import NUMBERED, Internet, parent, within

ROOT_ADDRESS, TLD_ADDRESS = "45.54.0.1", "45.54.0.2"
TLDS = ("com", "net", "org")
TTL, NEGATIVE_TTL = 60, 30
MOST_SERVERS = 16
OLD = (1577836800, 1580515200)  # times of signatures that are not valid any more


def server_address(number, server):
    at = number % 4000 * MOST_SERVERS + server
    return f"45.55.{at >> 8}.{at & 255}"


def oracle_address(choice):
    return f"45.54.1.{choice + 1}"


class Version:
    """One zone as one server has it."""

    def __init__(self, apex, mode=None):
        self.apex, self.mode = apex, mode
        self.nodes = {}  # name: {type: [rdata]}
        self.cuts = {}  # name: (function of the choice that gives (host, address or None), DS rdata or None)
        self.addresses = {}  # of hosts, for additional sections
        self.altered = mode == "altered"
        self.add(apex, "SOA", wire.encode_rdata("SOA", f"m.{apex} h.{apex} 1 3600 600 86400 {NEGATIVE_TTL}"))
        if self.signs:
            self.add(apex, "DNSKEY", KEY.rdata)

    @property
    def signs(self):
        return self.mode in ("signed", "altered", "expired", "wrong-ds")

    def add(self, owner, kind, rdata):
        self.nodes.setdefault(owner, {}).setdefault(kind, []).append(rdata)

    def finish(self):
        """Collects what exists, empty non-terminals included, and the names of the NSEC chain."""
        self.exists = {self.apex}
        for name in list(self.nodes) + list(self.cuts):
            while name != self.apex and name not in self.exists:
                self.exists.add(name)
                name = parent(name)
        chain = set(self.cuts) | {name for name in self.nodes if not self.cut_above(name)}
        self.chain = sorted(chain, key=wire.canonical)
        self.keys = [wire.canonical(name) for name in self.chain]
        self.place = {name: i for i, name in enumerate(self.chain)}
        return self

    def cut_above(self, name):
        while name != self.apex and name:
            if name in self.cuts:
                return name
            name = parent(name)
        return None

    # ------------------------------------------------------------ sets of records with their signatures
    def signature(self, owner, kind, rdatas, ttl, labels=None):
        now = int(time.time())
        times = OLD if self.mode == "expired" else (now - 86400, now + 8640000)
        made = wire.rrsig(KEY, owner, kind, ttl, rdatas, self.apex, times, labels)
        if self.altered and kind in ("TXT", "CAA", "CNAME"):
            made = made[:-8] + bytes([made[-8] ^ 1]) + made[-7:]
        return made

    def rrset(self, owner, kind, rdatas, dnssec, ttl=TTL, labels=None):
        out = [(owner, kind, ttl, rdata) for rdata in rdatas]
        if dnssec and self.signs:
            out.append((owner, "RRSIG", ttl, self.signature(owner, kind, rdatas, ttl, labels)))
        return out

    def nsec(self, name, dnssec):
        """The NSEC record at a name of the chain."""
        if not (dnssec and self.signs):
            return []
        at = self.place[name]
        kinds = ["NS"] + ["DS"] * (self.cuts[name][1] is not None) if name in self.cuts else list(self.nodes[name])
        if name == self.apex:
            kinds.append("NS")
        rdata = wire.encode_name(self.chain[(at + 1) % len(self.chain)]) + wire.bitmap(set(kinds) | {"RRSIG", "NSEC"})
        return self.rrset(name, "NSEC", [rdata], dnssec, NEGATIVE_TTL)

    def nsec_covering(self, name, dnssec):
        if not (dnssec and self.signs):
            return []
        return self.nsec(self.chain[bisect.bisect_right(self.keys, wire.canonical(name)) - 1], dnssec)

    def soa(self, dnssec):
        return self.rrset(self.apex, "SOA", self.nodes[self.apex]["SOA"], dnssec, NEGATIVE_TTL)


class Reply:
    def __init__(self):
        self.rcode, self.flags = 0, wire.AA
        self.answer, self.authority, self.additional = [], [], []


def refer(reply, version, cut, choice, dnssec):
    hosts, ds = version.cuts[cut]
    for host, address in hosts(choice):
        reply.authority.append((cut, "NS", TTL, wire.encode_name(host)))
        if address and within(host, version.apex):
            reply.additional.append((host, "A", TTL, socket.inet_aton(address)))
    if not reply.answer:
        reply.flags = 0
    if ds:
        reply.authority += version.rrset(cut, "DS", [ds], dnssec)
    else:
        reply.authority += version.nsec(cut, dnssec)


def find(version, name):
    """What a zone has for a name: ("cut", owner), ("dname", owner), ("node", owner), ("wildcard", owner) or ("none",
    closest encloser)."""
    labels = name.split(".") if name else []
    below = len(labels) - len([label for label in version.apex.split(".") if label])
    path = [".".join(labels[i:]) for i in range(below, -1, -1)]
    for at in path:
        if at in version.cuts:
            return "cut", at
        if at != name and "DNAME" in version.nodes.get(at, {}):
            return "dname", at
    if name in version.exists:
        return "node", name
    encloser = next(at for at in reversed(path) if at in version.exists)
    return ("wildcard", encloser) if "*." + encloser in version.nodes else ("none", encloser)


def negative(reply, version, dnssec, name, encloser):
    reply.rcode = wire.NXDOMAIN
    reply.authority += version.soa(dnssec)
    for proof in (version.nsec_covering(name, dnssec), version.nsec_covering("*." + encloser, dnssec)):
        reply.authority += [record for record in proof if record not in reply.authority]


def look_up(versions, reply, name, kind, choice, dnssec):
    """Fills a reply from the zones of one server, and follows aliases as far as these reach."""
    for _ in range(9):
        version = deepest(versions, name, kind)
        if version is None:
            if not reply.answer:
                reply.rcode, reply.flags = wire.REFUSED, 0
            return
        what, at = find(version, name)
        if what == "cut" and at == name and kind == "DS":
            ds = version.cuts[at][1]
            if ds:
                reply.answer += version.rrset(name, "DS", [ds], dnssec)
            else:
                reply.authority += version.soa(dnssec) + version.nsec(name, dnssec)
            return
        if what == "cut":
            refer(reply, version, at, choice, dnssec)
            return
        if what == "none":
            negative(reply, version, dnssec, name, at)
            return
        if what == "dname":
            target = version.nodes[at]["DNAME"]
            alias = name[: -len(at)] + wire.decode_name(target[0], 0)[0]
            reply.answer += version.rrset(at, "DNAME", target, dnssec) + [(name, "CNAME", TTL, wire.encode_name(alias))]
            if kind == "CNAME":
                return
            name = alias
            continue
        node = version.nodes.get(at if what == "node" else "*." + at, {})
        labels = len([label for label in at.split(".") if label]) if what == "wildcard" else None
        cover = version.nsec_covering(name, dnssec) if what == "wildcard" else []
        found = kind if kind in node else "CNAME" if "CNAME" in node else None
        if found:
            reply.answer += version.rrset(name, found, node[found], dnssec, labels=labels)
            reply.authority += cover
            if found == kind:
                return
            name = wire.decode_name(node["CNAME"][0], 0)[0].lower()
            continue
        if kind == "NS" and name == version.apex:
            records = [wire.encode_name(host) for host, _ in version.hosts(choice)]
            reply.answer += version.rrset(name, "NS", records, dnssec)
            reply.additional += [(host, "A", TTL, socket.inet_aton(address)) for host, address in version.hosts(choice)
                                 if address and within(host, version.apex)]
            return
        proof = cover + version.nsec("*." + at, dnssec) if what == "wildcard" else \
            version.nsec(name, dnssec) if node else version.nsec_covering(name, dnssec)
        reply.authority += version.soa(dnssec) + proof
        return


def deepest(versions, name, kind):
    at = parent(name) if kind == "DS" and name else name
    while True:
        if at in versions:
            return versions[at]
        if not at:
            break
        at = parent(at)
    return versions.get(name)


# ------------------------------------------------------------------ the internets
class World:
    def __init__(self, texts):
        self.internets = {int(number): Internet(text, int(number)) for number, text in texts.items()}
        self.choices = {number: internet.choices() or [] for number, internet in self.internets.items()}
        self.versions = {}
        self.by_address = {server_address(number, server): (internet, server)
                           for number, internet in self.internets.items() for server in range(MOST_SERVERS)}
        self.make_registries()

    def make_registries(self):
        root = Version("", "signed")
        root.hosts = lambda _: [("a.root-servers.net", ROOT_ADDRESS)]
        self.tlds = {}
        for tld in TLDS:
            version = Version(tld, "signed")
            version.hosts = lambda _, tld=tld: [(f"a.nic.{tld}", TLD_ADDRESS)]
            version.add(f"a.nic.{tld}", "A", socket.inet_aton(TLD_ADDRESS))
            if tld == "net":
                version.add("a.root-servers.net", "A", socket.inet_aton(ROOT_ADDRESS))
            root.cuts[tld] = (version.hosts, KEY.ds(tld))
            self.tlds[tld] = version
        for internet in self.internets.values():
            for zone in internet.zones.values():
                above = internet.zone_of(zone.apex, strictly=True)
                if not above:
                    self.tlds[parent(zone.apex)].cuts[zone.apex] = self.cut(internet, zone)
        for version in [root, *self.tlds.values()]:
            version.finish()
        self.root = root

    @staticmethod
    def cut(internet, zone):
        ds = None
        if zone.mode:
            ds = KEY.ds(zone.apex, b"\x17" * 32 if zone.mode == "wrong-ds" else None)

        def hosts(choice):
            return [(host, server_address(internet.number, number) if address else None)
                    for number, host, address in zone.servers if choice is None or choice.get(zone.apex) == number]

        return hosts, ds

    def version(self, internet, server, apex):
        key = internet.number, server, apex
        if key in self.versions:
            return self.versions[key]
        zone, holding = internet.zones[apex], internet.holdings[server, apex]
        words = [word for word, _ in holding.behaves]
        version = Version(apex, None if "unsigned" in words or zone.mode == "no-keys" else zone.mode)
        version.altered = version.altered or "altered" in words
        version.hosts = self.cut(internet, zone)[0]
        lacks = set(holding.lacks)
        for child in internet.children(apex):
            if (child.apex, "NS") not in lacks:
                version.cuts[child.apex] = self.cut(internet, child)
        for owner, kind, rdata in zone.records + holding.has:
            if (owner, kind) not in lacks or (owner, kind, rdata) in holding.has:
                rdata = wire.encode_rdata(kind, rdata)
                if rdata not in version.nodes.get(owner, {}).get(kind, []):
                    version.add(owner, kind, rdata)
        for other in internet.zones.values():
            for number, host, address in other.servers:
                above = internet.zone_of(host)
                rdata = socket.inet_aton(server_address(internet.number, number))
                if address and above and above.apex == apex and rdata not in version.nodes.get(host, {}).get("A", []):
                    version.add(host, "A", rdata)
        self.versions[key] = version.finish()
        return version

    def reply(self, address, choice, name, kind, edns, dnssec, tcp):
        """The reply of the server at an address; None: none."""
        if address in (ROOT_ADDRESS, TLD_ADDRESS):
            number = NUMBERED.search(name)
            chosen = None
            if choice is not None and number:
                internet = self.internets.get(int("".join(filter(str.isdigit, number[0]))))
                chosen = self.choices[internet.number][choice][0] if internet else None
            reply = Reply()
            versions = {"": self.root} if address == ROOT_ADDRESS else self.tlds
            look_up(versions, reply, name, kind, chosen, dnssec)
            return reply
        if address not in self.by_address:
            return None
        internet, server = self.by_address[address]
        chosen = self.choices[internet.number][choice][0] if choice is not None else None
        apex = self.answers_for(internet, server, chosen, name, kind)
        if chosen and apex and internet.fails(server, apex, kind):
            other = self.next_to_ask(internet, server, chosen, name, kind)
            if other is None and (not internet.holds(server, apex) or
                                  self.words(internet, server, apex, kind) & QUIET_FAILURES):
                reply = Reply()
                reply.rcode, reply.flags = wire.REFUSED, 0
                return reply
            if other is not None:
                server, apex = other
        return self.behave(internet, server, apex, chosen, name, kind, edns, dnssec, tcp)

    @staticmethod
    def answers_for(internet, server, chosen, name, kind):
        """The zone that a server's answer to a question is about: the deepest that it holds, or is chosen for."""
        among = {apex for apex in internet.zones if internet.holds(server, apex)}
        if chosen:
            among |= {apex for apex, number in chosen.items() if number == server}
        zone = internet.zone_of(name, strictly=kind == "DS" and parent(name) in internet.zones, among=among)
        return zone.apex if zone else None

    def next_to_ask(self, internet, server, chosen, name, kind):
        """Another server of the zone that this one was asked for, which does not fail, and the zone that it answers
        for."""
        asked = internet.zone_of(name, among={apex for apex, number in chosen.items() if number == server})
        for number in asked.numbers(with_address=True) if asked else []:
            apex = self.answers_for(internet, number, None, name, kind)
            if apex and not internet.fails(number, apex, kind) and internet.holds(number, asked.apex):
                return number, apex
        return None

    @staticmethod
    def words(internet, server, apex, kind):
        return set(internet.behaviours(server, apex, kind)) if apex else set()

    def behave(self, internet, server, apex, chosen, name, kind, edns, dnssec, tcp):
        words = self.words(internet, server, apex, kind)
        reply = Reply()
        if "silent" in words or edns and "drop-edns" in words or tcp and "tc-no-tcp" in words:
            return None
        if "tc-no-tcp" in words:
            reply.flags |= wire.TC
            return reply
        for word, rcode in (("refuse", wire.REFUSED), ("servfail", wire.SERVFAIL), ("notimp", wire.NOTIMP),
                            ("formerr", wire.FORMERR), ("lame", 0)):
            if word in words:
                reply.rcode, reply.flags = rcode, 0
                return reply
        if "upward" in words:
            reply.flags = 0
            reply.authority = [("", "NS", TTL, wire.encode_name("a.root-servers.net"))]
            return reply
        if edns and words & {"formerr-edns", "notimp-edns"}:
            reply.rcode, reply.flags = wire.FORMERR if "formerr-edns" in words else wire.NOTIMP, 0
            return reply
        versions = {held: self.version(internet, server, held) for held in internet.zones
                    if internet.holds(server, held)}
        look_up(versions, reply, name, kind, chosen, dnssec)
        if "no-soa" in words and not reply.answer and reply.flags & wire.AA:
            reply.authority = []
        if "ent-nxdomain" in words and not reply.answer and reply.flags & wire.AA and not reply.rcode and \
                not any(name in version.nodes for version in versions.values()):
            reply.rcode = wire.NXDOMAIN
        if "answer-nxdomain" in words and reply.answer and reply.answer[0][1] == "CNAME" != kind:
            reply.rcode = wire.NXDOMAIN
        return reply


# ------------------------------------------------------------------ sockets
def pack(reply, name, edns, limit):
    """A reply without its id, and without the question: (flags and counts, what follows the question)."""
    body = b""
    for section in (reply.answer, reply.authority, reply.additional):
        for owner, kind, ttl, rdata in section:
            where = b"\xc0\x0c" if owner == name else wire.encode_name(owner)
            body += where + struct.pack(">HHIH", wire.TYPES[kind], 1, ttl, len(rdata)) + rdata
    counts = [1, len(reply.answer), len(reply.authority), len(reply.additional)]
    flags = wire.QR | reply.flags | reply.rcode
    if len(body) + len(name) + 30 > limit:
        body, counts, flags = b"", [1, 0, 0, 0], flags | wire.TC
    if edns:
        counts[3] += 1
        body += b"\0" + struct.pack(">HHIH", wire.TYPES["OPT"], 1232, 0x8000 if edns > 1 else 0, 0)
    return flags, struct.pack(">4H", *counts), body


class Server:
    def __init__(self, world):
        self.world, self.known = world, {}

    def answer(self, packet, local, peer, tcp):
        """The bytes of the answer; None: nothing is sent."""
        name, end = wire.decode_name(packet, 12)
        kind = wire.NAMES.get(struct.unpack(">H", packet[end : end + 2])[0], "ANY")
        end += 4
        edns, limit = 0, 512
        if packet[10:12] != b"\0\0":
            limit, ttl = struct.unpack(">HI", packet[end + 3 : end + 9])
            edns = 2 if ttl & 0x8000 else 1
        choice = int(peer.rpartition(".")[2]) - 1 if peer.startswith("45.54.1.") else None
        key = local, choice, name.lower(), kind, edns, tcp
        if key not in self.known:
            reply = self.world.reply(local, choice, name.lower(), kind, edns > 0, edns > 1, tcp)
            self.known[key] = reply and pack(reply, name.lower(), edns, 65000 if tcp else min(limit, 1232))
        if not self.known[key]:
            return None
        flags, counts, body = self.known[key]
        flags |= struct.unpack(">H", packet[2:4])[0] & (wire.RD | wire.CD)
        return packet[:2] + struct.pack(">H", flags) + counts + packet[12:end] + body

    def serve_udp(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.bind(("0.0.0.0", 53))
        while True:
            packet, extra, _, peer = sock.recvmsg(4096, 256)
            info = extra[0][2]
            try:
                answer = self.answer(packet, socket.inet_ntoa(info[8:12]), peer[0], tcp=False)
                if answer:
                    source = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("i", 0) + info[8:12] + b"\0\0\0\0")]
                    sock.sendmsg([answer], source, 0, peer)
            except (OSError, IndexError, KeyError, ValueError, struct.error) as error:
                print(f"serve: {error!r}: {packet.hex()}", file=sys.stderr)

    def serve_connection(self, connection, peer):
        with connection:
            connection.settimeout(5)
            stream = connection.makefile("rb")
            try:
                while len(head := stream.read(2)) == 2:
                    packet = stream.read(struct.unpack(">H", head)[0])
                    if len(packet) < 17:
                        return  # the client has gone
                    answer = self.answer(packet, connection.getsockname()[0], peer, tcp=True)
                    if not answer:
                        return
                    connection.sendall(struct.pack(">H", len(answer)) + answer)
            except OSError:
                pass  # the client has gone
            except (IndexError, KeyError, ValueError, struct.error) as error:
                print(f"serve: connection: {error!r}", file=sys.stderr)

    def serve_tcp(self):
        with socket.create_server(("0.0.0.0", 53), backlog=128) as listener:
            while True:
                connection, peer = listener.accept()
                threading.Thread(target=self.serve_connection, args=(connection, peer[0]), daemon=True).start()


IP_PKTINFO = 8
# Failures that an oracle is told of by REFUSED, so that it need not wait, or take an answer that is none. The same goes
# for a server that is named for a zone which it does not have.
QUIET_FAILURES = {"silent", "drop-edns", "tc-no-tcp", "lame"}
KEY = wire.Key()


def trust_anchor():
    return ". IN DS " + "{} {} {} ".format(*struct.unpack(">HBB", KEY.ds("")[:4])) + KEY.ds("")[4:].hex() + "\n"


def main(path):
    with open(path, encoding="ascii") as file:
        world = World(json.load(file))
    server = Server(world)
    # two processes take the datagrams, one the connections
    if os.fork():
        threading.Thread(target=server.serve_tcp, daemon=True).start()
    server.serve_udp()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

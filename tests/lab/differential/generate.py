"""Makes the description of a small internet from a seed."""
import random

VALUES = {"token": '"TOKEN"', "spf": '"v=spf1 -all"', "other": '"k1vd7rm4x0tq8s5gz2hcw9nb6yfj3lpe"'}
PERMIT, DENY = '0 issue "digicert.com"', '0 issue "letsencrypt.org"'
WHOLE = ("refuse", "servfail", "lame", "upward", "notimp", "tc-no-tcp", "formerr-edns", "notimp-edns")
QUIET = ("silent", "drop-edns")
ONE_TYPE = ("refuse", "servfail", "notimp", "lame", "formerr", "no-soa")
ODD = ("no-soa", "ent-nxdomain", "answer-nxdomain")


class Maker:
    def __init__(self, source):
        self.source, self.zones, self.at, self.next = source, {}, [], 1
        self.method = source.choice(("dns-txt-token", "dns-txt-token", "dns-cname-token", "caa", "caa"))
        self.kind = {"dns-txt-token": "TXT", "dns-cname-token": "CNAME", "caa": "CAA"}[self.method]

    def chance(self, share):
        return self.source.random() < share

    # ------------------------------------------------------------ zones
    def zone(self, apex, signed=None, like=None):
        """A zone, unless there is one. like: a zone whose servers this one may share."""
        if apex in self.zones:
            return
        signed = self.chance(0.3) if signed is None else signed
        servers = []
        if like and self.chance(0.35):
            servers = [line for line in self.zones[like]["servers"] if self.chance(0.6)]
            servers = [line.split()[0] for line in servers]
        while not servers or (len(servers) < 3 and self.chance(0.5)):
            servers.append(str(self.next))
            self.next += 1
        self.zones[apex] = {"signed": "signed" if signed else "", "servers": servers, "records": []}

    def holder(self, name):
        """The deepest zone at or above a name."""
        return max((apex for apex in self.zones if name == apex or name.endswith("." + apex)), key=len)

    def put(self, name, kind, rdata):
        apex = self.holder(name)
        owner = "@" if name == apex else name.removesuffix("." + apex)
        records = self.zones[apex]["records"]
        if (owner, kind, rdata) not in records and not any(
                at == owner and "CNAME" in (kind, other) for at, other, _ in records):
            records.append((owner, kind, rdata))

    # ------------------------------------------------------------ the name and what stands there
    def build(self):
        pick = self.source.choice
        self.zone("own.com")
        signed = self.zones["own.com"]["signed"] != ""
        self.domain = pick(["own.com", "own.com", "www.own.com", "sub.own.com", "sub.own.com", "a.sub.own.com",
                            "x.ent.own.com", "deep.sub.own.com"])
        if self.domain.endswith("sub.own.com") and self.chance(0.8):
            self.zone("sub.own.com", signed and self.chance(0.8), like="own.com")
        if self.domain == "deep.sub.own.com" and self.chance(0.6):
            self.zone("deep.sub.own.com", signed and self.chance(0.8), like=self.holder("sub.own.com"))
        if self.domain == "x.ent.own.com" and self.chance(0.5):
            self.zone("x.ent.own.com", like="own.com")
        if self.chance(0.7):
            self.put(self.domain, "A", "45.54.66.80")
        if self.method == "caa":
            self.build_caa()
        else:
            start = "_dnsauth." + self.domain
            if self.method == "dns-txt-token" and self.chance(0.2):
                start = self.domain
            if self.chance(0.1):
                self.zone(start, like=self.holder(self.domain))
            self.lead(start, 0)
            if self.chance(0.2):
                self.put(self.domain, "TXT", VALUES[pick(["spf", "other"])])

    def build_caa(self):
        name = self.domain
        while name.count("."):
            roll = self.source.random()
            if roll < 0.25:
                self.put(name, "CAA", PERMIT)
            elif roll < 0.4:
                self.put(name, "CAA", DENY)
            elif roll < 0.65 and name not in self.zones:
                self.lead(name, 0)
            name = name.partition(".")[2]

    def lead(self, name, depth):
        """Puts the record at a name, or an alias that leads there."""
        pick = self.source.choice
        if depth > 3 or self.chance(0.3 if depth else 0.4) or name in self.zones:
            self.end(name)
            return
        where = pick(["same", "cut", "far", "far", "far-cut", "dname", "wildcard"])
        number = len(self.zones)
        if where == "same":
            target = f"t{depth}.{pick(['', 'ent.'])}own.com"
        elif where == "cut":
            self.zone("auth.own.com", like="own.com")
            target = f"t{depth}.auth.own.com"
        elif where == "far":
            self.zone("far.net")
            target = f"t{depth}.far.net"
        elif where == "far-cut":
            self.zone("far.net")
            self.zone("auth.far.net", like="far.net")
            target = f"t{depth}.auth.far.net"
        elif where == "dname" and name.count(".") > 2:
            at = name.partition(".")[2]
            if at in self.zones or at == self.domain or number > 4:
                self.end(name)
                return
            target_zone = pick(["own.com", "far.net"])
            self.zone(target_zone)
            self.put(at, "DNAME", f"d{depth}.{target_zone}.")
            self.lead(f"{name.partition('.')[0]}.d{depth}.{target_zone}", depth + 1)
            return
        else:
            self.end("*." + name.partition(".")[2])
            return
        self.put(name, "CNAME", target + ".")
        self.lead(target, depth + 1)

    def end(self, name):
        pick = self.source.choice
        if self.method == "dns-cname-token":
            self.put(name, "CNAME", f"{'TOKEN' if self.chance(0.85) else 'other'}.dcv.digicert.com.")
        elif self.method == "caa":
            if self.chance(0.8):
                self.put(name, "CAA", pick([PERMIT, PERMIT, DENY, '0 iodef "mailto:a@example.com"']))
            else:
                self.put(name, "A", "45.54.66.80")
        elif self.chance(0.85):
            self.put(name, "TXT", VALUES["token"])
        elif self.chance(0.7):
            self.put(name, "TXT", VALUES[pick(["spf", "other"])])

    # ------------------------------------------------------------ faults
    def fault(self):
        pick = self.source.choice
        apex = pick(list(self.zones))
        zone = self.zones[apex]
        server = pick(zone["servers"]).split()[0]
        kinds = ["lacks"] * 5 + ["changed"] * 2 + ["whole"] * 3 + ["type"] * 2 + ["all"] * 2 + [
            "nothing", "holder", "holder", "old-parent", "stranger", "no-address", "elsewhere", "odd", "signature",
            "lacks-cut", "bogus", "extra"] + ["quiet"]
        fault = pick(kinds)
        record = pick(zone["records"]) if zone["records"] else None
        if fault == "lacks" and record:
            self.at.append(f"at {server} {apex} lacks {record[0]} {record[1]}")
        elif fault == "changed" and record:
            self.at.append(f"at {server} {apex} lacks {record[0]} {record[1]}")
            other = {"TXT": VALUES["spf"], "CAA": pick([DENY, PERMIT]), "CNAME": pick(["t9.own.com.", "t9.far.net."])}
            if record[1] in other:
                self.at.append(f"at {server} {apex} has {record[0]} {record[1]} {other[record[1]]}")
        elif fault == "whole":
            self.at.append(f"at {server} {apex} {pick(WHOLE)}")
        elif fault == "quiet":
            self.at.append(f"at {server} {apex} {pick(QUIET)}")
        elif fault == "type":
            self.at.append(f"at {server} {apex} {pick(ONE_TYPE)} {pick([self.kind, self.kind, 'NS', 'A'])}")
        elif fault == "all":
            word = pick(WHOLE) if self.chance(0.85) else pick(QUIET)
            limit = pick(["", " " + self.kind])
            self.at += [f"at {line.split()[0]} {apex} {word}{limit if word in ONE_TYPE else ''}"
                        for line in zone["servers"]]
        elif fault == "nothing":
            self.at.append(f"at {server} {apex} nothing")
        elif fault in ("holder", "stranger"):
            self.copy(apex, stranger=fault == "stranger")
        elif fault in ("old-parent", "lacks-cut"):
            self.old_parent(apex, with_records=fault == "old-parent")
        elif fault == "no-address":
            at = zone["servers"].index(pick(zone["servers"]))
            zone["servers"][at] = zone["servers"][at].split()[0] + " no-address"
        elif fault == "elsewhere":
            self.zone("host.org")
            zone["servers"] = [f"{line} m{line}.host.org" if " " not in line and self.chance(0.7) else line
                               for line in zone["servers"]]
        elif fault == "odd":
            self.at += [f"at {line.split()[0]} {apex} {pick(ODD)}" for line in zone["servers"] if self.chance(0.7)]
        elif fault == "signature" and zone["signed"]:
            self.at.append(f"at {server} {apex} {pick(['altered', 'unsigned'])}")
        elif fault == "bogus" and zone["signed"]:
            zone["signed"] = pick(["altered", "expired", "wrong-ds", "no-keys"])
        elif fault == "extra":
            owner = "_dnsauth." + self.domain if self.kind != "CAA" else self.domain
            rdata = {"TXT": VALUES["token"], "CAA": pick([PERMIT, DENY]), "CNAME": "TOKEN.dcv.digicert.com."}[self.kind]
            holder = self.holder(owner)
            if any(kind == "CNAME" for at, kind, _ in self.zones[holder]["records"] if f"{at}.{holder}" == owner):
                return
            server = pick(self.zones[holder]["servers"]).split()[0]
            self.at.append(f"at {server} {holder} has {owner}. {self.kind} {rdata}")

    def copy(self, apex, stranger):
        """A server of the zone above, or of any other, that also holds the zone, perhaps an old version."""
        pick = self.source.choice
        above = [other for other in self.zones if apex.endswith("." + other)]
        others = [other for other in self.zones if other != apex] if stranger else above
        if not others:
            return
        server = pick(self.zones[pick(others)]["servers"]).split()[0]
        if server in [line.split()[0] for line in self.zones[apex]["servers"]]:
            return
        self.at.append(f"at {server} {apex} copy")
        records = self.zones[apex]["records"]
        if records and self.chance(0.7):
            record = pick(records)
            self.at.append(f"at {server} {apex} lacks {record[0]} {record[1]}")

    def old_parent(self, apex, with_records):
        """A server of the zone above with a version from before the zone was delegated."""
        pick = self.source.choice
        above = [other for other in self.zones if apex.endswith("." + other)]
        if not above:
            return
        above = max(above, key=len)
        server = pick(self.zones[above]["servers"]).split()[0]
        self.at.append(f"at {server} {above} lacks {apex}. NS")
        for owner, kind, rdata in self.zones[apex]["records"]:
            if with_records and self.chance(0.7):
                name = apex if owner == "@" else f"{owner}.{apex}"
                self.at.append(f"at {server} {above} has {name}. {kind} {rdata}")

    def text(self):
        lines = [f"domain {self.domain}", f"check {self.method}"]
        for apex, zone in self.zones.items():
            lines.append(f"zone {apex} {zone['signed']}".rstrip())
            lines += [f"    ns {server}" for server in zone["servers"]]
            lines += [f"    {owner} {kind} {rdata}" for owner, kind, rdata in zone["records"]]
        return "\n".join(lines + self.at) + "\n"


def description(seed):
    maker = Maker(random.Random(seed))
    maker.build()
    for _ in range(maker.source.choice((0, 1, 1, 1, 2, 2, 3))):
        maker.fault()
    return maker.text()

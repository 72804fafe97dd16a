"""A small internet as a text of a few lines, read and understood. README.md shows an example and names each word.

The names of a description end in one of the registered domains own.com, far.net and host.org. Many descriptions are
served at once, so each gets a number, and in the one with number 7 these are own7.com, far7.net and host7.org."""
import re

TOKEN = "r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga"
REGISTERED = re.compile(r"\b(own|far|host)\.(com|net|org)\b")
NUMBERED = re.compile(r"\b(own|far|host)\d+\.(com|net|org)\b")
METHODS = ("dns-txt-token", "dns-cname-token", "caa")
# A server with one of these gives no answer that a resolver takes, so it asks another server.
FAILING = ("silent", "refuse", "servfail", "lame", "upward", "drop-edns", "tc-no-tcp", "notimp", "formerr")
SILENT = ("silent", "drop-edns")
MODES = ("signed", "altered", "expired", "wrong-ds", "no-keys")
MOST_CHOICES = 16


def numbered(text, number):
    return REGISTERED.sub(rf"\g<1>{number}.\g<2>", text)


def plain(text):
    return NUMBERED.sub(r"\1.\2", text)


def within(name, apex):
    return name == apex or name.endswith("." + apex) or apex == ""


def parent(name):
    return name.partition(".")[2]


class Zone:
    def __init__(self, apex, mode):
        self.apex, self.mode = apex, mode
        self.servers = []  # (number, host name, has an address)
        self.records = []  # (owner, type, rdata)

    def numbers(self, with_address=False):
        return [number for number, _, address in self.servers if address or not with_address]


class Holding:
    """What one server does with one zone."""

    def __init__(self):
        self.behaves = []  # (word, type or None for every type)
        self.lacks, self.has, self.has_not_zone = [], [], False
        self.lines = []


class Internet:
    def __init__(self, text, number):
        self.text, self.number = text, number
        self.zones, self.holdings, self.methods = {}, {}, []
        self.domain = None
        zone = None
        for line in numbered(text, number).replace("TOKEN", TOKEN).splitlines():
            words = line.split(None, 3)
            if not words or words[0].startswith("#"):
                continue
            if not line[0].isspace():
                zone = self.top_line(words, line) or zone
            elif words[0] == "ns":
                host = next((word for word in words[2:] if "." in word), f"n{words[1]}.{zone.apex}")
                zone.servers.append((int(words[1]), host, "no-address" not in line))
            else:
                zone.records.append((self.owner(words[0], zone.apex), words[1], line.split(None, 2)[2]))
        if not self.domain or not self.zones or any(not zone.servers for zone in self.zones.values()):
            raise ValueError("a description needs a domain, and zones with servers")
        if any(zone.apex.count(".") > 1 and not self.zone_of(zone.apex, strictly=True) for zone in self.zones.values()):
            raise ValueError("a zone needs the zone above it")
        for zone in self.zones.values():
            for server in zone.numbers():
                self.holdings.setdefault((server, zone.apex), Holding())

    @staticmethod
    def owner(text, apex):
        return apex if text == "@" else text.rstrip(".") if text.endswith(".") else f"{text}.{apex}"

    def top_line(self, words, line):
        if words[0] == "domain":
            self.domain = words[1]
        elif words[0] == "check":
            self.methods = line.split()[1:]
        elif words[0] == "zone":
            mode = words[2] if len(words) > 2 else None
            if mode and mode not in MODES:
                raise ValueError(f"unknown word {mode}")
            self.zones[words[1]] = Zone(words[1], mode)
            return self.zones[words[1]]
        elif words[0] == "at":
            self.at_line(line.split(None, 4))
        else:
            raise ValueError(f"unknown line: {line}")
        return None

    def at_line(self, words):
        server, apex, what = int(words[1]), words[2], words[3]
        holding = self.holdings.setdefault((server, apex), Holding())
        rest = words[4] if len(words) > 4 else ""
        if what in ("lacks", "has"):
            fields = rest.split(None, 2)
            entry = (self.owner(fields[0], apex), fields[1], *fields[2:])
            (holding.lacks if what == "lacks" else holding.has).append(entry)
        elif what == "nothing":
            holding.has_not_zone = True
        elif what != "copy":
            holding.behaves.append((what, rest or None))
        holding.lines.append(" ".join(words[2:]))

    # ------------------------------------------------------------ who serves what
    def holds(self, server, apex):
        holding = self.holdings.get((server, apex))
        return apex in self.zones and holding is not None and not holding.has_not_zone

    def zone_of(self, name, strictly=False, among=None):
        """The deepest zone at or above a name, or strictly above it; among: of those zones alone."""
        name = parent(name) if strictly else name
        while name:
            if name in self.zones and (among is None or name in among):
                return self.zones[name]
            name = parent(name)
        return None

    def children(self, apex):
        return [zone for zone in self.zones.values()
                if zone.apex != apex and (above := self.zone_of(zone.apex, strictly=True)) and above.apex == apex]

    def behaviours(self, server, apex, kind):
        """What the server does to questions of a type about a zone. It is silent about all of its zones, or none."""
        found = []
        for (number, other), holding in self.holdings.items():
            if number == server:
                found += [word for word, only in holding.behaves
                          if only in (None, kind) and (other == apex or word in SILENT and not only)]
        return found

    def fails(self, server, apex, kind):
        """True where a resolver takes no answer of this server about the zone for a question of this type."""
        if not self.holds(server, apex):
            return True
        signed = self.zones[apex].mode is not None
        for word in self.behaviours(server, apex, kind):
            if word in FAILING:
                return True
            if signed and (word in ("formerr-edns", "notimp-edns", "unsigned", "no-soa") or
                           word == "altered" and kind in ("TXT", "CAA", "CNAME")):
                return True
        return False

    def all_silent(self):
        """True where a zone has no server that answers at all."""
        return any(all(not address or set(self.behaviours(number, zone.apex, None)) & set(SILENT)
                       for number, _, address in zone.servers) for zone in self.zones.values())

    def may_be_silent(self):
        return any(not address for zone in self.zones.values() for _, _, address in zone.servers) or any(
            word in SILENT + ("tc-no-tcp",) for holding in self.holdings.values() for word, _ in holding.behaves)

    # ------------------------------------------------------------ choices of servers
    def found(self, zone, number):
        """True where the host name of the server leads to its address: the zone of that name gives it."""
        host = next(host for other, host, _ in zone.servers if other == number)
        if within(host, zone.apex):
            return True
        holder = self.zone_of(host)
        return holder is not None and any(not self.fails(other, holder.apex, "A")
                                          for other in holder.numbers(with_address=True))

    def usable(self, zone):
        """The servers of a zone that can be the one that a resolver ends at, one of each kind that does the same."""
        able = [n for n in zone.numbers(with_address=True)
                if not self.fails(n, zone.apex, None) and self.found(zone, n)]
        kinds = {}
        for number in able or zone.numbers(with_address=True)[:1] or zone.numbers()[:1]:
            sort = tuple(sorted((apex, tuple(holding.lines), holding.has_not_zone)
                                for (server, apex), holding in self.holdings.items() if server == number))
            kinds.setdefault(sort, number)
        return list(kinds.values())

    def choices(self):
        """Every choice of one server for each zone, as (dict of apex and server, known). The resolver knows from before
        the name servers of zones whose names have up to that many labels, 0 for none: it makes a difference where a
        server of the zone above holds the zone, too. None where there are too many."""
        choices = [{}]
        for zone in self.zones.values():
            choices = [{**choice, zone.apex: server} for choice in choices for server in self.usable(zone)]
            if len(choices) > MOST_CHOICES:
                return None
        depths = sorted({apex.count(".") + 1 for apex in self.zones if apex.count(".") > 1})
        known = [0] + (depths if any(self.held_above(zone) for zone in self.zones.values()) else [])
        choices = [(choice, labels) for labels in known for choice in choices]
        return choices if len(choices) <= MOST_CHOICES else None

    def unsure(self):
        """True where it is a matter of luck what a resolver sees, so that either verdict is right: where a zone is
        served only by servers of the zone above that are not named for it; where servers of a signed zone differ in
        what they delegate; where a server whose answers for a zone are cut off serves zones below it, too; and where
        what one of them says holds no signature, and another fault comes together with that: dcvprobe leaves
        signatures to its resolver where that says anything, and does not check those of each server."""
        for (server, apex), holding in self.holdings.items():
            words = {word for word, _ in holding.behaves}
            signed = apex in self.zones and self.zones[apex].mode
            # dcvprobe takes a server that cuts its SOA record off for lame, also for the zones below.
            if "tc-no-tcp" in words and any(within(other, apex) and other != apex and number == server
                                            for number, other in self.holdings):
                return True
            if signed and (words & {"no-soa", "ent-nxdomain", "answer-nxdomain"} or
                           any(kind == "NS" for _, kind in holding.lacks)):
                return True
            if signed and words & {"altered", "unsigned"} and (holding.lacks or holding.has or any(
                    self.behaviours(number, apex, None) for number in self.zones[apex].numbers())):
                return True
        return any(self.held_above(zone) and all(self.fails(number, zone.apex, None)
                                                 for number in zone.numbers(with_address=True))
                   for zone in self.zones.values())

    def held_above(self, zone):
        above = self.zone_of(zone.apex, strictly=True)
        while above:
            if any(self.holds(server, zone.apex) for server in above.numbers()):
                return True
            above = self.zone_of(above.apex, strictly=True)
        return False

"""What a CA's resolver sees in a small internet: a cold, validating Unbound for each choice of servers, and the CA's
rules over its answers (verdicts.md of the project's rules: the tables of each method)."""
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import time

import serve
import wire
from internet import TOKEN, parent

WAIT = 15  # seconds; an answer that comes later is left out
PORT = 5300  # 53 belongs to the name servers, whatever the address
# The zone at fault in each wording of nameservers-disagree.
DISAGREE = re.compile(r"name servers of (\S+?)\.? give different answers|"
                      r"name server \S+ of (\S+?)\.? has two addresses|"
                      r"a name server of (\S+?)\.?, still holds a copy of its own")
# what makes a lookup fail is said by a finding of its own
LOOKUP_FAILURES = ("dns_internal_error", "caa_check_failed", "dns_lookup_timeout_caa")
CONTROL = "UBCT1 {}\n"


class Unbound:
    """One resolver. source: the address that it asks from; listens at address."""

    def __init__(self, directory, address, source):
        self.address = address
        self.control = f"{directory}/{address}.control"
        conf = pathlib.Path(f"{directory}/{address}.conf")
        conf.write_text(f"""server:
  directory: "{directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: "{directory}/{address}.log"
  do-daemonize: no
  do-ip6: no
  interface: {address}@{PORT}
  outgoing-interface: {source}
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  root-hints: "{directory}/root.hints"
  trust-anchor-file: "{directory}/root.key"
  module-config: "validator iterator"
  num-threads: 1
  ede: yes
  # small, because flush_zone walks all of it
  msg-cache-size: 256k
  rrset-cache-size: 256k
  key-cache-size: 256k
  infra-cache-numhosts: 20000
  cache-max-negative-ttl: 1
  infra-host-ttl: 5
  prefetch: no
  aggressive-nsec: no
  so-rcvbuf: 0
  so-sndbuf: 0
remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: "{self.control}"
""")
        self.process = subprocess.Popen([f"{directory}/unbound", "-c", str(conf)])

    def flush(self, zones):
        for zone in zones:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.connect(self.control)
                sock.sendall(CONTROL.format(f"flush_zone {zone}").encode())
                while sock.recv(4096):
                    pass

    def ask(self, name, kind):
        """rcode and records, or None where no answer comes in time."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(WAIT)
            sock.connect((self.address, PORT))
            packet = wire.question(name, kind, random.getrandbits(16))
            sock.send(packet)
            try:
                answer = sock.recv(65535)
            except TimeoutError:
                return None
        return wire.read_answer(answer)


def start_resolvers(directory, count):
    """The resolver that dcvprobe asks, and one for each choice of servers."""
    pathlib.Path(f"{directory}/root.hints").write_text(
        f". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A {serve.ROOT_ADDRESS}\n")
    pathlib.Path(f"{directory}/root.key").write_text(serve.trust_anchor())
    resolvers = [Unbound(directory, "45.54.0.8", "45.54.0.9")]
    resolvers += [Unbound(directory, f"45.54.2.{i + 1}", serve.oracle_address(i)) for i in range(count)]
    for resolver in resolvers:
        deadline = time.monotonic() + 10
        while not os.path.exists(resolver.control) or not resolver.ask("com", "NS"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the resolver at {resolver.address} does not start")
            time.sleep(0.02)
    return resolvers


class Seen:
    """The answer to one question: fails, or the values of the records of the type."""

    def __init__(self, answer, kind):
        rcode, records = answer
        self.fails = rcode not in (0, wire.NXDOMAIN)
        counts = not self.fails and (rcode == 0 or kind == "CNAME")
        self.values = [rdata for _, found, rdata in records if found == kind] if counts else []


class Late(Exception):
    """An answer came later than a CA waits, or not at all."""


def asker(resolver, internet, known):
    zones = {name for zone in internet.zones for name in [zone] if not internet.zone_of(zone, strictly=True)}

    def ask(name, kind):
        resolver.flush(zones)
        for apex in sorted(internet.zones, key=len):
            if apex.count(".") < known:
                resolver.ask(apex, "NS")
        answer = resolver.ask(name, kind)
        if answer is None:
            raise Late
        return Seen(answer, kind)

    return ask


def txt(ask, domain):
    seen = [ask(name, "TXT") for name in ("_dnsauth." + domain, domain)]
    texts = [value[1:].decode("latin-1") for one in seen for value in one.values]
    if any(TOKEN in text for text in texts):
        return "pass"
    return "dns_entry_missing" if texts else "dns_internal_error" if any(one.fails for one in seen) else "dns_mismatch"


def cname(ask, domain):
    seen = ask("_dnsauth." + domain, "CNAME")
    return "pass" if wire.encode_name(f"{TOKEN}.dcv.digicert.com") in seen.values else "invalid_dns_cname"


def caa(ask, domain):
    while domain:
        seen = ask(domain, "CAA")
        if seen.fails:
            return "caa_check_failed"
        if seen.values:
            issue = [value[2 + value[1] :] for value in seen.values if value[2 : 2 + value[1]] == b"issue"]
            return "pass" if not issue or b"digicert.com" in issue else "caa_not_found"
        domain = parent(domain)
    return "pass"


RULES = {"dns-txt-token": txt, "dns-cname-token": cname, "caa": caa}


def outcomes(resolvers, internet, method):
    """[(choice, known, "pass" or the code of the failure)]; None where an answer is too late."""
    found = []
    for resolver, (choice, known) in zip(resolvers, internet.choices()):
        try:
            found.append((choice, known, RULES[method](asker(resolver, internet, known), internet.domain)))
        except Late:
            return None
    return found


def decisive_zones(found):
    """The zones in which another server makes the difference between pass and failure."""
    zones = set()
    for choice, known, outcome in found:
        for other, other_known, other_outcome in found:
            differ = [apex for apex in choice if choice[apex] != other[apex]]
            if known == other_known and len(differ) == 1 and (outcome == "pass") != (other_outcome == "pass"):
                zones.update(differ)
    return zones


def compare(internet, found, report):
    """What is wrong with a report: (kind, text), or None."""
    verdict, code = report["verdict"], report.get("detail_code")
    codes = {outcome for _, _, outcome in found if outcome != "pass"}
    passes = any(outcome == "pass" for _, _, outcome in found)
    if "caa_check_failed" in codes and internet.all_silent():
        codes.add("dns_lookup_timeout_caa")
    unexplained = verdict == "fail" and not any(finding["weight"] == "blocking" for finding in report["findings"])
    if unexplained:
        return "no cause", f"{code}, and no finding says why"
    if internet.unsure():
        return None
    if verdict == "undecided":
        return "undecided", f"undecided, not {sorted(codes) if codes else 'pass'}"
    if verdict == "pass":
        return ("false pass", f"pass, but with some servers {sorted(codes)}") if codes else None
    if not codes:
        return "false fail", f"{code}, but every choice of servers passes"
    if code not in codes:
        return "wrong code", f"{code}, not {' or '.join(sorted(codes))}"
    if passes and code not in LOOKUP_FAILURES:
        zones = decisive_zones(found)
        # Where a resolver that knows some zones fails with every choice, that is what blocks.
        aside = any(all(outcome != "pass" for _, known, outcome in found if known == labels)
                    for labels in {known for _, known, _ in found})
        named = {DISAGREE.search(finding["summary"])[DISAGREE.search(finding["summary"]).lastindex]
                 for finding in report["findings"]
                 if finding["cause"] == "nameservers-disagree" and (aside or finding["weight"] == "blocking")}
        if zones and not named & zones:
            return "wrong zone", f"nameservers-disagree of {sorted(named)}, not of {' or '.join(sorted(zones))}"
    return None


def start_directory():
    directory = tempfile.mkdtemp(prefix="differential.")
    # a copy, because AppArmor's profile for the path lets it read its own folders only
    program = subprocess.run(["sh", "-c", "PATH=$PATH:/usr/sbin; command -v unbound"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    pathlib.Path(f"{directory}/unbound").write_bytes(pathlib.Path(program).read_bytes())
    os.chmod(f"{directory}/unbound", 0o755)
    return directory

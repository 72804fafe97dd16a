"""BIND beside NSD: whether named-checkzone(1) would load a zone, and a real named(8) that takes the updates."""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

from updates import IN, NONE, SOA, UPDATE, Reader, name_text

PORT = 5301
AXFR = 252
CONF = """options {{
  directory "{run}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; notify no; dnssec-validation no; empty-zones-enable no; minimal-responses yes;
  allow-update {{ 127.0.0.1; }}; allow-transfer {{ 127.0.0.1; }};
}};
controls {{ }};
"""


def loads(name, path):
    """Whether named-checkzone accepts a zone file; what it says, if not."""
    done = subprocess.run(["named-checkzone", "-i", "local", name, path], check=False, text=True, capture_output=True)
    return None if done.returncode == 0 else done.stdout.strip()


class Named:
    """A named that is primary for all zones of the lab, with the files that they have at the start. Where the name
    servers of a zone differ, it has the zone of the first."""

    def __init__(self, primary):
        self.primary, self.refused = primary, {}
        self.run = pathlib.Path(os.environ["LAB"]) / "run" / "named"
        self.run.mkdir(exist_ok=True)
        conf = CONF.format(run=self.run, port=PORT)
        for files in primary.zones.values():
            for file in files:
                shutil.copy(file.path, self.run)
            conf += f'zone "{files[0].name}" {{ type primary; file "{files[0].path.name}"; }};\n'
        (self.run / "conf").write_text(conf)
        program = shutil.copy(shutil.which("named"), self.run)  # AppArmor's profile lets it read its own folders only
        with open(self.run / "log", "wb") as log:
            self.process = subprocess.Popen([program, "-f", "-4", "-n", "1", "-c", self.run / "conf"], stderr=log,
                                            stdout=log)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    # ------------------------------------------------------------ zone files
    def refuses(self, file):
        """What speaks against a zone file as it is, where BIND would load it as it was at the start."""
        if file.path not in self.refused:
            self.refused[file.path] = loads(file.name, self.run / file.path.name)
        return None if self.refused[file.path] else loads(file.name, file.path)

    # ------------------------------------------------------------ updates
    @staticmethod
    def exchange(packet):
        """Yields the answers to a question or an update."""
        with socket.create_connection(("127.0.0.1", PORT), 5) as tcp:
            tcp.sendall(struct.pack(">H", len(packet)) + packet)
            stream = tcp.makefile("rb")
            while head := stream.read(2):
                yield stream.read(struct.unpack(">H", head)[0])

    def records(self, zone):
        """The zone's records (owner, type, rdata) but SOA; None where named has no such zone."""
        found, ends = [], 0
        for answer in self.exchange(struct.pack(">6H", 1, 0, 1, 0, 0, 0) + zone + struct.pack(">HH", AXFR, IN)):
            if answer[3] & 15:
                return None
            reader = Reader(answer)
            for _ in range(struct.unpack(">H", answer[4:6])[0]):
                reader.question()
            for _ in range(struct.unpack(">H", answer[6:8])[0]):
                owner, kind, _, _, rdata = reader.record()
                found.append((owner, kind, rdata))
                ends += kind == SOA
            if ends == 2:
                break
        return {record for record in found if record[1] != SOA}

    def ready(self):
        for _ in range(500):
            try:
                with socket.create_connection(("127.0.0.1", PORT), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"named does not start: see {self.run}/log")

    def undo(self, zone, changes):
        packet = struct.pack(">6H", 2, UPDATE << 11, 1, 0, len(changes), 0) + zone + struct.pack(">HH", SOA, IN)
        for what, owner, kind, ttl, rdata in reversed(changes):
            rclass, ttl = (NONE, 0) if what == "add" else (IN, ttl or 60)
            packet += owner + struct.pack(">HHIH", kind, rclass, ttl, len(rdata)) + rdata
        return next(self.exchange(packet))[3] & 15

    def take(self, script, changes):
        """Has named take an update and takes it back. changes: {zone: list of (what, owner, type, TTL, rdata)}, what
        the update asks for. Returns what is wrong."""
        before = {zone: self.records(zone) for zone in changes}
        if None in before.values():
            return []  # BIND refuses the zone as it is at the start
        done = subprocess.run(["nsupdate", "-v"], input=f"server 127.0.0.1 {PORT}\n{script}", check=False, text=True,
                              capture_output=True)
        wrong = [f"named: {done.stderr.strip()}"] if done.returncode else []
        for zone, asked in changes.items():
            due = set(before[zone])
            for what, owner, kind, _, rdata in asked:
                (due.add if what == "add" else due.discard)((owner, kind, rdata))
            now = self.records(zone)
            if now != due:
                wrong.append(f"named has another zone {name_text(zone)} after the update: {now ^ due}")
            done_something = [c for c in asked if (c[0] == "add") != ((c[1], c[2], c[4]) in before[zone])]
            if self.undo(zone, done_something) or self.records(zone) != before[zone]:
                wrong.append(f"undoing it in named does not bring back the zone {name_text(zone)}")
        return wrong

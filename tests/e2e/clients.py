#!/usr/bin/env python3
"""The clients of contrib/clients with a real dcvd: dcvd.py in this process, dcvd.mjs by node (clients.mjs)."""
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from daemon import Daemon, Resolver, main, same, true, within

TOKEN = "0123456789abcdefghijklmnopqrstuv"
TOP = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def started():
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN]}))
    dcvd.port = free_port()
    dcvd.set("daemon", listen=f"127.0.0.1:{dcvd.port}")
    dcvd.set("access", requests_per_second="0")
    return dcvd.start()


def txt(domain, **more):
    return {"domain": domain, "methods": ["dns-txt-token"], "token": TOKEN, **more}


def module():
    spec = importlib.util.spec_from_file_location("dcvd", TOP / "contrib/clients/dcvd.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def refused(error, code, call):
    try:
        call()
    except error as e:
        same(e.code, code, "the code of a refusal")
        return e
    raise AssertionError(f"not refused with {code}")


def python():
    loaded, daemon = module(), started()
    dcvd = loaded.Dcvd(daemon.socket)
    good = dcvd.check(**txt("good.com", label="Größe 7"))
    same((good["state"], good["label"], good["reports"][0]["verdict"]), ("done", "Größe 7", "pass"), "a check")
    over_tcp = loaded.Dcvd(url=f"http://127.0.0.1:{daemon.port}")
    same(over_tcp.check(**txt("bad.com"))["reports"][0]["errors"][0]["code"], "invalid_dns_txt", "a check over TCP")
    same(dcvd.submit(key="k1", **txt("key.com")), dcvd.submit(key="k1", **txt("key.com")), "sent again")
    same(refused(loaded.DcvdError, "invalid_value:idempotency_key",
                 lambda: dcvd.submit(key="k1", **txt("other.com"))).status, 409, "another body")
    true("from 0.1 to 3600" in str(refused(loaded.DcvdError, "invalid_value:deadline",
                                           lambda: dcvd.submit("a.com", deadline=0))), "the message of a refusal")
    same([c["id"] for c in dcvd.checks(label="Größe 7")], [good["id"]], "a list")
    batch = dcvd.submit_batch(txt(f"n{i}.com") for i in range(1100))
    same(dcvd.wait_batch(batch, 60)["counts"]["state"]["done"], 1100, "a batch")
    same(len(list(dcvd.checks(batch=batch))), 1100, "more than a page")
    true(batch in [b["id"] for b in dcvd.batches()], "batches")
    watch = dcvd.watch(interval=86400, until="forever", **txt("ever.com"))
    same([w["id"] for w in dcvd.watches(state="active", domain="ever.com")], [watch], "watches")
    same(dcvd.get_watch(watch)["state"], "active", "a watch")
    same(dcvd.delete_watch(watch)["state"], "deleted", "a watch that is deleted")
    following(daemon, dcvd)
    same(dcvd.domain("good.com")["latest"][0]["verdict"], "pass", "a domain")
    same(dcvd.explain("dns_mismatch|good.com")["found"][0]["code"], "dns_mismatch", "what an error means")
    true(len(dcvd.codes()) > 100 and len(dcvd.causes()) > 100, "catalogues")
    true(dcvd.stats(since="2020-01-01")["verdicts"]["pass"] >= 1, "counts")
    same(dcvd.cancel(good["id"])["state"], "done", "a check that has ended")
    daemon.resolver.held = True
    slow = dcvd.submit(**txt("slow.com"))
    try:
        dcvd.wait(slow, 0.2)
        raise AssertionError("waited for a check that does not end")
    except TimeoutError as e:
        true(slow in str(e), e)
    same(dcvd.cancel(slow)["state"], "cancelled", "a check that is cancelled")
    try:
        loaded.Dcvd(daemon.dir + "/none", patience=0.3).codes()
        raise AssertionError("answered by nobody")
    except FileNotFoundError:
        pass
    daemon.close()


def following(daemon, dcvd):
    """A stream survives the daemon, and has every check once."""
    events = dcvd.events(since=0, event="check")
    same(next(events)["event"], "gap", "the first line of a stream from the beginning")
    since = next(events)["seq"]
    events.close()
    domains = []
    for event in dcvd.events(since=since, event="check"):
        if event["event"] == "check" and event["state"] == "done" and event["domain"] not in domains:
            domains.append(event["domain"])
            if len(domains) == 100:
                daemon.end(signal.SIGKILL)
                threading.Timer(0.5, daemon.start).start()
                dcvd.submit(**txt("after.com"))
        if domains[-1:] == ["after.com"]:
            break
    same(len([d for d in domains if d.startswith("n") and d != "near.com"]), 1100, "checks of the batch in the stream")


def node():
    program = shutil.which("node")
    if not program:
        print("there is no node: contrib/packages-check names the package")
        sys.exit(1 if os.environ.get("CI") else 77)
    daemon = started()
    kill = pathlib.Path(daemon.dir, "kill")
    client = subprocess.Popen([program, TOP / "tests/e2e/clients.mjs", daemon.socket, f"http://127.0.0.1:{daemon.port}",
                               daemon.dir], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def killed():
        if client.poll() is not None:
            raise AssertionError(client.stdout.read())
        return kill.exists()

    within(90, "the client asks for it", killed)
    daemon.end(signal.SIGKILL)
    daemon.start()
    time.sleep(0.1)
    kill.unlink()
    said = client.communicate(timeout=90)[0]
    same((client.returncode, said), (0, "ok\n"), "what the client says")
    daemon.close()


if __name__ == "__main__":
    main({"python": python, "node": node})

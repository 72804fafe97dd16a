"""dcvd.py - a client of dcvd in one file, for Python 3.9 and later, without other packages. Copy it.

    from dcvd import Dcvd
    dcvd = Dcvd()                                    # /run/dcvd/dcvd.sock; or Dcvd(url="http://127.0.0.1:8053")
    check = dcvd.check("shop.example.com", methods=["dns-txt-token"], token="VALUE", label="order 1042")
    for report in check["reports"]:
        print(report["method"], report["verdict"], [finding["summary"] for finding in report["findings"]])

Fields of a request are those of dcvd-api(7). Answers are the API's JSON; readers ignore members that they do not know.
Where no answer came, or the daemon has too much to do, a call is made again; a POST carries an Idempotency-Key, so that
nothing is made twice by that. Other refusals raise DcvdError. One object is for one thread.
"""
import http.client
import json
import socket
import time
import urllib.parse
import uuid

__all__ = ["Dcvd", "DcvdError"]


class DcvdError(Exception):
    """A refusal: .status of HTTP, .code as "invalid_value:label", and the message, which is for a person."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Dcvd:
    """path: of the daemon's socket. url: of its TCP listener instead. patience: for how many seconds a call is made
    again where no answer comes."""

    def __init__(self, path="/run/dcvd/dcvd.sock", url=None, patience=30):
        self.path, self.url, self.patience = path, url, patience

    # ---- checks

    def submit(self, domain, key=None, **fields):
        """Hands a check over, and returns its id: from there on it is never lost."""
        return self._post("/v1/checks", {"domain": domain, **fields}, key)["id"]

    def check(self, domain, key=None, seconds=60, **fields):
        """Hands a check over, and returns it once it has ended."""
        return self.wait(self.submit(domain, key, **fields), seconds)

    def get(self, ident, wait=0):
        """A check: {"id", "state", "label", "domains", "reports"}. wait: seconds until which a change is waited for."""
        return self._call("GET", f"/v1/checks/{ident}", {"wait": wait} if wait else None)

    def wait(self, ident, seconds=60):
        """The check once it has ended; TimeoutError where that takes longer."""
        return self._until_ended(lambda wait: self.get(ident, wait), seconds, f"check {ident}")

    def cancel(self, ident):
        return self._call("DELETE", f"/v1/checks/{ident}")

    def checks(self, **filters):
        """All checks that meet the filters (domain, code, cause, verdict, label, since, …), newest first."""
        return self._pages("/v1/checks", "checks", filters)

    # ---- batches

    def submit_batch(self, requests, key=None):
        """Hands many checks over, each a dictionary of fields with "domain", and returns the batch's id."""
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        return self._post("/v1/batches", lines, key)["id"]

    def batch(self, ident, wait=0):
        return self._call("GET", f"/v1/batches/{ident}", {"wait": wait} if wait else None)

    def wait_batch(self, ident, seconds=3600):
        return self._until_ended(lambda wait: self.batch(ident, wait), seconds, f"batch {ident}")

    def cancel_batch(self, ident):
        return self._call("DELETE", f"/v1/batches/{ident}")

    def batches(self):
        return self._pages("/v1/batches", "batches", {})

    # ---- watches, events

    def watch(self, domain, interval="ca", until="pass", key=None, **fields):
        """Repeats a check, and returns the id of the watch."""
        order = {"request": {"domain": domain, **fields}, "interval": interval, "until": until}
        return self._post("/v1/watches", order, key)["id"]

    def get_watch(self, ident):
        return self._call("GET", f"/v1/watches/{ident}")

    def watches(self, **filters):
        return self._pages("/v1/watches", "watches", filters)

    def delete_watch(self, ident):
        return self._call("DELETE", f"/v1/watches/{ident}")

    def events(self, since=None, **filters):
        """What happens, as it happens, for ever: check and watch events, and "gap" where some may be missing. since:
        the "seq" of the last one that is known. A stream that breaks is resumed where it was, and misses nothing."""
        end = time.monotonic() + self.patience
        while True:
            query = {**filters, **({} if since is None else {"since": since})}
            try:
                for event in self._stream("/v1/events", query):
                    end = time.monotonic() + self.patience
                    since = event["seq"]
                    if event["event"] != "alive":
                        yield event
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > end:
                raise ConnectionError(f"dcvd does not answer on {self.url or self.path}")
            time.sleep(0.2)

    # ---- the rest

    def domain(self, name):
        return self._call("GET", "/v1/domains/" + urllib.parse.quote(name, safe=""))

    def explain(self, text, domain=None):
        """What a pasted error means."""
        return self._call("POST", "/v1/explain", body={"text": text, **({"domain": domain} if domain else {})})

    def codes(self):
        return self._call("GET", "/v1/codes")["codes"]

    def causes(self):
        return self._call("GET", "/v1/causes")["causes"]

    def stats(self, **span):
        return self._call("GET", "/v1/stats", span)

    # ---- how

    def _connect(self, timeout):
        if not self.url:
            return _UnixConnection(self.path, timeout)
        parts = urllib.parse.urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    @staticmethod
    def _target(path, query):
        given = {k: v for k, v in (query or {}).items() if v is not None}
        return path + ("?" + urllib.parse.urlencode(given, doseq=True) if given else "")

    @staticmethod
    def _raise(status, text):
        try:
            error = json.loads(text)["errors"][0]
        except (ValueError, LookupError):
            error = {"code": "unknown", "message": text.decode("utf-8", "replace")}
        raise DcvdError(status, error["code"], error["message"])

    def _once(self, method, target, body, headers, timeout):
        connection = self._connect(timeout)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def _call(self, method, path, query=None, body=None, headers=None):
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        elif body is not None:
            headers["Content-Type"] = "application/x-ndjson"
            body = body.encode()
        end = time.monotonic() + self.patience
        while True:
            try:
                status, answered, text = self._once(method, self._target(path, query), body, headers, 90)
            except PermissionError:
                raise
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
                continue
            if status == 429 and time.monotonic() < end:
                time.sleep(float(answered.get("Retry-After", "1")))
                continue
            if status >= 400:
                self._raise(status, text)
            return json.loads(text)

    def _post(self, path, body, key):
        return self._call("POST", path, body=body, headers={"Idempotency-Key": key or str(uuid.uuid4())})

    @staticmethod
    def _until_ended(get, seconds, what):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            answer = get(round(min(max(left, 0), 60), 3))
            if answer["state"] in ("done", "cancelled"):
                return answer
            if left <= 0:
                raise TimeoutError(f"{what} has not ended within {seconds} s; it goes on")

    def _pages(self, path, member, filters):
        cursor = None
        while True:
            page = self._call("GET", path, {"limit": 1000, **filters, "cursor": cursor})
            yield from page[member]
            cursor = page["next"]
            if not cursor:
                return

    def _stream(self, path, query):
        connection = self._connect(60)
        try:
            connection.request("GET", self._target(path, query))
            response = connection.getresponse()
            if response.status >= 400:
                self._raise(response.status, response.read())
            for line in response:
                if not line.endswith(b"\n"):  # the daemon ended in the middle of it
                    return
                yield json.loads(line)
        finally:
            connection.close()

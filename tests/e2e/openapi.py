#!/usr/bin/python3
"""Tests the OpenAPI description that dcvd serves: each operation in it is called, and each answer must fit its schema
and have no member that is not described. Runs with Debian's Python, because that has the package jsonschema."""
import copy
import json

import jsonschema

from daemon import Connection, Daemon, Resolver, main, same, true

TOKEN = "0123456789abcdefghijklmnopqrstuv"
REQUEST = {"domain": "good.com", "methods": ["dns-txt-token"], "token": TOKEN, "depth": "quick"}
# A value for each parameter and a body for each schema of a request. A new one in the description needs one here.
VALUES = {"wait": "0", "domain": "good.com", "code": "dns_mismatch", "detail_code": "dns_mismatch",
          "cause": "txt-absent",
          "verdict": "fail", "method": "caa", "since": "2026-01-01", "until": "2036-01-01T00:00:00Z", "limit": "10",
          "cursor": "7fffffffffffffff", "event": "check", "watch": "7fffffffffffffff", "batch": "7fffffffffffffff",
          "state": "active", "label": "order-7", "format": "html", "redact": "1", ("streamEvents", "since"): "1"}
STREAM = "application/x-ndjson"
BODIES = {"Request": REQUEST, "WatchOrder": {"request": REQUEST, "interval": 60, "until": "forever"},
          "Paste": {"text": "dns_mismatch|good.com zzz_qqq txt-absent", "domain": "good.com"}}


def closed(schema):
    """The schema, changed so that objects must not have members that it does not describe."""
    if isinstance(schema, dict):
        schema = {k: closed(v) for k, v in schema.items()}
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    return schema


def first_line(dcvd, path):
    """The first line of a stream of events, about a check that is submitted while it is open."""
    c = Connection(dcvd.socket, 30)
    c.request("GET", path)
    response = c.getresponse()
    dcvd.submit(**REQUEST)
    line = response.readline()
    c.close()
    return response, json.loads(line)


class Description:
    def __init__(self, document):
        self.paths = document["paths"]
        self.responses = document["components"]["responses"]
        self.components = {"components": closed(copy.deepcopy(document["components"]))}

    def holds(self, schema, value, what):
        whole = {**schema, **self.components}
        jsonschema.Draft202012Validator.check_schema(whole)
        errors = list(jsonschema.Draft202012Validator(whole).iter_errors(value))
        if errors:
            worst = jsonschema.exceptions.best_match(errors)
            raise AssertionError(f"{what}: {worst.message} at {list(worst.absolute_path)}")

    def answer(self, responses, answer, what):
        true(str(answer.status) in responses, f"{what}: {answer.status} is not described")
        described = responses[str(answer.status)]
        if "$ref" in described:
            described = self.responses[described["$ref"].rpartition("/")[2]]
        kind = answer.headers["Content-Type"].partition(";")[0]
        true(kind in described["content"],
             f"{what}: {answer.status} with {kind}, described: {list(described['content'])}")
        value = answer.json if kind == "application/json" else answer.text.decode()
        self.holds(described["content"][kind]["schema"], value, what)


def walk():
    dcvd = Daemon(Resolver({("_dnsauth.good.com", "TXT"): [TOKEN], ("good.com", "CNAME"): ["b.good.com"]}))
    dcvd.start()
    document = dcvd.get("/v1/openapi.json").json
    same(document["openapi"], "3.1.0", "version of OpenAPI")
    names = [name for part in document["components"].values() for name in part]
    same(len({name.lower() for name in names}), len(names), "names that differ by their case only")
    operations = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    same(len(set(operations)), len(operations), "operation ids")
    description = Description(document)
    every = ["dns-txt-token", "dns-cname-token", "http-token", "caa"]
    done = [dcvd.submit(domain=domain, methods=every, token=TOKEN, depth=depth, deadline=5)
            for domain in ("good.com", "bad.com", "*.bad.com", "no good") for depth in ("quick", "full")]
    for ident in done:
        for report in dcvd.done(ident)["reports"]:
            description.holds({"$ref": "#/components/schemas/Report"}, report, report["input"])
    batch = dcvd.call("POST", "/v1/batches", json.dumps(REQUEST)).json["id"]
    watch = dcvd.call("POST", "/v1/watches", BODIES["WatchOrder"]).json["id"]
    segments = {"id": done[0], "batch": batch, "domain": "good.com", "watch": watch, "code": "invalid_dns_txt",
                "cause": "txt-absent"}
    seen = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            segment = next((p["name"] for p in operation["parameters"] if p["in"] == "path"), None)
            call = path.replace(f"{{{segment}}}", segments.get(segment, ""))
            needed = {p["name"] for p in operation["parameters"] if p["required"] and p["in"] == "query"}
            call += "".join(f"?{name}={VALUES[name]}" for name in needed)
            what = f"{method.upper()} {call}"
            body = None
            if "requestBody" in operation:
                kind, content = next(iter(operation["requestBody"]["content"].items()))
                if kind == STREAM:
                    body = "\n".join([json.dumps(REQUEST)] * 2)
                    description.holds(content["schema"], body, f"{what}: the body")
                else:
                    for body in (BODIES[content["schema"]["$ref"].rpartition("/")[2]], content["example"]):
                        description.holds(content["schema"], body, f"{what}: the body")
                        body = json.dumps(body)
                        answer = dcvd.call(method.upper(), call, body, {"Content-Type": kind})
                        true(200 <= answer.status < 300, f"{what}: {body}: {answer.text!r}")
            headers = {"Content-Type": kind} if body else {}
            kinds = operation["responses"].get("200", {}).get("content", {})
            if STREAM in kinds:
                response, event = first_line(dcvd, call)
                same((response.status, response.headers["Content-Type"]), (200, STREAM), what)
                description.holds(kinds[STREAM]["schema"], event, what)
                seen.add((method.upper(), path))
                continue
            succeeds = dcvd.call(method.upper(), call, body, headers)
            true(200 <= succeeds.status < 300, f"{what}: {succeeds.status} {succeeds.text!r}")
            description.answer(operation["responses"], succeeds, what)
            for parameter in operation["parameters"]:
                if parameter["in"] == "query":
                    name = parameter["name"]
                    true(parameter["description"], f"{what}?{name}: not described")
                    if name in needed:
                        continue
                    mark = "&" if needed else "?"
                    value = VALUES.get((operation["operationId"], name), VALUES.get(name))
                    if value is None:  # a field of a request, tested with it
                        continue
                    answer = dcvd.call(method.upper(), f"{call}{mark}{name}={value}", body, headers)
                    true(200 <= answer.status < 300, f"{what}?{name}: {answer.text!r}")
                    description.answer(operation["responses"], answer, f"{what}?{name}")
            refused = dcvd.call(method.upper(), f"{call}{'&' if needed else '?'}nothing=1", body, headers)
            same(refused.code(), "invalid_value:nothing", f"{what}: a parameter that is not described")
            description.answer(operation["responses"], refused, f"{what}?nothing")
            seen.add((method.upper(), path))
        allowed = {m.upper() for m in operations} | ({"HEAD"} if "get" in operations else set())
        other = dcvd.call("PATCH", path.replace("{", "").replace("}", ""))
        same((other.status, set(other.headers["Allow"].split(", "))), (405, allowed), f"methods of {path}")
    true(len(seen) >= 12, f"only {sorted(seen)}")
    dcvd.close()


if __name__ == "__main__":
    main({"walk": walk})

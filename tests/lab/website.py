#!/usr/bin/env python3
"""Web servers that answer as those of customers do, good and bad ones: website.py DIRECTORY

They listen on the addresses below, ports 80 and 443. The Host header, without .web.com, chooses a row of SITES, which
says what http and https answer. Connections to the forbidden addresses of CANARY are written to DIRECTORY/run/canary: a
program that checks its targets never connects there. A file below DIRECTORY/fixed/HOST is one that an administrator has
put on the site: it replaces other content or a 404, but not a redirect or a refusal. DIRECTORY/values has the tokens,
DIRECTORY/run/web.{crt,key} the self-signed certificate."""
import asyncio
import gzip
import pathlib
import ssl
import sys
import zlib

LAB = pathlib.Path(sys.argv[1])
VALUES = dict(line.partition("=")[::2] for line in (LAB / "values").read_text().splitlines())
TOKEN = VALUES["TOKEN"].encode()
PATH = "/.well-known/pki-validation/fileauth.txt"
ADDRESSES = ["45.54.66.81", "2a0e:aaaa::81"]
NO_TLS = "45.54.66.83"  # plain text on port 443
TLS_ONLY = "45.54.66.84"  # nothing on port 80
HTTP_ONLY = "45.54.66.85"  # nothing on port 443
CANARY = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"]


def response(status, body=b"", *headers, length=True):
    lines = [f"HTTP/1.1 {status} X", "Content-Type: text/plain", "Connection: close", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def to(status, location):
    return response(status, b"", f"Location: {location}")


ABSENT = response(404, b"nothing here")
RIGHT = response(200, TOKEN + b"\n")
HTML = b"<!DOCTYPE html><html><body>Welcome to our shop</body></html>"

ROBOTS = b"<html><head><title>Not Acceptable</title></head></html>"
DENIED = (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
          b"</Error>")
POLICY = "Content-Security-Policy: " + "; ".join(f"img-src https://img{i}.plain.com" for i in range(700))

# Behaviours that are not just bytes to send.
RESET, DRIP, ENDLESS, HANG = "reset", "drip", "endless", "hang"

# host: the answers of http and https at PATH; other paths than those in EXTRA get 404
SITES = {
    "right": (RIGHT, RIGHT),
    "http-only": (RIGHT, ABSENT),
    "https-only": (ABSENT, RIGHT),
    "tls-only": (ABSENT, RIGHT),
    "created": (response(201, TOKEN), ABSENT),
    "absent": (ABSENT, ABSENT),
    "gone": (response(410), response(410)),
    "forbidden": (response(403, b"no"), response(403, b"no")),
    "http-forbidden": (response(403, b"no"), ABSENT),
    "http-login": (response(401, b"no", 'WWW-Authenticate: Basic realm="x"'), response(200, HTML)),
    "login": (response(401, b"no", 'WWW-Authenticate: Basic realm="x"'), ABSENT),
    "error": (response(500, b"oops"), response(503, b"oops")),
    "empty": (response(200), ABSENT),
    "html": (response(200, HTML), ABSENT),
    "other": (response(200, b"hello world"), ABSENT),
    "old-order": (response(200, VALUES["OTHER"].encode()), ABSENT),
    "bom": (response(200, b"\xef\xbb\xbf" + TOKEN), ABSENT),
    "utf16": (response(200, ("\ufeff" + TOKEN.decode()).encode("utf-16-le")), ABSENT),
    "nul": (response(200, b"\0" + b"abc"), ABSENT),
    "at-5000": (response(200, b"x" * (5000 - len(TOKEN)) + TOKEN + b"yyy"), ABSENT),
    "at-5001": (response(200, b"x" * (5001 - len(TOKEN)) + TOKEN + b"yyy"), ABSENT),
    "endless": (ENDLESS, ABSENT),
    "gzip": (response(200, b"\x1f\x8b\x08" + b"\xff" * 4000, "Content-Encoding: gzip"), ABSENT),
    "gzip-right": (response(200, gzip.compress(TOKEN), "Content-Encoding: gzip"), ABSENT),
    "gzip-cut": (response(200, gzip.compress(TOKEN)[:-9], "Content-Encoding: gzip"), ABSENT),
    "gzip-bomb": (response(200, gzip.compress(b"x" * 50_000_000), "Content-Encoding: gzip"), ABSENT),
    "gzip-unsaid": (response(200, gzip.compress(TOKEN)), ABSENT),
    "deflate-bare": (response(200, zlib.compress(TOKEN)[2:-4], "Content-Encoding: deflate"), ABSENT),
    "twice-packed": (response(200, gzip.compress(zlib.compress(TOKEN)), "Content-Encoding: deflate, gzip"), ABSENT),
    "limited": (response(429, b"slow down", "Retry-After: 60"),) * 2,
    "tls-port": (response(400, b"The plain HTTP request was sent to HTTPS port"),) * 2,
    "legal": (response(451), response(451)),
    "edge": (response(522, b"error code: 522", "Server: cloudflare"),) * 2,
    "waf": (response(202, b"", "Server: CloudFront", "x-amzn-waf-action: challenge"),) * 2,
    "checkpoint": (response(429, b"<title>Vercel Security Checkpoint</title>", "x-vercel-mitigated: challenge"),) * 2,
    "second-agent-refused": (RIGHT, RIGHT),
    "upgrade-refused": (RIGHT, RIGHT),
    "ca-only": (RIGHT, RIGHT),
    "flood": (response(200, TOKEN, *[f"X-{i}: {'y' * 500}" for i in range(2000)]), ABSENT),
    "drip": (DRIP, ABSENT),
    "hang": (HANG, HANG),
    "reset": (RESET, RESET),
    "banner": (b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"),
    "escape": (response(200, b"\x1b]0;owned\x07\x1b[31m\xe2\x80\xae" + b"text"), ABSENT),
    "tls-broken": (RIGHT, ABSENT),
    "request": (response(200, VALUES["REQUEST_VALID"].encode()), ABSENT),
    "request-old": (response(200, VALUES["REQUEST_EXPIRED"].encode()), ABSENT),
    "request-cut": (response(200, VALUES["REQUEST_CUT"].encode()), ABSENT),
    "request-other": (response(200, VALUES["REQUEST_OTHER_CSR"].encode()), ABSENT),
    "browsers-only": (RIGHT, RIGHT),  # see RULES
    "half-down": (RIGHT, RIGHT),
    "both-right": (RIGHT, RIGHT),
    "www.on-www": (RIGHT, RIGHT),
    "to-https": (to(301, "https://right.web.com" + PATH), RIGHT),
    "to-relative": (to(302, "/elsewhere/file.txt"), ABSENT),
    "to-five": (to(302, "/1"), ABSENT),
    "to-six": (to(302, "/0"), ABSENT),
    "to-host": (to(302, "http://www.plain.com" + PATH), ABSENT),
    "to-lame": (to(301, "http://lame.web.com" + PATH), RESET),
    "to-port": (to(302, "http://right.web.com:8080" + PATH), ABSENT),
    "to-cross-port": (to(302, "https://right.web.com:80" + PATH), ABSENT),
    "to-scheme": (to(302, "ftp://right.web.com" + PATH), ABSENT),
    "to-303": (to(303, "http://right.web.com" + PATH), ABSENT),
    "to-nowhere": (response(302), ABSENT),
    "to-glued": (to(301, "http://to-glued.web.com.well-known/pki-validation/fileauth.txt"), ABSENT),
    "to-loop": (to(301, "http://to-loop.web.com" + PATH), ABSENT),
    "to-loopback": (to(302, "http://loopback.web.com/"), ABSENT),
    "to-number": (to(302, "http://2130706433/"), ABSENT),
    "to-mapped": (to(302, "http://[::ffff:127.0.0.1]/"), ABSENT),
    # what people write into a redirect
    "to-one-slash": (to(301, "https:/right.web.com" + PATH),) * 2,
    "to-no-slash": (to(301, "http:right.web.com" + PATH),) * 2,
    "to-three": (to(301, "https:///right.web.com" + PATH),) * 2,
    "to-underscore": (to(301, "https://_" + PATH),) * 2,
    "to-star": (to(302, "https://*.web.com" + PATH),) * 2,
    "to-address": (to(302, "http://45.54.66.81" + PATH),) * 2,
    "to-twice": (to(301, "https://https://right.web.com" + PATH),) * 2,
    "to-dot": (to(301, "https://right.web.com." + PATH),) * 2,
    "to-capitals": (to(301, "HTTPS://Right.Web.Com:443" + PATH),) * 2,
    "to-same-scheme": (to(308, "//right.web.com" + PATH),) * 2,
    "to-closed": (to(301, "https://http-alone.web.com" + PATH), ABSENT),
    "to-closed-itself": (to(301, "https://to-closed-itself.web.com" + PATH), RIGHT),
    "to-dead-port": (to(301, "https://closed.web.com" + PATH),) * 2,
    "to-text-port": (to(301, "https://tls-broken.web.com" + PATH),) * 2,
    "to-www": (to(301, "https://www.to-www.web.com" + PATH),) * 2,
    "to-www-other": (to(302, "/lost/file.txt"),) * 2,
    "to-www-right": (to(301, "https://www.to-www-right.web.com" + PATH),) * 2,
    "www.to-www-right": (RIGHT, RIGHT),
    "to-page": (to(302, "/login?from=file"),) * 2,
    "to-language": (to(302, "/en" + PATH),) * 2,
    "to-old-order": (to(301, "http://old-order.web.com" + PATH),) * 2,
    "forwards-slash": (to(301, "https:/www.forwards-slash.web.com" + PATH),) * 2,
    "www.forwards-slash": (RIGHT, RIGHT),
    "forwards-303": (to(303, "http://www.forwards-303.web.com" + PATH),) * 2,
    "www.forwards-303": (RIGHT, RIGHT),
    "to-gone-host": (to(301, "https://dangling.web.com" + PATH),) * 2,
    # firewalls and stores
    "robots-406": (RIGHT, RIGHT),
    "robots-503": (RIGHT, RIGHT),
    "robots-cut": (RIGHT, RIGHT),
    "all-406": (response(406, ROBOTS),) * 2,
    "store": (response(403, DENIED, "Server: AmazonS3"),) * 2,
    "store-token": (response(403, DENIED + TOKEN, "Server: AmazonS3"),) * 2,
    "policy": (response(200, TOKEN, POLICY),) * 2,
    "policy-only": (response(200, b"hello world", POLICY),) * 2,
    # hosts of other zones (way-zones)
    "site-moved.com": (RIGHT, RIGHT),
    "www.site-moved.com": (RIGHT, RIGHT),
    "both.site-twice.com": (RIGHT, RIGHT),
    "new.site-twice.com": (RIGHT, RIGHT),
    "alive.site-cdn.com": (RIGHT, RIGHT),
    "to-metadata": (to(302, "http://metadata.web.com/latest/"), ABSENT),
}
EXTRA = {
    ("to-relative", "/elsewhere/file.txt"): RIGHT,
    ("to-five", "/5"): RIGHT,
    ("to-six", "/5"): to(302, "/6"),
    ("to-six", "/6"): RIGHT,
    ("to-page", "/login?from=file"): response(200, HTML),
    ("right", "/.well-known/pki-validation/abc.txt"): RIGHT,
    ("top-directory", "/fileauth.txt"): RIGHT,
    ("without-dot", "/well-known/pki-validation/fileauth.txt"): RIGHT,
    ("other-case", "/.well-known/PKI-Validation/fileauth.txt"): RIGHT,
    ("ending-twice", PATH + ".txt"): RIGHT,
    ("other-method", PATH): RIGHT,
    ("listing", "/.well-known/pki-validation/"): response(200, b"<html><a href=fileauth.txt>fileauth.txt</a></html>"),
}
for step in range(5):
    EXTRA[("to-five", f"/{step}")] = to(302, f"/{step + 1}")
    EXTRA[("to-six", f"/{step}")] = to(302, f"/{step + 1}")


# host: the first row that fits the request's headers answers in place of SITES: (header, how its value begins, answer).
# "" fits any value; the answer None lets the request pass.
RULES = {
    "browsers-only": [("user-agent", "Mozilla/", None), ("host", "", response(403, b"robots stay outside"))],
    "second-agent-refused": [("user-agent", "DigiCert DCV /", response(403, b"no"))],
    "upgrade-refused": [("upgrade", "", response(400, b"no"))],
    "robots-406": [("user-agent", "Mozilla/", None), ("host", "", response(406, ROBOTS))],
    "robots-503": [("user-agent", "Mozilla/", None), ("host", "", response(503, b"busy", "Retry-After: 5"))],
    "robots-cut": [("user-agent", "Mozilla/", None), ("host", "", RESET)],
    "ca-only": [("accept", "", response(403, b"no")), ("user-agent", "DigiCert DCV Bot/1.1", None),
                ("user-agent", "DigiCert DCV /1.1", None), ("host", "", response(403, b"no"))],
}


def ruled(site, headers):
    """The answer of the first rule that fits; None where none does, or where it lets the request pass."""
    for name, begins, what in RULES.get(site, []):
        if name in headers and headers[name].startswith(begins):
            return what
    return None


def answer(host, path, tls, headers, address):
    site = host.lower().removesuffix(".").removesuffix(".web.com")
    if site == "everywhere":  # every name but the right one has the value
        return ABSENT if path == PATH else RIGHT
    if site.startswith(("nodes-", "one.site-twice")):  # a cluster of which one node has the file
        return RIGHT if address == NO_TLS and path == PATH else ABSENT
    if (what := ruled(site, headers)) is not None:
        return what
    if (site, path) in EXTRA:
        return EXTRA[(site, path)]
    if site not in SITES or path != PATH:
        return ABSENT
    return SITES[site][tls]


def repaired(host, path, what):
    """The answer after the file was put there."""
    fixed = LAB / "fixed" / host.lower() / path.lstrip("/")
    content = what in (ENDLESS, DRIP) or what[:13] in (b"HTTP/1.1 404 ", b"HTTP/1.1 410 ") or what[:10] == b"HTTP/1.1 2"
    return response(200, fixed.read_bytes()) if content and fixed.is_file() else what


async def serve(reader, writer, tls):
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(":") for line in lines[1:]]
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        host = headers.get("host", "")
        path = lines[0].split(" ")[1]
        what = repaired(host, path, answer(host, path, tls, headers, writer.get_extra_info("sockname")[0]))
        if what == RESET:
            writer.transport.abort()
            return
        if what == HANG:
            await asyncio.sleep(20)
        elif what == DRIP:
            writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n")
            for _ in range(40):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.5)
        elif what == ENDLESS:
            writer.write(b"HTTP/1.1 200 X\r\n\r\n")
            for _ in range(2000):
                writer.write(b"x" * 65536)
                await writer.drain()
        else:
            writer.write(what)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, ssl.SSLError,
            IndexError):
        pass
    finally:
        writer.close()


async def canary(reader, writer):
    del reader
    with open(LAB / "run" / "canary", "a", encoding="ascii") as f:
        f.write(f"{writer.get_extra_info('sockname')}\n")
    writer.close()


async def plain_text(reader, writer):
    del reader
    writer.write(b"220 ready\r\n")
    writer.close()


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LAB / "run" / "web.crt", LAB / "run" / "web.key")
    for address in [*ADDRESSES, NO_TLS, HTTP_ONLY]:
        await asyncio.start_server(lambda r, w: serve(r, w, False), address, 80)
    for address in [*ADDRESSES, TLS_ONLY]:
        await asyncio.start_server(lambda r, w: serve(r, w, True), address, 443, ssl=context)
    await asyncio.start_server(plain_text, NO_TLS, 443)
    for address in CANARY:
        for port in (80, 443, 8080):
            await asyncio.start_server(canary, address, port)
    (LAB / "run" / "web.ready").touch()
    await asyncio.Event().wait()


asyncio.run(main())

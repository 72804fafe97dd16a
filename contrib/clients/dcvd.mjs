/* dcvd.mjs - a client of dcvd in one file, for Node 18 and later, without other packages. Copy it.
 *
 *     import { Dcvd } from "./dcvd.mjs";
 *     const dcvd = new Dcvd();                      // /run/dcvd/dcvd.sock; or new Dcvd({ url: "http://127.0.0.1:8053" })
 *     const check = await dcvd.check({ domain: "shop.example.com", methods: ["dns-txt-token"], token: "VALUE" });
 *     for (const report of check.reports)
 *         console.log(report.method, report.verdict, report.findings.map(finding => finding.summary));
 *
 * Fields of a request are those of dcvd-api(7). Answers are the API's JSON; readers ignore members that they do not know.
 * Where no answer came, or the daemon has too much to do, a call is made again; a POST carries an Idempotency-Key, so
 * that nothing is made twice by that. Other refusals throw DcvdError. */
import { randomUUID } from "node:crypto";
import http from "node:http";

/* A refusal: .status of HTTP, .code as "invalid_value:label", and the message, which is for a person. */
export class DcvdError extends Error {
    constructor(status, code, message) {
        super(`${code}: ${message}`);
        this.name = "DcvdError";
        this.status = status;
        this.code = code;
    }
}

const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));
const now = () => performance.now() / 1000;

function target(path, query = {}) {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
        for (const one of [value].flat())
            if (one !== undefined && one !== null)
                params.append(name, one);
    return params.size === 0 || `${params}` === "" ? path : `${path}?${params}`;
}

function refusal(status, text) {
    try {
        const [error] = JSON.parse(text).errors;
        return new DcvdError(status, error.code, error.message);
    } catch {
        return new DcvdError(status, "unknown", text);
    }
}

export class Dcvd {
    /* path: of the daemon's socket. url: of its TCP listener instead. patience: for how many seconds a call is made again
     * where no answer comes. */
    constructor({ path = "/run/dcvd/dcvd.sock", url = null, patience = 30 } = {}) {
        Object.assign(this, { path, url, patience });
    }

    // ---- checks

    /* Hands a check over, and gives its id: from there on it is never lost. */
    async submit(request, { key } = {}) {
        return (await this.#post("/v1/checks", request, key)).id;
    }

    /* Hands a check over, and gives it once it has ended. */
    async check(request, { key, seconds = 60 } = {}) {
        return this.wait(await this.submit(request, { key }), seconds);
    }

    get(id, wait) {
        return this.#call("GET", target(`/v1/checks/${id}`, { wait }));
    }

    wait(id, seconds = 60) {
        return this.#untilEnded(wait => this.get(id, wait), seconds, `check ${id}`);
    }

    cancel(id) {
        return this.#call("DELETE", `/v1/checks/${id}`);
    }

    /* All checks that meet the filters (domain, code, cause, verdict, label, since, …), newest first. */
    checks(filters = {}) {
        return this.#pages("/v1/checks", "checks", filters);
    }

    // ---- batches

    /* Hands many checks over, and gives the batch's id. */
    async submitBatch(requests, { key } = {}) {
        return (await this.#post("/v1/batches", requests.map(r => `${JSON.stringify(r)}\n`).join(""), key)).id;
    }

    batch(id, wait) {
        return this.#call("GET", target(`/v1/batches/${id}`, { wait }));
    }

    waitBatch(id, seconds = 3600) {
        return this.#untilEnded(wait => this.batch(id, wait), seconds, `batch ${id}`);
    }

    cancelBatch(id) {
        return this.#call("DELETE", `/v1/batches/${id}`);
    }

    batches() {
        return this.#pages("/v1/batches", "batches", {});
    }

    // ---- watches, events

    /* Repeats a check, and gives the id of the watch. */
    async watch(request, { interval = "ca", until = "pass", key } = {}) {
        return (await this.#post("/v1/watches", { request, interval, until }, key)).id;
    }

    getWatch(id) {
        return this.#call("GET", `/v1/watches/${id}`);
    }

    watches(filters = {}) {
        return this.#pages("/v1/watches", "watches", filters);
    }

    deleteWatch(id) {
        return this.#call("DELETE", `/v1/watches/${id}`);
    }

    /* What happens, as it happens, for ever: check and watch events, and "gap" where some may be missing. since: the "seq"
     * of the last one that is known. A stream that breaks is resumed where it was, so that nothing is missed. */
    async *events({ since, ...filters } = {}) {
        let end = now() + this.patience;
        for (;;) {
            try {
                for await (const event of this.#stream(target("/v1/events", { ...filters, since }))) {
                    end = now() + this.patience;
                    since = event.seq;
                    if (event.event !== "alive")
                        yield event;
                }
            } catch (error) {
                if (error instanceof DcvdError || now() > end)
                    throw error;
            }
            await pause(0.2);
        }
    }

    // ---- the rest

    domain(name) {
        return this.#call("GET", `/v1/domains/${encodeURIComponent(name)}`);
    }

    /* What a pasted error means. */
    explain(text, domain) {
        return this.#call("POST", "/v1/explain", { text, domain });
    }

    async codes() {
        return (await this.#call("GET", "/v1/codes")).codes;
    }

    async causes() {
        return (await this.#call("GET", "/v1/causes")).causes;
    }

    stats(span = {}) {
        return this.#call("GET", target("/v1/stats", span));
    }

    // ---- how

    #request(method, path, headers, timeout) {
        const options = { method, path, headers, timeout, agent: false };
        const request = this.url
            ? http.request(new URL(this.url), options)
            : http.request({ ...options, socketPath: this.path });
        request.on("timeout", () => request.destroy(new Error("dcvd does not answer in time")));
        return request;
    }

    #once(method, path, body, headers) {
        return new Promise((resolve, reject) => {
            const request = this.#request(method, path, headers, 90000);
            request.on("error", reject);
            request.on("response", async response => {
                try {
                    const pieces = [];
                    for await (const piece of response)
                        pieces.push(piece);
                    resolve([response.statusCode, response.headers, Buffer.concat(pieces).toString("utf8")]);
                } catch (error) {
                    reject(error);
                }
            });
            request.end(body);
        });
    }

    async #call(method, path, body, more = {}) {
        const headers = { ...more };
        if (body !== undefined && typeof body !== "string") {
            body = JSON.stringify(body);
            headers["Content-Type"] = "application/json";
        } else if (body !== undefined) {
            headers["Content-Type"] = "application/x-ndjson";
        }
        if (body !== undefined)
            headers["Content-Length"] = Buffer.byteLength(body);
        const end = now() + this.patience;
        for (;;) {
            let answer;
            try {
                answer = await this.#once(method, path, body, headers);
            } catch (error) {
                if (now() > end || error.code === "EACCES")
                    throw error;
                await pause(0.2);
                continue;
            }
            const [status, answered, text] = answer;
            if (status === 429 && now() < end)
                await pause(Number(answered["retry-after"] ?? 1));
            else if (status >= 400)
                throw refusal(status, text);
            else
                return JSON.parse(text);
        }
    }

    #post(path, body, key) {
        return this.#call("POST", path, body, { "Idempotency-Key": key ?? randomUUID() });
    }

    async #untilEnded(get, seconds, what) {
        const end = now() + seconds;
        for (;;) {
            const left = end - now();
            const answer = await get(Math.min(Math.max(left, 0), 60).toFixed(3));
            if (answer.state === "done" || answer.state === "cancelled")
                return answer;
            if (left <= 0)
                throw new Error(`${what} has not ended within ${seconds} s; it goes on`);
        }
    }

    async *#pages(path, member, filters) {
        for (let cursor; ;) {
            const page = await this.#call("GET", target(path, { limit: 1000, ...filters, cursor }));
            yield* page[member];
            if (!page.next)
                return;
            cursor = page.next;
        }
    }

    async *#stream(path) {
        const request = this.#request("GET", path, {}, 60000);
        const response = await new Promise((resolve, reject) => {
            request.on("error", reject);
            request.on("response", resolve);
            request.end();
        });
        try {
            let text = "";
            response.setEncoding("utf8");
            for await (const piece of response) {
                if (response.statusCode >= 400) {
                    text += piece;
                    continue;
                }
                const lines = (text + piece).split("\n");
                text = lines.pop();
                for (const line of lines)
                    yield JSON.parse(line);
            }
            if (response.statusCode >= 400)
                throw refusal(response.statusCode, text);
        } finally {
            request.destroy();
        }
    }
}

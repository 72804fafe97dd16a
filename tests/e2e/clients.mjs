/* clients.mjs SOCKET URL FOLDER: what clients.py tests of contrib/clients/dcvd.py, of dcvd.mjs. Prints "ok" at its end.
 * The daemon is killed while the file kill is in FOLDER, and there again once it is gone. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Dcvd, DcvdError } from "../../contrib/clients/dcvd.mjs";

const [socket, url, folder] = process.argv.slice(2);
const token = "0123456789abcdefghijklmnopqrstuv";
const txt = domain => ({ domain, methods: ["dns-txt-token"], token });
const dcvd = new Dcvd({ path: socket });

const all = async list => {
    const found = [];
    for await (const one of list)
        found.push(one);
    return found;
};

const good = await dcvd.check({ ...txt("good.com"), label: "Größe 7" });
assert.deepEqual([good.state, good.label, good.reports[0].verdict], ["done", "Größe 7", "pass"]);
assert.equal((await new Dcvd({ url }).check(txt("bad.com"))).reports[0].errors[0].code, "invalid_dns_txt");
assert.equal(await dcvd.submit(txt("key.com"), { key: "k1" }), await dcvd.submit(txt("key.com"), { key: "k1" }));
await assert.rejects(dcvd.submit(txt("other.com"), { key: "k1" }),
    error => error instanceof DcvdError && error.status === 409 && error.code === "invalid_value:idempotency_key");
await assert.rejects(dcvd.submit({ domain: "a.com", deadline: 0 }), /invalid_value:deadline: .*from 0.1 to 3600/);
assert.deepEqual((await all(dcvd.checks({ label: "Größe 7" }))).map(c => c.id), [good.id]);

const batch = await dcvd.submitBatch(Array.from({ length: 1100 }, (_, i) => txt(`n${i}.com`)));
assert.equal((await dcvd.waitBatch(batch, 60)).counts.state.done, 1100);
assert.equal((await all(dcvd.checks({ batch }))).length, 1100);
assert.ok((await all(dcvd.batches())).some(b => b.id === batch));

const watch = await dcvd.watch(txt("ever.com"), { interval: 86400, until: "forever" });
assert.deepEqual((await all(dcvd.watches({ state: "active", domain: "ever.com" }))).map(w => w.id), [watch]);
assert.equal((await dcvd.getWatch(watch)).state, "active");
assert.equal((await dcvd.deleteWatch(watch)).state, "deleted");

const seen = [];
let first;
for await (const event of dcvd.events({ event: "check", since: 0 })) {
    seen.push(event);
    if (event.event === "gap" || event.id !== good.id)
        continue;
    first = event.seq;
    break;
}
assert.equal(seen[0].event, "gap");
const domains = [];
for await (const event of dcvd.events({ since: first, event: "check" })) {
    if (event.event === "check" && event.state === "done" && !domains.includes(event.domain))
        domains.push(event.domain);
    if (domains.length === 100) { // the daemon is killed in the middle of it, and comes back
        fs.writeFileSync(`${folder}/kill`, "");
        while (fs.existsSync(`${folder}/kill`))
            await pause(20);
        await dcvd.submit(txt("after.com"));
    }
    if (domains.at(-1) === "after.com")
        break;
}
assert.equal(domains.filter(d => /^n\d+\.com$/.test(d)).length, 1100);

assert.equal((await dcvd.domain("good.com")).latest[0].verdict, "pass");
assert.equal((await dcvd.explain("dns_mismatch|good.com")).found[0].code, "dns_mismatch");
assert.ok((await dcvd.codes()).length > 100 && (await dcvd.causes()).length > 100);
assert.ok((await dcvd.stats({ since: "2020-01-01" })).verdicts.pass >= 1);
assert.equal((await dcvd.cancel(good.id)).state, "done");
await assert.rejects(new Dcvd({ path: `${folder}/none`, patience: 0.3 }).codes(), /ENOENT/);
console.log("ok");

-- The store's schema: one section for each user_version, applied in order, each in a transaction of its own.
-- Statements of a section that has been released are never edited: a later change is a new section at the end.
-- Times are milliseconds since 1970-01-01T00:00:00Z; the views below show them as text.

-- user_version 1

-- The API's error codes, one row each: the key by which failures are looked up.
CREATE TABLE error_code (
    code       TEXT PRIMARY KEY NOT NULL, -- as an error carries it, without its variables
    spelling   TEXT NOT NULL,             -- with its variables named
    status     INTEGER NOT NULL,          -- of the HTTP answer
    variables  INTEGER NOT NULL,          -- how many follow the code
    class      TEXT NOT NULL,             -- who can find it: probe, offline, policy, api, account
    basis      TEXT NOT NULL,             -- how certain its meaning is
    message    TEXT NOT NULL,
    meaning    TEXT NOT NULL,             -- what the CA saw
    check_text TEXT NOT NULL              -- what to check
) STRICT, WITHOUT ROWID;

-- Root causes.
CREATE TABLE cause (
    id      TEXT PRIMARY KEY NOT NULL,
    rank    INTEGER NOT NULL,             -- of two causes of equal weight the one with the lower rank comes first
    weight  TEXT NOT NULL,                -- the most that it can have: blocking, risk, note
    methods TEXT NOT NULL,                -- that it can explain, divided by blanks
    summary TEXT NOT NULL,                -- template of the sentence in a report
    hint    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A check. It has not ended while ended is NULL, and is then run again after a restart.
CREATE TABLE request (
    id        INTEGER PRIMARY KEY NOT NULL, -- time-ordered; its text form is printf('%016x', id)
    state     TEXT NOT NULL,                -- queued, done, cancelled
    submitted INTEGER NOT NULL,
    ended     INTEGER,
    domain    TEXT NOT NULL,                -- lower case
    request   TEXT NOT NULL                 -- JSON
) STRICT;
CREATE INDEX request_domain ON request (domain);
CREATE INDEX request_unfinished ON request (id) WHERE ended IS NULL;

-- One report: a check's answer for one method.
CREATE TABLE result (
    id          INTEGER PRIMARY KEY NOT NULL,
    request     INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    domain      TEXT NOT NULL,              -- lower case
    method      TEXT NOT NULL,
    verdict     TEXT NOT NULL,              -- pass, fail, undecided
    code        TEXT REFERENCES error_code (code), -- as the API answers; NULL unless the verdict is fail
    variable    TEXT,                       -- of the code
    detail_code TEXT REFERENCES error_code (code), -- the finer code
    started     INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    report      TEXT NOT NULL,              -- JSON, without its evidence
    evidence    BLOB NOT NULL               -- the case file, JSON: it can be judged again
) STRICT;
-- The second column gives the order of the listings: newest check first.
CREATE INDEX result_request ON result (request);
CREATE INDEX result_code ON result (code, request) WHERE code IS NOT NULL;
CREATE INDEX result_detail_code ON result (detail_code, request) WHERE detail_code IS NOT NULL;
CREATE INDEX result_verdict ON result (verdict, request);
CREATE INDEX result_method ON result (method, request);

-- The causes that a report names, in its order.
CREATE TABLE finding (
    result  INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
    ord     INTEGER NOT NULL,               -- 0: the first one, which best explains the failure
    cause   TEXT NOT NULL REFERENCES cause (id),
    weight  TEXT NOT NULL,
    request INTEGER NOT NULL,               -- of the result: here, so that one index lists by cause, newest first
    PRIMARY KEY (result, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_cause ON finding (cause, request);

-- For people: times as text, ids as the API shows them.
CREATE VIEW checks AS
SELECT printf('%016x', q.id) AS check_id,
       q.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', q.submitted / 1000.0, 'unixepoch') AS submitted_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', q.ended / 1000.0, 'unixepoch') AS ended_at,
       q.domain,
       r.method,
       r.verdict,
       r.code,
       r.variable,
       r.detail_code,
       (SELECT f.cause FROM finding AS f WHERE f.result = r.id ORDER BY f.ord LIMIT 1) AS first_cause,
       r.duration_us / 1000.0 AS duration_ms,
       q.id AS request,
       r.id AS result
FROM request AS q
LEFT JOIN result AS r ON r.request = q.id;

CREATE VIEW failures AS
SELECT printf('%016x', r.request) AS check_id,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.started / 1000.0, 'unixepoch') AS started_at,
       r.domain,
       r.method,
       r.code,
       r.variable,
       r.detail_code,
       e.meaning,
       f.cause,
       c.hint,
       r.request,
       r.id AS result
FROM result AS r
JOIN error_code AS e ON e.code = r.code
LEFT JOIN finding AS f ON f.result = r.id AND f.ord = 0
LEFT JOIN cause AS c ON c.id = f.cause
WHERE r.verdict = 'fail';

-- user_version 2

-- Many requests that came as one body. accepted is NULL until the body has come whole, and the API does not show the
-- batch before; a batch whose body does not come whole is cancelled.
CREATE TABLE batch (
    id        INTEGER PRIMARY KEY NOT NULL, -- made as a request's is
    submitted INTEGER NOT NULL,
    accepted  INTEGER,
    cancelled INTEGER,
    lines     INTEGER NOT NULL,             -- all of its requests
    waiting   INTEGER NOT NULL              -- of these: that have not ended; of a cancelled batch, that never did
) STRICT;
CREATE INDEX batch_open ON batch (id) WHERE waiting > 0 AND accepted IS NOT NULL AND cancelled IS NULL;

-- The requests of batches that have not ended. Each has the id of its check from the beginning and moves to request
-- when the check ends, so that a hundred thousand of them need no index until then.
CREATE TABLE batch_line (
    batch   INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    id      INTEGER NOT NULL,
    domain  TEXT NOT NULL,                  -- lower case
    request TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (batch, id)
) STRICT, WITHOUT ROWID;

ALTER TABLE request ADD COLUMN batch INTEGER REFERENCES batch (id);
CREATE INDEX request_batch ON request (batch, id) WHERE batch IS NOT NULL;

-- A request that is run again and again. No foreign key refers to it, since its deletion must not change each of its
-- checks, of which there may be a hundred thousand.
CREATE TABLE watch (
    id         INTEGER PRIMARY KEY NOT NULL, -- made as a request's is
    created    INTEGER NOT NULL,
    domain     TEXT NOT NULL,
    request    TEXT NOT NULL,                -- JSON
    interval   INTEGER NOT NULL,             -- milliseconds; 0: the CA's own steps
    until      TEXT NOT NULL,                -- pass, forever
    state      TEXT NOT NULL,                -- active, passed, expired
    next       INTEGER,                      -- when it is run next; NULL once it is no longer active
    ended      INTEGER,                      -- when it passed or expired
    runs       INTEGER NOT NULL,             -- how many of its checks ended
    last_check INTEGER,                      -- the newest of them
    last       TEXT                          -- the results of that check, JSON
) STRICT;
CREATE INDEX watch_active ON watch (id) WHERE state = 'active';

ALTER TABLE request ADD COLUMN watch INTEGER; -- that made the check, and may be deleted
CREATE INDEX request_watch ON request (watch, id) WHERE watch IS NOT NULL;

-- These two indexes have all that statistics, history and the views need, so that none of them reads the rows of
-- result, which are large. Checks of a domain are found by their results; those without results are few and have an
-- index of their own. An index of the domains of all requests would be a second one that each new check writes to at an
-- arbitrary page.
DROP INDEX result_request;
CREATE INDEX result_request ON result (request, method, verdict, code, detail_code, duration_us);
CREATE INDEX result_domain ON result (domain, method, request, verdict, code, detail_code, started);
DROP INDEX request_domain;
CREATE INDEX request_unreported ON request (domain) WHERE state <> 'done';

-- For a result that differs from the one before of the same domain and method: what the one before was. The row stays
-- when the result before is deleted.
CREATE TABLE change (
    result      INTEGER PRIMARY KEY NOT NULL REFERENCES result (id) ON DELETE CASCADE,
    domain      TEXT NOT NULL,
    previous    INTEGER NOT NULL,           -- result
    verdict     TEXT NOT NULL,
    code        TEXT,
    variable    TEXT,
    detail_code TEXT,
    cause       TEXT                        -- the first one
) STRICT;
CREATE INDEX change_domain ON change (domain, result);

INSERT INTO change
SELECT id, domain, previous, p_verdict, p_code, p_variable, p_detail_code, p_cause
FROM (SELECT *,
             lag(id) OVER w AS previous,
             lag(verdict) OVER w AS p_verdict,
             lag(code) OVER w AS p_code,
             lag(variable) OVER w AS p_variable,
             lag(detail_code) OVER w AS p_detail_code,
             lag(cause) OVER w AS p_cause
      FROM (SELECT r.id, r.domain, r.method, r.request, r.verdict, r.code, r.variable, r.detail_code,
                   (SELECT f.cause FROM finding AS f WHERE f.result = r.id AND f.ord = 0) AS cause
            FROM result AS r)
      WINDOW w AS (PARTITION BY domain, method ORDER BY request, id))
WHERE previous IS NOT NULL AND (verdict, code, detail_code, cause) IS NOT (p_verdict, p_code, p_detail_code, p_cause);

-- How many there are of each value, by hour and by day of the request, so that statistics need not count a million
-- rows. The program counts what it writes and adds the sums once in a transaction, which is far cheaper than a trigger
-- for each row. Triggers subtract what is deleted, whoever deletes it.
CREATE TABLE tally (
    unit  INTEGER NOT NULL,                 -- milliseconds of an hour, or of a day
    kind  TEXT NOT NULL,                    -- state, verdict, method, code, detail_code, cause
    start INTEGER NOT NULL,                 -- number of the hour or the day since 1970
    value TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (unit, kind, start, value)
) STRICT, WITHOUT ROWID;

-- Checks that have not ended are few, and are counted when they are asked for.
INSERT INTO tally
SELECT unit, kind, (request >> 21) / unit, value, count(*)
FROM (SELECT 'state' AS kind, state AS value, id AS request FROM request WHERE state <> 'queued'
      UNION ALL SELECT 'verdict', verdict, request FROM result INDEXED BY result_request
      UNION ALL SELECT 'method', method, request FROM result INDEXED BY result_request
      UNION ALL SELECT 'code', code, request FROM result INDEXED BY result_request WHERE code IS NOT NULL
      UNION ALL SELECT 'detail_code', detail_code, request FROM result INDEXED BY result_request
                WHERE detail_code IS NOT NULL
      UNION ALL SELECT 'cause', cause, request FROM finding),
     (SELECT 3600000 AS unit UNION ALL SELECT 86400000)
GROUP BY 1, 2, 3, 4;

CREATE TRIGGER request_gone AFTER DELETE ON request
WHEN OLD.state <> 'queued' BEGIN
    INSERT INTO tally VALUES
        (3600000, 'state', (OLD.id >> 21) / 3600000, OLD.state, -1),
        (86400000, 'state', (OLD.id >> 21) / 86400000, OLD.state, -1)
    ON CONFLICT DO UPDATE SET n = n - 1;
END;
CREATE TRIGGER result_gone AFTER DELETE ON result BEGIN
    INSERT INTO tally
    SELECT unit, kind, (OLD.request >> 21) / unit, value, -1
    FROM (SELECT 'verdict' AS kind, OLD.verdict AS value
          UNION ALL SELECT 'method', OLD.method
          UNION ALL SELECT 'code', OLD.code
          UNION ALL SELECT 'detail_code', OLD.detail_code),
         (SELECT 3600000 AS unit UNION ALL SELECT 86400000)
    WHERE value IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n - 1;
END;
CREATE TRIGGER finding_gone AFTER DELETE ON finding BEGIN
    INSERT INTO tally VALUES
        (3600000, 'cause', (OLD.request >> 21) / 3600000, OLD.cause, -1),
        (86400000, 'cause', (OLD.request >> 21) / 86400000, OLD.cause, -1)
    ON CONFLICT DO UPDATE SET n = n - 1;
END;

-- For people: what fails, most frequent first; times as in the views above.
CREATE VIEW failures_by_code AS
SELECT r.code,
       r.detail_code,
       e.meaning,
       count(*) AS failures,
       count(DISTINCT r.domain) AS domains,
       strftime('%Y-%m-%dT%H:%M:%fZ', min(r.started) / 1000.0, 'unixepoch') AS first_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(r.started) / 1000.0, 'unixepoch') AS last_at
FROM result AS r INDEXED BY result_domain
JOIN error_code AS e ON e.code = r.code
GROUP BY r.code, r.detail_code
ORDER BY failures DESC;

CREATE VIEW findings_by_cause AS
SELECT f.cause,
       f.weight,
       c.hint,
       count(*) AS findings,
       sum(f.ord = 0) AS first_findings,
       count(DISTINCT q.domain) AS domains,
       strftime('%Y-%m-%dT%H:%M:%fZ', (max(f.request) >> 21) / 1000.0, 'unixepoch') AS last_at
FROM finding AS f NOT INDEXED -- in the order of the requests, so that their pages are read one after another
JOIN request AS q ON q.id = f.request
JOIN cause AS c ON c.id = f.cause
GROUP BY f.cause, f.weight
ORDER BY findings DESC;

-- By the day of the request.
CREATE VIEW results_by_day AS
SELECT date((r.request >> 21) / 1000, 'unixepoch') AS day,
       r.method,
       count(*) AS results,
       sum(r.verdict = 'pass') AS passed,
       sum(r.verdict = 'fail') AS failed,
       sum(r.verdict = 'undecided') AS undecided,
       round(avg(r.duration_us) / 1000, 1) AS mean_ms
FROM result AS r INDEXED BY result_request
GROUP BY (r.request >> 21) / 86400000, r.method
ORDER BY day DESC, r.method;

-- Beside max() the columns without an aggregate are those of the row that has the maximum (SQLite).
CREATE VIEW results_by_domain AS
SELECT r.domain,
       r.method,
       count(*) AS results,
       sum(r.verdict = 'pass') AS passed,
       r.verdict AS last_verdict,
       r.code AS last_code,
       (SELECT f.cause FROM finding AS f WHERE f.result = r.id ORDER BY f.ord LIMIT 1) AS last_cause,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(r.started) / 1000.0, 'unixepoch') AS last_at
FROM result AS r INDEXED BY result_domain
GROUP BY r.domain, r.method;

-- user_version 3

-- The counts of a batch so far, so that they can be asked for while a hundred thousand of its checks end. The program
-- adds to them as to tally. The trigger runs before a check is deleted, while its results still tell what is to be
-- subtracted.
CREATE TABLE batch_tally (
    batch INTEGER NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    kind  TEXT NOT NULL,                    -- state, verdict, code
    value TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (batch, kind, value)
) STRICT, WITHOUT ROWID;

INSERT INTO batch_tally
SELECT batch, kind, value, count(*)
FROM (SELECT batch, 'state' AS kind, state AS value FROM request WHERE batch IS NOT NULL
      UNION ALL SELECT q.batch, 'verdict', r.verdict FROM request AS q JOIN result AS r ON r.request = q.id
                WHERE q.batch IS NOT NULL
      UNION ALL SELECT q.batch, 'code', r.code FROM request AS q JOIN result AS r ON r.request = q.id
                WHERE q.batch IS NOT NULL AND r.code IS NOT NULL)
GROUP BY 1, 2, 3;

CREATE TRIGGER batch_check_gone BEFORE DELETE ON request
WHEN OLD.batch IS NOT NULL BEGIN
    INSERT INTO batch_tally
    SELECT OLD.batch, kind, value, -1
    FROM (SELECT 'state' AS kind, OLD.state AS value
          UNION ALL SELECT 'verdict', verdict FROM result INDEXED BY result_request WHERE request = OLD.id
          UNION ALL SELECT 'code', code FROM result INDEXED BY result_request WHERE request = OLD.id)
    WHERE value IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n - 1;
END;

ALTER TABLE batch ADD COLUMN ended INTEGER; -- when the last of its checks so far ended
UPDATE batch SET ended = (SELECT max(q.ended) FROM request AS q WHERE q.batch = batch.id);

-- One index for verdicts and methods: there are few of both, so that a list by one of them reads it for each of the
-- other.
DROP INDEX result_verdict;
DROP INDEX result_method;
CREATE INDEX result_outcome ON result (verdict, method, request);

-- user_version 4

-- The user's own name for a request, as in its text; NULL: none.
ALTER TABLE request ADD COLUMN label TEXT;
CREATE INDEX request_label ON request (label) WHERE label IS NOT NULL;
ALTER TABLE watch ADD COLUMN label TEXT;

DROP VIEW checks;
CREATE VIEW checks AS
SELECT printf('%016x', q.id) AS check_id,
       q.state,
       strftime('%Y-%m-%dT%H:%M:%fZ', q.submitted / 1000.0, 'unixepoch') AS submitted_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', q.ended / 1000.0, 'unixepoch') AS ended_at,
       q.domain,
       r.method,
       r.verdict,
       r.code,
       r.variable,
       r.detail_code,
       (SELECT f.cause FROM finding AS f WHERE f.result = r.id ORDER BY f.ord LIMIT 1) AS first_cause,
       r.duration_us / 1000.0 AS duration_ms,
       q.label,
       q.id AS request,
       r.id AS result
FROM request AS q
LEFT JOIN result AS r ON r.request = q.id;

-- What was made under an Idempotency-Key, so that the same request sent again makes nothing. Each user has keys of their
-- own. Written in the transaction of what it made; a row is of no use after a day.
CREATE TABLE idempotency (
    peer INTEGER NOT NULL,                  -- user id; -1: it came over TCP
    key  TEXT NOT NULL,
    at   INTEGER NOT NULL,                  -- when it was first used
    body INTEGER NOT NULL,                  -- a hash of call and body
    id   INTEGER NOT NULL,                  -- of the check, the batch or the watch
    PRIMARY KEY (peer, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

-- What was told to those who follow GET /v1/events, so that a stream can be resumed. A row with an empty line is the
-- mark of a start. Rows are deleted after a day, the oldest also where checks are for the size of the file.
CREATE TABLE event (
    seq      INTEGER PRIMARY KEY NOT NULL,  -- milliseconds << 11, and a counter
    kind     TEXT NOT NULL,                 -- check, watch, start
    domain   TEXT NOT NULL,
    label    TEXT,                          -- of the request, as JSON
    watch    INTEGER NOT NULL,              -- 0: none
    check_id INTEGER NOT NULL,              -- that is done by this event; 0: none
    line     TEXT NOT NULL                  -- JSON
) STRICT;

-- What waits for a person: signals (key empty) and timers (one per key), in the order in which they are handled. A
-- sender only inserts, so that senders never wait for each other or for a worker.
-- owner: mailbox
CREATE TABLE mailbox_item (
    workspace_id TEXT    NOT NULL,
    person_id    TEXT    NOT NULL,
    due_at       BIGINT  NOT NULL,
    id           TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, person_id, due_at, id)
) /*sqlite WITHOUT ROWID*/ /*postgres WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)*/;
CREATE INDEX mailbox_item_due ON mailbox_item (due_at);
CREATE UNIQUE INDEX mailbox_item_timer ON mailbox_item (workspace_id, person_id, kind, key) WHERE key <> '';

-- People whose next item failed and is tried again later; the items behind it wait with it.
-- owner: mailbox
CREATE TABLE mailbox_hold (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id)
) /*sqlite WITHOUT ROWID*/;

-- Items that failed too often, kept until somebody replays or discards them.
-- owner: mailbox
CREATE TABLE mailbox_parked (
    workspace_id TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    person_id    TEXT    NOT NULL,
    due_at       BIGINT  NOT NULL,
    kind         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    parked_at    BIGINT  NOT NULL,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

-- Work that belongs to no person. While a job runs, run_at is the end of its lease and fence names the run: a worker
-- that died loses the job by time, one that only slept finds another fence.
-- owner: job
CREATE TABLE job (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace_id TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    uniq         TEXT    NOT NULL,
    args         TEXT    NOT NULL,
    run_at       BIGINT  NOT NULL,
    created_at   BIGINT  NOT NULL,
    every        BIGINT  NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    fence        BIGINT  NOT NULL DEFAULT 0,
    running      BOOLEAN NOT NULL DEFAULT FALSE,
    again        BOOLEAN NOT NULL DEFAULT FALSE
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX job_due ON job (run_at);
CREATE UNIQUE INDEX job_unique ON job (workspace_id, kind, uniq) WHERE uniq <> '';

-- Jobs that failed too often, kept until somebody replays or discards them.
-- owner: job
CREATE TABLE job_dead (
    workspace_id TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    uniq         TEXT    NOT NULL,
    args         TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    dead_at      BIGINT  NOT NULL,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

-- The last number given out in a workspace. Its row is locked from the numbering to the commit, so that numbers have
-- no gap and become visible in order.
-- owner: feed
CREATE TABLE feed_head (
    workspace_id TEXT   NOT NULL PRIMARY KEY,
    seq          BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;

-- The change stream that browsers follow, trimmed by age and count.
-- owner: feed
CREATE TABLE feed_event (
    workspace_id TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    topic        TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    PRIMARY KEY (workspace_id, seq)
) /*sqlite WITHOUT ROWID*/;

-- Which keys this database was used with: a value that only that key opens, never the key.
-- owner: secret
CREATE TABLE secret_key (
    key_id      TEXT   NOT NULL PRIMARY KEY,
    check_value TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;

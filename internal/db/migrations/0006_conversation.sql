-- One row per person who is in a conversation: what the inbox sorts and filters by. It is also the lock of the thread:
-- whoever adds to the thread takes the next seq here first. waiting_key orders "waiting longest": waiting_since while a
-- person waits for a human, and a far future minus last_at otherwise. tray says in one word what status,
-- owner and floor say together: bot, unassigned, owned, or the status of what is not open. The indexes hold all that a
-- page's order and a count need.
-- owner: conversation
CREATE TABLE conversation (
    workspace_id     TEXT    NOT NULL,
    person_id        TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    owner_id         TEXT    NOT NULL,
    floor            TEXT    NOT NULL,
    tray             TEXT    NOT NULL,
    waiting_since    BIGINT  NOT NULL,
    waiting_key      BIGINT  NOT NULL,
    last_at          BIGINT  NOT NULL,
    snoozed_until    BIGINT  NOT NULL,
    episode_id       TEXT    NOT NULL,
    episode_number   BIGINT  NOT NULL,
    closed_at        BIGINT  NOT NULL,
    needs_review     BOOLEAN NOT NULL,
    address          TEXT    NOT NULL,
    channel_id       TEXT    NOT NULL,
    channel_kind     TEXT    NOT NULL,
    last_in_at       BIGINT  NOT NULL,
    last_received_at BIGINT  NOT NULL,
    burst_seq        BIGINT  NOT NULL,
    inbound          BIGINT  NOT NULL,
    handled          BIGINT  NOT NULL,
    seq              BIGINT  NOT NULL,
    version          BIGINT  NOT NULL,
    PRIMARY KEY (workspace_id, person_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX conversation_waiting ON conversation (workspace_id, status, waiting_key, person_id);
CREATE INDEX conversation_newest ON conversation (workspace_id, status, last_at, person_id);
CREATE INDEX conversation_tray ON conversation (workspace_id, tray, waiting_key, person_id, last_at);
CREATE INDEX conversation_owner ON conversation (workspace_id, owner_id, status, waiting_key, person_id, last_at) WHERE owner_id <> '';
CREATE INDEX conversation_all_newest ON conversation (workspace_id, last_at, person_id);
CREATE INDEX conversation_all_waiting ON conversation (workspace_id, waiting_key, person_id);

-- A piece of work inside the lifelong conversation, numbered from 1 per person.
-- owner: conversation
CREATE TABLE episode (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    number       BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    owner_id     TEXT   NOT NULL,
    topic        TEXT   NOT NULL,
    result       TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    opened_at    BIGINT NOT NULL,
    opened_by    TEXT   NOT NULL,
    closed_at    BIGINT NOT NULL,
    closed_by    TEXT   NOT NULL,
    messages     BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id, number)
) /*sqlite WITHOUT ROWID*/;

-- The thread. The key keeps a person's messages together in the order in which they are shown. state is what the gate
-- and the end made of an outgoing message (queued, held, dropped, failed); how far a queued one got is told by the
-- outbox. seq is 0 for what automation sends unasked. due_at is when it may leave.
-- owner: conversation
CREATE TABLE message (
    workspace_id TEXT    NOT NULL,
    person_id    TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    id           TEXT    NOT NULL,
    direction    TEXT    NOT NULL,
    author_kind  TEXT    NOT NULL,
    author_id    TEXT    NOT NULL,
    seq          BIGINT  NOT NULL,
    episode_id   TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    purpose      TEXT    NOT NULL,
    send_kind    TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    run          TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    due_at       BIGINT  NOT NULL,
    told_optout  BOOLEAN NOT NULL,
    asked        BOOLEAN NOT NULL,
    segments     BIGINT  NOT NULL,
    client_key   TEXT,
    detail       JSONB   NOT NULL,
    PRIMARY KEY (workspace_id, person_id, at, id)
) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX message_id ON message (workspace_id, id);
CREATE UNIQUE INDEX message_client_key ON message (workspace_id, client_key) WHERE client_key IS NOT NULL;

-- What an author is writing, kept per member, person and kind (reply, note).
-- owner: conversation
CREATE TABLE draft (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    member_id    TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    text         TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id, member_id, kind)
) /*sqlite WITHOUT ROWID*/;

-- How far a member has read: read is a count of inbound messages, seen a seq. marked is a personal "unread".
-- owner: conversation
CREATE TABLE seen (
    workspace_id TEXT    NOT NULL,
    person_id    TEXT    NOT NULL,
    member_id    TEXT    NOT NULL,
    read_inbound BIGINT  NOT NULL,
    seen_seq     BIGINT  NOT NULL,
    marked       BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, person_id, member_id)
) /*sqlite WITHOUT ROWID*/;

-- What an undo token puts back, one row per person touched; trimmed when it has expired.
-- owner: conversation
CREATE TABLE undo_step (
    workspace_id TEXT   NOT NULL,
    token        TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    member_id    TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    before       JSONB  NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, token, person_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX undo_step_expires ON undo_step (expires_at);

-- What people wrote, findable by word across all threads. Full-text search is one of the places where the engines differ.
-- owner: conversation
/*sqlite CREATE VIRTUAL TABLE message_text USING fts5 (workspace_id UNINDEXED, message_id UNINDEXED, person_id UNINDEXED, body, tokenize = 'unicode61 remove_diacritics 2')*/;
/*postgres CREATE TABLE message_text (workspace_id TEXT NOT NULL, message_id TEXT NOT NULL, person_id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (workspace_id, message_id))*/;
/*postgres CREATE INDEX message_text_words ON message_text USING gin (to_tsvector('simple', body))*/;

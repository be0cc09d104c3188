-- owner: org
CREATE TABLE workspace (
    id         TEXT    NOT NULL PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    country    TEXT    NOT NULL,
    timezone   TEXT    NOT NULL,
    currency   TEXT    NOT NULL,
    settings   JSONB   NOT NULL,
    demo       BOOLEAN NOT NULL,
    pilot      BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
) /*sqlite WITHOUT ROWID*/;

-- People who sign in. They belong to no workspace: one person may be in several.
-- owner: org
CREATE TABLE account (
    id         TEXT   NOT NULL PRIMARY KEY,
    email      TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    password   TEXT   NOT NULL,
    created_at BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;

-- owner: org
CREATE TABLE member (
    workspace_id     TEXT    NOT NULL,
    id               TEXT    NOT NULL,
    account_id       TEXT    NOT NULL,
    role             TEXT    NOT NULL,
    limits           JSONB,
    disabled         BOOLEAN NOT NULL DEFAULT FALSE,
    checklist_hidden BOOLEAN NOT NULL DEFAULT FALSE,
    created_at       BIGINT  NOT NULL,
    seen_at          BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, account_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX member_account ON member (account_id);

-- Sessions by the SHA-256 of their token.
-- owner: org
CREATE TABLE session (
    hash         TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL,
    workspace_id TEXT   NOT NULL,
    member_id    TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX session_account ON session (account_id);

-- owner: org
CREATE TABLE api_key (
    workspace_id TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    hash         TEXT   NOT NULL UNIQUE,
    prefix       TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    scopes       JSONB  NOT NULL,
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL DEFAULT 0,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

-- Links that work once: an invitation, a sign-in, a new password.
-- owner: org
CREATE TABLE pass (
    hash         TEXT   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    workspace_id TEXT   NOT NULL,
    member_id    TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    email        TEXT   NOT NULL,
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX pass_workspace ON pass (workspace_id, kind);

-- owner: org
CREATE TABLE audit_entry (
    workspace_id TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    object       TEXT   NOT NULL,
    before_state JSONB,
    after_state  JSONB,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

-- What of the checklist has happened.
-- owner: org
CREATE TABLE tick (
    workspace_id TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
) /*sqlite WITHOUT ROWID*/;

-- Facts about this installation: set_up_at.
-- owner: org
CREATE TABLE installation (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) /*sqlite WITHOUT ROWID*/;

-- Codes that allow the first set-up, by hash; each node has its own.
-- owner: org
CREATE TABLE setup_code (
    hash       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;

-- Answers kept for an Idempotency-Key. Status 0: the request is at work, or was cut off.
-- owner: org
CREATE TABLE idempotency (
    workspace_id TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    begun_at     BIGINT  NOT NULL,
    PRIMARY KEY (workspace_id, actor, key)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX idempotency_begun ON idempotency (begun_at);

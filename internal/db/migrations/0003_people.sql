-- owner: people
CREATE TABLE person (
    workspace_id      TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    given_name        TEXT    NOT NULL,
    family_name       TEXT    NOT NULL,
    search_name       TEXT    NOT NULL,
    language          TEXT    NOT NULL,
    timezone          TEXT    NOT NULL,
    country           TEXT    NOT NULL,
    state             TEXT    NOT NULL,
    zip               TEXT    NOT NULL,
    preferred_channel TEXT    NOT NULL,
    attributes        JSONB   NOT NULL,
    attribute_sources JSONB   NOT NULL,
    value_minor       BIGINT  NOT NULL DEFAULT 0,
    value_currency    TEXT    NOT NULL DEFAULT '',
    orders            BIGINT  NOT NULL DEFAULT 0,
    last_order_at     BIGINT  NOT NULL DEFAULT 0,
    merged_into       TEXT    NOT NULL DEFAULT '',
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    version           BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

-- owner: people
CREATE TABLE person_identity (
    workspace_id TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    value        TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    verified_at  BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, kind, value)
) /*sqlite WITHOUT ROWID*/;

CREATE INDEX person_identity_person ON person_identity (workspace_id, person_id);

-- owner: people
CREATE TABLE person_tag (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    tag          TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id, tag)
) /*sqlite WITHOUT ROWID*/;

CREATE INDEX person_tag_tag ON person_tag (workspace_id, tag, person_id);

-- owner: people
CREATE TABLE attribute_definition (
    workspace_id TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    label        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
) /*sqlite WITHOUT ROWID*/;

-- owner: people
CREATE TABLE place_evidence (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    label        TEXT   NOT NULL,
    zone         TEXT   NOT NULL,
    country      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    zip          TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id, source, label)
) /*sqlite WITHOUT ROWID*/;

-- The ledger names an address only by a key made from it; the address itself is in consent_chain, where it can be
-- blanked by a privacy erasure without touching the evidence.
-- owner: people
CREATE TABLE consent_chain (
    workspace_id TEXT   NOT NULL,
    medium       TEXT   NOT NULL,
    address_key  TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    length       BIGINT NOT NULL,
    head         TEXT   NOT NULL,
    PRIMARY KEY (workspace_id, medium, address_key)
) /*sqlite WITHOUT ROWID*/;

-- owner: people
CREATE TABLE consent_event (
    workspace_id TEXT   NOT NULL,
    medium       TEXT   NOT NULL,
    address_key  TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    purpose      TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    record       TEXT   NOT NULL,
    row_hash     TEXT   NOT NULL,
    PRIMARY KEY (workspace_id, medium, address_key, seq)
) /*sqlite WITHOUT ROWID*/;

-- Nobody changes or removes evidence, by mistake or on purpose.
/*sqlite CREATE TRIGGER consent_event_kept BEFORE UPDATE ON consent_event BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END*/;
/*sqlite CREATE TRIGGER consent_event_stays BEFORE DELETE ON consent_event BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END*/;
/*postgres CREATE FUNCTION consent_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the consent ledger is append-only'; END $$*/;
/*postgres CREATE TRIGGER consent_event_kept BEFORE UPDATE OR DELETE ON consent_event FOR EACH ROW EXECUTE FUNCTION consent_ledger_kept()*/;

-- The words shown, once each, named by their SHA-256.
-- owner: people
CREATE TABLE consent_disclosure (
    workspace_id TEXT NOT NULL,
    hash         TEXT NOT NULL,
    text         TEXT NOT NULL,
    PRIMARY KEY (workspace_id, hash)
) /*sqlite WITHOUT ROWID*/;

-- The fold of the ledger, kept beside it so that one query answers for a thousand addresses.
-- owner: people
CREATE TABLE consent_state (
    workspace_id    TEXT    NOT NULL,
    medium          TEXT    NOT NULL,
    address_key     TEXT    NOT NULL,
    purpose         TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    since           BIGINT  NOT NULL,
    event_id        TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    given           BOOLEAN NOT NULL,
    given_source    TEXT    NOT NULL,
    disclosure_hash TEXT    NOT NULL,
    frequency       BIGINT  NOT NULL,
    double_opt_in   BOOLEAN NOT NULL,
    pending_until   BIGINT  NOT NULL,
    revoked_at      BIGINT  NOT NULL,
    doubtful        BOOLEAN NOT NULL,
    unreachable_at  BIGINT  NOT NULL,
    PRIMARY KEY (workspace_id, medium, address_key, purpose)
) /*sqlite WITHOUT ROWID*/;

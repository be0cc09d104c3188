-- Rows of a person lie together in the order in which they are read. Nothing changes or removes them.
-- owner: event
CREATE TABLE event (
    workspace_id TEXT   NOT NULL,
    person_id    TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    received_at  BIGINT NOT NULL,
    source       TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    props        JSONB  NOT NULL,
    PRIMARY KEY (workspace_id, person_id, at, id)
) /*sqlite WITHOUT ROWID*/;

CREATE UNIQUE INDEX event_key ON event (workspace_id, source, key);

-- Which events there are, and what their properties hold, learned from the events themselves.
-- owner: event
CREATE TABLE event_property (
    workspace_id TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    first_at     BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, type, name, kind)
) /*sqlite WITHOUT ROWID*/;

-- owner: segment
CREATE TABLE segment (
    workspace_id TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    definition   JSONB  NOT NULL,
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;

CREATE UNIQUE INDEX segment_name ON segment (workspace_id, name);

-- The index of segments in memory follows what is stored after it was built.
CREATE INDEX event_received ON event (workspace_id, received_at);


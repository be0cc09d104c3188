-- A journey of a workspace: the draft that is being edited and which version is live.
-- owner: journey
CREATE TABLE journey (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL, -- draft, live, paused
  draft JSONB NOT NULL,
  live_version BIGINT NOT NULL,
  edit BIGINT NOT NULL, -- grows with each save: two editors cannot overwrite each other silently
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX journey_name ON journey (workspace_id, name);

-- What was published, for as long as somebody may be inside it.
-- owner: journey
CREATE TABLE journey_version (
  workspace_id TEXT NOT NULL,
  journey_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  definition JSONB NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (workspace_id, journey_id, version)
);

-- One person's way through one journey, once per entry key.
-- owner: journey
CREATE TABLE journey_run (
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  journey_id TEXT NOT NULL,
  entry_key TEXT NOT NULL,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL, -- active, done, exited
  step TEXT NOT NULL,
  wake_at BIGINT NOT NULL, -- 0: nothing to wait for
  result TEXT NOT NULL,
  vars JSONB NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, person_id, journey_id, entry_key)
) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX journey_run_id ON journey_run (workspace_id, id);
CREATE INDEX journey_run_where ON journey_run (workspace_id, journey_id, state, step);

-- What a run did, step by step, with the gate's verdicts: the answer to "why did she get this?".
-- owner: journey
CREATE TABLE journey_trail (
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  step TEXT NOT NULL,
  what TEXT NOT NULL,
  detail JSONB NOT NULL,
  PRIMARY KEY (workspace_id, person_id, run_id, number)
) /*sqlite WITHOUT ROWID*/;

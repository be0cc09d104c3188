-- A survey of a workspace: the draft that is being edited and which version is live.
-- owner: survey
CREATE TABLE survey (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  draft JSONB NOT NULL,
  live_version BIGINT NOT NULL, -- 0: never published
  edit BIGINT NOT NULL, -- grows with each save: two editors cannot overwrite each other silently
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX survey_name ON survey (workspace_id, name);

-- What was published: the wording that answers were given to.
-- owner: survey
CREATE TABLE survey_version (
  workspace_id TEXT NOT NULL,
  survey_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  definition JSONB NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (workspace_id, survey_id, version)
);

-- One person's way through one survey, once per entry key.
-- owner: survey
CREATE TABLE survey_run (
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  survey_id TEXT NOT NULL,
  entry_key TEXT NOT NULL,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  stage TEXT NOT NULL, -- asked, doubt, paused, ended
  question TEXT NOT NULL,
  result TEXT NOT NULL,
  vars JSONB NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, person_id, survey_id, entry_key)
) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX survey_run_id ON survey_run (workspace_id, id);
CREATE INDEX survey_run_latest ON survey_run (workspace_id, survey_id, started_at);

-- What people answered, each question once in a run.
-- owner: survey
CREATE TABLE survey_answer (
  workspace_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  question TEXT NOT NULL,
  state TEXT NOT NULL, -- sure, skip, unread
  value JSONB NOT NULL, -- {"value": ...}, null when there is none
  said TEXT NOT NULL, -- what the person wrote
  why TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, run_id, question)
) /*sqlite WITHOUT ROWID*/;

-- A prepared text that waits for a person of the team to claim it, change it, and send it.
-- owner: conversation
CREATE TABLE handover (
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  run TEXT NOT NULL,
  step TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  purpose TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_at BIGINT NOT NULL,
  why JSONB NOT NULL,
  made_at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  state TEXT NOT NULL, -- open, sent, withdrawn
  PRIMARY KEY (workspace_id, person_id, run, step)
) /*sqlite WITHOUT ROWID*/;

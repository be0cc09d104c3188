-- A phone that exists only here. Its token opens it without signing in, on a colleague's own phone.
-- owner: simulator
CREATE TABLE sim_phone (
  workspace_id TEXT NOT NULL,
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  country TEXT NOT NULL,
  timezone TEXT NOT NULL,
  token TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, number)
);
CREATE UNIQUE INDEX sim_phone_token ON sim_phone (token);

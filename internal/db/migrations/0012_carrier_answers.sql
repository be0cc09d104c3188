-- What carriers answer, and what follows from it (R-35).

-- What a message counts as when carriers filter it: "journey:jrn_1/first". Empty = its kind.
ALTER TABLE delivery ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- Messages that a carrier did not take, one row each, for the answers that have consequences when they repeat.
-- owner: channel
CREATE TABLE refusal (
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  action TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  source TEXT NOT NULL,
  address TEXT NOT NULL,
  provider_code TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, message_id, action)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX refusal_address ON refusal (workspace_id, address, action, at);
CREATE INDEX refusal_source ON refusal (workspace_id, channel_id, action, sender, source, at);

-- What people should know of a channel. While until is ahead, messages wait because of it.
-- owner: channel
CREATE TABLE channel_trouble (
  workspace_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  code TEXT NOT NULL,
  sender TEXT NOT NULL,
  source TEXT NOT NULL,
  provider_code TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  count BIGINT NOT NULL,
  until BIGINT NOT NULL,
  lifted_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, channel_id, code, sender, source)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX channel_trouble_until ON channel_trouble (until) WHERE until > 0;

-- How many messages of each source were handed over on a day (UTC).
-- owner: channel
CREATE TABLE source_day (
  workspace_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  source TEXT NOT NULL,
  day BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, channel_id, sender, source, day)
) /*sqlite WITHOUT ROWID*/;

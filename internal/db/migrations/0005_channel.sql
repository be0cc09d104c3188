-- Channels: accounts at providers, what came in, and the outbox.

-- owner: channel
CREATE TABLE channel (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  settings JSONB NOT NULL,
  secrets TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  registration JSONB NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT NOT NULL,
  last_inbound_at BIGINT NOT NULL,
  last_receipt_at BIGINT NOT NULL,
  backfilled_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX channel_name ON channel (workspace_id, name) WHERE deleted_at = 0;

-- owner: channel
CREATE TABLE inbound (
  workspace_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  from_address TEXT NOT NULL,
  to_address TEXT NOT NULL,
  body TEXT NOT NULL,
  raw BYTEA NOT NULL,
  sent_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  intent TEXT NOT NULL,
  part_key TEXT,
  part_seq BIGINT NOT NULL,
  part_total BIGINT NOT NULL,
  told BOOLEAN NOT NULL,
  details JSONB NOT NULL,
  PRIMARY KEY (workspace_id, channel_id, provider_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX inbound_part ON inbound (workspace_id, channel_id, part_key) WHERE part_key IS NOT NULL;

-- owner: channel
CREATE TABLE media (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  source TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  content_type TEXT NOT NULL,
  name TEXT NOT NULL,
  size BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  fetch_at BIGINT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX media_fetch ON media (fetch_at) WHERE fetch_at IS NOT NULL;

-- A lane is one sender of one channel. The node that holds its lease sends; the fence grows with each new holder.
-- owner: channel
CREATE TABLE lane (
  id BIGINT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  node TEXT NOT NULL,
  fence BIGINT NOT NULL,
  lease_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX lane_sender ON lane (workspace_id, channel_id, sender);

-- One row is one message: its place in the queue (ready_at is set exactly while it waits), its last attempt, and what
-- became of it. An outcome touches no indexed column.
-- owner: channel
CREATE TABLE delivery (
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  lane BIGINT NOT NULL DEFAULT 0,
  priority BIGINT NOT NULL DEFAULT 0,
  ready_at BIGINT,
  state TEXT NOT NULL DEFAULT '',
  state_at BIGINT NOT NULL DEFAULT 0,
  attempt BIGINT NOT NULL DEFAULT 0,
  attempt_at BIGINT NOT NULL DEFAULT 0,
  retries BIGINT NOT NULL DEFAULT 0,
  expires_at BIGINT NOT NULL DEFAULT 0,
  segments BIGINT NOT NULL DEFAULT 1,
  price_minor BIGINT NOT NULL DEFAULT 0,
  price_currency TEXT NOT NULL DEFAULT '',
  person_id TEXT NOT NULL DEFAULT '',
  purpose TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  to_address TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL DEFAULT '',
  media JSONB,
  provider_id TEXT NOT NULL DEFAULT '',
  receipt_id TEXT,
  code TEXT NOT NULL DEFAULT '',
  provider_code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, message_id)
) /*sqlite WITHOUT ROWID*/ /*postgres WITH (fillfactor = 60)*/;
CREATE INDEX delivery_queue ON delivery (lane, priority, ready_at, message_id) WHERE ready_at IS NOT NULL;
CREATE INDEX delivery_receipt ON delivery (receipt_id) WHERE receipt_id IS NOT NULL;

-- Attempts that ended before the last one.
-- owner: channel
CREATE TABLE delivery_try (
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  attempt_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  provider_id TEXT NOT NULL,
  code TEXT NOT NULL,
  provider_code TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (workspace_id, message_id, attempt)
) /*sqlite WITHOUT ROWID*/;

-- The messages of one claim, until the last of them has its outcome: what a crash leaves behind.
-- owner: channel
CREATE TABLE delivery_claim (
  lane BIGINT NOT NULL,
  id TEXT NOT NULL,
  fence BIGINT NOT NULL,
  messages JSONB NOT NULL,
  PRIMARY KEY (lane, id)
) /*sqlite WITHOUT ROWID*/;

-- Messages that may or may not have been accepted, and when their provider is asked next.
-- owner: channel
CREATE TABLE delivery_doubt (
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  since BIGINT NOT NULL,
  looks BIGINT NOT NULL,
  look_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, message_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX delivery_doubt_look ON delivery_doubt (look_at);

-- Statuses that came before the outcome that names their provider's id.
-- owner: channel
CREATE TABLE receipt_early (
  workspace_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  id TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  body JSONB NOT NULL,
  PRIMARY KEY (workspace_id, channel_id, provider_id, id)
) /*sqlite WITHOUT ROWID*/;

-- When the outbox was last alive, so that a long gap is noticed.
-- owner: channel
CREATE TABLE outbox_beat (
  id BIGINT PRIMARY KEY,
  beat_at BIGINT NOT NULL
);

-- What a brand may give: a percentage, an amount, or free shipping.
-- owner: offer
CREATE TABLE offer (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL, -- percent, amount, free_shipping
  percent BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  prefix TEXT NOT NULL,
  expires_after BIGINT NOT NULL, -- microseconds after issue, 0: never
  max_codes BIGINT NOT NULL, -- 0: no limit
  agent_grantable BOOLEAN NOT NULL,
  shop TEXT NOT NULL, -- name of the shop that must know the codes; empty: none
  archived BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX offer_name ON offer (workspace_id, name);

-- A personal code. round grows only when the code before was used or ran out, so a person has one live code per offer.
-- owner: offer
CREATE TABLE offer_code (
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  offer_id TEXT NOT NULL,
  round BIGINT NOT NULL,
  code TEXT NOT NULL, -- as shown; unique without regard to case because only capitals are made
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, -- 0: never
  issued_by TEXT NOT NULL, -- member:..., journey:...
  subject TEXT NOT NULL, -- cart token
  run_id TEXT NOT NULL,
  shop_state TEXT NOT NULL, -- none, pending, ready, failed
  shop_error TEXT NOT NULL,
  redeemed_at BIGINT NOT NULL, -- 0: not yet
  redeemed_by TEXT NOT NULL, -- person whose order used it
  order_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, person_id, offer_id, round)
);
CREATE UNIQUE INDEX offer_code_code ON offer_code (workspace_id, code);
CREATE INDEX offer_code_offer ON offer_code (workspace_id, offer_id, issued_at);
CREATE INDEX offer_code_giver ON offer_code (workspace_id, issued_by, issued_at);

-- A personal short link. once makes rendering again give the same link.
-- owner: offer
CREATE TABLE link (
  slug TEXT PRIMARY KEY, -- 80 random bits
  workspace_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  once TEXT NOT NULL,
  kind TEXT NOT NULL, -- cart, offer, page
  target TEXT NOT NULL,
  subject TEXT NOT NULL, -- cart token
  run_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX link_once ON link (workspace_id, person_id, once);

-- A fetch of a link, by a person or by a machine that looks ahead.
-- owner: offer
CREATE TABLE click (
  workspace_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  human BOOLEAN NOT NULL,
  reason TEXT NOT NULL, -- why it does not count, empty for a person
  PRIMARY KEY (workspace_id, slug, id)
);

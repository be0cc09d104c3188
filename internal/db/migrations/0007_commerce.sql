-- A shop of a workspace. Secrets are sealed under a key outside the database.
-- owner: commerce
CREATE TABLE shop (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL, -- in its webhook's address
  kind TEXT NOT NULL, -- shopify
  domain TEXT NOT NULL,
  base_url TEXT NOT NULL, -- of its Admin API, when it is not https://<domain>
  secret TEXT NOT NULL, -- sealed: signs webhooks
  old_secret TEXT NOT NULL, -- sealed: still accepted after a rotation
  old_until BIGINT NOT NULL,
  token TEXT NOT NULL, -- sealed: for the Admin API; empty: it is not called
  consent_wording TEXT NOT NULL, -- shown at checkout; empty: the shop's "subscribed" is no consent
  last_webhook_at BIGINT NOT NULL,
  reconciled_at BIGINT NOT NULL,
  problem TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX shop_name ON shop (workspace_id, name);

-- What a shop told us, as it came, once per delivery.
-- owner: commerce
CREATE TABLE shop_webhook (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  delivery TEXT NOT NULL,
  topic TEXT NOT NULL,
  body BYTEA NOT NULL,
  received_at BIGINT NOT NULL,
  problem TEXT NOT NULL, -- why it could not be used; empty: it was
  PRIMARY KEY (workspace_id, shop_id, delivery)
);
CREATE INDEX shop_webhook_problem ON shop_webhook (workspace_id, received_at) WHERE problem <> '';

-- A cart or checkout, by its token at the shop.
-- owner: commerce
CREATE TABLE cart (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  token TEXT NOT NULL,
  id TEXT NOT NULL,
  cart_token TEXT NOT NULL,
  person_id TEXT NOT NULL, -- empty until the shop says who it is
  state TEXT NOT NULL, -- active, abandoned, recovering, recovered, bought, emptied, expired
  lines JSONB NOT NULL,
  total_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  restore_url TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  touched_at BIGINT NOT NULL, -- last thing the customer did, by the shop's clock
  abandoned_at BIGINT NOT NULL,
  state_at BIGINT NOT NULL,
  message_id TEXT NOT NULL, -- the one reminder
  journey_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  reason_note TEXT NOT NULL,
  reason_by TEXT NOT NULL,
  order_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, shop_id, token)
);
CREATE UNIQUE INDEX cart_id ON cart (workspace_id, id);
CREATE INDEX cart_person ON cart (workspace_id, person_id, touched_at);
CREATE INDEX cart_state ON cart (workspace_id, state, state_at);
CREATE INDEX cart_abandoned ON cart (workspace_id, abandoned_at) WHERE abandoned_at > 0;
CREATE INDEX cart_token ON cart (workspace_id, token);
CREATE INDEX cart_cart_token ON cart (workspace_id, cart_token);

-- An order at a shop.
-- owner: commerce
CREATE TABLE shop_order (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL, -- the shop's
  name TEXT NOT NULL, -- "#1001"
  person_id TEXT NOT NULL,
  token TEXT NOT NULL, -- checkout token
  cart_token TEXT NOT NULL,
  total_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  lines JSONB NOT NULL,
  codes JSONB NOT NULL,
  status TEXT NOT NULL, -- placed, fulfilled, cancelled
  status_url TEXT NOT NULL,
  placed_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  test BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, shop_id, order_id)
);
CREATE INDEX shop_order_person ON shop_order (workspace_id, person_id, placed_at);
CREATE INDEX shop_order_token ON shop_order (workspace_id, token);

-- Money that came back: one row per order that a reminded cart became, with what it is owed to.
-- owner: commerce
CREATE TABLE recovery (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  cart_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  at BIGINT NOT NULL,
  message_id TEXT NOT NULL,
  journey_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  member_id TEXT NOT NULL, -- agent who answered between the reminder and the order
  code TEXT NOT NULL,
  PRIMARY KEY (workspace_id, shop_id, order_id)
);
CREATE INDEX recovery_at ON recovery (workspace_id, at);

-- What is sold.
-- owner: commerce
CREATE TABLE product (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  title TEXT NOT NULL,
  handle TEXT NOT NULL,
  category TEXT NOT NULL,
  tags TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  stock BIGINT NOT NULL,
  image TEXT NOT NULL,
  gone BOOLEAN NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, shop_id, product_id)
);

-- What a shop asks on behalf of a customer: to see or to erase what is kept.
-- owner: commerce
CREATE TABLE privacy_request (
  workspace_id TEXT NOT NULL,
  shop_id TEXT NOT NULL,
  delivery TEXT NOT NULL,
  kind TEXT NOT NULL,
  person_id TEXT NOT NULL, -- empty: the whole shop
  at BIGINT NOT NULL,
  done_at BIGINT NOT NULL, -- 0: somebody has to see to it
  done_by TEXT NOT NULL,
  PRIMARY KEY (workspace_id, shop_id, delivery)
);

package report_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
	"parley/internal/report"
)

// now is Saturday 21 November 2026, 15:00 UTC.
const now = clock.Time(1_795_273_200_000_000)

func states() []string {
	return []string{"active", "abandoned", "recovering", "recovered", "bought", "emptied", "expired"}
}

type bench struct {
	*report.Service
	t     testing.TB
	clock *clock.Clock
	ids   *id.Source
}

func setup(t testing.TB, d *db.DB) bench {
	t.Helper()
	c := clock.NewManual(now)
	ids := id.NewSource(c)
	rules, err := compliance.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := org.New(org.Deps{DB: d, Clock: c, IDs: ids, Log: slog.New(slog.DiscardHandler), Dir: t.TempDir()})
	return bench{report.New(report.Deps{DB: d, Clock: c, Org: o, Rules: rules, Rule: "By this rule.", States: states()}), t, c, ids}
}

func (b bench) tx(fn func(ctx context.Context, tx *db.Tx) error) {
	b.t.Helper()
	if err := b.DB.Tx(b.t.Context(), func(tx *db.Tx) error { return fn(b.t.Context(), tx) }); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) workspace(zone string, demo bool) id.Workspace {
	b.t.Helper()
	var w org.Workspace
	b.tx(func(ctx context.Context, tx *db.Tx) (err error) {
		w, err = b.Org.CreateWorkspaceTx(ctx, tx, org.NewWorkspace{Name: "Fashion Era", Country: "IT", Timezone: zone, Currency: "EUR", Demo: demo})
		return err
	})
	return w.ID
}

// cart is a cart with what became of it, as the tables hold it.
type cart struct {
	id, state, reason string
	abandoned         clock.Time // zero: never
	total             money.Amount
	message           string // empty: not reminded
	kind              string // of the reminder's channel
	journey, step     string
	order             *order
}

// order is the order that a cart became.
type order struct {
	id           string
	at           clock.Time
	amount       money.Amount
	member, code string
	status       string
	recovered    bool // has a row in recovery
}

func (o *order) idOr() string {
	if o == nil {
		return ""
	}
	return o.id
}

const (
	insertCart = `INSERT INTO cart (workspace_id, shop_id, token, id, cart_token, person_id, state, lines, total_minor, currency, restore_url, created_at, touched_at,
		abandoned_at, state_at, message_id, journey_id, run_id, reason, reason_note, reason_by, order_id)
		VALUES ($1, 'shp_1', $2, $3, '', $4, $5, '[]', $6, $7, '', 1, 1, $8, 1, $9, $10, '', $11, '', '', $12)`
	insertMessage = `INSERT INTO message (workspace_id, person_id, at, id, direction, author_kind, author_id, seq, episode_id, text, purpose, send_kind, subject, run, state,
		code, due_at, told_optout, asked, segments, detail) VALUES ($1, $2, 1, $3, 'out', 'journey', '', 0, '', '', 'cart', 'journey', '', '', 'queued', '', 1, FALSE, FALSE, 1, $4)`
	insertOrder = `INSERT INTO shop_order (workspace_id, shop_id, order_id, name, person_id, token, cart_token, total_minor, currency, lines, codes, status, status_url,
		placed_at, updated_at, test) VALUES ($1, 'shp_1', $2, $3, $4, '', '', $5, $6, '[]', '[]', $7, '', $8, $9, FALSE)`
	insertRecovery = `INSERT INTO recovery (workspace_id, shop_id, order_id, cart_id, person_id, amount_minor, currency, at, message_id, journey_id, run_id, member_id, code)
		VALUES ($1, 'shp_1', $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11)`
)

func person(c cart) string { return "per_" + c.id }

func (b bench) store(ws id.Workspace, carts []cart) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *db.Tx) error {
		for _, c := range carts {
			tx.Queue(ctx, insertCart, string(ws), c.id, c.id, person(c), c.state, c.total.Minor, string(c.total.Currency), int64(c.abandoned), c.message, c.journey, c.reason, c.order.idOr())
			if c.message != "" {
				tx.Queue(ctx, insertMessage, string(ws), person(c), c.message, db.JSON(map[string]any{"channel_kind": c.kind, "step": c.step}))
			}
			if o := c.order; o != nil {
				tx.Queue(ctx, insertOrder, string(ws), o.id, "#"+o.id, person(c), o.amount.Minor, string(o.amount.Currency), o.status, int64(o.at), int64(o.at))
				if o.recovered {
					tx.Queue(ctx, insertRecovery, string(ws), o.id, c.id, person(c), o.amount.Minor, string(o.amount.Currency), int64(o.at), c.message, c.journey, o.member, o.code)
				}
			}
		}
		return nil
	})
}

func (b bench) recovery(ws id.Workspace, q report.Query) report.Recovery {
	b.t.Helper()
	r, err := b.Recovery(b.t.Context(), ws, q)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// rows are all rows behind a figure, read in small pages.
func (b bench) rows(ws id.Workspace, q report.Query, m report.Metric, key string) []report.Row {
	b.t.Helper()
	return b.pages(ws, report.RowsQuery{Query: q, Metric: m, Key: key, Limit: 3})
}

func (b bench) pages(ws id.Workspace, ask report.RowsQuery) []report.Row {
	b.t.Helper()
	var out []report.Row
	m, key := ask.Metric, ask.Key
	for {
		page, err := b.Rows(b.t.Context(), ws, ask)
		if err != nil {
			b.t.Fatalf("rows of %s %q: %v", m, key, err)
		}
		out = append(out, page.Rows...)
		if page.Place == "" {
			if page.Total != int64(len(out)) {
				b.t.Fatalf("rows of %s %q: %d listed, %d in all", m, key, len(out), page.Total)
			}
			return out
		}
		if len(page.Rows) != ask.Limit {
			b.t.Fatalf("rows of %s %q: a page of %d that is not the last", m, key, len(page.Rows))
		}
		ask.At, ask.Place = page.At, page.Place
	}
}

// euro makes an amount.
func euro(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func name(kind string, n int) string { return fmt.Sprintf("%s_%03d", kind, n) }

package report_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/report"
)

type delivered struct {
	id, channel, state, code, provider string
	at                                 clock.Time
}

func (b bench) deliver(ws id.Workspace, all []delivered, base int) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *db.Tx) error {
		for i, kind := range []string{"twilio", "sim"} {
			tx.Queue(ctx, `INSERT INTO channel (workspace_id, id, kind, name, settings, secrets, state, reason, registration, version, created_at, deleted_at, last_inbound_at,
				last_receipt_at, backfilled_at) VALUES ($1, $2, $3, $4, '{}', '', 'active', '', '{}', 1, 1, 0, 0, 0, 0)`, string(ws), "chn_"+kind, kind, kind)
			tx.Queue(ctx, `INSERT INTO lane (id, workspace_id, channel_id, sender, node, fence, lease_until) VALUES ($1, $2, $3, '', '', 0, 0)`, int64(base+i), string(ws), "chn_"+kind)
		}
		for _, m := range all {
			lane := int64(base + slices.Index([]string{"twilio", "sim"}, m.channel))
			tx.Queue(ctx, `INSERT INTO delivery (workspace_id, message_id, lane, state, state_at, code, provider_code, reason, to_address, person_id)
				VALUES ($1, $2, $3, $4, $5, $6, $7, 'as stored', '+393331234567', 'per_1')`, string(ws), m.id, lane, m.state, int64(m.at), m.code, m.provider)
		}
		return nil
	})
}

// RP-1, RP-7: tile == rows == reference for what became of messages.
func TestEveryMessageIsCountedOnceAndItsRowOpens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		base, seen := 0, map[report.DeliveryMetric]int{}
		rapid.Check(t, func(rt *rapid.T) {
			ws := b.workspace("Asia/Kathmandu", false)
			base += 2
			zone, err := time.LoadLocation("Asia/Kathmandu")
			if err != nil {
				t.Fatal(err)
			}
			simulated := rapid.Bool().Draw(rt, "simulated")
			var all []delivered
			want := map[report.DeliveryMetric]map[string][]string{report.Messages: {}, report.MessagesByState: {}, report.MessagesByCode: {}}
			for range rapid.IntRange(0, 12).Draw(rt, "messages") {
				midnight := clock.From(time.Date(2026, 11, rapid.IntRange(9, 13).Draw(rt, "day"), 0, 0, 0, 0, zone))
				m := delivered{at: midnight + clock.Time(1000*rapid.Int64Range(-2, 2).Draw(rt, "off")), channel: rapid.SampledFrom([]string{"twilio", "sim"}).Draw(rt, "channel"),
					state: rapid.SampledFrom([]string{"queued", "sent", "delivered", "failed", "dropped", "unknown"}).Draw(rt, "state")}
				if m.state == "failed" {
					m.code, m.provider = "undelivered", rapid.SampledFrom([]string{"30003", "30005", "99999"}).Draw(rt, "provider")
				}
				m.id = id.NewSource(clock.NewManual(m.at)).New("msg")
				all = append(all, m)
				if date := m.at.Std().In(zone).Format(time.DateOnly); date < "2026-11-10" || date > "2026-11-12" || m.channel == "sim" && !simulated {
					continue
				}
				add := func(metric report.DeliveryMetric, key string) {
					want[metric][key] = append(want[metric][key], m.id)
					seen[metric]++
				}
				add(report.Messages, "")
				add(report.MessagesByState, m.state)
				if m.state == "failed" || m.state == "dropped" || m.state == "unknown" {
					add(report.MessagesByCode, m.channel+"/"+m.provider+"/"+m.code)
				}
			}
			b.deliver(ws, all, base)
			q := report.Query{From: "2026-11-10", To: "2026-11-12", Simulated: map[bool]string{true: "include", false: "exclude"}[simulated]}
			b.sameDeliveries(rt, ws, q, want)
		})
		for _, m := range report.DeliveryMetrics() {
			if seen[m] < 20 {
				t.Errorf("%s counted only %d messages: the histories are too thin to prove it", m, seen[m])
			}
		}
	})
}

func (b bench) sameDeliveries(rt *rapid.T, ws id.Workspace, q report.Query, want map[report.DeliveryMetric]map[string][]string) {
	r, err := b.Deliverability(b.t.Context(), ws, q)
	if err != nil {
		rt.Fatal(err)
	}
	got := map[report.DeliveryMetric]map[string]int{report.Messages: {}, report.MessagesByState: {}, report.MessagesByCode: {}}
	if r.Messages > 0 {
		got[report.Messages][""] = r.Messages
	}
	for _, s := range r.ByState {
		got[report.MessagesByState][s.Key] = s.Count
	}
	for _, c := range r.ByCode {
		got[report.MessagesByCode][c.Key] = c.Count
		if c.Cause == "" || c.Do == "" {
			rt.Errorf("%s has no cause or nothing to do", c.Key)
		}
	}
	counts := map[report.DeliveryMetric]map[string]int{}
	for m, figures := range want {
		counts[m] = map[string]int{}
		for key, ids := range figures {
			counts[m][key] = len(ids)
			if diff := cmp.Diff(sorted(ids), b.deliveryIDs(rt, ws, q, m, key)); diff != "" {
				rt.Fatalf("the rows of %s %q (-want +got):\n%s", m, key, diff)
			}
		}
	}
	if diff := cmp.Diff(counts, got); diff != "" {
		rt.Fatalf("the figures (-want +got):\n%s", diff)
	}
}

func (b bench) deliveryIDs(rt *rapid.T, ws id.Workspace, q report.Query, m report.DeliveryMetric, key string) []string {
	var out []string
	ask := report.DeliveryRowsQuery{Query: q, Metric: m, Key: key, Limit: 2}
	for {
		rows, total, next, err := b.DeliveryRows(b.t.Context(), ws, ask)
		if err != nil {
			rt.Fatal(err)
		}
		for _, row := range rows {
			out = append(out, row.MessageID)
		}
		if ask.Below = next; next == "" {
			if total != int64(len(out)) {
				rt.Fatalf("%s %q: %d listed, %d in all", m, key, len(out), total)
			}
			return sorted(out)
		}
	}
}

func TestAProvidersCodeIsReadInPlainWords(t *testing.T) {
	s := open(t, dbtest.SQLite(t))
	at := ago(1, 0)
	s.deliver(s.ws, []delivered{{id: id.NewSource(clock.NewManual(at)).New("msg"), channel: "sim", state: "failed", code: "undelivered", provider: "30005", at: at}}, 1)
	var r report.Deliverability
	s.read(&r, "/reports/deliverability", "simulated", "include")
	want := []report.CodeCount{{Key: "sim/30005/undelivered", ChannelKind: "sim", ProviderCode: "30005", Code: "undelivered", Count: 1, Suppress: true,
		Cause: "The number is unknown or no longer in service.", Do: "The number is marked unreachable; consent is kept. Ask the customer for another number."}}
	if diff := cmp.Diff(want, r.ByCode); diff != "" {
		t.Errorf("by code (-want +got):\n%s", diff)
	}
	var page httpx.Page[report.DeliveryRow]
	s.read(&page, "/reports/deliverability/rows", "simulated", "include", "metric", "by_code", "key", want[0].Key)
	if len(page.Items) != 1 || page.Items[0].Channel != "sim" || page.Items[0].Number != "+393331234567" || *page.Total != 1 {
		t.Errorf("rows: %+v", page)
	}
}

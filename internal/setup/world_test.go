package setup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/channel"
	"parley/internal/channel/all"
	"parley/internal/channel/sim"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/compliance"
	"parley/internal/content"
	"parley/internal/db"
	"parley/internal/egress"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/journey"
	"parley/internal/mailbox"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/secret"
	"parley/internal/setup"
)

const now = clock.Time(1_795_273_200_000_000)

type world struct {
	*setup.Service
	t     testing.TB
	d     *db.DB
	clock *clock.Clock
	team  *team
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	c := clock.NewManual(now)
	ids := id.NewSource(c)
	log := slog.New(slog.DiscardHandler)
	box, err := secret.Load(filepath.Join(t.TempDir(), "secret.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := compliance.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := org.New(org.Deps{DB: d, Clock: c, IDs: ids, Log: log, Dir: t.TempDir()})
	jobs := job.New(d, c, ids, job.Options{Log: log})
	channels := channel.New(channel.Deps{DB: d, Clock: c, IDs: ids, Log: log, Mailbox: mailbox.New(d, c, ids, mailbox.Options{Log: log}),
		People: people.New(people.Deps{DB: d, Clock: c, IDs: ids}), Org: o, Rules: rules, Egress: egress.New(egress.Options{}), Secrets: box,
		Adapters: all.Adapters(sim.NewCarrier(c, ids))}, channel.Options{PublicURL: "https://parley.example", Dir: t.TempDir()})
	shops := commerce.New(commerce.Deps{DB: d, Clock: c, IDs: ids, Org: o, Jobs: jobs, Box: box, Log: log})
	offers := offer.New(offer.Deps{DB: d, Clock: c, IDs: ids, Org: o, Jobs: jobs, Log: log})
	journeys := journey.New(journey.Deps{DB: d, Clock: c, IDs: ids, Org: o, Content: content.New(), Commerce: shops, Offers: offers, Log: log})
	w := &world{t: t, d: d, clock: c, team: &team{Service: o, hashes: map[string]string{}}}
	w.Service = setup.New(setup.Deps{DB: d, Clock: c, IDs: ids, Org: o, Team: w.team, Channels: channels, Shops: shops, Offers: offers, Journeys: journeys})
	return w
}

// team is the real organisation, with a fault to switch on. It hashes each password once, because hashing is slow on
// purpose.
type team struct {
	*org.Service
	failOn string // name of a key that cannot be saved
	hashes map[string]string
}

var errBroken = errors.New("this cannot be saved")

func (m *team) HashPassword(ctx context.Context, password string, about ...string) (string, error) {
	if hash := m.hashes[password]; hash != "" {
		return hash, nil
	}
	hash, err := m.Service.HashPassword(ctx, password, about...)
	m.hashes[password] = hash
	return hash, err
}

func (m *team) SaveKeyTx(ctx context.Context, tx *db.Tx, actor org.Actor, n org.NewKey) (*org.Key, bool, error) {
	if n.Name == m.failOn {
		return nil, false, errBroken
	}
	return m.Service.SaveKeyTx(ctx, tx, actor, n)
}

// rows reads each table that set-up may touch.
func rows() map[string]string {
	return map[string]string{
		"workspace":       `SELECT id || name || country || timezone || currency || CAST(settings AS TEXT) || CAST(pilot AS TEXT) FROM workspace ORDER BY 1`,
		"account":         `SELECT id || email || name || password FROM account ORDER BY 1`,
		"member":          `SELECT workspace_id || id || role || CAST(disabled AS TEXT) || COALESCE(CAST(limits AS TEXT), '') FROM member ORDER BY 1`,
		"api_key":         `SELECT workspace_id || id || name || hash || CAST(scopes AS TEXT) || CAST(expires_at AS TEXT) FROM api_key ORDER BY 1`,
		"channel":         `SELECT workspace_id || id || CAST(settings AS TEXT) || secrets || state || CAST(registration AS TEXT) || CAST(version AS TEXT) FROM channel ORDER BY 1`,
		"shop":            `SELECT workspace_id || id || domain || secret || token || old_secret || consent_wording FROM shop ORDER BY 1`,
		"offer":           `SELECT workspace_id || id || name || kind || prefix FROM offer ORDER BY 1`,
		"installation":    `SELECT name || value FROM installation ORDER BY 1`,
		"journey":         `SELECT workspace_id || id || state || CAST(draft AS TEXT) || CAST(edit AS TEXT) FROM journey ORDER BY 1`,
		"journey_version": `SELECT workspace_id || journey_id || CAST(version AS TEXT) FROM journey_version ORDER BY 1`,
		"audit_entry":     `SELECT workspace_id || id || action FROM audit_entry ORDER BY 1`,
	}
}

// everything is the rows of all tables that set-up may touch, to see that nothing changed.
func (w *world) everything() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	for table, text := range rows() {
		rows, err := w.d.Query(w.t.Context(), text)
		list, err := db.Collect(rows, err, func(r *db.Rows) (string, error) {
			var line string
			return line, r.Scan(&line)
		})
		if err != nil {
			w.t.Fatalf("%s: %v", table, err)
		}
		out[table] = list
	}
	return out
}

// clear makes the database as good as new, so that a property is not slowed by all that came before.
func (w *world) clear(rt *rapid.T) {
	err := w.d.Tx(w.t.Context(), func(tx *db.Tx) error {
		for table := range rows() {
			if _, err := tx.Exec(w.t.Context(), "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func (w *world) parse(raw string, env map[string]string) setup.File {
	w.t.Helper()
	f, err := setup.Parse([]byte(raw), lookup(env), nil)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, raw)
	}
	return f
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func (w *world) apply(f setup.File) []setup.Difference {
	w.t.Helper()
	made, err := w.Apply(w.t.Context(), org.Actor{}, f)
	if err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	return made
}

func (w *world) export(slug string) string {
	w.t.Helper()
	ws, err := w.Org.BySlug(w.t.Context(), w.d, slug)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := w.Export(w.t.Context(), ws.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}

func words(list []setup.Difference) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = fmt.Sprint(d)
	}
	return out
}

package setup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/channel/twilio"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/content"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/journey"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/secret"
	"parley/internal/setup"
)

const now = clock.Time(1_795_273_200_000_000)

type world struct {
	*setup.Service
	t    testing.TB
	d    *db.DB
	box  *secret.Box
	team *team
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
	o := org.New(org.Deps{DB: d, Clock: c, IDs: ids, Log: log, Dir: t.TempDir()})
	jobs := job.New(d, c, ids, job.Options{Log: log})
	shops := commerce.New(commerce.Deps{DB: d, Clock: c, IDs: ids, Org: o, Jobs: jobs, Box: box, Log: log})
	offers := offer.New(offer.Deps{DB: d, Clock: c, IDs: ids, Org: o, Jobs: jobs, Log: log})
	journeys := journey.New(journey.Deps{DB: d, Clock: c, IDs: ids, Org: o, Content: content.New(), Commerce: shops, Offers: offers, Log: log})
	w := &world{t: t, d: d, box: box, team: &team{org: o, ids: ids, failOn: ""}}
	w.Service = setup.New(setup.Deps{DB: d, Clock: c, IDs: ids, Org: o, Team: w.team, Channels: &channels{ids: ids}, Shops: shopKeeper{shops, box},
		Offers: offers, Journeys: liveJourneys{journeys}})
	return w
}

// team changes the organisation inside a transaction, in the test's own words.
type team struct {
	org     *org.Service
	ids     *id.Source
	failOn  string // name of a key that cannot be saved
	claimed int
}

var errBroken = errors.New("this cannot be saved")

func (m *team) HashPassword(_ context.Context, password string, _ ...string) (string, error) {
	if len(password) < 10 {
		return "", errs.New(errs.Invalid, "input_invalid", "The password is too short.")
	}
	return "hash of " + password, nil
}

func (m *team) UpdateWorkspaceTx(ctx context.Context, tx *db.Tx, actor org.Actor, change org.WorkspaceChange) (org.Workspace, error) {
	_, err := tx.Exec(ctx, `UPDATE workspace SET name = $1, country = $2, timezone = $3, currency = $4, settings = $5, pilot = $6 WHERE id = $7`,
		*change.Name, *change.Country, *change.Timezone, *change.Currency, db.JSON(change.Settings), *change.Pilot, string(actor.Workspace))
	if err != nil {
		return org.Workspace{}, err
	}
	var slug string
	if err := tx.QueryRow(ctx, `SELECT slug FROM workspace WHERE id = $1`, string(actor.Workspace)).Scan(&slug); err != nil {
		return org.Workspace{}, err
	}
	return m.org.BySlug(ctx, tx, slug)
}

func (m *team) UpdateMemberTx(ctx context.Context, tx *db.Tx, actor org.Actor, member org.MemberID, change org.MemberChange) (org.Member, error) {
	before, err := m.org.Member(ctx, tx, actor.Workspace, member)
	if err != nil {
		return org.Member{}, err
	}
	if change.Limits == nil {
		change.Limits = before.Limits
	}
	var limits any
	if change.Limits != nil {
		limits = db.JSON(change.Limits)
	}
	_, err = tx.Exec(ctx, `UPDATE member SET role = $1, limits = $2, disabled = $3 WHERE workspace_id = $4 AND id = $5`,
		string(*change.Role), limits, *change.Disabled, string(actor.Workspace), string(member))
	if err != nil {
		return org.Member{}, err
	}
	var owners int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM member WHERE workspace_id = $1 AND role = 'owner' AND disabled = FALSE`, string(actor.Workspace)).Scan(&owners); err != nil {
		return org.Member{}, err
	}
	if before.Role == org.Owner && !before.Disabled && owners == 0 {
		return org.Member{}, org.ErrLastOwner
	}
	return m.org.Member(ctx, tx, actor.Workspace, member)
}

func (m *team) SaveKeyTx(ctx context.Context, tx *db.Tx, actor org.Actor, n org.NewKey) (*org.Key, bool, error) {
	if n.Name == m.failOn {
		return nil, false, errBroken
	}
	sum := sha256.Sum256([]byte(n.Secret))
	hash := hex.EncodeToString(sum[:])
	var before org.Key
	var old string
	err := tx.QueryRow(ctx, `SELECT id, scopes, hash FROM api_key WHERE workspace_id = $1 AND name = $2`, string(actor.Workspace), n.Name).Scan(&before.ID, db.ScanJSON(&before.Scopes), &old)
	if errors.Is(err, db.ErrNoRows) {
		_, err := tx.Exec(ctx, `INSERT INTO api_key (workspace_id, id, hash, prefix, name, scopes, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, '', $7, 0)`,
			string(actor.Workspace), m.ids.New("key"), hash, n.Secret[:8], n.Name, db.JSON(n.Scopes), int64(now))
		return nil, false, err
	}
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE api_key SET hash = $1, scopes = $2, prefix = $3 WHERE workspace_id = $4 AND id = $5`, hash, db.JSON(n.Scopes), n.Secret[:8], string(actor.Workspace), string(before.ID))
	}
	return &before, old != hash, err
}

func (m *team) SetUpTx(context.Context, *db.Tx) error {
	m.claimed++
	return nil
}

// channels keeps channels in their table, with secrets as they are.
type channels struct{ ids *id.Source }

func (c *channels) Kinds() []channel.Descriptor {
	return []channel.Descriptor{twilio.Adapter{}.Describe(), sim.Adapter{}.Describe()}
}

func (c *channels) Channels(ctx context.Context, q db.Queryer, ws id.Workspace) ([]channel.Channel, error) {
	rows, err := q.Query(ctx, `SELECT id, kind, name, settings, secrets, state, registration FROM channel WHERE workspace_id = $1 AND deleted_at = 0 ORDER BY name`, string(ws))
	return db.Collect(rows, err, func(r *db.Rows) (channel.Channel, error) {
		var out channel.Channel
		secrets := map[string]string{}
		err := r.Scan(&out.ID, &out.Kind, &out.Name, db.ScanJSON(&out.Settings), db.ScanJSON(&secrets), &out.State, db.ScanJSON(&out.Registration))
		for key := range secrets {
			out.SecretsSet = append(out.SecretsSet, key)
		}
		slices.Sort(out.SecretsSet)
		return out, err
	})
}

func (c *channels) SaveTx(ctx context.Context, tx *db.Tx, actor org.Actor, d channel.Draft) ([]string, error) {
	at := slices.IndexFunc(c.Kinds(), func(k channel.Descriptor) bool { return k.Kind == d.Kind })
	if at < 0 {
		return nil, channel.ErrKind
	}
	secrets, err := c.secrets(ctx, tx, actor.Workspace, d.Name)
	if err != nil {
		return nil, err
	}
	plain, known, rotated := map[string]string{}, map[string]bool{}, []string{}
	for _, s := range c.Kinds()[at].Settings {
		known[s.Key] = true
		value := d.Settings[s.Key]
		switch {
		case s.Type != "secret" && value == "":
			value = s.Default
			fallthrough
		case s.Type != "secret":
			plain[s.Key] = value
		case value != "" && secrets[s.Key] != value:
			secrets[s.Key] = value
			rotated = append(rotated, s.Key)
		}
	}
	for key := range d.Settings {
		if !known[key] {
			return nil, errs.New(errs.Invalid, "setting_unknown", "This kind of channel has no setting %q.", key)
		}
	}
	n, err := tx.Exec(ctx, `UPDATE channel SET settings = $1, secrets = $2, state = $3, registration = $4 WHERE workspace_id = $5 AND name = $6`,
		db.JSON(plain), db.JSON(secrets), d.State, db.JSON(d.Registration), string(actor.Workspace), d.Name)
	if err != nil || n > 0 {
		return rotated, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO channel (workspace_id, id, kind, name, settings, secrets, state, reason, registration, version, created_at, deleted_at, last_inbound_at,
		last_receipt_at, backfilled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, 1, $9, 0, 0, 0, 0)`,
		string(actor.Workspace), c.ids.New("chn"), string(d.Kind), d.Name, db.JSON(plain), db.JSON(secrets), d.State, db.JSON(d.Registration), int64(now))
	return rotated, err
}

func (c *channels) secrets(ctx context.Context, tx *db.Tx, ws id.Workspace, name string) (map[string]string, error) {
	out := map[string]string{}
	err := tx.QueryRow(ctx, `SELECT secrets FROM channel WHERE workspace_id = $1 AND name = $2`, string(ws), name).Scan(db.ScanJSON(&out))
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return out, err
}

// shopKeeper is the real shops, and knows their secrets.
type shopKeeper struct {
	*commerce.Service
	box *secret.Box
}

func (k shopKeeper) ShopHolds(ctx context.Context, q db.Queryer, ws id.Workspace, shop, signing, token string) (bool, bool, error) {
	var key, sealedSecret, sealedToken string
	if err := q.QueryRow(ctx, `SELECT id, secret, token FROM shop WHERE workspace_id = $1 AND name = $2`, string(ws), shop).Scan(&key, &sealedSecret, &sealedToken); err != nil {
		return false, false, err
	}
	is := func(sealed, what, plain string) bool {
		if sealed == "" {
			return plain == ""
		}
		open, err := k.box.Open(sealed, secret.Bind{Workspace: ws, Purpose: "shop:" + key + ":" + what})
		return err == nil && string(open) == plain
	}
	return is(sealedSecret, "secret", signing), is(sealedToken, "token", token), nil
}

// liveJourneys is the real journeys, and shows the version that people enter.
type liveJourneys struct{ *journey.Service }

func (l liveJourneys) Live(ctx context.Context, q db.Queryer, ws id.Workspace, j journey.ID) (journey.Definition, error) {
	var d journey.Definition
	err := q.QueryRow(ctx, `SELECT v.definition FROM journey j JOIN journey_version v ON v.workspace_id = j.workspace_id AND v.journey_id = j.id AND v.version = j.live_version
		WHERE j.workspace_id = $1 AND j.id = $2`, string(ws), string(j)).Scan(db.ScanJSON(&d))
	return d, err
}

// everything is the rows of all tables that set-up may touch, to see that nothing changed.
func (w *world) everything() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	for table, text := range map[string]string{
		"workspace":       `SELECT id || name || country || timezone || currency || CAST(settings AS TEXT) FROM workspace ORDER BY 1`,
		"account":         `SELECT id || email || name || password FROM account ORDER BY 1`,
		"member":          `SELECT workspace_id || id || role || COALESCE(CAST(limits AS TEXT), '') FROM member ORDER BY 1`,
		"api_key":         `SELECT workspace_id || id || hash || CAST(scopes AS TEXT) FROM api_key ORDER BY 1`,
		"channel":         `SELECT workspace_id || id || CAST(settings AS TEXT) || secrets || state FROM channel ORDER BY 1`,
		"shop":            `SELECT workspace_id || id || domain || secret || token || old_secret || consent_wording FROM shop ORDER BY 1`,
		"offer":           `SELECT workspace_id || id || name || kind || prefix FROM offer ORDER BY 1`,
		"journey":         `SELECT workspace_id || id || state || CAST(draft AS TEXT) || CAST(edit AS TEXT) FROM journey ORDER BY 1`,
		"journey_version": `SELECT workspace_id || journey_id || CAST(version AS TEXT) FROM journey_version ORDER BY 1`,
		"audit_entry":     `SELECT workspace_id || id || action FROM audit_entry ORDER BY 1`,
	} {
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

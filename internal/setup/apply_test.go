package setup_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/org"
	"parley/internal/setup"
)

// yamlNames are the names of all fields that a file may hold.
func yamlNames(v any) []string {
	var out []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
				out = append(out, name)
				walk(t.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeOf(v))
	return out
}

const full = `version: 1
workspaces:
- slug: era
  name: Fashion Era
  country: IT
  timezone: Europe/Rome
  currency: EUR
  settings: {undo_seconds: 3}
  members:
  - {email: ana@example.com, name: Ana, role: owner, password: '${ANA}'}
  api_keys:
  - {name: till, scopes: [event.write], secret: '${TILL}'}
  channels:
  - {name: sms, kind: twilio, settings: {account_sid: AC1, auth_token: '${TOKEN}', number: "+15550100001"}}
  shops:
  - {name: era, kind: shopify, domain: era.example, secret: '${SHOP}'}
  offers:
  - {name: five, kind: amount, amount: "5.00"}
  journeys:
  - name: Cart
    definition: {v: 1, trigger: {event: cart_abandoned, key: cart_token}, reentry: {rule: per_key}, steps: [{id: five, type: offer, offer: five}]}
`

func secrets() map[string]string {
	return map[string]string{"ANA": "correct horse", "TILL": "till-0123456789012345678901234567", "TOKEN": "tok", "SHOP": "shh"}
}

func TestAFileMakesAWorkspaceThatStandsComplete(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		want := []string{"+ era: workspace era", "+ era: member ana@example.com", "+ era: api key till", "+ era: channel sms", "+ era: shop era", "+ era: offer five", "+ era: journey Cart"}
		if diff := cmp.Diff(want, words(w.apply(w.parse(full, secrets())))); diff != "" {
			t.Errorf("made (-want +got):\n%s", diff)
		}
		if needed, err := w.Org.SetupNeeded(t.Context()); needed || err != nil {
			t.Error("an owner who can sign in did not end the first set-up: a stranger could still claim the server")
		}
		ws, err := w.Org.BySlug(t.Context(), d, "era")
		if err != nil {
			t.Fatal(err)
		}
		if ws.Settings.UndoSeconds != 3 || ws.Settings.Brand != "Fashion Era" || ws.Settings.CartDelay != "30m" {
			t.Errorf("settings %+v", ws.Settings)
		}
		all, err := w.Journeys.List(t.Context(), d, ws.ID)
		if err != nil || len(all) != 1 || all[0].State != "live" {
			t.Errorf("journeys %+v %v", all, err)
		}
	})
}

func TestADifferenceNamesWhatChangesAndShowsNoSecret(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.apply(w.parse(full, secrets()))
	env := map[string]string{"ANA": "another password", "TILL": "till-9999999999999999999999999999", "TOKEN": "tok2", "SHOP": "shh2"}
	changed := strings.NewReplacer("undo_seconds: 3", "undo_seconds: 4", "role: owner", "role: owner, limits: {per_day: 1}", "[event.write]", "[person.read, event.write]",
		"5550100001", "5550100002", `"5.00"`, `"7.50"`, "id: five", "id: fifth").Replace(full)
	want := []string{
		"~ era: workspace era\n    settings.undo_seconds: 3 -> 4",
		"~ era: member ana@example.com\n    limits: null -> {\"max_percent\":100,\"max_amount\":1125899906842624,\"free_shipping\":true,\"per_day\":1}",
		"~ era: api key till\n    scopes: [\"event.write\"] -> [\"person.read\",\"event.write\"]\n    secret: (secret)",
		"~ era: channel sms\n    settings.number: \"+15550100001\" -> \"+15550100002\"\n    settings.auth_token: (secret)",
		"~ era: shop era\n    secret: (secret)",
		"~ era: offer five\n    amount: \"€5.00\" -> \"€7.50\"",
		"~ era: journey Cart\n    definition.steps: [{\"id\":\"five\",\"offer\":\"five\",\"type\":\"offer\"}] -> [{\"id\":\"fifth\",\"offer\":\"five\",\"type\":\"offer\"}]",
	}
	got := words(w.apply(w.parse(changed, env)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, plain := range env {
		if strings.Contains(strings.Join(got, "\n")+w.export("era"), plain) {
			t.Errorf("%q is shown in plain", plain)
		}
	}
}

// Nothing is half applied: a fault in the last part takes the whole workspace back, and those before it stand.
func TestAFaultLeavesNoPartOfAWorkspace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for name, broken := range map[string]func(string) string{
			"a key that cannot be saved":   func(s string) string { return s },
			"a journey without its offer":  func(s string) string { return strings.Replace(s, "name: five", "name: six", 1) },
			"an unknown setting":           func(s string) string { return strings.Replace(s, "AC1", "AC1, colour: red", 1) },
			"a password that is too short": func(s string) string { return strings.Replace(s, "'${ANA}'", "short", 1) },
			"an amount that is none":       func(s string) string { return strings.Replace(s, "5.00", "5.001", 1) },
		} {
			w.team.failOn = ""
			if name == "a key that cannot be saved" {
				w.team.failOn = "till"
			}
			before := w.everything()
			f := w.parse(broken(full), secrets())
			made, err := w.Apply(t.Context(), org.Actor{}, f)
			if err == nil || len(made) != 0 || !strings.Contains(err.Error(), "line ") {
				t.Errorf("%s: made %v, error %v", name, made, err)
			}
			if diff := cmp.Diff(before, w.everything()); diff != "" {
				t.Errorf("%s left something (-before +after):\n%s", name, diff)
			}
		}
		w.team.failOn = "till"
		two := strings.Replace(full, "workspaces:\n", "workspaces:\n- {slug: aaa, name: First, country: IT, timezone: UTC, currency: EUR}\n", 1)
		made, err := w.Apply(t.Context(), org.Actor{}, w.parse(two, secrets()))
		if !errors.Is(err, errBroken) || len(made) != 1 || made[0].Workspace != "aaa" {
			t.Errorf("two workspaces: made %v, error %v", made, err)
		}
		if _, err := w.Org.BySlug(t.Context(), d, "aaa"); err != nil {
			t.Errorf("the workspace before the broken one: %v", err)
		}
	})
}

func TestOwnershipIsHandedOnWhateverTheOrder(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.apply(w.parse(full, secrets()))
	handed := strings.Replace(full, "role: owner, password: '${ANA}'}", "role: agent}\n  - {email: bob@example.com, name: Bob, role: owner, password: '${ANA}'}", 1)
	w.apply(w.parse(handed, secrets()))
	alone := strings.Replace(full, "role: owner", "role: agent", 1)
	w.apply(w.parse(alone, secrets())) // Bob is not in the file, and stays the owner
	if _, err := w.Apply(t.Context(), org.Actor{}, w.parse(strings.Replace(handed, "name: Bob, role: owner", "name: Bob, role: viewer", 1), secrets())); !errors.Is(err, org.ErrLastOwner) {
		t.Errorf("taking the last owner: %v", err)
	}
}

func TestAKindIsForEver(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.apply(w.parse(full, secrets()))
	other := strings.Replace(full, "kind: twilio, settings: {account_sid: AC1, auth_token: '${TOKEN}', number: \"+15550100001\"}", "kind: sim", 1)
	if _, err := w.Apply(t.Context(), org.Actor{}, w.parse(other, secrets())); errs.CodeOf(err) != "channel_kind_fixed" {
		t.Errorf("a Twilio channel became simulated: %v", err)
	}
	_, err := w.Apply(t.Context(), org.Actor{}, w.parse(strings.Replace(full, "name: sms, kind: twilio", "name: two, kind: pigeon", 1), secrets()))
	if !errors.Is(err, channel.ErrKind) {
		t.Errorf("a kind that nobody knows: %v", err)
	}
}

// Work in progress on a journey is not the file's business as long as what people enter is what the file says.
func TestADraftOfSomebodyStaysUntilTheFileChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.parse(full, secrets())
		w.apply(f)
		ws, err := w.Org.BySlug(t.Context(), d, "era")
		if err != nil {
			t.Fatal(err)
		}
		find := func() (draft, live string) {
			all, err := w.Journeys.List(t.Context(), d, ws.ID)
			if err != nil {
				t.Fatal(err)
			}
			def, err := w.Journeys.Live(t.Context(), d, ws.ID, all[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			return all[0].Draft.Steps[0].ID, def.Steps[0].ID
		}
		all, err := w.Journeys.List(t.Context(), d, ws.ID)
		if err != nil {
			t.Fatal(err)
		}
		mine := all[0].Draft
		mine.Steps[0].ID = "mine"
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := w.Journeys.SaveDraftTx(t.Context(), tx, org.System(ws.ID), all[0].ID, all[0].Edit, mine)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if made := w.apply(f); len(made) != 0 {
			t.Errorf("a draft made a difference: %v", made)
		}
		if draft, live := find(); draft != "mine" || live != "five" {
			t.Errorf("draft %s, live %s", draft, live)
		}
		w.apply(w.parse(strings.Replace(full, "id: five", "id: next", 1), secrets()))
		if draft, live := find(); draft != "next" || live != "next" {
			t.Errorf("draft %s, live %s after the file changed", draft, live)
		}
	})
}

func TestAnExportIsWrittenForPeople(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.apply(w.parse(full, secrets()))
	got := w.export("era")
	for _, line := range []string{"# Set-up of era", "password: ${PARLEY_ERA_PASSWORD_ANA_EXAMPLE_COM}", "secret: ${PARLEY_ERA_KEY_TILL}", "auth_token: ${PARLEY_ERA_CHANNEL_SMS_AUTH_TOKEN}",
		"secret: ${PARLEY_ERA_SHOP_ERA_SECRET}", "undo_seconds: 3", "amount: \"5.00\""} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	if strings.Contains(got, "token: ${PARLEY_ERA_SHOP_ERA_TOKEN}") {
		t.Error("a token that was never given is asked for")
	}
	if _, err := w.Export(t.Context(), "ws_none"); !errors.Is(err, org.ErrNoWorkspace) {
		t.Errorf("export of nothing: %v", err)
	}
	if problems := setup.Problems(nil); problems.Error() != "" {
		t.Errorf("no problems read %q", problems.Error())
	}
}

func TestAnErrorNamesTheFileTheLineAndTheField(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for name, c := range map[string]struct{ old, broken, want string }{
		"a short password":        {"'${ANA}'", "short", "setup.yaml:10: member ana@example.com: Some fields need another look. Nothing was changed.\n    password has fewer than 10 characters"},
		"a setting that is a lie": {"undo_seconds: 3", "undo_seconds: 99", "setup.yaml:3: workspace era: Some fields need another look. Nothing was changed.\n    undo_seconds is not between 0 and 10"},
		"a bad account":           {"AC1", "XX1", "setup.yaml:14: channel sms: The Account SID of Twilio starts with AC.\n    account_sid starts with AC"},
		"a missing offer":         {"name: five", "name: six", "setup.yaml:20: journey Cart: The journey cannot be published. Nothing was changed.\nfive: There is no offer named \"five\""},
	} {
		_, err := w.Check(t.Context(), w.parse(strings.Replace(full, c.old, c.broken, 1), secrets()))
		if err == nil || !strings.HasPrefix(setup.Explain(err, "setup.yaml"), c.want) {
			t.Errorf("%s: got %q", name, setup.Explain(err, "setup.yaml"))
		}
	}
	_, err := setup.Parse([]byte("version: 1\nworkspaces: []\ncolour: red\n"), lookup(nil), nil)
	if got := setup.Explain(err, "setup.yaml"); !strings.HasPrefix(got, "setup.yaml:3: there is no field") {
		t.Errorf("got %q", got)
	}
	if got := setup.Explain(errBroken, "setup.yaml"); got != "setup.yaml: this cannot be saved" {
		t.Errorf("got %q", got)
	}
}

func TestAChannelAndAShopOfOneNameAreRefusedWhereverTheyComeFrom(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	top, _, _ := strings.Cut(full, "  members:")
	channel := "  channels:\n  - {name: one, kind: sim}\n"
	shop := "  shops:\n  - {name: one, kind: shopify, domain: era.example}\n"
	for slug, order := range map[string][2]string{"first-channel": {channel, shop}, "first-shop": {shop, channel}} {
		file := strings.Replace(top, "slug: era", "slug: "+slug, 1)
		w.apply(w.parse(file+order[0], nil))
		before := w.everything()
		_, err := w.Apply(t.Context(), org.Actor{}, w.parse(file+order[1], nil))
		if got := setup.Explain(err, "setup.yaml"); errs.CodeOf(err) != "hook_name_taken" || !strings.HasPrefix(got, "setup.yaml:10: ") {
			t.Errorf("%s: %q", slug, got)
		}
		if diff := cmp.Diff(before, w.everything()); diff != "" {
			t.Errorf("%s left something (-before +after):\n%s", slug, diff)
		}
	}
}

// A file knows keys by name; what has ended or has a name that is taken must not make a file that cannot be applied.
func TestAnExportOfKeysCanBeApplied(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.apply(w.parse(full, secrets()))
	ws, err := w.Org.BySlug(t.Context(), w.d, "era")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []org.NewKey{{Name: "till"}, {Name: "gone", ExpiresAt: now.Add(time.Hour)}, {Name: "going", ExpiresAt: now.Add(48 * time.Hour)}} {
		n.Scopes = []org.Permission{org.PersonRead}
		if _, _, err := w.Org.CreateKey(t.Context(), org.System(ws.ID), n); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Skip(24 * time.Hour)
	fresh := newWorld(t, dbtest.SQLite(t))
	made := words(fresh.apply(fresh.parse(w.export("era"), map[string]string{"PARLEY_ERA_PASSWORD_ANA_EXAMPLE_COM": "correct horse", "PARLEY_ERA_CHANNEL_SMS_AUTH_TOKEN": "tok",
		"PARLEY_ERA_SHOP_ERA_SECRET": "shh", "PARLEY_ERA_KEY_TILL": strings.Repeat("a", 32), "PARLEY_ERA_KEY_TILL_2": strings.Repeat("b", 32), "PARLEY_ERA_KEY_GOING": strings.Repeat("c", 32)})))
	want := []string{"+ era: api key going", "+ era: api key till", "+ era: api key till 2"}
	if diff := cmp.Diff(want, slices.DeleteFunc(made, func(s string) bool { return !strings.Contains(s, "api key") })); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

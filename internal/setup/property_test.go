package setup_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/org"
	"parley/internal/setup"
)

// drawWorkspace is a workspace as somebody might write it.
func drawWorkspace(t *rapid.T, slug string) setup.Workspace {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	text := func(label string) string {
		return pick(label, "Fashion Era", "José: & co", "- #1 {x}", "a ${b} c $${d", "yes", "007", "= \"q\" 'p'", "two\nlines")
	}
	w := setup.Workspace{Slug: slug, Name: pick("name", "Era", "Fashion Era"), Country: "IT", Timezone: pick("zone", "Europe/Rome", "UTC"), Currency: "EUR",
		Settings: map[string]any{"brand": text("brand"), "undo_seconds": rapid.IntRange(0, 10).Draw(t, "undo")}}
	if rapid.Bool().Draw(t, "nested") {
		w.Settings["agent_limits"] = map[string]any{"max_percent": rapid.IntRange(0, 100).Draw(t, "percent"), "max_amount": 1000000}
	}
	w.Members = []setup.Member{{Email: slug + "-boss@example.com", Name: "Boss", Role: org.Owner, Password: "correct horse"}}
	for n := range rapid.IntRange(0, 2).Draw(t, "members") {
		m := setup.Member{Email: fmt.Sprintf("%s-%d@example.com", slug, n), Name: text("member"), Role: org.Role(pick("role", "owner", "agent", "viewer")), Disabled: rapid.Bool().Draw(t, "disabled")}
		m.Name = strings.ReplaceAll(m.Name, "\n", " ")
		if rapid.Bool().Draw(t, "limited") {
			m.Limits = map[string]any{"per_day": rapid.IntRange(0, 9).Draw(t, "per day")}
		}
		w.Members = append(w.Members, m)
	}
	for n := range rapid.IntRange(0, 2).Draw(t, "keys") {
		w.APIKeys = append(w.APIKeys, setup.APIKey{Name: fmt.Sprintf("key %d", n), Secret: fmt.Sprintf("%s-%d-%s", slug, n, pick("secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "00000000000000000000000000000012")),
			Scopes: rapid.SliceOfNDistinct(rapid.SampledFrom(org.AllPermissions()), 1, 3, rapid.ID).Draw(t, "scopes"), ExpiresAt: pick("ends", "", "2031-01-01T00:00:00Z", "2032-06-01T12:00:00+02:00")})
	}
	if rapid.Bool().Draw(t, "sms") {
		w.Channels = append(w.Channels, setup.Channel{Name: "sms", Kind: "twilio", Stopped: rapid.Bool().Draw(t, "stopped"),
			Settings: map[string]string{"account_sid": "AC1", "auth_token": pick("token", "0123", "null", "a b"), "number": "+15550100001"}})
	}
	if rapid.Bool().Draw(t, "sim") {
		w.Channels = append(w.Channels, setup.Channel{Name: "phones", Kind: "sim", Settings: map[string]string{"rate": pick("rate", "5", "100")}, Registration: &setup.Registration{Kind: "10dlc", State: "approved"}})
	}
	w.Shops, w.Offers, w.Journeys = drawShops(t, text), drawOffers(t), drawJourneys(t, text)
	return w
}

func drawShops(t *rapid.T, text func(string) string) (out []setup.Shop) {
	for n := range rapid.IntRange(0, 2).Draw(t, "shops") {
		s := setup.Shop{Name: fmt.Sprintf("shop-%d", n), Kind: "shopify", Domain: "Era.example", ConsentWording: text("wording")}
		if rapid.Bool().Draw(t, "signed") {
			signing := rapid.SampledFrom([]string{"s1", "12345", "~"}).Draw(t, "signing")
			s.Secret = &signing
		}
		if rapid.Bool().Draw(t, "admin") {
			token := "shpat_" + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "token")
			s.Token = &token
		}
		out = append(out, s)
	}
	return out
}

func drawOffers(t *rapid.T) []setup.Offer {
	out := []setup.Offer{{Name: "free-shipping", Kind: "free_shipping", AgentGrantable: true}}
	for n := range rapid.IntRange(0, 2).Draw(t, "offers") {
		o := setup.Offer{Name: fmt.Sprintf("offer %d", n), Kind: "percent", Percent: rapid.IntRange(1, 100).Draw(t, "percent"), MaxCodes: rapid.IntRange(0, 3).Draw(t, "codes"),
			Shop: rapid.SampledFrom([]string{"", "shop-0"}).Draw(t, "shop"), AgentGrantable: rapid.Bool().Draw(t, "grantable"), Prefix: rapid.SampledFrom([]string{"", "ERA"}).Draw(t, "prefix"),
			ExpiresAfter: rapid.SampledFrom([]string{"", "30d", "36h"}).Draw(t, "expires")}
		if rapid.Bool().Draw(t, "amount") {
			o = setup.Offer{Name: o.Name, Kind: "amount", Amount: rapid.SampledFrom([]string{"5", "5.50"}).Draw(t, "amount"), Prefix: "ERA"}
		}
		out = append(out, o)
	}
	return out
}

func drawJourneys(t *rapid.T, text func(string) string) (out []setup.Journey) {
	for n := range rapid.IntRange(0, 2).Draw(t, "journeys") {
		out = append(out, setup.Journey{Name: fmt.Sprintf("journey %d", n), Paused: rapid.Bool().Draw(t, "paused"), Definition: map[string]any{
			"v": 1, "about": text("about"), "trigger": map[string]any{"event": "cart_abandoned", "key": "cart_token"}, "reentry": map[string]any{"rule": "per_key"},
			"steps": []any{map[string]any{"id": "wait", "type": "wait", "for": rapid.SampledFrom([]string{"20m", "2d"}).Draw(t, "for")},
				map[string]any{"id": "code", "type": "offer", "offer": "free-shipping"}, map[string]any{"id": "end", "type": "stop"}}}})
	}
	return out
}

// written is the file as text, with "${" of texts written as text.
func written(t *rapid.T, w setup.Workspace) string {
	raw, err := yaml.Marshal(setup.File{Version: 1, Workspaces: []setup.Workspace{w}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(raw), "${", "$${")
}

func read(t *rapid.T, raw string, env func(string) (string, bool)) setup.File {
	f, err := setup.Parse([]byte(raw), env, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return f
}

func none(string) (string, bool) { return "", false }

// secretsOf is what the variables of an exported file stand for.
func secretsOf(w setup.Workspace) func(string) (string, bool) {
	clean := func(parts ...string) string {
		return strings.Trim(regexp.MustCompile(`[^A-Z0-9]+`).ReplaceAllString(strings.ToUpper("PARLEY_"+w.Slug+"_"+strings.Join(parts, "_")), "_"), "_")
	}
	env := map[string]string{}
	for _, m := range w.Members {
		env[clean("PASSWORD", m.Email)] = "correct horse"
	}
	for _, k := range w.APIKeys {
		env[clean("KEY", k.Name)] = k.Secret
	}
	for _, c := range w.Channels {
		env[clean("CHANNEL", c.Name, "auth_token")] = c.Settings["auth_token"]
	}
	for _, s := range w.Shops {
		if s.Secret != nil {
			env[clean("SHOP", s.Name, "SECRET")] = *s.Secret
		}
		if s.Token != nil {
			env[clean("SHOP", s.Name, "TOKEN")] = *s.Token
		}
	}
	return lookup(env)
}

// Applying twice changes nothing, a check changes nothing and tells what applying does, the order of entries means nothing,
// and an exported file describes what is there, here and in a fresh database.
func TestASetUpFileIsAFixedPoint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, fresh := newWorld(t, d), newWorld(t, dbtest.SQLite(t))
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			slug := fmt.Sprintf("era-%d", round)
			w.clear(rt)
			fresh.clear(rt)
			for turn := range 2 { // the second file changes what the first made
				want := drawWorkspace(rt, slug)
				f := read(rt, written(rt, want), none)
				before := w.everything()
				foreseen, err := w.Check(t.Context(), f)
				if err != nil {
					rt.Fatal(err)
				}
				same(rt, "a check changes nothing", before, w.everything())
				same(rt, "a check foresees what is made", words(foreseen), words(w.apply(f)))
				after := w.everything()
				same(rt, "applying again makes nothing", []string{}, words(w.apply(f)))
				same(rt, "a check finds nothing then", []string{}, words(w.differences(rt, read(rt, written(rt, shuffled(want)), none))))
				same(rt, "applying again changes nothing", after, w.everything())
				if turn == 0 {
					exported := read(rt, w.export(slug), secretsOf(want))
					same(rt, "an exported file describes what is there", []string{}, words(w.differences(rt, exported)))
					same(rt, "what is there is what the file says", essence(f), essence(exported))
					w.sameElsewhere(rt, want)
					fresh.apply(exported)
					same(rt, "an exported file makes the same in a fresh database", w.export(slug), fresh.export(slug))
				}
			}
		})
	})
}

// sameElsewhere applies the entries in another order to another workspace, which must come out alike.
func (w *world) sameElsewhere(rt *rapid.T, want setup.Workspace) {
	other := shuffled(want)
	other.Slug = want.Slug + "-twin"
	for i := range other.Members {
		other.Members[i].Email = strings.Replace(other.Members[i].Email, want.Slug, other.Slug, 1)
	}
	for i := range other.APIKeys {
		other.APIKeys[i].Secret = "twin-" + other.APIKeys[i].Secret
	}
	w.apply(read(rt, written(rt, other), none))
	plain := func(text, slug string) string {
		text = strings.ReplaceAll(text, slug, "SLUG")
		return strings.ReplaceAll(text, strings.ToUpper(strings.ReplaceAll(slug, "-", "_")), "SLUG")
	}
	same(rt, "the order of entries means nothing", plain(w.export(want.Slug), want.Slug), plain(w.export(other.Slug), other.Slug))
}

// essence is what a file says, apart from how it is said: order, lines, usual values.
func essence(f setup.File) map[string]any {
	out := map[string]any{}
	for _, w := range f.Workspaces {
		for _, m := range w.Members {
			out["member "+m.Email] = fmt.Sprint(m.Role, m.Disabled, m.Limits["per_day"], m.Name)
		}
		for _, k := range w.APIKeys {
			out["key "+k.Name] = fmt.Sprint(len(k.Scopes), k.Secret, k.Ends)
		}
		for _, c := range w.Channels {
			out["channel "+c.Name] = fmt.Sprint(c.Kind, c.Stopped, c.Settings["account_sid"], c.Settings["auth_token"], c.Settings["rate"] == "5", c.Registration != nil)
		}
		for _, s := range w.Shops {
			secret, token := "", ""
			if s.Secret != nil {
				secret = *s.Secret
			}
			if s.Token != nil {
				token = *s.Token
			}
			out["shop "+s.Name] = fmt.Sprint(strings.ToLower(s.Domain), s.ConsentWording, secret, token)
		}
		for _, o := range w.Offers {
			amount := strings.TrimSuffix(o.Amount, ".00")
			out["offer "+o.Name] = fmt.Sprint(o.Kind, o.Percent, amount, o.Prefix, o.Life, o.MaxCodes, o.AgentGrantable, o.Shop)
		}
		for _, j := range w.Journeys {
			out["journey "+j.Name] = fmt.Sprint(j.Paused, j.Read)
		}
		out["workspace"] = fmt.Sprint(w.Name, w.Country, w.Timezone, w.Currency, w.Settings["brand"], w.Settings["undo_seconds"])
	}
	return out
}

func (w *world) differences(rt *rapid.T, f setup.File) []setup.Difference {
	d, err := w.Check(w.t.Context(), f)
	if err != nil {
		rt.Fatal(err)
	}
	return d
}

func shuffled(w setup.Workspace) setup.Workspace {
	w.Members, w.APIKeys, w.Channels, w.Shops, w.Offers, w.Journeys = mixed(w.Members), mixed(w.APIKeys), mixed(w.Channels), mixed(w.Shops), mixed(w.Offers), mixed(w.Journeys)
	return w
}

func mixed[T any](in []T) []T {
	out := append([]T(nil), in...)
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func same(rt *rapid.T, what string, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

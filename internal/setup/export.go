package setup

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"parley/internal/commerce"
	"parley/internal/id"
	"parley/internal/journey"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/secret"
)

// Export is the set-up file of a workspace that is there. Secrets and passwords stand in it as ${NAME}: they are set in
// the environment when it is applied. Archived offers and journeys that were never published are left out.
func (s *Service) Export(ctx context.Context, ws id.Workspace) ([]byte, error) {
	now, err := s.Org.Workspace(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	pilot := now.Pilot
	e := &export{s: s, now: now, taken: map[string]bool{}, out: Workspace{Slug: now.Slug, Name: now.Name, Country: now.Country, Timezone: now.Timezone,
		Currency: string(now.Currency), Pilot: &pilot, Settings: plainFields(now.Settings)}}
	for _, step := range []func(context.Context) error{e.team, e.channels, e.shops, e.offers, e.journeys} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("export workspace %s: %w", now.Slug, err)
		}
	}
	return e.write()
}

// export gathers one workspace.
type export struct {
	s     *Service
	now   org.Workspace
	out   Workspace
	taken map[string]bool
}

// placeholder marks a variable in the tree until it is written; no stored text begins like this.
const placeholder = "\x00"

var notInName = regexp.MustCompile(`[^A-Z0-9]+`)

// variable is a name for a secret that no other secret of the file has.
func (e *export) variable(parts ...string) string {
	base := strings.Trim(notInName.ReplaceAllString(strings.ToUpper("PARLEY_"+e.now.Slug+"_"+strings.Join(parts, "_")), "_"), "_")
	name := base
	for n := 2; e.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	e.taken[name] = true
	return placeholder + name
}

func (e *export) team(ctx context.Context) error {
	members, err := e.s.Org.Members(ctx, e.s.DB, e.now.ID)
	if err != nil {
		return err
	}
	for _, m := range ordered(members, func(m org.Member) string { return m.Email }) {
		out := Member{Email: m.Email, Name: m.Name, Role: m.Role, Password: e.variable("PASSWORD", m.Email), Disabled: m.Disabled}
		if m.Limits != nil {
			out.Limits = plainFields(m.Limits)
		}
		e.out.Members = append(e.out.Members, out)
	}
	return e.keys(ctx)
}

// keys leaves out what has ended. A file knows keys by name, so of several with one name the later ones get a number.
func (e *export) keys(ctx context.Context) error {
	keys, err := e.s.Org.Keys(ctx, e.now.ID)
	seen := map[string]bool{}
	for _, k := range ordered(keys, func(k org.Key) string { return k.Name }) {
		if k.ExpiresAt != 0 && k.ExpiresAt.Before(e.s.Clock.Now()) {
			continue
		}
		name := k.Name
		for n := 2; seen[name]; n++ {
			name = fmt.Sprintf("%s %d", k.Name, n)
		}
		seen[name] = true
		e.out.APIKeys = append(e.out.APIKeys, APIKey{Name: name, Scopes: scopes(k.Scopes), Secret: e.variable("KEY", name), ExpiresAt: k.ExpiresAt.String()})
	}
	return err
}

func (e *export) channels(ctx context.Context) error {
	all, err := e.s.Channels.Channels(ctx, e.s.DB, e.now.ID)
	for _, c := range all {
		if c.SecretsLost() {
			return secret.ErrNoKey
		}
		out := Channel{Name: c.Name, Kind: string(c.Kind), Settings: map[string]string{}, Stopped: c.State == "stopped"}
		for key, value := range c.Settings {
			out.Settings[key] = value
		}
		for _, key := range c.SecretsSet {
			out.Settings[key] = e.variable("CHANNEL", c.Name, key)
		}
		if c.Registration.Kind != "" || c.Registration.State != "" {
			out.Registration = &Registration{c.Registration.Kind, c.Registration.State}
		}
		e.out.Channels = append(e.out.Channels, out)
	}
	return err
}

func (e *export) shops(ctx context.Context) error {
	all, err := e.s.Shops.Shops(ctx, e.s.DB, e.now.ID)
	if err != nil {
		return err
	}
	for _, shop := range ordered(all, func(s commerce.Shop) string { return s.Name }) {
		noSecret, noToken, err := e.s.Shops.ShopHolds(ctx, e.s.DB, e.now.ID, shop.Name, "", "")
		if err != nil {
			return err
		}
		out := Shop{Name: shop.Name, Kind: shop.Kind, Domain: shop.Domain, BaseURL: shop.BaseURL, ConsentWording: shop.ConsentWording}
		if !noSecret {
			name := e.variable("SHOP", shop.Name, "SECRET")
			out.Secret = &name
		}
		if !noToken {
			name := e.variable("SHOP", shop.Name, "TOKEN")
			out.Token = &name
		}
		e.out.Shops = append(e.out.Shops, out)
	}
	return nil
}

func (e *export) offers(ctx context.Context) error {
	all, err := e.s.Offers.List(ctx, e.s.DB, e.now.ID)
	for _, o := range all {
		out := Offer{Name: o.Name, Kind: string(o.Kind), Percent: o.Percent, Prefix: o.Prefix, MaxCodes: o.MaxCodes, AgentGrantable: o.AgentGrantable, Shop: o.Shop}
		if o.Kind == offer.Amount {
			out.Amount = o.Amount.Decimal()
		}
		life, failed := journey.Duration(o.ExpiresAfter).MarshalText()
		if failed != nil {
			return failed
		}
		out.ExpiresAfter = string(life)
		e.out.Offers = append(e.out.Offers, out)
	}
	return err
}

func (e *export) journeys(ctx context.Context) error {
	all, err := e.s.Journeys.List(ctx, e.s.DB, e.now.ID)
	if err != nil {
		return err
	}
	for _, j := range all {
		if j.Live == 0 {
			continue
		}
		live, err := e.s.Journeys.Live(ctx, e.s.DB, e.now.ID, j.ID)
		if err != nil {
			return err
		}
		fields := plainFields(live)
		delete(fields, "name") // it is the entry's
		e.out.Journeys = append(e.out.Journeys, Journey{Name: j.Name, Paused: j.State == "paused", Definition: fields})
	}
	return nil
}

func (e *export) write() ([]byte, error) {
	var tree yaml.Node
	if err := tree.Encode(File{Version: Version, Workspaces: []Workspace{e.out}}); err != nil {
		return nil, fmt.Errorf("write the set-up file: %w", err)
	}
	mark(&tree)
	tree.HeadComment = "Set-up of " + e.now.Slug + ", for \"parley apply\". What stands as ${NAME} is read from the environment."
	var out bytes.Buffer
	w := yaml.NewEncoder(&out)
	w.SetIndent(2)
	if err := w.Encode(&tree); err != nil {
		return nil, fmt.Errorf("write the set-up file: %w", err)
	}
	return out.Bytes(), w.Close()
}

// mark writes variables as ${NAME}, and what only looks like one as text.
func mark(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode {
		if name, ok := strings.CutPrefix(node.Value, placeholder); ok {
			node.Value, node.Style = "${"+name+"}", 0
		} else {
			node.Value = literal(node.Value)
		}
	}
	for i, child := range node.Content {
		if node.Kind != yaml.MappingNode || i%2 == 1 {
			mark(child)
		}
	}
}

// plainFields is a struct as the API names its fields, with whole numbers as whole numbers.
func plainFields(value any) map[string]any {
	out, _ := whole(fieldsOf("", value)).(map[string]any)
	return out
}

func whole(value any) any {
	switch v := value.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	}
	return value
}

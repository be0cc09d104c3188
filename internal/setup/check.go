package setup

import (
	"regexp"
	"slices"
	"strings"

	"parley/internal/org"
)

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// names are those seen in one list, with the line of the first.
type names map[string]int

// once refuses a name that is missing or was there before.
func (p *parser) once(seen names, line int, what, name string) {
	switch first := seen[name]; {
	case strings.TrimSpace(name) == "":
		p.problems.add(line, "a %s without a name", what)
	case first != 0:
		p.problems.add(line, "the %s %q is here a second time; the first is on line %d", what, name, first)
	default:
		seen[name] = line
	}
}

// need refuses an empty field.
func (p *parser) need(value string, path ...any) {
	if strings.TrimSpace(value) == "" {
		p.problems.add(p.at(path...), "%s is missing", path[len(path)-1])
	}
}

func (p *parser) workspace(w *Workspace, i int) {
	path := []any{"workspaces", i}
	if w.Slug != "" && (!slugForm.MatchString(w.Slug) || len(w.Slug) > 40) {
		p.problems.add(p.at("workspaces", i, "slug"), "slug must be of small letters, digits and hyphens, at most 40, because it stands in addresses")
	}
	p.need(w.Name, "workspaces", i, "name")
	w.Name, w.Country, w.Currency = strings.TrimSpace(w.Name), strings.ToUpper(strings.TrimSpace(w.Country)), strings.ToUpper(strings.TrimSpace(w.Currency))
	settings := org.DefaultSettings(w.Name)
	p.overlay(w.Settings, &settings, append(path, "settings")...)
	p.members(w, path)
	p.keys(w, path)
	p.hooks(w, path)
	p.offers(w, path)
	seen := names{}
	for n := range w.Journeys {
		j := &w.Journeys[n]
		j.Line = p.at("workspaces", i, "journeys", n)
		p.once(seen, j.Line, "journey", j.Name)
		p.definition(j, "workspaces", i, "journeys", n)
	}
}

// under is the way to an entry of a list, or to a field of it.
func under(path []any, more ...any) []any { return append(slices.Clone(path), more...) }

func (p *parser) members(w *Workspace, path []any) {
	seen := names{}
	for n := range w.Members {
		m, at := &w.Members[n], under(path, "members", n)
		m.Line = p.at(at...)
		m.Email = strings.ToLower(strings.TrimSpace(m.Email))
		p.once(seen, m.Line, "member", m.Email)
		p.need(m.Name, under(at, "name")...)
		if !m.Role.Valid() {
			p.problems.add(p.at(under(at, "role")...), "there is no role %q; there are %v", m.Role, org.Roles())
		}
		p.overlay(m.Limits, &org.GrantLimits{}, under(at, "limits")...)
		if m.PasswordFile == "" {
			continue
		}
		raw, err := p.read(m.PasswordFile)
		switch {
		case m.Password != "":
			p.problems.add(m.Line, "the member %q has both password and password_file", m.Email)
		case err != nil:
			p.problems.add(p.at(under(at, "password_file")...), "%v", err)
		}
		m.Password = strings.TrimRight(string(raw), "\r\n")
	}
}

func (p *parser) keys(w *Workspace, path []any) {
	seen, secrets := names{}, names{}
	for n := range w.APIKeys {
		k, at := &w.APIKeys[n], under(path, "api_keys", n)
		k.Line = p.at(at...)
		p.once(seen, k.Line, "API key", k.Name)
		p.need(k.Secret, under(at, "secret")...)
		if k.Secret != "" && secrets[k.Secret] != 0 {
			p.problems.add(k.Line, "the API key %q has the secret of the one on line %d", k.Name, secrets[k.Secret])
		}
		secrets[k.Secret] = k.Line
		for i, scope := range k.Scopes {
			if !slices.Contains(org.AllPermissions(), scope) {
				p.problems.add(p.at(under(at, "scopes", i)...), "there is no permission %q", scope)
			}
		}
		if err := k.Ends.UnmarshalText([]byte(k.ExpiresAt)); err != nil {
			p.problems.add(p.at(under(at, "expires_at")...), "%q is not a time such as 2027-01-01T00:00:00Z", k.ExpiresAt)
		}
		if len(k.Scopes) == 0 {
			p.problems.add(k.Line, "the API key %q has no scopes, so it could do nothing", k.Name)
		}
	}
}

// hooks checks channels and shops, whose webhooks share one place for names.
func (p *parser) hooks(w *Workspace, path []any) {
	seen := names{}
	for n := range w.Channels {
		c, at := &w.Channels[n], under(path, "channels", n)
		c.Line = p.at(at...)
		p.once(seen, c.Line, "channel or shop", c.Name)
		p.need(c.Kind, under(at, "kind")...)
	}
	for n := range w.Shops {
		s, at := &w.Shops[n], under(path, "shops", n)
		s.Line = p.at(at...)
		p.once(seen, s.Line, "channel or shop", s.Name)
		p.need(s.Kind, under(at, "kind")...)
		p.need(s.Domain, under(at, "domain")...)
	}
}

func (p *parser) offers(w *Workspace, path []any) {
	seen := names{}
	for n := range w.Offers {
		o, at := &w.Offers[n], under(path, "offers", n)
		o.Line = p.at(at...)
		p.once(seen, o.Line, "offer", o.Name)
		p.need(o.Kind, under(at, "kind")...)
		if err := o.Life.UnmarshalText([]byte(o.ExpiresAfter)); err != nil {
			p.problems.add(p.at(under(at, "expires_after")...), "%v", err)
		}
	}
}

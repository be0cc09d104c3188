package setup

import (
	"context"
	"errors"
	"maps"

	"parley/internal/db"
	"parley/internal/org"
)

// application is one workspace of a file while it is applied.
type application struct {
	s      *Service
	actor  org.Actor
	want   Workspace
	hashes map[string]string // of new members' passwords, by e-mail
	now    org.Workspace
	made   []Difference
}

// run goes through everything in an order in which what is needed comes first: journeys name offers, offers name shops.
func (a *application) run(ctx context.Context, tx *db.Tx) error {
	for _, step := range []func(context.Context, *db.Tx) error{a.workspace, a.members, a.keys, a.channels, a.shops, a.hooks, a.offers, a.journeys} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// differs notes a change, if it is one.
func (a *application) differs(kind, name string, fields []Field) bool {
	if len(fields) > 0 {
		a.made = append(a.made, Difference{Workspace: a.want.Slug, Kind: kind, Name: name, Fields: fields})
	}
	return len(fields) > 0
}

func (a *application) isNew(kind, name string) {
	a.made = append(a.made, Difference{Workspace: a.want.Slug, Kind: kind, Name: name, New: true})
}

// wrap says where in the file the trouble is.
func wrap(err error, line int, kind, name string) error {
	if err == nil {
		return nil
	}
	return &Trouble{Line: line, What: kind + " " + name, Err: err}
}

func (a *application) workspace(ctx context.Context, tx *db.Tx) error {
	now, err := a.s.Org.BySlug(ctx, tx, a.want.Slug)
	if errors.Is(err, org.ErrNoWorkspace) {
		return a.newWorkspace(ctx, tx)
	}
	if err != nil {
		return err
	}
	a.now, a.actor.Workspace = now, now.ID
	w := a.want
	settings, err := settingsOf(now.Settings, w.Settings)
	if err != nil {
		return err
	}
	pilot := now.Pilot
	if w.Pilot != nil {
		pilot = *w.Pilot
	}
	change := org.WorkspaceChange{Name: &w.Name, Country: given(w.Country, now.Country), Timezone: given(w.Timezone, now.Timezone),
		Currency: given(w.Currency, string(now.Currency)), Settings: &settings, Pilot: &pilot}
	before := workspaceFields(now.Name, now.Country, now.Timezone, string(now.Currency), now.Pilot)
	after := workspaceFields(w.Name, *change.Country, *change.Timezone, *change.Currency, pilot)
	maps.Copy(before, fieldsOf("settings.", now.Settings))
	maps.Copy(after, fieldsOf("settings.", settings))
	if !a.differs("workspace", w.Slug, compare(before, after)) {
		return nil
	}
	a.now, err = a.s.Team.UpdateWorkspaceTx(ctx, tx, a.actor, change)
	return err
}

// given is what the file says, or what is there when it says nothing.
func given(wanted, now string) *string {
	if wanted == "" {
		return &now
	}
	return &wanted
}

func workspaceFields(name, country, timezone, currency string, pilot bool) map[string]any {
	return map[string]any{"name": name, "country": country, "timezone": timezone, "currency": currency, "pilot": pilot}
}

func (a *application) newWorkspace(ctx context.Context, tx *db.Tx) error {
	w := a.want
	settings, err := settingsOf(org.DefaultSettings(w.Name), w.Settings)
	if err != nil {
		return err
	}
	a.now, err = a.s.Org.CreateWorkspaceTx(ctx, tx, org.NewWorkspace{Name: w.Name, Slug: w.Slug, Country: w.Country, Timezone: w.Timezone,
		Currency: w.Currency, Settings: &settings, Pilot: w.Pilot != nil && *w.Pilot})
	if err != nil {
		return err
	}
	a.actor.Workspace = a.now.ID
	a.isNew("workspace", w.Slug)
	return a.s.Org.AuditTx(ctx, tx, org.Audit{Actor: a.actor, Action: "workspace.create", Object: string(a.now.ID),
		After: workspaceFields(w.Name, w.Country, w.Timezone, w.Currency, a.now.Pilot)})
}

func (a *application) members(ctx context.Context, tx *db.Tx) error {
	there, err := a.s.Org.Members(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	byEmail := map[string]org.Member{}
	for _, m := range there {
		byEmail[m.Email] = m
	}
	// Owners first: whoever hands ownership on may only step down when somebody else has it.
	order := func(m Member) string {
		if m.Role == org.Owner && !m.Disabled {
			return "0" + m.Email
		}
		return "1" + m.Email
	}
	for _, m := range ordered(a.want.Members, order) {
		now, found := byEmail[m.Email]
		if !found {
			now, err = a.newMember(ctx, tx, m)
		}
		if err == nil {
			err = a.member(ctx, tx, m, now, found)
		}
		if err != nil {
			return wrap(err, m.Line, "member", m.Email)
		}
	}
	return nil
}

func (a *application) newMember(ctx context.Context, tx *db.Tx, m Member) (org.Member, error) {
	made, err := a.s.Org.CreateMemberTx(ctx, tx, org.NewMember{Workspace: a.now.ID, Name: m.Name, Email: m.Email, Role: m.Role}, a.hashes[m.Email])
	if err != nil {
		return org.Member{}, err
	}
	a.isNew("member", m.Email)
	if m.Role == org.Owner && m.Password != "" {
		if err := a.s.Team.SetUpTx(ctx, tx); err != nil {
			return org.Member{}, err
		}
	}
	return made, a.s.Org.AuditTx(ctx, tx, org.Audit{Actor: a.actor, Action: "member.create", Object: string(made.ID), After: map[string]any{"email": m.Email, "role": m.Role}})
}

// member gives a member role, limits and access. known members tell what changed; of new ones that is no news.
func (a *application) member(ctx context.Context, tx *db.Tx, m Member, now org.Member, known bool) error {
	change := org.MemberChange{Role: &m.Role, Disabled: &m.Disabled}
	before, after := map[string]any{"role": now.Role, "disabled": now.Disabled}, map[string]any{"role": m.Role, "disabled": m.Disabled}
	if m.Limits != nil {
		limits := a.now.LimitsOf(now)
		for key, value := range m.Limits {
			if err := setField(&limits, key, value); err != nil {
				return err
			}
		}
		change.Limits = &limits
		before["limits"], after["limits"] = now.Limits, limits
	}
	fields := compare(before, after)
	if len(fields) == 0 {
		return nil
	}
	if known {
		a.differs("member", m.Email, fields)
	}
	_, err := a.s.Team.UpdateMemberTx(ctx, tx, a.actor, now.ID, change)
	return err
}

func (a *application) keys(ctx context.Context, tx *db.Tx) error {
	wanted := map[string]string{}
	for _, k := range a.want.APIKeys {
		wanted[k.Name] = k.Secret
	}
	if err := a.s.Team.FreeSecretsTx(ctx, tx, a.now.ID, wanted); err != nil {
		return err
	}
	for _, k := range ordered(a.want.APIKeys, func(k APIKey) string { return k.Name }) {
		before, rotated, err := a.s.Team.SaveKeyTx(ctx, tx, a.actor, org.NewKey{Name: k.Name, Scopes: scopes(k.Scopes), Secret: k.Secret, ExpiresAt: k.Ends})
		if err != nil {
			return wrap(err, k.Line, "API key", k.Name)
		}
		if before == nil {
			a.isNew("api_key", k.Name)
			continue
		}
		was, is := map[string]any{"scopes": scopes(before.Scopes)}, map[string]any{"scopes": scopes(k.Scopes)}
		if k.Ends != 0 {
			was["expires_at"], is["expires_at"] = before.ExpiresAt, k.Ends
		}
		fields := compare(was, is)
		if rotated {
			fields = append(fields, Field{Name: "secret"})
		}
		a.differs("api_key", k.Name, fields)
	}
	return nil
}

package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// UpdateTx changes what is known about a person and gives the person back. It is all or nothing.
func (s *Service) UpdateTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, u Update) (Person, error) {
	p, err := s.Get(ctx, tx, ws, person)
	if err != nil {
		return Person{}, err
	}
	if u.Version != 0 && u.Version != p.Version {
		return Person{}, ErrChanged
	}
	now := s.Clock.Now()
	if err := u.apply(&p); err != nil {
		return Person{}, err
	}
	if err := s.setAttributes(ctx, tx, ws, &p, u, now); err != nil {
		return Person{}, err
	}
	p.UpdatedAt = now
	written, err := savePerson(ctx, tx, ws, p)
	if err != nil {
		return Person{}, fmt.Errorf("save person %s: %w", p.ID, err)
	}
	if !written {
		return Person{}, ErrChanged
	}
	saveTags(ctx, tx, ws, p.ID, u, now)
	if err := s.addIdentities(ctx, tx, ws, p, u); err != nil {
		return Person{}, err
	}
	if u.Timezone != nil || u.Country != nil || u.State != nil || u.Zip != nil {
		savePlace(ctx, tx, ws, p.ID, "", compliance.Evidence{Source: compliance.Profile,
			Zone: p.Timezone, Country: p.Country, State: p.State, Zip: p.Zip, At: now})
	}
	if err := s.changed(ctx, tx, ws, p.ID); err != nil {
		return Person{}, err
	}
	return s.Get(ctx, tx, ws, p.ID)
}

// apply sets the plain fields.
func (u Update) apply(p *Person) error {
	bad := errs.New(errs.Invalid, "person_invalid", "Some of this could not be saved. Nothing was changed.")
	failed := false
	set := func(field string, into *string, value *string, limit int) {
		if value == nil {
			return
		}
		text := strings.TrimSpace(*value)
		if len(text) > limit || strings.ContainsRune(text, 0) {
			bad, failed = bad.WithField(field, fmt.Sprintf("at most %d bytes", limit)), true
			return
		}
		*into = text
	}
	set("name", &p.Name, u.Name, 200)
	set("given_name", &p.GivenName, u.GivenName, 100)
	set("family_name", &p.FamilyName, u.FamilyName, 100)
	set("language", &p.Language, u.Language, 35)
	set("timezone", &p.Timezone, u.Timezone, 60)
	set("country", &p.Country, u.Country, 2)
	set("state", &p.State, u.State, 10)
	set("zip", &p.Zip, u.Zip, 16)
	set("preferred_channel", &p.PreferredChannel, u.PreferredChannel, 40)
	for _, tag := range append(slices.Clone(u.AddTags), u.RemoveTags...) {
		if t := strings.TrimSpace(tag); t == "" || len(t) > 60 || strings.ContainsRune(t, 0) {
			bad, failed = bad.WithField("tags", "a tag has 1 to 60 bytes"), true
		}
	}
	if u.Timezone != nil && p.Timezone != "" && !validZone(p.Timezone) {
		bad, failed = bad.WithField("timezone", "use an IANA zone such as Europe/Rome"), true
	}
	if u.Name == nil && p.Name == "" {
		p.Name = fullName(p.GivenName, p.FamilyName)
	}
	p.Country, p.State = strings.ToUpper(p.Country), strings.ToUpper(p.State)
	if failed {
		return bad
	}
	return nil
}

func (s *Service) setAttributes(ctx context.Context, tx *db.Tx, ws id.Workspace, p *Person, u Update, now clock.Time) error {
	if len(u.Attributes) == 0 {
		return nil
	}
	definitions, err := loadDefinitions(ctx, tx, ws)
	if err != nil {
		return fmt.Errorf("load attribute definitions: %w", err)
	}
	values, err := validated(definitions, u.Attributes)
	if err != nil {
		return err
	}
	for key, v := range values {
		if v == nil {
			delete(p.Attributes, key)
			delete(p.AttributeSources, key)
			continue
		}
		p.Attributes[key] = v
		p.AttributeSources[key] = AttributeSource{Source: u.Source, At: now}
	}
	return nil
}

// addIdentities gives the person more identities; one that belongs to somebody else refuses the whole update.
func (s *Service) addIdentities(ctx context.Context, tx *db.Tx, ws id.Workspace, p Person, u Update) error {
	if len(u.AddIdentities) == 0 {
		return nil
	}
	home, err := s.country(ctx, tx, ws)
	if err != nil {
		return fmt.Errorf("country of the workspace: %w", err)
	}
	var rows []identityRow
	for _, i := range u.AddIdentities {
		values, err := candidates(i, p.Country, home)
		if err != nil {
			return err
		}
		if i.Source == "" {
			i.Source = u.Source
		}
		rows = append(rows, identityRow{kind: i.Kind, value: values[0], person: p.ID, source: i.Source, verified: i.VerifiedAt})
	}
	if err := insertIdentities(ctx, tx, ws, rows, s.Clock.Now()); err != nil {
		return fmt.Errorf("add identities: %w", err)
	}
	owners := owners{}
	for _, r := range rows {
		owners.want(r.kind, r.value)
	}
	if err := owners.load(ctx, tx, ws); err != nil {
		return fmt.Errorf("check identities: %w", err)
	}
	for _, r := range rows {
		if owners[identityKey{r.kind, r.value}] != p.ID {
			return ErrIdentityTaken
		}
		if !r.verified.IsZero() {
			verifyIdentity(ctx, tx, ws, r)
		}
	}
	return nil
}

// VerifiedTx notes that the holder of an identity proved that it is theirs, for example by writing from it.
func (s *Service) VerifiedTx(ctx context.Context, tx *db.Tx, ws id.Workspace, kind IdentityKind, value string) error {
	home, err := s.country(ctx, tx, ws)
	if err != nil {
		return fmt.Errorf("country of the workspace: %w", err)
	}
	values, err := candidates(Identity{Kind: kind, Value: value}, home)
	if err != nil {
		return err
	}
	for _, v := range values {
		verifyIdentity(ctx, tx, ws, identityRow{kind: kind, value: v, verified: s.Clock.Now()})
	}
	return nil
}

// AddOrderTx counts a sale in the person's value. The caller counts each sale once. Sales in another currency than the
// person's first are counted as orders but add nothing to the value.
func (s *Service) AddOrderTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, o Order) error {
	to, err := survivors(ctx, tx, ws, []id.Person{person})
	if err != nil {
		return fmt.Errorf("find person %s: %w", person, err)
	}
	count, minor := 1, o.Total.Minor
	if o.Refund {
		count, minor = 0, -minor
	}
	n, err := addOrder(ctx, tx, ws, to[person], orderRow{count, minor, string(o.Total.Currency), o.At, s.Clock.Now()})
	if err != nil {
		return fmt.Errorf("count order of %s: %w", person, err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return s.changed(ctx, tx, ws, to[person])
}

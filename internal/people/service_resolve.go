package people

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// maxIdentities is how many identities one subject may come with.
const maxIdentities = 20

// ResolveTx recognises a person by one identity and makes one when nobody is known by it. created says which.
func (s *Service) ResolveTx(ctx context.Context, tx *db.Tx, ws id.Workspace, i Identity, h Hint) (person id.Person, created bool, err error) {
	out, err := s.ResolveAllTx(ctx, tx, ws, []Subject{{Identities: []Identity{i}, Hint: h}})
	if err != nil {
		return "", false, err
	}
	return out[0].Person, out[0].Created, out[0].Err
}

// ResolveAllTx is ResolveTx for many people: one query for all, one insert for the missing. The answers are in the order
// of the subjects; a subject that cannot be read has its Err and does not disturb the others.
func (s *Service) ResolveAllTx(ctx context.Context, tx *db.Tx, ws id.Workspace, subjects []Subject) ([]Resolved, error) {
	home, err := s.country(ctx, tx, ws)
	if err != nil {
		return nil, fmt.Errorf("country of the workspace: %w", err)
	}
	r := resolver{s: s, ws: ws, subjects: subjects, out: make([]Resolved, len(subjects)), owners: owners{}, made: map[id.Person]int{}}
	r.read(home)
	if err := r.owners.load(ctx, tx, ws); err != nil {
		return nil, fmt.Errorf("recognise people: %w", err)
	}
	r.recognise()
	if err := r.insert(ctx, tx); err != nil {
		return nil, fmt.Errorf("make people: %w", err)
	}
	if err := r.fill(ctx, tx); err != nil {
		return nil, fmt.Errorf("fill people: %w", err)
	}
	return r.out, nil
}

// Find recognises a person without making one; the id is empty when nobody is known by the identity.
func (s *Service) Find(ctx context.Context, q db.Queryer, ws id.Workspace, i Identity) (id.Person, error) {
	home, err := s.country(ctx, q, ws)
	if err != nil {
		return "", fmt.Errorf("country of the workspace: %w", err)
	}
	values, err := candidates(i, home)
	if err != nil {
		return "", err
	}
	o := owners{}
	for _, v := range values {
		o.want(i.Kind, v)
	}
	if err := o.load(ctx, q, ws); err != nil {
		return "", fmt.Errorf("recognise person: %w", err)
	}
	for _, v := range values {
		if person := o[identityKey{i.Kind, v}]; person != "" {
			return person, nil
		}
	}
	return "", nil
}

// resolver is one run of ResolveAllTx.
type resolver struct {
	s        *Service
	ws       id.Workspace
	subjects []Subject
	read1    [][]reading // per subject, what each identity may mean
	out      []Resolved
	owners   owners            // who has an identity; also those made in this run
	made     map[id.Person]int // new person -> subject that it was made for
	rows     []identityRow     // identities to be inserted
}

// reading is an identity with the values it may mean, most likely first.
type reading struct {
	identity Identity
	values   []string
}

// read normalises every identity and notes what must be looked up.
func (r *resolver) read(home string) {
	r.read1 = make([][]reading, len(r.subjects))
	for n, subject := range r.subjects {
		if len(subject.Identities) > maxIdentities {
			r.out[n].Err = errs.New(errs.Invalid, "identities_too_many", "One customer came with more than %d identities. Nothing was done for this one.", maxIdentities)
			continue
		}
		var problem error
		for _, i := range subject.Identities {
			values, err := candidates(i, subject.Hint.Country, home)
			if err != nil {
				problem = err
				continue
			}
			r.read1[n] = append(r.read1[n], reading{i, values})
			for _, v := range values {
				r.owners.want(i.Kind, v)
			}
		}
		if len(r.read1[n]) == 0 {
			r.out[n].Err = problem
			if problem == nil {
				r.out[n].Err = errIdentity.WithField("identities", "say at least one number, address or id")
			}
		}
	}
}

// recognise finds each subject's person, or makes an id for a new one, and gathers the identities to be added.
func (r *resolver) recognise() {
	for n := range r.subjects {
		if r.out[n].Err != nil {
			continue
		}
		person := r.known(n)
		if person == "" {
			person = id.Person(r.s.IDs.New("per"))
			r.made[person] = n
			r.out[n].Created = true
		}
		r.out[n].Person = person
		for _, read := range r.read1[n] {
			if r.taken(read) {
				continue
			}
			key := identityKey{read.identity.Kind, read.values[0]}
			r.owners[key] = person
			source := read.identity.Source
			if source == "" {
				source = r.subjects[n].Hint.Source
			}
			r.rows = append(r.rows, identityRow{kind: key.kind, value: key.value, person: person, source: source, verified: read.identity.VerifiedAt})
		}
	}
}

// known is the person that the first recognised identity of a subject belongs to.
func (r *resolver) known(n int) id.Person {
	for _, read := range r.read1[n] {
		for _, v := range read.values {
			if person := r.owners[identityKey{read.identity.Kind, v}]; person != "" {
				return person
			}
		}
	}
	return ""
}

func (r *resolver) taken(read reading) bool {
	return slices.ContainsFunc(read.values, func(v string) bool {
		return r.owners[identityKey{read.identity.Kind, v}] != ""
	})
}

// insert adds the identities, and then only those persons who won theirs: a simultaneous transaction may have come first,
// and then its person is the answer.
func (r *resolver) insert(ctx context.Context, tx *db.Tx) error {
	if len(r.rows) == 0 {
		return nil
	}
	slices.SortFunc(r.rows, compareIdentities) // one order for all transactions, so that they do not deadlock
	now := r.s.Clock.Now()
	if err := insertIdentities(ctx, tx, r.ws, r.rows, now); err != nil {
		return err
	}
	winners := owners{}
	for _, row := range r.rows {
		winners.want(row.kind, row.value)
	}
	if err := winners.load(ctx, tx, r.ws); err != nil {
		return err
	}
	replaced := r.replaced(winners)
	var people []Person
	for person, n := range r.made {
		if replaced[person] == "" {
			people = append(people, r.subjects[n].Hint.person(person, now))
		}
	}
	for n := range r.out {
		if to := replaced[r.out[n].Person]; to != "" {
			r.out[n].Person, r.out[n].Created = to, false
		}
	}
	if err := moveIdentities(ctx, tx, r.ws, replaced); err != nil {
		return err
	}
	return r.save(ctx, tx, people)
}

// replaced maps each new person whose identity was won by somebody else to that somebody.
func (r *resolver) replaced(winners owners) map[id.Person]id.Person {
	out := map[id.Person]id.Person{}
	for _, row := range r.rows {
		won := winners[identityKey{row.kind, row.value}]
		if _, isNew := r.made[row.person]; isNew && won != row.person && out[row.person] == "" {
			out[row.person] = won
		}
	}
	return out
}

func (r *resolver) save(ctx context.Context, tx *db.Tx, people []Person) error {
	slices.SortFunc(people, func(a, b Person) int { return compareIDs(a.ID, b.ID) })
	if err := insertPeople(ctx, tx, r.ws, people); err != nil {
		return err
	}
	for _, p := range people {
		if e, ok := r.subjects[r.made[p.ID]].Hint.evidence(p.CreatedAt); ok {
			savePlace(ctx, tx, r.ws, p.ID, "", e)
		}
	}
	return nil
}

// fill adds what the hints know of people who were known already.
func (r *resolver) fill(ctx context.Context, tx *db.Tx) error {
	hints := map[id.Person]Hint{}
	for n, subject := range r.subjects {
		if r.out[n].Err == nil && !r.out[n].Created && !subject.Hint.empty() {
			if _, isNew := r.made[r.out[n].Person]; !isNew {
				hints[r.out[n].Person] = subject.Hint
			}
		}
	}
	if len(hints) == 0 {
		return nil
	}
	known, err := loadHinted(ctx, tx, r.ws, keys(hints))
	if err != nil {
		return err
	}
	ids := keys(known)
	slices.SortFunc(ids, compareIDs)
	for _, person := range ids {
		p, now := known[person], r.s.Clock.Now()
		before := p.place()
		if hints[person].fill(p) {
			saveHinted(ctx, tx, r.ws, p, now)
			if err := r.s.changed(ctx, tx, r.ws, person); err != nil {
				return err
			}
		}
		if place := p.place(); place != before {
			savePlace(ctx, tx, r.ws, p.ID, "", compliance.Evidence{Source: compliance.Profile,
				Zone: p.Timezone, Country: p.Country, State: p.State, Zip: p.Zip, At: now})
		}
	}
	return nil
}

// Current maps each id that exists to the person it stands for now: itself, or the person it was merged into.
func (s *Service) Current(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]id.Person, error) {
	to, err := survivors(ctx, q, ws, ids)
	if err != nil {
		return nil, fmt.Errorf("find people: %w", err)
	}
	return to, nil
}

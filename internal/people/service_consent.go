package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// RecordConsentTx appends to the ledger and folds the state. It never fails for want of authority: an event that may not
// raise consent is kept as evidence and changes nothing. Read the Consent afterwards to know where the address stands.
func (s *Service) RecordConsentTx(ctx context.Context, tx *db.Tx, c Consent) (ConsentEventID, error) {
	out, err := s.RecordConsentAllTx(ctx, tx, []Consent{c})
	if err != nil {
		return "", err
	}
	return out[0], nil
}

// RecordConsentAllTx is RecordConsentTx for many statements of one workspace, in their order, all or nothing.
func (s *Service) RecordConsentAllTx(ctx context.Context, tx *db.Tx, list []Consent) ([]ConsentEventID, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rec := recorder{s: s, ws: list[0].Workspace, chains: map[chainID]*chain{}}
	home, err := s.country(ctx, tx, rec.ws)
	if err != nil {
		return nil, fmt.Errorf("country of the workspace: %w", err)
	}
	for _, c := range list {
		if err := rec.add(c, home); err != nil {
			return nil, err
		}
	}
	if err := lockChains(ctx, tx, rec.ws, rec.sorted()); err != nil {
		return nil, fmt.Errorf("open the consent ledger: %w", err)
	}
	ids := make([]ConsentEventID, len(list))
	for i := range rec.list {
		ids[i] = rec.append(rec.list[i])
	}
	if err := saveChains(ctx, tx, rec.ws, rec.sorted()); err != nil {
		return nil, fmt.Errorf("write the consent ledger: %w", err)
	}
	return ids, s.told(ctx, tx, rec)
}

// told tells the feed now, and the watchers of revocations once they are on disk.
func (s *Service) told(ctx context.Context, tx *db.Tx, rec recorder) error {
	seen := map[id.Person]bool{}
	for _, c := range rec.list {
		if lowers(c.Action) {
			tx.AfterCommit(func() { s.tellRevoked(rec.ws, c.Medium, c.Address) })
			tx.BeforeReturn(func() { s.settleRevoked(rec.ws, c.Medium, c.Address) })
		}
		if !seen[c.Person] {
			seen[c.Person] = true
			if err := s.changed(ctx, tx, rec.ws, c.Person); err != nil {
				return err
			}
		}
	}
	return nil
}

func lowers(a Action) bool { return a == Revoke || a == Block || a == Unreachable }

// Watcher hears of each revocation, block and unreachable mark.
type Watcher struct {
	// Told is called once it is on disk. It is quick and starts no transaction.
	Told func(ws id.Workspace, m Medium, address string)
	// Settled is called after Told, before whoever recorded it goes on and answers. It may wait until what had begun to
	// leave for the address has left, and may be nil.
	Settled func(ws id.Workspace, m Medium, address string)
}

// WatchRevocations adds a watcher, before the service is used.
func (s *Service) WatchRevocations(w Watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, w)
}

func (s *Service) tellRevoked(ws id.Workspace, m Medium, address string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.watchers {
		w.Told(ws, m, address)
	}
}

func (s *Service) settleRevoked(ws id.Workspace, m Medium, address string) {
	s.mu.RLock()
	watchers := s.watchers
	s.mu.RUnlock()
	for _, w := range watchers {
		if w.Settled != nil {
			w.Settled(ws, m, address)
		}
	}
}

// recorder gathers statements and the chains that they extend.
type recorder struct {
	s      *Service
	ws     id.Workspace
	list   []Consent
	chains map[chainID]*chain
}

// chainID names a chain within a workspace.
type chainID struct {
	medium Medium
	key    string
}

// chain is what is known of one address while events are appended to it.
type chain struct {
	chainID
	address string
	length  int64
	head    string
	state   State
	touched map[Purpose]bool
	events  []ConsentEvent
	records []string
}

// add checks a statement and notes its chain.
func (r *recorder) add(c Consent, home string) error {
	c.Medium = cmp.Or(c.Medium, SMS)
	if c.At.IsZero() {
		c.At = r.s.Clock.Now()
	}
	if c.Action == Pending && c.ExpiresAt.IsZero() {
		c.ExpiresAt = c.At.Add(pendingFor)
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Workspace != r.ws {
		return errs.New(errs.Invalid, "consent_invalid", "One set of consents belongs to one workspace. Nothing was changed.")
	}
	if !utf8.ValidString(c.Disclosure) || strings.ContainsRune(c.Disclosure, 0) {
		return errs.New(errs.Invalid, "disclosure_invalid", "The words shown are not readable text. Nothing was changed.")
	}
	address, err := normalAddress(c.Medium, c.Address, home)
	if err != nil && !lowers(c.Action) {
		return err
	}
	c.Address = address
	cid := chainID{c.Medium, addressKey(r.ws, c.Medium, address)}
	if r.chains[cid] == nil {
		r.chains[cid] = &chain{chainID: cid, address: address, state: State{}, touched: map[Purpose]bool{}}
	}
	r.list = append(r.list, c)
	return nil
}

// append makes the next event of the statement's chain and folds it.
func (r *recorder) append(c Consent) ConsentEventID {
	ch := r.chains[chainID{c.Medium, addressKey(r.ws, c.Medium, c.Address)}]
	ch.length++
	e := ConsentEvent{ID: ConsentEventID(r.s.IDs.New("con")), Workspace: r.ws, Medium: c.Medium, AddressKey: ch.key, Seq: ch.length,
		Person: c.Person, Purpose: c.Purpose, Action: c.Action, Source: c.Source, At: c.At, RecordedAt: r.s.Clock.Now(),
		ExpiresAt: c.ExpiresAt, Actor: c.Actor, Frequency: c.Frequency, Proof: c.Proof, PrevHash: ch.head, Disclosure: c.Disclosure}
	if c.Disclosure != "" {
		e.DisclosureHash = hashText(c.Disclosure)
	}
	record, hash := e.record()
	e.RowHash, ch.head = hash, hash
	ch.events, ch.records = append(ch.events, e), append(ch.records, record)
	after := Fold(ch.state, e.folded())
	for _, p := range Purposes() {
		if after[p] != ch.state[p] {
			ch.touched[p] = true
		}
	}
	ch.state = after
	return e.ID
}

// sorted are the chains in one order for all transactions, so that they do not deadlock.
func (r *recorder) sorted() []*chain {
	out := make([]*chain, 0, len(r.chains))
	for _, c := range r.chains {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *chain) int { return cmp.Or(cmp.Compare(a.medium, b.medium), cmp.Compare(a.key, b.key)) })
	return out
}

// normalAddress is the address in the form in which its ledger is kept. With an error the text is cleaned as well as it
// can be, so that even an odd sender can opt out.
func normalAddress(m Medium, address, home string) (string, error) {
	kind := map[Medium]IdentityKind{SMS: Phone, MailBox: Email, Messenger: Username}[m]
	values, err := candidates(Identity{Kind: kind, Value: address}, home)
	if err != nil {
		return strings.ToLower(cut(strings.TrimSpace(address), maxIdentity)), err
	}
	return values[0], nil
}

// Consent is the one reading of whether an address may be texted for a purpose now, and why.
func (s *Service) Consent(ctx context.Context, q db.Queryer, ws id.Workspace, ask ConsentQuery) (Reading, error) {
	of, err := s.wanted(ctx, q, ws, addressSet{cmp.Or(ask.Medium, SMS), ask.Purpose, []string{ask.Address}})
	if err != nil {
		return Reading{}, err
	}
	if err := db.Together(ctx, q, of.questions); err != nil {
		return Reading{}, fmt.Errorf("load consent: %w", err)
	}
	standing := of.byAddress()[ask.Address]
	r := standing.read(ask.Purpose, s.Clock.Now())
	if standing.DisclosureHash != "" {
		texts, err := loadDisclosures(ctx, q, ws, []string{standing.DisclosureHash})
		if err != nil {
			return Reading{}, fmt.Errorf("load disclosure: %w", err)
		}
		r.Disclosure = texts[standing.DisclosureHash]
	}
	return r, nil
}

// ConsentAll is Consent for many addresses with one query per thousand. The answers are by the address as it was given;
// every address has one.
func (s *Service) ConsentAll(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, p Purpose, addresses []string) (map[string]Reading, error) {
	readings, _, err := s.ForGate(ctx, q, ws, GateAsk{Medium: m, Addresses: map[Purpose][]string{p: addresses}})
	return readings[p], err
}

// GateAsk is what the send gate asks about many people at once.
type GateAsk struct {
	Medium    Medium // SMS when empty
	Addresses map[Purpose][]string
	Persons   []id.Person
	With      []db.Question // of others, asked in the same round trip
}

// ForGate is ConsentAll for each purpose, and PlaceEvidenceAll, in one round trip.
func (s *Service) ForGate(ctx context.Context, q db.Queryer, ws id.Workspace, ask GateAsk) (map[Purpose]map[string]Reading, map[id.Person][]compliance.Evidence, error) {
	var found []placed
	questions := append(askPlaces(ws, ask.Persons, &found), ask.With...)
	sets := map[Purpose]standings{}
	for p, addresses := range ask.Addresses {
		of, err := s.wanted(ctx, q, ws, addressSet{cmp.Or(ask.Medium, SMS), p, addresses})
		if err != nil {
			return nil, nil, err
		}
		sets[p] = of
		questions = append(questions, of.questions...)
	}
	if err := db.Together(ctx, q, questions); err != nil {
		return nil, nil, fmt.Errorf("load consent and places: %w", err)
	}
	now, out := s.Clock.Now(), make(map[Purpose]map[string]Reading, len(sets))
	for p, of := range sets {
		byAddress := of.byAddress()
		out[p] = make(map[string]Reading, len(ask.Addresses[p]))
		for _, a := range ask.Addresses[p] {
			out[p][a] = byAddress[a].read(p, now)
		}
	}
	places, err := s.placesOf(ctx, q, ws, found)
	return out, places, err
}

// addressSet is what a reading is about.
type addressSet struct {
	medium    Medium
	purpose   Purpose
	addresses []string
}

// standings are the stored states of addresses, once the questions are answered.
type standings struct {
	questions []db.Question
	wanted    map[string][]string // key of an address -> as it was given
	byKey     map[string]Standing
}

// wanted prepares the questions for the states of addresses.
func (s *Service) wanted(ctx context.Context, q db.Queryer, ws id.Workspace, set addressSet) (standings, error) {
	if !validMedium(set.medium) || set.purpose == All || !validPurpose(set.purpose) {
		return standings{}, errs.New(errs.Invalid, "consent_query", "Ask for one medium and one purpose.")
	}
	home, err := s.country(ctx, q, ws)
	if err != nil {
		return standings{}, fmt.Errorf("country of the workspace: %w", err)
	}
	of := standings{wanted: make(map[string][]string, len(set.addresses)), byKey: make(map[string]Standing, len(set.addresses))}
	for _, a := range set.addresses {
		normal, _ := normalAddress(set.medium, a, home) // an odd address has a state too
		key := addressKey(ws, set.medium, normal)
		of.wanted[key] = append(of.wanted[key], a)
	}
	of.questions = askStandings(ws, set, keys(of.wanted), of.byKey)
	return of, nil
}

// byAddress are the states by the address as given; one without a row has none.
func (of standings) byAddress() map[string]Standing {
	out := make(map[string]Standing, len(of.byKey))
	for key, standing := range of.byKey {
		for _, a := range of.wanted[key] {
			out[a] = standing
		}
	}
	return out
}

// ForgetAddressTx erases an address from the ledger's index. The evidence and a suppression stay, under the key that only
// the same address gives again.
func (s *Service) ForgetAddressTx(ctx context.Context, tx *db.Tx, ws id.Workspace, m Medium, address string) error {
	home, err := s.country(ctx, tx, ws)
	if err != nil {
		return fmt.Errorf("country of the workspace: %w", err)
	}
	normal, _ := normalAddress(m, address, home)
	forgetAddress(ctx, tx, ws, chainID{m, addressKey(ws, m, normal)})
	return nil
}

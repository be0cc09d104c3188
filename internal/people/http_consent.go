package people

import (
	"cmp"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

func (s *Service) consentRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/people/{id}/consent", ID: "get-consent",
		Summary: "Where a customer's addresses stand, with the evidence", Permission: org.PersonRead}, s.httpCards)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/people/{id}/consent", ID: "record-consent",
		Summary: "Write down a consent or a revocation", Permission: org.ConsentWrite}, s.httpRecord)
	api.Raw(httpx.Route{Method: http.MethodGet, Path: httpx.Base + "/people/{id}/consent.csv", ID: "export-consent",
		Summary: "The whole consent ledger of one address", Permission: org.ConsentWrite}, func(w http.ResponseWriter, r *http.Request) {
		if err := s.export(w, r); err != nil {
			api.Fail(w, r, err)
		}
	})
}

// cardJSON is where one address stands for one purpose.
type cardJSON struct {
	Medium     Medium             `json:"medium"`
	Address    string             `json:"address"`
	Purpose    Purpose            `json:"purpose"`
	State      string             `json:"state" enum:"granted,pending,revoked,none,blocked"`
	Allowed    bool               `json:"allowed"`
	Reason     string             `json:"reason"`
	Text       string             `json:"text"`
	Since      clock.Time         `json:"since"`
	How        string             `json:"how"`
	Source     string             `json:"source"`
	Disclosure string             `json:"disclosure" doc:"the words shown when consent was given, verbatim"`
	Frequency  int                `json:"frequency" doc:"disclosed most texts a month, 0 when none"`
	Actor      string             `json:"actor"`
	MessageID  string             `json:"message_id,omitempty"`
	Events     []consentEventJSON `json:"events"`
}

// consentEventJSON is a ledger row with the words that it names by their hash.
type consentEventJSON struct {
	ConsentEvent
	Disclosure string `json:"disclosure"`
	RowHash    string `json:"row_hash"`
}

type cardsJSON struct {
	Cards []cardJSON `json:"cards"`
}

func (s *Service) httpCards(ctx context.Context, in *personPath) (*httpx.Out[cardsJSON], error) {
	return s.cards(ctx, org.ActorFrom(ctx).Workspace, in.ID)
}

func (s *Service) cards(ctx context.Context, ws id.Workspace, person id.Person) (*httpx.Out[cardsJSON], error) {
	cards, err := s.ConsentCards(ctx, s.DB, ws, person)
	if err != nil {
		return nil, err
	}
	var out cardsJSON
	for _, c := range cards {
		j := cardJSON{Medium: c.Medium, Address: c.Address, Purpose: c.Purpose, State: c.Reading.State, Allowed: c.Reading.Allowed,
			Reason: c.Reading.Reason, Text: c.Reading.Text, Since: c.Since, How: c.How, Source: c.Reading.Source,
			Disclosure: c.Disclosure, Frequency: c.Reading.Frequency, Actor: c.Actor, MessageID: c.MessageID}
		for _, e := range c.Events {
			j.Events = append(j.Events, consentEventJSON{e, e.Disclosure, e.RowHash})
		}
		out.Cards = append(out.Cards, j)
	}
	return httpx.OK(out), nil
}

type recordInput struct {
	ID   id.Person `path:"id" maxLength:"60"`
	Body struct {
		Medium  Medium  `json:"medium" enum:"sms,email,messenger"`
		Address string  `json:"address" maxLength:"320"`
		Purpose Purpose `json:"purpose" enum:",marketing,cart,loyalty,transactional,support" doc:"empty in a revocation means everything"`
		Action  Action  `json:"action" enum:"grant,revoke"`
		Wording string  `json:"wording,omitempty" maxLength:"8000" doc:"the exact words that the customer was shown or heard"`
		Note    string  `json:"note,omitempty" maxLength:"2000"`
		// Confirmed makes it a double opt-in, which cart reminders need.
		Confirmed string     `json:"confirmed,omitempty" maxLength:"500" doc:"how the customer confirmed it elsewhere, for example by answering YES to the shop's text; needed for cart reminders"`
		At        clock.Time `json:"at,omitempty" doc:"when they agreed; now when left out"`
	}
}

// httpRecord writes down what a member or another system says. Neither can lift a revocation; that is told, not done.
func (s *Service) httpRecord(ctx context.Context, in *recordInput) (*httpx.Out[cardsJSON], error) {
	actor, b := org.ActorFrom(ctx), in.Body
	c := Consent{Workspace: actor.Workspace, Medium: b.Medium, Address: b.Address, Purpose: b.Purpose, Action: b.Action,
		Source: ByMember, Actor: actor.Ref(), Disclosure: b.Wording, At: b.At, Proof: Proof{Note: b.Note, Confirmed: b.Confirmed}}
	if actor.Key != "" {
		c.Source = ByAPI
	}
	if b.Action == Revoke {
		c.Disclosure, c.Proof.Method, c.Proof.HonouredAt = "", "button", s.Clock.Now()
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err := s.Get(ctx, tx, actor.Workspace, in.ID)
		if err != nil {
			return err
		}
		c.Person = p.ID
		if err := s.owns(ctx, tx, p, c); err != nil {
			return err
		}
		if b.Action == Grant {
			if err := s.mayBeGiven(ctx, tx, c); err != nil {
				return err
			}
		}
		_, err = s.RecordConsentTx(ctx, tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.cards(ctx, actor.Workspace, c.Person)
}

// owns refuses an address that is not the person's.
func (s *Service) owns(ctx context.Context, q db.Queryer, p Person, c Consent) error {
	home, err := s.country(ctx, q, c.Workspace)
	if err != nil {
		return err
	}
	address, _ := normalAddress(c.Medium, c.Address, home)
	for _, i := range p.Identities {
		if m, ok := i.Kind.medium(); ok && m == c.Medium && i.Value == address {
			return nil
		}
	}
	return errs.New(errs.Invalid, "address_unknown", "This customer has no such address. Add it to the customer first. Nothing was changed.")
}

// mayBeGiven refuses to write down a consent that would have no effect, so that nobody believes it had.
func (s *Service) mayBeGiven(ctx context.Context, q db.Queryer, c Consent) error {
	if c.Purpose == All {
		return c.check()
	}
	r, err := s.Consent(ctx, q, c.Workspace, ConsentQuery{Medium: c.Medium, Address: c.Address, Purpose: c.Purpose})
	if err != nil {
		return err
	}
	if r.State == string(Revoked) || r.State == string(Blocked) {
		return errs.New(errs.Conflict, "opted_out", "%s Nothing was changed.", r.Text)
	}
	return nil
}

// export writes the ledger of one address as CSV, oldest event first, every field verbatim. The chain of hashes lets a
// reader check that no row is missing or changed.
func (s *Service) export(w http.ResponseWriter, r *http.Request) error {
	ctx, ws := r.Context(), org.ActorFrom(r.Context()).Workspace
	p, err := s.Get(ctx, s.DB, ws, id.Person(r.PathValue("id")))
	if err != nil {
		return err
	}
	c := Consent{Workspace: ws, Medium: cmp.Or(Medium(r.URL.Query().Get("medium")), SMS), Address: r.URL.Query().Get("address")}
	if err := s.owns(ctx, s.DB, p, c); err != nil {
		return err
	}
	events, err := s.Ledger(ctx, s.DB, ws, c.Medium, c.Address)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="consent.csv"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"seq", "id", "at", "recorded_at", "medium", "address", "person", "purpose", "action", "source", "actor",
		"disclosure", "disclosure_hash", "frequency", "expires_at", "proof", "prev_hash", "row_hash", "record"})
	for _, e := range events {
		_ = out.Write(e.csvRow(c.Address))
	}
	out.Flush()
	return nil // a client that went away needs no answer
}

func (e ConsentEvent) csvRow(address string) []string {
	record, _ := e.record()
	purpose := cmp.Or(string(e.Purpose), "all")
	row := []string{strconv.FormatInt(e.Seq, 10), string(e.ID), e.At.String(), e.RecordedAt.String(), string(e.Medium), address,
		string(e.Person), purpose, string(e.Action), string(e.Source), e.Actor, e.Disclosure, e.DisclosureHash,
		strconv.Itoa(e.Frequency), e.ExpiresAt.String(), e.Proof.text(), e.PrevHash, e.RowHash, record}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

// harmless keeps a spreadsheet from running a cell as a formula (I36).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

package people

import (
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/id"
)

// Medium is what an address belongs to; consent to texts says nothing about e-mail.
type Medium string

// The media.
const (
	SMS       Medium = "sms"
	MailBox   Medium = "email"
	Messenger Medium = "messenger" // user ids at chat channels, "instagram:178414"
)

// Purpose is what a text is for. Consent is given per purpose.
type Purpose string

// The purposes. All stands for every purpose in revocations and the like, and is never stored in a state.
const (
	Marketing     Purpose = "marketing"
	Cart          Purpose = "cart"
	Transactional Purpose = "transactional"
	Loyalty       Purpose = "loyalty"
	Support       Purpose = "support"
	All           Purpose = ""
)

// Purposes are all purposes, in the order in which they are shown.
func Purposes() []Purpose { return []Purpose{Marketing, Cart, Loyalty, Transactional, Support} }

// promotional says whether the purpose needs prior express written consent with a disclosure.
func (p Purpose) promotional() bool { return p == Marketing || p == Cart || p == Loyalty }

// Action is what a consent event says.
type Action string

// The actions.
const (
	Grant       Action = "grant"       // agreed
	Pending     Action = "pending"     // asked, the double opt-in answer is awaited
	Confirm     Action = "confirm"     // answered the double opt-in
	Revoke      Action = "revoke"      // opted out; All = every purpose
	Block       Action = "block"       // the provider says that the holder opted out there, 21610
	Restore     Action = "restore"     // START: what was given before the revocation counts again
	Clarify     Action = "clarify"     // the holder says which purpose the revocation did not mean
	Unreachable Action = "unreachable" // cannot be reached for now; consent stays
	Reachable   Action = "reachable"   // answered again
	Acknowledge Action = "acknowledge" // the one confirmation of a revocation was sent
)

// ConsentSource is who says so. It decides what an event may do to the state.
type ConsentSource string

// The sources. The holder of the address speaks by keyword, reply and link; only they lift a revocation.
const (
	ByKeyword   ConsentSource = "keyword"   // texted a join keyword or START
	ByReply     ConsentSource = "reply"     // answered in the thread
	ByLink      ConsentSource = "link"      // pressed a button behind a link that only this address got
	ByForm      ConsentSource = "form"      // typed the address into a form
	ByCheckout  ConsentSource = "checkout"  // ticked a box at a shop's checkout
	ByStore     ConsentSource = "store"     // said so at a point of sale
	ByMember    ConsentSource = "member"    // a member of the team wrote it down
	ByImport    ConsentSource = "import"    // a list with an attestation
	ByAPI       ConsentSource = "api"       // another system says so
	ByMerge     ConsentSource = "merge"     // two profiles became one
	ByAssistant ConsentSource = "assistant" // a model read it in a message
	ByProvider  ConsentSource = "provider"  // the provider refused: unsubscribed there
	ByCarrier   ConsentSource = "carrier"   // the number was given back
)

// holder says whether the source is the holder of the address beyond doubt.
func (s ConsentSource) holder() bool { return s == ByKeyword || s == ByReply || s == ByLink }

// mayGrant says whether the source may give consent where nothing was revoked.
func (s ConsentSource) mayGrant() bool {
	switch s {
	case ByMerge, ByAssistant, ByProvider, ByCarrier:
		return false
	}
	return true
}

// mayConfirm says whether the source can vouch that the holder confirmed their consent elsewhere.
func (s ConsentSource) mayConfirm() bool {
	switch s {
	case ByCheckout, ByStore, ByMember, ByImport, ByAPI:
		return true
	}
	return s.holder()
}

func (s ConsentSource) known() bool {
	switch s {
	case ByForm, ByCheckout, ByStore, ByMember, ByImport, ByAPI, ByMerge, ByAssistant, ByProvider, ByCarrier:
		return true
	}
	return s.holder()
}

// ConsentEventID names a row of the ledger.
type ConsentEventID string

// pendingFor is how long a double opt-in waits for its answer unless the event says otherwise.
const pendingFor = 24 * time.Hour

// Consent is something to be written into the ledger: one statement about one address.
type Consent struct {
	Workspace  id.Workspace
	Person     id.Person // may be empty: a STOP from an unknown number counts
	Medium     Medium    // SMS when empty
	Address    string    // as written; normalised here
	Purpose    Purpose   // All where the action allows it
	Action     Action
	Source     ConsentSource
	At         clock.Time // when it happened; now when zero
	Actor      string     // org.Actor.Ref(), or "person"
	Disclosure string     // the words shown, verbatim; needed to grant marketing, cart and loyalty
	Frequency  int        // the disclosed most texts a month; 0 when none was disclosed
	ExpiresAt  clock.Time // of a Pending; a day later when zero
	Proof      Proof
}

// Proof is the evidence behind a consent event. Every field may be empty. It is kept verbatim.
type Proof struct {
	Affirmative        string         `json:"affirmative,omitempty" doc:"what the person did: ticked the box, texted JOIN"`
	Experience         string         `json:"experience,omitempty" doc:"capture of what was shown"`
	Campaign           string         `json:"campaign,omitempty"`
	Brand              string         `json:"brand,omitempty"`
	SourceURL          string         `json:"source_url,omitempty"`
	FormID             string         `json:"form_id,omitempty"`
	Keyword            string         `json:"keyword,omitempty"`
	QRID               string         `json:"qr_id,omitempty"`
	UserAgent          string         `json:"user_agent,omitempty"`
	IP                 string         `json:"ip,omitempty"`
	Session            string         `json:"session,omitempty"`
	MessageIDs         []string       `json:"message_ids,omitempty" doc:"the double opt-in texts, the STOP, the confirmation"`
	AgeProof           string         `json:"age_proof,omitempty" doc:"how the age was verified (R-27)"`
	Importer           string         `json:"importer,omitempty"`
	Attestation        string         `json:"attestation,omitempty" doc:"what the importer attested"`
	Method             string         `json:"method,omitempty" doc:"how it was revoked: text, e-mail, phone, web page, button"`
	Text               string         `json:"text,omitempty" doc:"the raw words of the person"`
	Matcher            string         `json:"matcher,omitempty" doc:"which rule recognised the words"`
	Doubtful           bool           `json:"doubtful,omitempty" doc:"the words may have meant something else; a member may clarify"`
	Confirmed          string         `json:"confirmed,omitempty" doc:"how the holder confirmed it elsewhere, which makes it a double opt-in: answered YES to the shop's text"`
	HonouredAt         clock.Time     `json:"honoured_at,omitzero"`
	ConfirmationSentAt clock.Time     `json:"confirmation_sent_at,omitzero"`
	ProviderCode       string         `json:"provider_code,omitempty"`
	About              ConsentEventID `json:"about,omitempty" doc:"the event that this one follows"`
	Note               string         `json:"note,omitempty"`
}

// Consents are refused, with the reason, when they lack what makes them evidence.
func (c Consent) check() error {
	bad := errs.New(errs.Invalid, "consent_invalid", "This consent cannot be recorded as it is. Nothing was changed.")
	switch {
	case !c.Source.known():
		return bad.WithField("source", "unknown source")
	case !validPurpose(c.Purpose):
		return bad.WithField("purpose", "use marketing, cart, loyalty, transactional or support")
	case !validMedium(c.Medium):
		return bad.WithField("medium", "use sms, email or messenger")
	case len(c.Disclosure) > 8000 || len(c.Proof.Text) > 8000 || len(c.Proof.Experience) > 8000:
		return bad.WithField("disclosure", "longer than 8000 bytes")
	}
	return c.checkAction(bad)
}

func (c Consent) checkAction(bad *errs.Error) error {
	switch c.Action {
	case Grant, Pending:
		if c.Purpose == All {
			return bad.WithField("purpose", "consent is given for one purpose at a time")
		}
		if c.Purpose.promotional() && strings.TrimSpace(c.Disclosure) == "" {
			return errs.New(errs.Invalid, "disclosure_missing",
				"Consent to promotional texts needs the exact words that the customer was shown. Nothing was changed.")
		}
		if c.Proof.Confirmed != "" && !c.Source.mayConfirm() {
			return bad.WithField("confirmed", "only a shop, an import, a member or another system can vouch for a confirmation elsewhere")
		}
		if c.Source == ByImport && strings.TrimSpace(c.Proof.Attestation) == "" {
			return errs.New(errs.Invalid, "attestation_missing",
				"Imported consent needs the statement of who attests to it. Nothing was changed.")
		}
	case Clarify:
		if c.Purpose == All {
			return bad.WithField("purpose", "say which purpose stays")
		}
	case Block, Unreachable, Reachable:
		if c.Purpose != All {
			return bad.WithField("purpose", "this is about the whole address; leave the purpose out")
		}
	case Confirm, Revoke, Restore, Acknowledge:
	default:
		return bad.WithField("action", "unknown action")
	}
	return nil
}

func validPurpose(p Purpose) bool {
	return p == All || p == Marketing || p == Cart || p == Loyalty || p == Transactional || p == Support
}

func validMedium(m Medium) bool { return m == SMS || m == MailBox || m == Messenger }

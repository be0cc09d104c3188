package event

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/people"
)

// ID names an event.
type ID string

// Event is something that a person did.
type Event struct {
	ID         ID
	Workspace  id.Workspace
	Person     id.Person
	Type       string
	At         clock.Time // when it happened, as its source says
	ReceivedAt clock.Time
	Source     string // who told: "api", "shop:shp_..", "link"
	Key        string // names the event at its source
	Props      map[string]any
}

// Signal is the kind of the signal sent for each new event; its body is Happened.
const Signal = "event.happened"

// Happened is the body of the signal.
//
//	{"event_id":"evt_01jd","type":"order_placed","at":"2026-11-21T09:30:00Z","props":{"total":{"minor":12800,"currency":"EUR"}},"source":"api","key":"o-1"}
type Happened struct {
	EventID ID             `json:"event_id"`
	Type    string         `json:"type"`
	At      clock.Time     `json:"at"`
	Props   map[string]any `json:"props"`
	Source  string         `json:"source"`
	Key     string         `json:"key"`
}

// happened is Happened with the properties as they were marshalled once.
type happened struct {
	EventID ID              `json:"event_id"`
	Type    string          `json:"type"`
	At      clock.Time      `json:"at"`
	Props   json.RawMessage `json:"props"`
	Source  string          `json:"source"`
	Key     string          `json:"key"`
}

// Who is the person that an event is about: by id when the caller knows it, else by the first identity that is known.
type Who struct {
	ID         id.Person // of the person; the rest is ignored then
	Phone      string
	Email      string
	ExternalID string
	Username   string
	Hint       people.Hint
}

// subject is the person for the resolver. The brand's own id comes first: it is the least shared.
func (w Who) subject(source string) people.Subject {
	s := people.Subject{Hint: w.Hint}
	s.Hint.Source = source
	for _, i := range []people.Identity{{Kind: people.External, Value: w.ExternalID}, {Kind: people.Phone, Value: w.Phone},
		{Kind: people.Email, Value: w.Email}, {Kind: people.Username, Value: w.Username}} {
		if strings.TrimSpace(i.Value) != "" {
			i.Source = source
			s.Identities = append(s.Identities, i)
		}
	}
	return s
}

// Incoming is an event on its way in.
type Incoming struct {
	Type   string
	At     clock.Time // now when zero
	Key    string     // names the event at its source; a second one with the same key is a duplicate
	Person Who
	Props  map[string]any
}

// Status says what became of an incoming event.
type Status string

// The statuses.
const (
	Accepted  Status = "accepted"  // stored, and its signal sent
	Duplicate Status = "duplicate" // was stored before; nothing was done
	Rejected  Status = "rejected"  // cannot be stored; Code and Message say why
)

// Result is the answer for one incoming event.
type Result struct {
	Key     string
	Status  Status
	Code    string // of a rejection, stable
	Message string // of a rejection, for a person
	EventID ID     // of the stored event, also for a duplicate
	Person  id.Person
}

// Limits of the intake.
const (
	MaxBatch    = 1000      // events in one call
	MaxItem     = 32 << 10  // bytes of one event
	MaxBody     = 500 << 10 // bytes of one request
	maxType     = 100
	maxKey      = 255
	maxPropName = 100
	maxAhead    = 24 * time.Hour // how far a source's clock may be ahead
)

// prepare checks an event and marshals its properties.
func (in Incoming) prepare(now clock.Time) (props []byte, err error) {
	switch {
	case !readable(in.Type, maxType):
		return nil, errs.New(errs.Invalid, "type_invalid", "An event needs a type of 1 to %d bytes, such as order_placed.", maxType)
	case !readable(in.Key, maxKey):
		return nil, errs.New(errs.Invalid, "key_invalid", "An event needs a key of 1 to %d bytes that names it at its source, so that it counts once.", maxKey)
	case in.At.After(now.Add(maxAhead)):
		return nil, errs.New(errs.Invalid, "at_future", "The event is more than a day in the future.")
	}
	for name := range in.Props {
		if !readable(name, maxPropName) {
			return nil, errs.New(errs.Invalid, "props_invalid", "A property's name has 1 to %d bytes.", maxPropName)
		}
	}
	if in.Props == nil {
		return []byte("{}"), nil
	}
	props, err = json.Marshal(in.Props)
	switch {
	case err != nil:
		return nil, errs.Wrap(err, errs.Invalid, "props_invalid", "The properties are not plain JSON values.")
	case len(props) > MaxItem:
		return nil, errs.New(errs.TooLarge, "event_too_large", "An event has at most %d bytes.", MaxItem)
	case bytes.Contains(props, []byte(`\u0000`)):
		return nil, errs.New(errs.Invalid, "props_invalid", "The properties contain a zero character, which no text has.")
	}
	return props, nil
}

// readable says whether a name is a text of 1 to limit bytes without control characters.
func readable(s string, limit int) bool {
	if strings.TrimSpace(s) == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, unicode.IsControl) < 0
}

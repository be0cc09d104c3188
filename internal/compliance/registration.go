package compliance

import (
	"fmt"
	"slices"
	"strings"
)

// SenderKind is the sort of number or name a text comes from.
type SenderKind string

// The kinds of sender.
const (
	TenDLC       SenderKind = "10dlc"
	TollFree     SenderKind = "tollfree"
	ShortCode    SenderKind = "shortcode"
	Alphanumeric SenderKind = "alphanumeric"
	Sim          SenderKind = "sim" // simulated phones; nothing leaves the machine
)

// senderRule is a row of data/senders.json.
type senderRule struct {
	Kind      SenderKind `json:"kind"`
	Sendable  []string   `json:"sendable"`  // registration states in which it may send; empty = any
	Countries []string   `json:"countries"` // where the registration is asked for; empty = everywhere
	Forbidden []string   `json:"forbidden"` // where this kind of sender does not work at all
	OneWay    bool       `json:"one_way"`   // cannot be answered: STOP must have another way
	Needs     string     `json:"needs"`     // what is missing, for a person
	Do        string     `json:"do"`
}

func (r *Rules) loadSenders() error {
	var rows []senderRule
	if err := r.read("senders", &rows); err != nil {
		return err
	}
	r.senders = map[SenderKind]senderRule{}
	for _, row := range rows {
		r.senders[row.Kind] = row
	}
	return nil
}

// Sender is a sender about to be used.
type Sender struct {
	Kind         SenderKind
	Registration string // the state that the provider reports: "approved", "verified", "pending", ...
	Country      string // of the recipient, ISO 3166
	OptOutLink   bool   // the text offers a way out that is not an answer
}

// Registered decides R-30: a sender that is not registered for the recipient's country sends nothing.
func (r *Rules) Registered(s Sender) Verdict {
	rule, known := r.senders[s.Kind]
	country := strings.ToUpper(s.Country)
	switch {
	case !known:
		return refused("sender_unknown", "%q is not a kind of sender that Parley knows.", s.Kind)
	case slices.Contains(rule.Forbidden, country):
		return refused("sender_forbidden", "A sender of kind %s does not work in %s. %s", s.Kind, country, rule.Do)
	case rule.OneWay && !s.OptOutLink:
		return refused("sender_one_way", "Nobody can answer STOP to this sender. %s", rule.Do)
	case len(rule.Sendable) == 0,
		len(rule.Countries) > 0 && country != "" && !slices.Contains(rule.Countries, country),
		slices.Contains(rule.Sendable, strings.ToLower(s.Registration)):
		return allowed()
	}
	state := s.Registration
	if state == "" {
		state = "unregistered"
	}
	return refused("sender_unregistered", "%s (now: %s). %s", fmt.Sprintf(rule.Needs, s.Kind), state, rule.Do)
}

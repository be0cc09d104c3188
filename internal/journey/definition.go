package journey

import (
	"encoding/json"
	"fmt"
	"time"

	"parley/internal/people"
)

// ID names a journey of a workspace.
type ID string

// RunID names one person's way through one journey.
type RunID string

// Definition is a journey as it is written and exchanged.
type Definition struct {
	V       int     `json:"v" doc:"version of this format, 1" minimum:"1" maximum:"1"`
	Name    string  `json:"name" maxLength:"120"`
	About   string  `json:"about,omitempty" doc:"what it is for, in a sentence" maxLength:"500"`
	Trigger Trigger `json:"trigger"`
	Reentry Reentry `json:"reentry"`
	Exit    []Exit  `json:"exit,omitempty" maxItems:"20"`
	Steps   []Step  `json:"steps" minItems:"1" maxItems:"200"`
}

// Trigger starts a run when an event of this type happens and the condition holds.
type Trigger struct {
	Event string     `json:"event" doc:"type of the event" maxLength:"64"`
	Where *Condition `json:"where,omitempty"`
	Key   string     `json:"key,omitempty" doc:"property of the event that names the thing the run is about, such as cart_token; empty: one run per person"`
}

// Reentry says when a person may enter again.
type Reentry struct {
	Rule  string   `json:"rule" enum:"per_key,once,after" doc:"per_key: once for each key; once: once in a life; after: again when the last run began longer ago than after"`
	After Duration `json:"after,omitempty"`
}

// Exit ends a run when an event happens, wherever the run stands.
type Exit struct {
	Event  string     `json:"event" maxLength:"64"`
	Same   string     `json:"same,omitempty" doc:"property that must equal the run's key; empty: any event of this type by the person"`
	Where  *Condition `json:"where,omitempty"`
	Result string     `json:"result" doc:"what the run is counted as, such as recovered" maxLength:"40"`
}

// Step is one step. Type says which of the fields are used; the others stay empty.
//
//	{"id":"cool","type":"wait","for":"20m","until":{"event":"order_placed","same":"cart_token"},"then":[{"id":"end","type":"stop"}]}
//	{"id":"rich","type":"branch","cases":[{"name":"large cart","when":{"prop":"total_minor","op":"gte","value":10000},"steps":[]}],"else":[]}
//	{"id":"code","type":"offer","offer":"free-shipping"}
//	{"id":"text","type":"send","purpose":"cart","text":"{{ person.given_name | default: 'Hi' }}, your cart waits: {{ cart.link }}","expires":"24h"}
//	{"id":"hero","type":"hand","draft":"...","claim_within":"15m","then":[],"else":[]}
//	{"id":"mark","type":"set","attribute":"cart_texted","value":true}
//	{"id":"end","type":"stop","result":"done"}
type Step struct {
	ID   string `json:"id" pattern:"^[a-z0-9_-]{1,40}$"`
	Type string `json:"type" enum:"wait,branch,send,offer,hand,set,stop"`

	For   Duration `json:"for,omitempty" doc:"wait: how long, at most"`
	Until *Until   `json:"until,omitempty" doc:"wait: ends early with this event and goes on in then"`

	Cases []Case `json:"cases,omitempty" doc:"branch: the first case whose condition holds is taken, else the else steps" maxItems:"20"`
	Then  []Step `json:"then,omitempty" doc:"wait: steps when the event came; hand: steps when a person sent it" maxItems:"100"`
	Else  []Step `json:"else,omitempty" doc:"branch: everyone else; wait: steps when time ran out; hand: steps when nobody claimed it" maxItems:"100"`

	Purpose people.Purpose `json:"purpose,omitempty" doc:"send, hand: which consent it rests on" enum:"marketing,cart,transactional,loyalty,support"`
	Text    string         `json:"text,omitempty" doc:"send: Liquid text" maxLength:"1600"`
	Expires Duration       `json:"expires,omitempty" doc:"send: not sent later than this after the step was reached"`

	Offer string `json:"offer,omitempty" doc:"offer: name of the offer; the code is {{ offer.code }} from here on" maxLength:"80"`

	Draft       string   `json:"draft,omitempty" doc:"hand: Liquid text prepared for the person who claims it" maxLength:"1600"`
	ClaimWithin Duration `json:"claim_within,omitempty" doc:"hand: how long somebody has to send it"`

	Attribute string `json:"attribute,omitempty" doc:"set: attribute of the person" maxLength:"64"`
	Value     any    `json:"value,omitempty" doc:"set: its new value"`

	Result string `json:"result,omitempty" doc:"stop: what the run is counted as" maxLength:"40"`
}

// Until is an event that ends a wait early.
type Until struct {
	Event string     `json:"event" maxLength:"64"`
	Same  string     `json:"same,omitempty" doc:"property that must equal the run's key"`
	Where *Condition `json:"where,omitempty"`
}

// Case is one way out of a branch.
type Case struct {
	Name  string     `json:"name" maxLength:"80"`
	When  *Condition `json:"when"`
	Steps []Step     `json:"steps" maxItems:"100"`
}

// Duration is a length of time written as "30m", "36h" or "7d".
type Duration time.Duration

// Std is the duration as Go knows it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText writes whole days as "7d" and everything else as Go does.
func (d Duration) MarshalText() ([]byte, error) {
	const day = 24 * time.Hour
	if t := d.Std(); t > 0 && t%day == 0 {
		return fmt.Appendf(nil, "%dd", t/day), nil
	} else if t == 0 {
		return nil, nil
	} else if t%time.Hour == 0 {
		return fmt.Appendf(nil, "%dh", t/time.Hour), nil
	} else if t%time.Minute == 0 {
		return fmt.Appendf(nil, "%dm", t/time.Minute), nil
	}
	return []byte(d.Std().String()), nil
}

// UnmarshalText reads "30m", "36h", "7d".
func (d *Duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	var days int
	if n, err := fmt.Sscanf(string(text), "%dd", &days); err == nil && n == 1 && fmt.Sprintf("%dd", days) == string(text) {
		*d = Duration(time.Duration(days) * 24 * time.Hour)
	} else {
		std, err := time.ParseDuration(string(text))
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30m, 36h or 7d", text)
		}
		*d = Duration(std)
	}
	if *d < 0 || d.Std() > 5*365*24*time.Hour {
		return fmt.Errorf("%q is not between nothing and five years", text)
	}
	return nil
}

// ParseDefinition reads a definition strictly: an unknown field is an error, not silence.
func ParseDefinition(raw []byte) (Definition, error) {
	var d Definition
	if err := decodeStrict(raw, &d); err != nil {
		return Definition{}, invalid("The definition cannot be read: %v. Nothing was saved.", err)
	}
	return d, nil
}

// canonical is the definition as stored: the same content is the same bytes.
func (d Definition) canonical() string {
	raw, err := json.Marshal(d)
	if err != nil {
		panic("journey: a definition that was read cannot be written: " + err.Error())
	}
	return string(raw)
}

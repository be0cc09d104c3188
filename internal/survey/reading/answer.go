package reading

import "encoding/json"

// State is how well an answer was understood.
type State string

// The states of an answer.
const (
	Sure   State = "sure"   // Value is what the person said
	Unsure State = "unsure" // one or more Alternatives; ask which (Reader.Sentence, Reader.Confirm)
	Skip   State = "skip"   // the person does not want to answer, or cannot
	Unread State = "unread" // no answer; Why says why
)

// Why is the reason for a state other than sure; a stable code.
type Why string

// The reasons.
const (
	Empty         Why = "empty"          // no letters, figures or signs
	TooLong       Why = "too_long"       // more than 2000 bytes
	OptOut        Why = "opt_out"        // is or may be a revocation
	Reserved      Why = "reserved"       // HELP, START and the like
	Reaction      Why = "reaction"       // a phone's reaction that quotes us: Liked "..."
	Asked         Why = "question"       // the person asks something
	NotUnderstood Why = "not_understood" // nothing of the question's type in it
	Outside       Why = "outside"        // understood, but not an answer that the question allows
	Negated       Why = "negated"        // says what it is not
	Undecided     Why = "undecided"      // maybe, it depends
	YearMissing   Why = "year_missing"   // a day without its year where the year is needed
	NoSuchDay     Why = "no_such_day"    // 30 February
	NotADay       Why = "not_a_day"      // a month or a year alone
	Denied        Why = "denied"         // no to every alternative of a confirming question
	Ambiguous     Why = "ambiguous"      // unsure: it can be read in two ways
	Surrounded    Why = "surrounded"     // unsure: found among other words
	Misspelled    Why = "misspelled"     // unsure: a slip was mended
	Doubtful      Why = "doubtful"       // unsure: said as a question, or vaguely
)

// Answer is the reading of one text.
type Answer struct {
	State        State `json:"state"`
	Value        any   `json:"value,omitempty"`        // when sure: string, float64, bool or []string, by the question's type
	Alternatives []any `json:"alternatives,omitempty"` // when unsure: the readings, likeliest first, at most four
	Why          Why   `json:"why,omitempty"`
	Asks         bool  `json:"asks,omitempty"` // the text also asks something that a person should see
}

const maxAlternatives = 4

// UnmarshalJSON reads an answer as it was written: lists of keys come back as lists of keys.
func (a *Answer) UnmarshalJSON(raw []byte) error {
	type plain Answer
	if err := json.Unmarshal(raw, (*plain)(a)); err != nil {
		return err
	}
	a.Value = Revive(a.Value)
	for i, v := range a.Alternatives {
		a.Alternatives[i] = Revive(v)
	}
	return nil
}

// Revive is a value as Read gives it, from one that went through JSON.
func Revive(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	keys := make([]string, 0, len(list))
	for _, v := range list {
		if key, ok := v.(string); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

func sure(v any) Answer   { return Answer{State: Sure, Value: v} }
func unread(w Why) Answer { return Answer{State: Unread, Why: w} }
func skipped() Answer     { return Answer{State: Skip} }
func unsure(w Why, v ...any) Answer {
	return Answer{State: Unsure, Alternatives: v, Why: w}
}

package journey

import (
	"parley/internal/clock"
	"parley/internal/id"
)

// RunState is whether a run still acts.
type RunState string

// The states of a run.
const (
	RunActive RunState = "active"
	RunDone   RunState = "done"   // came to its end
	RunExited RunState = "exited" // left by an exit rule or by a person of the team
)

// Run is one person's way through one journey.
type Run struct {
	ID        RunID
	Journey   ID
	Version   int
	Person    id.Person
	Key       string // entry key, such as the cart's token
	State     RunState
	Step      string // where it stands
	WakeAt    clock.Time
	Result    string
	Vars      Vars
	StartedAt clock.Time
	EndedAt   clock.Time

	trail []Mark // written with the run
	fresh bool   // not stored yet
	timed bool   // its timer may be set
	moved bool   // its timer may have to change
}

// Vars are what a run remembers.
type Vars struct {
	Event   map[string]any  `json:"event"` // properties of the event that started it
	EventAt clock.Time      `json:"event_at"`
	Flags   map[string]bool `json:"flags,omitempty"` // replied, clicked, sent, dropped, claimed
	Offer   map[string]any  `json:"offer,omitempty"` // code, worth
	Await   string          `json:"await,omitempty"` // what the run waits for beside time: "code", "claim", "until"
	Marks   int             `json:"marks"`
	Stay    int             `json:"stay"` // tells one wait from an earlier one, so that an old timer wakes nothing
}

// Mark is one line of a run's trail.
type Mark struct {
	Number int            `json:"number"`
	At     clock.Time     `json:"at"`
	Step   string         `json:"step"`
	What   string         `json:"what"` // entered, waits, sent, held, dropped, took, issued, handed, set, ended
	Detail map[string]any `json:"detail,omitempty"`
}

// mark adds a line to the trail.
func (r *Run) mark(at clock.Time, what string, detail map[string]any) {
	r.Vars.Marks++
	r.trail = append(r.trail, Mark{r.Vars.Marks, at, r.Step, what, detail})
}

func (r *Run) flag(name string) {
	if r.Vars.Flags == nil {
		r.Vars.Flags = map[string]bool{}
	}
	r.Vars.Flags[name] = true
}

// end stops the run for good.
func (r *Run) end(at clock.Time, s RunState, result string) {
	if result == "" {
		result = string(s)
	}
	r.State, r.Result, r.EndedAt, r.WakeAt, r.Vars.Await = s, result, at, 0, ""
	r.mark(at, "ended", map[string]any{"result": result})
}

package survey

import (
	"parley/internal/clock"
	"parley/internal/conversation"
	"parley/internal/id"
	"parley/internal/survey/reading"
)

// RunID names one person's way through one survey.
type RunID string

// Stage is what a run waits for.
type Stage string

// The stages of a run.
const (
	Asked  Stage = "asked"  // for an answer
	Doubt  Stage = "doubt"  // for the answer to a confirming question
	Paused Stage = "paused" // for the team to be done with what the person wrote instead
	Ended  Stage = "ended"  // for nothing
)

// Run is one person's way through one survey.
type Run struct {
	ID        RunID
	Survey    ID
	Version   int
	Person    id.Person
	Key       string
	Stage     Stage
	Question  string // which is asked
	Result    string // done, stopped, unanswered, people, opted_out, not_sent, or what a branch says
	Vars      Vars
	StartedAt clock.Time
	EndedAt   clock.Time
}

// Vars are what a run remembers.
type Vars struct {
	Language      string         `json:"language"` // of the texts
	Tag           string         `json:"tag"`      // language and country, by which answers are read
	Doubt         *reading.Doubt `json:"doubt,omitempty"`
	Tries         int            `json:"tries,omitempty"`         // at this question
	Reminders     int            `json:"reminders,omitempty"`     // in all
	Pauses        int            `json:"pauses,omitempty"`        // times that a member of the team was waited for
	Interruptions int            `json:"interruptions,omitempty"` // times that the person wrote about something else
	Said          int            `json:"said,omitempty"`          // texts so far
	Stay          int            `json:"stay,omitempty"`          // tells one wait from an earlier one, so that an old timer wakes nothing
	Heard         []Heard        `json:"heard,omitempty"`         // what the person wrote and is not read yet
	Code          string         `json:"code,omitempty"`          // of the gate's last verdict
}

// Heard is a part of what a person writes.
type Heard struct {
	Message conversation.MessageID `json:"message_id"`
	Text    string                 `json:"text"`
	At      clock.Time             `json:"at"`
}

// Record is the answer to one question.
type Record struct {
	Question string        `json:"question"`
	State    reading.State `json:"state" enum:"sure,skip,unread"`
	Value    any           `json:"value,omitempty" doc:"string, number, boolean or list of keys, by the question's type"`
	Text     string        `json:"text" doc:"what the person wrote"`
	Why      reading.Why   `json:"why,omitempty" doc:"of an unread answer"`
	At       clock.Time    `json:"at"`
}

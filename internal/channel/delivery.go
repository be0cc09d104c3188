package channel

import (
	"strings"

	"strconv"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/id"
	"parley/internal/money"
)

// MessageID names a message as the conversation knows it. The outbox never looks inside.
type MessageID string

// Priority is the order inside a lane: a lower number overtakes a higher one.
type Priority int

// The priorities. An agent's reply overtakes a campaign of any size.
const (
	PriorityReply         Priority = 0
	PriorityTransactional Priority = 1
	PriorityBulk          Priority = 2
)

// priorities is how many there are.
const priorities = 3

// Delivery is one message for the outbox.
type Delivery struct {
	Workspace id.Workspace
	Person    id.Person
	Message   MessageID
	Channel   ID
	From      string // sender number, short code or name; empty = the channel's own
	To        string // E.164
	Text      string
	Media     []MediaRef
	Segments  int // what it costs of the sender's rate; at least 1
	Priority  Priority
	Purpose   string // of the consent that it rests on, "marketing"; marketing is never sent again when in doubt (I10)
	Kind      string // "reply", "journey", "campaign", "compliance", ...
	Subject   string // what the message is about, for caps: a cart's token
	Source    string // what sent it, when carriers filter it: "journey:jrn_1/first"; its kind when empty
	ReadyAt   clock.Time
	ExpiresAt clock.Time // dropped when it could not be handed over before; zero = never
}

// State is how far a message got here and at the provider.
type State string

// The states of a delivery. Sent means that the provider has taken it.
const (
	StateQueued    State = "queued"
	StateHeld      State = "held"    // not in the queue until somebody releases it (I17)
	StateSending   State = "sending" // claimed: its attempt is on disk and may be under way
	StateUnknown   State = "unknown" // may or may not have been accepted (I10)
	StateSent      State = "sent"
	StateFailed    State = "failed"
	StateDelivered State = "delivered"
	StateRead      State = "read"
	StateDropped   State = "dropped" // never handed over, for the reason in Code
)

// Rank orders the states that a provider reports; those of before the hand-over rank 0. It never goes down within an
// attempt (I8).
func (s State) Rank() int {
	switch s {
	case StateSent, StateFailed, StateDelivered, StateRead:
		return Status(s).Rank()
	}
	return 0
}

// Claim is a message about to be handed over, as the gate sees it again.
type Claim struct {
	Delivery
	Attempt   int
	AttemptAt clock.Time
	Retries   int    // tries that ended without acceptance
	drawn     uint64 // revocations counted before the gate was asked
}

// Action is what the gate decides.
type Action string

// The actions.
const (
	Send Action = "send"
	Hold Action = "hold"
	Drop Action = "drop"
)

// Verdict is the gate's answer for one Claim.
type Verdict struct {
	Action Action
	Until  clock.Time // of Hold
	Code   string     // stable, "quiet_hours", "suppressed"
	Reason string     // plain words
}

// Outcome is a change of a delivery's state, for OnOutcome.
type Outcome struct {
	Workspace  id.Workspace `json:"workspace"`
	Person     id.Person    `json:"person"`
	Message    MessageID    `json:"message"`
	Attempt    int          `json:"attempt"`
	State      State        `json:"state"`
	At         clock.Time   `json:"at"`
	Until      clock.Time   `json:"until,omitzero"` // when it is tried next, if queued
	ProviderID string       `json:"provider_id,omitempty"`
	Code       string       `json:"code,omitempty"`
	Provider   string       `json:"provider_code,omitempty"` // the provider's own code
	Reason     string       `json:"reason,omitempty"`
	Price      money.Amount `json:"price,omitzero"`
	Segments   int          `json:"segments"`

	// Action is what the table of provider codes says about a failure: "unreachable", "filtered", ...
	Action compliance.Action `json:"action,omitempty"`
}

// Sent is the stored state of one delivery.
type Sent struct {
	Outcome
	Channel ID     `json:"channel"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// AttemptOf is the id of the n-th attempt of a message. It names both, so that a status finds its row by the
// primary key.
func AttemptOf(m MessageID, n int) AttemptID {
	return AttemptID("att_" + string(m) + "." + strconv.Itoa(n))
}

// Message is the message and the number of the attempt; ok is false for an id that AttemptOf did not make.
func (a AttemptID) Message() (m MessageID, n int, ok bool) {
	rest, found := strings.CutPrefix(string(a), "att_")
	dot := strings.LastIndexByte(rest, '.')
	if !found || dot < 1 {
		return "", 0, false
	}
	n, err := strconv.Atoi(rest[dot+1:])
	return MessageID(rest[:dot]), n, err == nil && n > 0
}

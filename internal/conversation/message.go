package conversation

import (
	"encoding/json"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/people"
)

// MessageID names a message, for the outbox too.
type MessageID = channel.MessageID

// EpisodeID names a piece of work inside a conversation.
type EpisodeID string

// Direction says what a line of the thread is.
type Direction string

// The directions. An Event is a line about something that happened; it is no message and never counts as unread.
const (
	In    Direction = "in"
	Out   Direction = "out"
	Note  Direction = "note"
	Event Direction = "event"
)

// AuthorKind is who wrote a message. It never changes once written.
type AuthorKind string

// The kinds of author.
const (
	ByCustomer AuthorKind = "customer"
	ByAgent    AuthorKind = "agent"
	ByBot      AuthorKind = "bot"
	ByJourney  AuthorKind = "journey"
	ByCampaign AuthorKind = "campaign"
	BySystem   AuthorKind = "system"
)

// Author is who wrote a message, with the name as it was then.
type Author struct {
	Kind AuthorKind `json:"kind" enum:"customer,agent,bot,journey,campaign,system"`
	ID   string     `json:"id"`
	Name string     `json:"name"`
}

// MessageKind says on what occasion a message is sent; the gate's rules depend on it.
type MessageKind string

// The kinds of messages.
const (
	KindReply      MessageKind = "reply"      // written by a member of the team
	KindJourney    MessageKind = "journey"    // a step of a journey
	KindCampaign   MessageKind = "campaign"   // one of many
	KindBot        MessageKind = "bot"        // the assistant's or a form's answer
	KindCompliance MessageKind = "compliance" // what the law wants said: confirmations, HELP
	KindTest       MessageKind = "test"       // to one's own phone, from an editor
)

// State is how far a message got.
type State string

// The states. Undo, Queued, Held and Dropped are ours, Received is for inbound ones, the rest is what the provider said.
const (
	StateUndo      State = "undo"
	StateHeld      State = "held"
	StateQueued    State = "queued"
	StateSending   State = "sending"
	StateSent      State = "sent"
	StateDelivered State = "delivered"
	StateRead      State = "read"
	StateFailed    State = "failed"
	StateUnknown   State = "unknown"
	StateDropped   State = "dropped"
	StateReceived  State = "received"
)

// File is a file of a message.
type File struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
}

// Reason says in plain words why a message did not arrive, and what can be done.
type Reason struct {
	Code   string `json:"code" doc:"stable"`
	Text   string `json:"text"`
	Action string `json:"action" enum:",retry,check_number,switch_channel,wait,ask_customer,edit_text" doc:"what the agent can do"`
}

// EventLine is a line in the thread about something that happened: a cart, an order, a hand-over.
type EventLine struct {
	Workspace id.Workspace   `json:"-"`
	Person    id.Person      `json:"-"`
	At        clock.Time     `json:"-"` // now when zero
	Key       string         `json:"-"` // unique per workspace; a second line with the same key is none
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Props     map[string]any `json:"props,omitempty"`
	Link      string         `json:"link,omitempty"`
}

// Why is the evidence behind an outgoing message. The rendered body is the message's text.
type Why struct {
	Action      channel.Action        `json:"action"`
	Code        string                `json:"code"`
	Text        string                `json:"text"`
	HeldUntil   clock.Time            `json:"held_until,omitzero"`
	HeldFrom    clock.Time            `json:"held_from,omitzero"` // when it was first held
	Consent     people.ConsentEventID `json:"consent_event_id,omitempty"`
	CheckedAt   clock.Time            `json:"suppression_checked_at"`
	PlaceSource string                `json:"place_source,omitempty"`
	LocalTime   string                `json:"local_time,omitempty"`
	Caller      map[string]any        `json:"caller,omitempty"` // what the sender said: the journey's step, the rule that matched
}

// detail is the part of a message that nothing sorts, filters or counts by.
type detail struct {
	AuthorName  string       `json:"author_name,omitempty"`
	ChannelID   channel.ID   `json:"channel_id,omitempty"`
	ChannelKind channel.Kind `json:"channel_kind,omitempty"`
	Simulated   bool         `json:"simulated,omitempty"`
	From        string       `json:"from,omitempty"`
	To          string       `json:"to,omitempty"`
	Media       []File       `json:"media,omitempty"`
	Encoding    string       `json:"encoding,omitempty"`
	ReceivedAt  clock.Time   `json:"received_at,omitzero"`
	Delayed     bool         `json:"delayed,omitempty"`
	ProviderID  string       `json:"provider_id,omitempty"`
	Intent      string       `json:"intent,omitempty"`
	Step        string       `json:"step,omitempty"`
	Event       *EventLine   `json:"event,omitempty"`
	Why         *Why         `json:"why,omitempty"`
	Reason      *Reason      `json:"reason,omitempty"`
	StateAt     clock.Time   `json:"state_at,omitzero"` // when the state changed here; the outbox knows its own
	UndoUntil   clock.Time   `json:"undo_until,omitzero"`
	ExpiresAt   clock.Time   `json:"expires_at,omitzero"`
	SubjectAt   clock.Time   `json:"subject_at,omitzero"`
	Digest      string       `json:"digest,omitempty"` // of the request behind a client key
}

// line is a row of the table message.
type line struct {
	workspace id.Workspace
	person    id.Person
	at        clock.Time
	id        MessageID
	direction Direction
	author    AuthorKind
	authorID  string
	seq       int64
	episode   EpisodeID
	text      string
	purpose   people.Purpose
	kind      MessageKind
	subject   string
	run       string
	state     State
	code      string
	due       clock.Time
	told      bool // says how to opt out
	asked     bool // part of a conversation that the person began; not counted by caps
	segments  int
	clientKey string
	detail    detail
}

// Message is a line of the thread as people see it.
type Message struct {
	ID          MessageID      `json:"id"`
	Person      id.Person      `json:"person_id"`
	Direction   Direction      `json:"kind" enum:"in,out,note,event"`
	Author      Author         `json:"author"`
	Text        string         `json:"text"`
	Media       []File         `json:"media"`
	At          clock.Time     `json:"at"`
	ReceivedAt  clock.Time     `json:"received_at"`
	Delayed     bool           `json:"delayed" doc:"came later than others that were written after it"`
	ChannelKind channel.Kind   `json:"channel_kind"`
	From        string         `json:"from"`
	To          string         `json:"to"`
	Purpose     people.Purpose `json:"purpose"`
	State       State          `json:"state" enum:",undo,held,queued,sending,sent,delivered,read,failed,unknown,dropped,received"`
	StateAt     clock.Time     `json:"state_at"`
	HoldUntil   clock.Time     `json:"hold_until,omitzero"`
	UndoUntil   clock.Time     `json:"undo_until,omitzero"`
	Reason      *Reason        `json:"reason,omitempty"`
	Segments    int            `json:"segments"`
	Encoding    string         `json:"encoding"`
	Price       *money.Amount  `json:"price,omitempty"`
	Episode     EpisodeID      `json:"episode_id"`
	Seq         int64          `json:"seq" doc:"grows with everything said in the conversation; 0 for what automation sent unasked"`
	Why         *Why           `json:"why,omitempty"`
	Simulated   bool           `json:"simulated"`
	Event       *EventLine     `json:"event,omitempty"`
	ClientKey   string         `json:"client_key" doc:"as the client gave it; empty for what no client wrote"`
}

// message is the line as people see it, with what the outbox knows about it.
func (l line) message(sent channel.Sent, known bool, now clock.Time) Message {
	m := Message{
		ID: l.id, Person: l.person, Direction: l.direction, Text: l.text, Media: l.detail.Media, At: l.at,
		Author:     Author{Kind: l.author, ID: l.authorID, Name: l.detail.AuthorName},
		ReceivedAt: l.detail.ReceivedAt, Delayed: l.detail.Delayed, ChannelKind: l.detail.ChannelKind,
		From: l.detail.From, To: l.detail.To, Purpose: l.purpose, State: l.state, StateAt: max(l.at, l.detail.StateAt), Segments: l.segments,
		Encoding: l.detail.Encoding, Episode: l.episode, Seq: l.seq, Why: l.detail.Why, Reason: l.detail.Reason,
		Simulated: l.detail.Simulated, Event: l.detail.Event, ClientKey: givenKey(l.clientKey),
	}
	if m.Media == nil {
		m.Media = []File{}
	}
	if l.direction == Out && l.state != StateDropped && known {
		m.follow(sent)
	}
	switch {
	case m.State == StateQueued && now < l.detail.UndoUntil:
		m.State, m.UndoUntil = StateUndo, l.detail.UndoUntil
	case m.State == StateHeld:
		m.HoldUntil = l.due
	}
	return m
}

// follow takes over what the outbox knows. A message that is held here waits in the outbox for its time.
func (m *Message) follow(sent channel.Sent) {
	state := State(sent.State)
	if m.State == StateHeld && state == StateQueued {
		return
	}
	m.State, m.StateAt = state, sent.At
	if sent.From != "" {
		m.From = sent.From
	}
	if sent.Price.Currency != "" {
		price := sent.Price
		m.Price = &price
	}
	if state == StateFailed || state == StateDropped || state == StateUnknown {
		if m.Reason == nil {
			m.Reason = reasonOf(sent.Outcome)
		}
		return
	}
	m.Reason = nil
}

// MarshalJSON writes an event line with its link always present.
func (e EventLine) MarshalJSON() ([]byte, error) {
	props := e.Props
	if props == nil {
		props = map[string]any{}
	}
	return json.Marshal(struct {
		Type  string         `json:"type"`
		Title string         `json:"title"`
		Props map[string]any `json:"props"`
		Link  string         `json:"link"`
	}{e.Type, e.Title, props, e.Link})
}

// Send is one message that somebody wants to leave.
type Send struct {
	Workspace  id.Workspace
	Person     id.Person
	Purpose    people.Purpose
	Kind       MessageKind
	Author     Author
	Text       string
	Media      []File
	Channel    channel.ID // the one the person used last, or the workspace's first, when empty
	NotBefore  clock.Time // now when zero
	ExpiresAt  clock.Time // dropped when it could not leave before; zero = never
	Subject    string     // what it is about, for R-24 and the states' caps: a cart's token
	SubjectAt  clock.Time // when that began: the abandonment of a cart
	ClientKey  string     // unique per workspace: a second Send with the same key has no effect
	Why        map[string]any
	JourneyRun string // its outcome is told to the person as message.outcome
	Step       string
	Undo       time.Duration // how long it can be taken back
	Answer     string        // of a compliance message: which rule it answers, "optout_reply", "optin_reply", "help"

	digest string // of the request behind ClientKey
	fresh  bool   // the caller has looked: ClientKey was not used
	number string // of the person, when the caller has read it
}

// Sent is what became of a Send.
type Sent struct {
	Message   MessageID
	Verdict   Verdict
	Duplicate bool // the client key was used before; Message is the earlier one
}

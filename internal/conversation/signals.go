package conversation

import (
	"parley/internal/channel"
	"parley/internal/clock"
)

// The signals to a person.
const (
	SignalAdded   = "message.added"   // with an Added
	SignalSettled = "message.settled" // with a Settled
)

// wakeTimer ends a snooze.
const wakeTimer = "conversation.wake"

// Added is the body of SignalAdded: something was said in the conversation.
type Added struct {
	Message   MessageID  `json:"message_id"`
	Direction Direction  `json:"direction"`
	Author    AuthorKind `json:"author"`
	Text      string     `json:"text"`
	Intent    string     `json:"intent"` // of an inbound text: stop, start, help, yes, review; empty for an ordinary one
	Episode   EpisodeID  `json:"episode_id"`
	Floor     Floor      `json:"floor"`
	Channel   channel.ID `json:"channel_id"`
	At        clock.Time `json:"at"`
	Seq       int64      `json:"seq"`
	Answers   MessageID  `json:"answers,omitempty"` // the last message of ours before an inbound one
	AnswerRun string     `json:"answer_run,omitempty"`
	Courtesy  bool       `json:"courtesy,omitempty"` // thanks after the end: needs no answer
}

// Settled is the body of SignalSettled: the person has written and then paused. Text joins the parts.
type Settled struct {
	Messages []MessageID `json:"message_ids"`
	Text     string      `json:"text"`
	Episode  EpisodeID   `json:"episode_id"`
	Floor    Floor       `json:"floor"`
	Seq      int64       `json:"seq"`
}

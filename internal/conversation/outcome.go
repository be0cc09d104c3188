package conversation

import (
	"context"
	"fmt"

	"parley/internal/channel"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// SignalOutcome is sent to a person when a message of a journey run was delivered or will not be, with an Outcome.
const SignalOutcome = "message.outcome"

// Outcome is the body of SignalOutcome.
type Outcome struct {
	Message MessageID `json:"message_id"`
	Run     string    `json:"run"`
	Step    string    `json:"step"`
	State   State     `json:"state" enum:"sent,delivered,failed,dropped,unknown"`
	Code    string    `json:"code"`
}

// single is up to how many outcomes are told to browsers one by one; more are one line on the feed.
const single = 4

// OnOutcome takes over what the outbox learned about messages, as its hook. The thread keeps only what went wrong, and
// takes it back when the provider has the message after all (I8); how far a message got is joined on reading.
func (s *Service) OnOutcome(ctx context.Context, tx *db.Tx, outcomes []channel.Outcome) error {
	byWorkspace := map[id.Workspace][]channel.Outcome{}
	for _, o := range outcomes {
		if o.State != channel.StateSending {
			byWorkspace[o.Workspace] = append(byWorkspace[o.Workspace], o)
		}
	}
	for ws, list := range byWorkspace {
		if err := s.outcomes(ctx, tx, ws, list); err != nil {
			return fmt.Errorf("take over outcomes in %s: %w", ws, err)
		}
	}
	return nil
}

func (s *Service) outcomes(ctx context.Context, tx *db.Tx, ws id.Workspace, list []channel.Outcome) error {
	var reached, ended []MessageID
	for _, o := range list {
		switch o.State {
		case channel.StateSent, channel.StateDelivered, channel.StateRead:
			reached = append(reached, o.Message)
		case channel.StateFailed, channel.StateDropped:
			ended = append(ended, o.Message)
		}
	}
	known, err := loadMarked(ctx, tx, ws, distinct(messagesOf(list)))
	if err != nil {
		return fmt.Errorf("look for messages of runs: %w", err)
	}
	for _, message := range reached {
		if known[message].off {
			revive(ctx, tx, ws, message)
		}
	}
	wanted := ended
	if len(list) <= single {
		wanted = append(wanted, messagesOf(list)...)
	}
	lines, err := loadLines(ctx, tx, ws, distinct(wanted))
	if err != nil {
		return fmt.Errorf("load messages: %w", err)
	}
	for _, o := range list {
		if l, found := lines[o.Message]; found && (o.State == channel.StateFailed || o.State == channel.StateDropped) {
			lines[o.Message] = s.writeOff(ctx, tx, l, o)
			if err := s.waitsAgain(ctx, tx, l); err != nil {
				return fmt.Errorf("put %s back among those who wait: %w", l.person, err)
			}
		}
	}
	if err := s.tellRuns(ctx, tx, ws, list, known); err != nil {
		return err
	}
	return s.tellOutcomes(ctx, tx, ws, list, lines)
}

func messagesOf(list []channel.Outcome) []MessageID {
	out := make([]MessageID, len(list))
	for i, o := range list {
		out[i] = o.Message
	}
	return out
}

// writeOff notes in the thread that a message did not arrive. What the gate or an undo wrote there first stays.
func (s *Service) writeOff(ctx context.Context, tx *db.Tx, l line, o channel.Outcome) line {
	if l.state == StateDropped {
		return l
	}
	l.state, l.code, l.due = State(o.State), o.Code, o.At
	l.detail.Reason = reasonOf(o)
	saveChange(ctx, tx, l.workspace, change{message: l.id, state: l.state, code: l.code, due: l.due, detail: &l.detail})
	return l
}

// tellRuns tells the persons about messages of their journey runs.
func (s *Service) tellRuns(ctx context.Context, tx *db.Tx, ws id.Workspace, list []channel.Outcome, known map[MessageID]marked) error {
	var signals []mailbox.Signal
	for _, o := range list {
		if m := known[o.Message]; m.run != "" && o.State != channel.StateQueued && o.State != channel.StateHeld {
			signals = append(signals, mailbox.Signal{Workspace: ws, Person: o.Person, Kind: SignalOutcome,
				Body: Outcome{Message: o.Message, Run: m.run, Step: m.step, State: State(o.State), Code: o.Code}})
		}
	}
	return s.Mailbox.SendAllTx(ctx, tx, signals)
}

func (s *Service) tellOutcomes(ctx context.Context, tx *db.Tx, ws id.Workspace, list []channel.Outcome, lines map[MessageID]line) error {
	if len(list) > single {
		persons := make([]id.Person, len(list))
		for i, o := range list {
			persons[i] = o.Person
		}
		return s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: topicChanged, Body: bulkNews{distinct(persons)}})
	}
	for _, o := range list {
		l, found := lines[o.Message]
		if !found {
			continue
		}
		m := l.message(channel.Sent{Outcome: o}, true, s.Clock.Now())
		if err := s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: topicChanged, Person: o.Person, Body: messageNews{m}}); err != nil {
			return err
		}
	}
	return nil
}

// reasonOf is why a message did not arrive, with what can be done about it.
func reasonOf(o channel.Outcome) *Reason {
	text := o.Reason
	if text == "" {
		text = "The message did not arrive, and the provider did not say why."
	}
	if o.State == channel.StateUnknown {
		return &Reason{Code: o.Code, Action: "wait",
			Text: "It is not known whether the provider took this message. It is not sent again by itself; look at the customer's phone or wait for news."}
	}
	code := o.Code
	if o.Provider != "" {
		text += " (code " + o.Provider + ")"
	}
	return &Reason{Code: code, Text: text, Action: actionOf(o.Code)}
}

// actionOf is what an agent can do about a refusal or a failure.
func actionOf(code string) string {
	switch code {
	case "bad_number", "no_number", "unreachable":
		return "check_number"
	case "opted_out", "provider_blocked", "no_consent", "pending", "opener_without_consent", "awaiting_reply":
		return "ask_customer"
	case "reserved_word", "numeric_opt_out", "forbidden_content", "public_shortener", "brand_missing", "filtered", "too_long":
		return "edit_text"
	case "sender_unregistered", "sender_forbidden", "sender_one_way", "no_channel", "account_refused", "media_unsupported":
		return "switch_channel"
	case "throttled", "no_answer", "expired", "would_expire", "unavailable", "undone":
		return "retry"
	}
	return ""
}

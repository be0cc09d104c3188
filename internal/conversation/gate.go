package conversation

import (
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/people"
)

// Verdict is the gate's answer about one message.
type Verdict struct {
	Action      channel.Action
	Until       clock.Time // of a hold: when to ask again
	Code        string     // stable
	Reason      string     // a sentence that an agent understands
	Consent     people.ConsentEventID
	PlaceSource string // where the belief about the person's place comes from
	LocalTime   string // of the person at the decision, RFC 3339
}

// Facts are all that a decision rests on. The same Facts give the same Verdict: Decide asks no clock and no table.
type Facts struct {
	Now       clock.Time
	Purpose   people.Purpose
	Kind      MessageKind
	Answer    compliance.ExemptKind // of a compliance message: which rule it answers
	Subject   string
	SubjectAt clock.Time
	ExpiresAt clock.Time

	Address string // empty when the person has none that the channel reaches
	Reading people.Reading
	Places  []compliance.Place
	Sender  compliance.Verdict // of R-30, for the channel and the recipient's country
	Lint    compliance.Verdict // of; allowed when the text was judged before
	Brand   Brand

	Thread   Standing
	Earlier  []Earlier // outgoing messages of the last weeks that count beside this one
	Subjects Still     // what the owner of the subject says
	Approved bool      // outside of pilot mode, or a number approved for it
}

// Brand is the workspace's part of the rules.
type Brand struct {
	Week                compliance.Week // zero: the default window
	MonthlyCap          int             // promotional texts in 30 days; 0 = none
	TransactionalExempt bool            // order news may arrive in quiet hours, where the law allows it
}

// Standing is how the conversation stands.
type Standing struct {
	Known       bool // the person was in touch before
	Status      Status
	Owned       bool // by a member of the team
	Floor       Floor
	LastInbound clock.Time
	Review      bool // what they wrote may have been an opt-out, and nobody has decided yet
}

// Earlier is an outgoing message that counts for caps, the cart rule and the loop guard.
type Earlier struct {
	At      clock.Time // when it left or may leave
	Purpose people.Purpose
	Kind    MessageKind
	Subject string
	Asked   bool // an answer to what the person wrote shortly before
}

// Still is what the owner of a subject says about it at this moment.
type Still struct {
	Gone   bool       // the reason to write has gone: ordered, cancelled
	Code   string     // stable: "cart_ordered"
	Reason string     // a sentence
	Since  clock.Time // when the subject began; 0 when not known
}

// Times of the rules that the design leaves to us.
const (
	// conversationLife is how long after a person's own text an agent's text still belongs to the conversation; later
	// ones open a new one and need consent.
	conversationLife = 7 * 24 * time.Hour
	// humanRetry is when a message that waits for the end of a human conversation asks again.
	humanRetry = time.Hour
	// loopWindow and the counts are the guard against two machines that answer each other (I38).
	loopWindow     = 10 * time.Minute
	maxAutoReplies = 3
	maxBotReplies  = 20
	// askedWindow is the hour of R-23 in which an answer is part of the conversation.
	askedWindow = 60 * time.Minute
	month       = 30 * 24 * time.Hour
)

// inquiry is one decision under way.
type inquiry struct {
	Facts
	rules  *compliance.Rules
	window compliance.WindowVerdict
}

// Decide is the gate: the one place where it is decided whether a message leaves now, waits, or never leaves. Refusals
// come before waits, so that nothing waits in vain; the first rule that objects is the one told.
func Decide(rules *compliance.Rules, f Facts) Verdict {
	q := inquiry{Facts: f, rules: rules}
	q.window = rules.Window(f.Places, f.Now, compliance.HoursOptions{Brand: f.Brand.Week, Exempt: q.exemption()})
	steps := [...]func(inquiry) Verdict{
		inquiry.expiry, inquiry.reach, inquiry.loop, inquiry.consent, inquiry.opener, inquiry.floor, inquiry.subject,
		inquiry.content, inquiry.sender, inquiry.cart, inquiry.caps, inquiry.human, inquiry.hours,
	}
	v := Verdict{}
	for _, step := range steps {
		if v = step(q); v.Action != "" {
			break
		}
	}
	if v.Action == channel.Hold && !f.ExpiresAt.IsZero() && v.Until >= f.ExpiresAt {
		v = drop("would_expire", v.Reason+" By then it is out of date, so it was not sent.")
	}
	if v.Action == "" {
		v = Verdict{Action: channel.Send, Code: "allowed", Reason: q.grounds()}
	}
	v.Consent, v.PlaceSource, v.LocalTime = f.Reading.Event, q.window.PlaceSource, q.localTime()
	return v
}

func drop(code, reason string) Verdict {
	return Verdict{Action: channel.Drop, Code: code, Reason: reason}
}

func hold(until clock.Time, code, reason string) Verdict {
	return Verdict{Action: channel.Hold, Until: until, Code: code, Reason: reason}
}

// pass is the answer of a rule that has no objection.
func pass() Verdict { return Verdict{} }

// promotional says whether the message wants to sell.
func (q inquiry) promotional() bool { return promotional(q.Purpose) }

func promotional(p people.Purpose) bool {
	return p == people.Marketing || p == people.Cart || p == people.Loyalty
}

// automated says whether no member of the team wrote the message.
func (q inquiry) automated() bool { return q.Kind != KindReply }

// live says whether the person wrote lately, so that an agent's text is part of a conversation.
func (q inquiry) live() bool {
	return !q.Thread.LastInbound.IsZero() && q.Now.Sub(q.Thread.LastInbound) <= conversationLife
}

// answers says whether the message answers what the person wrote within the hour.
func (q inquiry) answers() bool {
	if q.Kind == KindCampaign || q.Thread.LastInbound.IsZero() {
		return false
	}
	since := q.Now.Sub(q.Thread.LastInbound)
	return since >= 0 && since <= askedWindow
}

// exemption is the one of R-23 that the message may claim.
func (q inquiry) exemption() compliance.Exempt {
	switch {
	case q.Kind == KindCompliance:
		return compliance.Exempt{Kind: q.Answer}
	case q.Purpose == people.Transactional && q.Brand.TransactionalExempt:
		return compliance.Exempt{Kind: compliance.Transactional}
	case !q.promotional() && q.answers():
		return compliance.Exempt{Kind: compliance.Conversational, InboundAt: q.Thread.LastInbound}
	}
	return compliance.Exempt{Kind: compliance.NotExempt}
}

// grounds says why a message was let through.
func (q inquiry) grounds() string {
	if q.Kind == KindCompliance {
		return "The law asks for this answer."
	}
	if q.Reading.Text != "" {
		return q.Reading.Text + " " + q.window.Why
	}
	return q.window.Why
}

// localTime is what the clock shows where the person may be, at the place that decided.
func (q inquiry) localTime() string {
	if len(q.window.Local) == 0 {
		return ""
	}
	shown := q.window.Local[0]
	for _, l := range q.window.Local {
		if !l.Open {
			shown = l
			break
		}
	}
	return shown.At.Format(time.RFC3339)
}

package conversation

import (
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/people"
)

// expiry drops what is out of date, however long it waited.
func (q inquiry) expiry() Verdict {
	if !q.ExpiresAt.IsZero() && q.Now >= q.ExpiresAt {
		return drop("expired", "It could not leave in time and is out of date now.")
	}
	return pass()
}

// reach drops what has nowhere to go.
func (q inquiry) reach() Verdict {
	switch {
	case q.Address == "":
		return drop("no_number", "This customer has no number that can be texted. Add one to the profile.")
	case q.Reading.Reason == "unreachable":
		return drop("unreachable", q.Reading.Text)
	case !q.Approved:
		return drop("pilot", "The workspace is in pilot mode, and this number is not approved for it.")
	}
	return pass()
}

// loop stops two machines that answer each other (I38).
func (q inquiry) loop() Verdict {
	var limit int
	switch q.Kind {
	case KindCompliance:
		limit = maxAutoReplies
	case KindBot:
		limit = maxBotReplies
	default:
		return pass()
	}
	n := 0
	for _, e := range q.Earlier {
		if e.Kind == q.Kind && e.At > q.Now.Add(-loopWindow) && e.At <= q.Now {
			n++
		}
	}
	if n >= limit {
		return drop("auto_reply_loop", "Too many automatic answers went to this number within ten minutes. A machine may be answering; nothing automatic is sent for now.")
	}
	return pass()
}

// consent asks whether the address may be texted for the purpose. What the law wants said to an opt-out and
// to HELP needs none.
func (q inquiry) consent() Verdict {
	if q.Reading.Allowed || q.lawful() || q.clarifies() {
		return pass()
	}
	text := q.Reading.Text
	if text == "" {
		text = "There is no consent to text this number."
	}
	return drop(refusalCode(q.Reading), text)
}

// lawful says whether the message is one that even a person who opted out gets.
func (q inquiry) lawful() bool {
	return q.Kind == KindCompliance && !q.promotional() && (q.Answer == compliance.OptOutReply || q.Answer == compliance.HelpReply)
}

// clarifies says whether a member answers words that may have been an opt-out: nothing else is sent until it is settled,
// but a question deserves its answer.
func (q inquiry) clarifies() bool {
	return q.Kind == KindReply && q.Thread.Review && q.Reading.Reason == "opted_out" && !q.promotional() && q.live()
}

// refusalCode is the stable code of a reading that does not allow.
func refusalCode(r people.Reading) string {
	if r.Reason == "" {
		return "no_consent"
	}
	return r.Reason
}

// opener keeps a member's first text to somebody who did not write to what they agreed to, and to one: a person who
// texts for a business is its sender like a machine is.
func (q inquiry) opener() Verdict {
	if q.Kind != KindReply || q.live() {
		return pass()
	}
	if q.Reading.State != string(people.Granted) {
		return drop("opener_without_consent", "This customer has not written lately and did not agree to be texted first. Wait for their text, or use another channel.")
	}
	for _, e := range q.Earlier {
		if e.Kind == KindReply && !e.Asked && e.At > q.Thread.LastInbound {
			return drop("awaiting_reply", "You have opened this conversation with one text. The next one may follow when the customer answers.")
		}
	}
	return pass()
}

// floor drops what the bot says after it lost the floor.
func (q inquiry) floor() Verdict {
	if q.Kind == KindBot && q.Thread.Floor == FloorMember {
		return drop("floor_taken", "A member of the team has taken over this conversation, so the bot's answer was not sent.")
	}
	return pass()
}

// subject drops what has lost its reason.
func (q inquiry) subject() Verdict {
	if !q.Subjects.Gone {
		return pass()
	}
	code := q.Subjects.Code
	if code == "" {
		code = "no_longer_true"
	}
	return drop(code, q.Subjects.Reason)
}

// content drops what carriers and law forbid to say.
func (q inquiry) content() Verdict {
	if q.Kind == KindCompliance || q.Lint.Allowed {
		return pass()
	}
	return drop(q.Lint.Code, q.Lint.Why)
}

// sender drops what would leave from a sender that is not registered.
func (q inquiry) sender() Verdict {
	if q.Sender.Allowed {
		return pass()
	}
	return drop(q.Sender.Code, q.Sender.Why)
}

// cart keeps to one reminder for one abandonment. In a conversation the cart may be talked about freely.
func (q inquiry) cart() Verdict {
	if q.Purpose != people.Cart || (q.Kind == KindReply && q.live()) {
		return pass()
	}
	state := compliance.CartState{
		Now: q.Now, AbandonedAt: q.SubjectAt,
		CartConsent: q.Reading.Allowed, DoubleOptIn: q.Reading.DoubleOptIn,
	}
	if state.AbandonedAt.IsZero() {
		state.AbandonedAt = q.Subjects.Since
	}
	for _, e := range q.Earlier {
		if e.Purpose != people.Cart || e.Asked {
			continue
		}
		state.LastReminder = max(state.LastReminder, e.At)
		if e.Subject == q.Subject {
			state.Reminders++
		}
	}
	v := compliance.Cart(state)
	switch {
	case v.Allowed:
		return pass()
	case v.RetryAt > q.Now:
		return hold(v.RetryAt, v.Code, v.Why)
	}
	return drop(v.Code, v.Why)
}

// caps keeps to what the states allow in a day, and to what was promised and chosen for a month. A state's
// day is waited for; a promise is kept by not sending.
func (q inquiry) caps() Verdict {
	if !q.promotional() {
		return pass()
	}
	counts := compliance.Counts{
		Now: q.Now, PromisedPerMonth: q.Reading.Frequency, BrandMaxPerMonth: q.Brand.MonthlyCap,
		AnswerToTheirText: q.Kind == KindReply && q.live(),
	}
	day, days := q.Now.Add(-24*time.Hour), q.Now.Add(-month)
	for _, e := range q.Earlier {
		if !promotional(e.Purpose) || e.Asked {
			continue
		}
		if e.At > days {
			counts.Month++
			counts.OldestMonth = oldest(counts.OldestMonth, e.At)
		}
		if e.At > day && e.Subject == q.Subject {
			counts.SameSubject24h++
			counts.OldestSubject = oldest(counts.OldestSubject, e.At)
		}
	}
	v := q.rules.Cap(q.Places, counts)
	switch {
	case v.Allowed:
		return pass()
	case v.Code == "state_daily_cap" && v.RetryAt > q.Now:
		return hold(v.RetryAt, v.Code, v.Why)
	}
	return drop(v.Code, v.Why)
}

func oldest(a, b clock.Time) clock.Time {
	if a.IsZero() || b < a {
		return b
	}
	return a
}

// human lets people talk: automation waits while a member of the team is in conversation with the person, unless it is
// news about an order or the answer to what the person just wrote while no member has the floor.
func (q inquiry) human() Verdict {
	if !q.automated() || q.Kind == KindCompliance || q.Kind == KindTest || q.Purpose == people.Transactional {
		return pass()
	}
	if q.Thread.Status != Open && q.Thread.Status != Snoozed {
		return pass()
	}
	if !q.Thread.Owned && q.Thread.Floor != FloorMember {
		return pass()
	}
	if q.answers() && !q.promotional() && q.Thread.Floor != FloorMember {
		return pass()
	}
	return hold(q.Now.Add(humanRetry), "human_conversation",
		"A member of the team is in conversation with this customer. Automatic messages wait until it is closed.")
}

// hours keeps to the hours in which texts may arrive.
func (q inquiry) hours() Verdict {
	switch {
	case q.window.Open:
		return pass()
	case q.window.Never:
		return drop(q.window.Code, q.window.Why)
	}
	return hold(q.window.OpensAt, q.window.Code, q.window.Why)
}

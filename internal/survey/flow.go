package survey

import (
	"slices"
	"strings"
	"time"

	"parley/internal/survey/reading"
)

// plan is a version, laid out for its runs. It never changes.
type plan struct {
	id     ID
	number int
	def    Definition
	place  map[string]int // of a question by its id
}

func newPlan(survey ID, number int, d Definition) *plan {
	p := &plan{id: survey, number: number, def: d, place: map[string]int{}}
	for i, q := range d.Questions {
		p.place[q.ID] = i
	}
	return p
}

func (p *plan) question(n *Run) Question { return p.def.Questions[p.place[n.Question]] }

// utterance is what is said to the person.
type utterance string

const (
	sayNothing utterance = ""
	sayAsk     utterance = "ask"
	sayAgain   utterance = "again"
	sayDoubt   utterance = "doubt" // the confirming question
	sayThanks  utterance = "thanks"
)

// turn is what a run does at one moment. The run itself was changed already.
type turn struct {
	say    utterance
	record *Record
	hand   string // why the conversation goes to people
	ended  bool
}

// begin asks the first question.
func (p *plan) begin(n *Run) turn {
	n.Stage, n.Question = Asked, p.def.Questions[0].ID
	return turn{say: sayAsk}
}

// hear reads what the person wrote.
func (p *plan) hear(r *reading.Reader, n *Run, text string, now time.Time) turn {
	q := p.question(n)
	language := n.Vars.Language
	if spoken(p.def.StopWords[language], text) {
		return p.end(n, "stopped", sayThanks)
	}
	if spoken(q.SkipWords[language], text) {
		return p.skipped(n, q, text)
	}
	var a reading.Answer
	if n.Stage == Doubt && n.Vars.Doubt != nil {
		a = r.Confirm(*n.Vars.Doubt, n.Vars.Tag, text, now)
	} else {
		a = r.Read(q.in(language), n.Vars.Tag, text, now)
	}
	switch {
	case a.State == reading.Sure:
		return p.answered(n, q, Record{Question: q.ID, State: reading.Sure, Value: a.Value, Text: text}, a.Asks)
	case a.State == reading.Skip:
		return p.skipped(n, q, text)
	case a.Why == reading.OptOut:
		t := p.end(n, "opted_out", sayNothing)
		t.hand = "What they wrote to a survey may be an opt-out: " + text
		return t
	case a.Why == reading.Reserved:
		return turn{} // the law answers it
	case a.Asks || interrupts(a, text):
		return p.pause(n, "They wrote something else while a survey asked them; the question is asked again later.")
	case n.Vars.Tries >= p.def.Tries:
		return p.giveUp(n, q, a, text)
	case a.State == reading.Unsure:
		n.Vars.Tries++
		n.Stage, n.Vars.Doubt = Doubt, &reading.Doubt{Question: q.in(language), Answer: a}
		return turn{say: sayDoubt}
	}
	n.Vars.Tries++
	n.Stage, n.Vars.Doubt = Asked, nil
	return turn{say: sayAgain}
}

// spoken says whether a text is one of the words, whatever its case and signs.
func spoken(words []string, text string) bool {
	text = strings.Trim(strings.TrimSpace(text), ".!¡ ")
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), text) })
}

// sentence is from how many words on a text that was not understood is something else that the person wants to say.
const sentence = 4

func interrupts(a reading.Answer, text string) bool {
	return a.State == reading.Unread && a.Why == reading.NotUnderstood && len(strings.Fields(text)) >= sentence
}

func (p *plan) skipped(n *Run, q Question, text string) turn {
	if q.Required && n.Vars.Tries < p.def.Tries {
		n.Vars.Tries++
		n.Stage, n.Vars.Doubt = Asked, nil
		return turn{say: sayAgain}
	}
	return p.answered(n, q, Record{Question: q.ID, State: reading.Skip, Text: text}, false)
}

// answered keeps the answer and goes on. When the person also asked something, the team answers that first.
func (p *plan) answered(n *Run, q Question, record Record, asks bool) turn {
	t := p.goOn(n, q, record)
	t.record = &record
	if !asks || t.hand != "" {
		return t
	}
	t.hand = "They answered a survey and also asked something."
	if !t.ended {
		n.Stage, t.say = Paused, sayNothing
	}
	return t
}

// goOn takes the first branch that holds, else the next question.
func (p *plan) goOn(n *Run, q Question, record Record) turn {
	next := p.place[q.ID] + 1
	for _, b := range q.Branches {
		if !b.holds(record) {
			continue
		}
		switch b.Go {
		case goEnd:
			return p.end(n, or(b.Result, "done"), sayThanks)
		case goPeople:
			t := p.end(n, or(b.Result, "people"), sayNothing)
			t.hand = or(b.Why, "A survey's answer asks for a person of the team: "+record.Text)
			return t
		}
		next = p.place[b.Go]
		break
	}
	if next >= len(p.def.Questions) {
		return p.end(n, "done", sayThanks)
	}
	n.Stage, n.Question, n.Vars.Doubt, n.Vars.Tries = Asked, p.def.Questions[next].ID, nil, 0
	return turn{say: sayAsk}
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// maxInterruptions is how often what a person wants instead of answering is waited for, in all.
const maxInterruptions = 3

// pause lets the team answer. Who keeps on writing about something else is asked nothing more.
func (p *plan) pause(n *Run, why string) turn {
	n.Vars.Interruptions++
	if n.Vars.Interruptions > maxInterruptions {
		t := p.end(n, "people", sayNothing)
		t.hand = "They write about something else than what a survey asks them; it asks nothing more."
		return t
	}
	n.Stage, n.Vars.Doubt = Paused, nil
	return turn{hand: why}
}

// yield leaves the conversation to people.
func (p *plan) yield(n *Run) turn {
	n.Vars.Pauses++
	if n.Vars.Pauses > maxPauses {
		return p.end(n, "people", sayNothing)
	}
	n.Stage, n.Vars.Doubt = Paused, nil
	return turn{}
}

// giveUp hands an answer that was not understood to the team.
func (p *plan) giveUp(n *Run, q Question, a reading.Answer, text string) turn {
	t := p.end(n, "people", sayNothing)
	t.record = &Record{Question: q.ID, State: reading.Unread, Text: text, Why: a.Why}
	t.hand = "Their answer to a survey was not understood: " + text
	return t
}

// end stops the run for good.
func (p *plan) end(n *Run, result string, say utterance) turn {
	n.Stage, n.Result, n.Vars.Doubt, n.Vars.Heard = Ended, result, nil, nil
	if len(p.def.Thanks) == 0 {
		say = sayNothing
	}
	return turn{say: say, ended: true}
}

// maxPauses is how often a run waits for a member who has the conversation, or should, before it gives up.
const maxPauses = 14

// wake goes on when the time to wait is over. held says whether a member of the team has the conversation, or should.
func (p *plan) wake(n *Run, held bool) turn {
	switch {
	case held:
		return p.yield(n)
	case n.Stage == Paused:
		n.Stage = Asked
		return turn{say: sayAgain}
	case n.Vars.Reminders < p.def.Reminders:
		n.Vars.Reminders++
		n.Stage, n.Vars.Doubt = Asked, nil
		return turn{say: sayAgain}
	}
	return p.end(n, "unanswered", sayNothing)
}

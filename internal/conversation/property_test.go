package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/people"
)

// history is one person's life with the brand, played at random, beside what a careful reader of it would know.
type history struct {
	*world
	t        *rapid.T
	person   id.Person
	number   string
	optedOut bool // the last clear word of the person was STOP, or something that may have been one
}

// play is one random step.
func (h *history) play(step string) {
	switch step {
	case "grant", "form", "import":
		source := map[string]people.ConsentSource{"grant": people.ByKeyword, "form": people.ByForm, "import": people.ByImport}[step]
		purpose := rapid.SampledFrom([]people.Purpose{people.Marketing, people.Cart, people.Loyalty}).Draw(h.t, "purpose")
		h.consent(people.Consent{Person: h.person, Address: h.number, Purpose: purpose, Action: people.Grant, Source: source, Disclosure: "I agree",
			Frequency: rapid.IntRange(0, 3).Draw(h.t, "frequency"), Proof: people.Proof{Attestation: "me"}})
		if source == people.ByKeyword {
			h.optedOut = false
		}
	case "stop":
		h.says(h.person, h.number, rapid.SampledFrom([]string{"STOP", "unsubscribe please", "stop texting me", "how do I cancel"}).Draw(h.t, "words"))
		h.optedOut = true
	case "start":
		h.says(h.person, h.number, "START")
		h.optedOut = false
	case "text":
		h.says(h.person, h.number, rapid.SampledFrom([]string{"hello?", "yes", "thanks", "HELP"}).Draw(h.t, "words"))
	case "send":
		h.send(h.anySend())
	case "reply":
		// A refusal is one of the outcomes.
		_, _ = h.reply(h.person, "Here you are")
	case "wait":
		h.clock.Skip(time.Duration(rapid.IntRange(1, 40*60).Draw(h.t, "minutes")) * time.Minute)
	case "back":
		h.clock.Skip(-time.Duration(rapid.IntRange(1, 120).Draw(h.t, "minutes")) * time.Minute)
	case "leave":
		h.leave()
	}
}

func (h *history) anySend() conversation.Send {
	s := conversation.Send{
		Person:  h.person,
		Purpose: rapid.SampledFrom([]people.Purpose{people.Marketing, people.Cart, people.Loyalty, people.Transactional, people.Support}).Draw(h.t, "purpose"),
		Kind:    rapid.SampledFrom([]conversation.MessageKind{conversation.KindJourney, conversation.KindCampaign, conversation.KindBot}).Draw(h.t, "kind"),
	}
	if s.Purpose == people.Cart {
		s.Subject = fmt.Sprint("tok_", rapid.IntRange(0, 2).Draw(h.t, "cart"))
	}
	if rapid.Bool().Draw(h.t, "scheduled") {
		s.NotBefore = h.clock.Now().Add(time.Duration(rapid.IntRange(1, 72).Draw(h.t, "hours")) * time.Hour)
	}
	return s
}

func (h *history) leave() {
	h.freshAgrees()
	for _, d := range h.outbox.leave(rapid.IntRange(1, 5).Draw(h.t, "n")) {
		if h.optedOut && d.Kind != string(conversation.KindCompliance) && d.Kind != string(conversation.KindReply) {
			h.t.Fatalf("%s %q left although the person had opted out", d.Kind, d.Text)
		}
		if h.optedOut && (d.Purpose == string(people.Marketing) || d.Purpose == string(people.Cart) || d.Purpose == string(people.Loyalty)) {
			h.t.Fatalf("marketing %q left although the person had opted out", d.Text)
		}
	}
	reminders := map[string]int{}
	for _, d := range h.outbox.toward(h.number) {
		if d.Purpose == string(people.Cart) {
			if reminders[d.Subject]++; reminders[d.Subject] > 1 {
				h.t.Fatalf("a second reminder for %s left (R-24)", d.Subject)
			}
		}
	}
}

// errRollback undoes what a comparison tried.
var errRollback = errors.New("only tried")

// freshAgrees compares the verdict at release with the one that the same message would get if it were asked about for the
// first time: without itself, and without what was written after it and has not left.
func (h *history) freshAgrees() {
	for _, m := range h.outbox.order {
		d := h.outbox.rows[m]
		if d == nil || d.ReadyAt > h.clock.Now() || d.Person != h.person || d.Kind == string(conversation.KindCompliance) {
			continue
		}
		var release []channel.Verdict
		var fresh conversation.Sent
		err := h.d.Tx(context.Background(), func(tx *db.Tx) (err error) {
			if release, err = h.Recheck(context.Background(), tx, []channel.Claim{{Delivery: *d}}); err != nil {
				return err
			}
			if err := h.without(tx, m); err != nil {
				return err
			}
			fresh, err = h.SendTx(context.Background(), tx, conversation.Send{
				Workspace: h.ws, Person: h.person, Purpose: people.Purpose(d.Purpose), Kind: conversation.MessageKind(d.Kind),
				Author: conversation.Author{Kind: conversation.ByJourney}, Text: "New coats are in", Subject: d.Subject, ExpiresAt: d.ExpiresAt})
			return errors.Join(err, errRollback)
		})
		if !errors.Is(err, errRollback) {
			h.t.Fatal(err)
		}
		if release[0].Action != fresh.Verdict.Action || release[0].Code != fresh.Verdict.Code {
			h.t.Fatalf("at release %+v, fresh %+v", release[0], fresh.Verdict)
		}
	}
}

// without removes a message and those after it that have not left.
func (h *history) without(tx *db.Tx, m conversation.MessageID) error {
	var at int64
	if err := tx.QueryRow(context.Background(), `SELECT at FROM message WHERE workspace_id = $1 AND id = $2`, h.ws, m).Scan(&at); err != nil {
		return err
	}
	for other, d := range h.outbox.rows {
		if d.Person != h.person {
			continue
		}
		_, err := tx.Exec(context.Background(), `DELETE FROM message WHERE workspace_id = $1 AND id = $2 AND (at, id) >= ($3, $4)`,
			h.ws, other, at, string(m))
		if err != nil {
			return err
		}
	}
	return nil
}

// No history of grants, STOP, START, waits and jumps of the clock lets marketing leave to somebody who opted out (I13), and
// a message that waited is judged as a new one would be.
func TestNoHistoryTextsSomebodyWhoOptedOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		abandoned := noon
		w.RegisterStillTrue("cart", func(_ context.Context, _ db.Queryer, _ id.Workspace, subjects []string) (map[string]conversation.Still, error) {
			out := map[string]conversation.Still{}
			for _, s := range subjects {
				out[s] = conversation.Still{Since: abandoned}
			}
			return out, nil
		})
		n, left := 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			w.t, w.outbox.order, w.outbox.rows, w.outbox.left = t, nil, map[conversation.MessageID]*channel.Delivery{}, nil
			w.clock.Set(noon)
			abandoned = w.clock.Now()
			number := fmt.Sprintf("+1%d555%04d", 212+n/9000, 1000+n%9000)
			n++
			h := &history{world: w, t: rt, number: number}
			h.person = w.person(number, people.Hint{State: rapid.SampledFrom([]string{"NY", "FL", ""}).Draw(rt, "state"), Country: "US"})
			steps := []string{"grant", "form", "import", "stop", "start", "text", "send", "send", "send", "reply", "wait", "back", "leave", "leave"}
			for range rapid.IntRange(1, 25).Draw(rt, "steps") {
				h.play(rapid.SampledFrom(steps).Draw(rt, "step"))
			}
			h.clock.Skip(48 * time.Hour)
			h.leave()
			left += len(w.outbox.left)
		})
		if left == 0 {
			t.Error("nothing ever left; the histories prove nothing")
		}
	})
}

// What a bulk decides about each message is what it would decide about them one by one.
func TestABulkDecidesAsOneByOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		crowd := make([]id.Person, 8)
		for i := range crowd {
			number := fmt.Sprintf("+1212555%04d", 3000+i)
			crowd[i] = w.person(number, people.Hint{State: []string{"NY", "FL", "CA", ""}[i%4], Country: "US"})
			if i%3 > 0 {
				for _, p := range []people.Purpose{people.Marketing, people.Cart} {
					w.consent(people.Consent{Person: crowd[i], Address: number, Purpose: p, Action: people.Grant, Source: people.ByKeyword, Disclosure: "I agree", Frequency: i % 4})
				}
			}
			if i%2 > 0 {
				w.says(crowd[i], number, []string{"hello", "STOP", "is it warm?", "yes"}[i/2])
			}
		}
		w.do(w.ana, crowd[5], conversation.Action{Kind: conversation.Claim})
		rapid.Check(t, func(rt *rapid.T) {
			w.clock.Set(noon.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "hours")) * time.Hour))
			sends := make([]conversation.Send, rapid.IntRange(1, 12).Draw(rt, "n"))
			for i := range sends {
				h := history{world: w, t: rt, person: rapid.SampledFrom(crowd).Draw(rt, "person")}
				sends[i] = h.anySend()
				sends[i].SubjectAt = noon.Add(-time.Hour)
				sends[i].Workspace, sends[i].Text, sends[i].Author = w.ws, "New coats are in", conversation.Author{Kind: conversation.ByJourney}
			}
			try := func(send func(tx *db.Tx) ([]conversation.Sent, error)) (out []conversation.Sent) {
				err := w.d.Tx(context.Background(), func(tx *db.Tx) (err error) {
					out, err = send(tx)
					return errors.Join(err, errRollback)
				})
				if !errors.Is(err, errRollback) {
					rt.Fatal(err)
				}
				return out
			}
			bulk := try(func(tx *db.Tx) ([]conversation.Sent, error) { return w.SendBulkTx(context.Background(), tx, sends) })
			single := try(func(tx *db.Tx) ([]conversation.Sent, error) {
				var out []conversation.Sent
				for _, s := range sends {
					sent, err := w.SendTx(context.Background(), tx, s)
					if err != nil {
						return nil, err
					}
					out = append(out, sent)
				}
				return out, nil
			})
			for i := range sends {
				if bulk[i].Verdict != single[i].Verdict {
					rt.Fatalf("message %d %+v: in bulk %+v, alone %+v", i, sends[i], bulk[i].Verdict, single[i].Verdict)
				}
			}
		})
	})
}

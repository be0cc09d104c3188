package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/people"
)

// I13: after a STOP nothing starts to that address, from a bulk that was enqueued before it and is half gone.
func TestAStopEndsARunningBulk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const n = 2000
		sends, numbers := make([]conversation.Send, n), make([]string, n)
		var persons []id.Person
		w.tx(func(tx *db.Tx) error {
			subjects := make([]people.Subject, n)
			consents := make([]people.Consent, n)
			for i := range n {
				numbers[i] = fmt.Sprintf("+1212555%04d", 1000+i)
				subjects[i] = people.Subject{Identities: []people.Identity{{Kind: people.Phone, Value: numbers[i]}}, Hint: people.Hint{State: "NY", Country: "US"}}
				consents[i] = people.Consent{Workspace: w.ws, Address: numbers[i], Purpose: people.Marketing, Action: people.Grant,
					Source: people.ByKeyword, Disclosure: "I agree"}
			}
			found, err := w.people.ResolveAllTx(t.Context(), tx, w.ws, subjects)
			for _, f := range found {
				persons = append(persons, f.Person)
			}
			if err != nil {
				return err
			}
			_, err = w.people.RecordConsentAllTx(t.Context(), tx, consents)
			return err
		})
		for i := range sends {
			sends[i] = conversation.Send{Person: persons[i]}
		}
		for start := 0; start < n; start += 1000 {
			for i, got := range w.sendAll(sends[start : start+1000]...) {
				if got.Verdict.Action != channel.Send {
					t.Fatalf("message %d: %+v", i, got.Verdict)
				}
			}
		}
		w.outbox.leave(1000)
		for i := 900; i < 1100; i++ { // half of them have their message already
			w.says(persons[i], numbers[i], "STOP")
		}
		before := len(w.outbox.left)
		for len(w.outbox.leave(500)) > 0 {
		}
		marketing := 0
		for i := 900; i < 1100; i++ {
			for _, m := range w.outbox.left[before:] {
				if m.To == numbers[i] && m.Purpose == "marketing" {
					marketing++
				}
			}
			for _, m := range w.thread(persons[i]) {
				if i >= 1000 && m.Purpose == people.Marketing && (m.State != conversation.StateDropped || m.Reason.Code != "opted_out") {
					t.Fatalf("the queued one of %s ended as %+v", numbers[i], m)
				}
			}
		}
		if marketing > 0 {
			t.Errorf("%d marketing texts started after a STOP", marketing)
		}
		if got, want := len(w.outbox.left), n-100+200; got != want {
			t.Errorf("%d texts left, want %d: all but the 100 that were stopped, and 200 confirmations", got, want)
		}
	})
}

func TestWhatALineMustSayIsAdded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.send(conversation.Send{Person: p})
		w.send(conversation.Send{Person: p, Text: "Fashion Era has new hats"})
		w.clock.Skip(31 * 24 * time.Hour)
		w.send(conversation.Send{Person: p, Text: "New shoes"})
		var got []string
		for _, m := range w.thread(p) {
			got = append(got, m.Text)
			if m.Segments != 1 || m.Why == nil || m.Why.Consent == "" || m.Why.LocalTime == "" || m.Why.CheckedAt.IsZero() || m.Why.PlaceSource != "profile" {
				t.Errorf("the evidence is incomplete (R-34): %+v %+v", m, m.Why)
			}
		}
		want := []string{"Fashion Era: New coats are in Reply STOP to opt out.", "Fashion Era has new hats", "Fashion Era: New shoes Reply STOP to opt out."}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q", got)
		}
	})
}

func TestForbiddenWordsAreRefusedWithTheReason(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		got := w.send(conversation.Send{Person: p, Text: "Reply CANCEL to cancel your order"})
		if got.Verdict.Code != "reserved_word" {
			t.Errorf("got %+v", got.Verdict)
		}
		w.says(p, maria, "Where is it?")
		_, err := w.reply(p, "Look here: https://bit.ly/abc")
		if errs.CodeOf(err) != "public_shortener" {
			t.Errorf("got %v", err)
		}
		if n := len(w.thread(p)); n != 2 {
			t.Errorf("%d lines; the agent's refused text must not be kept, the campaign's must", n)
		}
	})
}

// I18: two clicks send once and get the same answer; the same key for another text is refused.
func TestADoubleClickSendsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Hello?")
		seq := w.conversation(p).Seq
		var wg sync.WaitGroup
		got := make([]conversation.Message, 8)
		for i := range got {
			wg.Go(func() {
				m, err := w.Write(context.Background(), w.ana, conversation.Reply{Person: p, Text: "Hi Maria", SeenSeq: seq, ClientKey: "click"})
				if err != nil {
					t.Error(err)
				}
				got[i] = m
			})
		}
		wg.Wait()
		for _, m := range got {
			if m.ID != got[0].ID {
				t.Errorf("two messages: %s and %s", m.ID, got[0].ID)
			}
		}
		if n := len(w.thread(p)); n != 2 {
			t.Errorf("%d lines in the thread", n)
		}
		_, err := w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "Other", SeenSeq: 99, ClientKey: "click"})
		if errs.CodeOf(err) != "client_key_reused" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAReplyThatMissedSomethingIsRefused(t *testing.T) { // CV-9
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Is it in blue?")
		seen := w.conversation(p).Seq
		w.says(p, maria, "Or red")
		_, err := w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "Blue, yes", SeenSeq: seen})
		var stale *conversation.Stale
		if errs.CodeOf(err) != "stale_composer" || !errors.As(err, &stale) || len(stale.Messages) != 1 || stale.Messages[0].Text != "Or red" {
			t.Fatalf("got %v", err)
		}
		seen = w.conversation(p).Seq
		_, err = w.Write(t.Context(), w.ben, conversation.Reply{Person: p, Text: "Both", SeenSeq: seen})
		must(t, err)
		if _, err = w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "Both!", SeenSeq: seen}); errs.CodeOf(err) != "stale_composer" {
			t.Errorf("a colleague answered meanwhile: %v", err)
		}
		if _, err = w.Write(t.Context(), w.ben, conversation.Reply{Person: p, Text: "In all sizes", SeenSeq: seen}); err != nil {
			t.Errorf("one's own text is no news: %v", err)
		}
		if _, err = w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "ok", Note: true}); err != nil {
			t.Errorf("a note leaves nobody in the dark: %v", err)
		}
	})
}

func TestAReplyCanBeTakenBack(t *testing.T) { // CV-1
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Hello?")
		waits := w.conversation(p).WaitingSince
		m, err := w.reply(p, "Wrong window")
		must(t, err)
		if m.State != conversation.StateUndo || m.UndoUntil != noon.Add(5*time.Second) {
			t.Errorf("got %+v", m)
		}
		if left := w.outbox.leave(10); len(left) != 0 {
			t.Errorf("it left at once: %+v", left)
		}
		w.clock.Skip(2 * time.Second)
		m, err = w.TakeBack(t.Context(), w.ana, m.ID)
		must(t, err)
		w.clock.Skip(time.Minute)
		if left := w.outbox.leave(10); m.State != conversation.StateDropped || len(left) != 0 {
			t.Errorf("got %+v, left %+v", m, left)
		}
		if m.StateAt != noon.Add(2*time.Second) {
			t.Errorf("taken back at %s, want two seconds after it was written", m.StateAt)
		}
		if c := w.conversation(p); c.WaitingSince != waits {
			t.Errorf("nobody answered, and nobody waits: %+v", c)
		}
		m, err = w.reply(p, "Right window")
		must(t, err)
		w.clock.Skip(6 * time.Second)
		w.outbox.leave(10)
		if _, err := w.TakeBack(t.Context(), w.ana, m.ID); errs.CodeOf(err) != "undo_too_late" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAHeldMessageIsJudgedAnewWhenItsTimeComes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ordered := map[string]conversation.Still{}
		w.RegisterStillTrue("cart", func(context.Context, db.Queryer, id.Workspace, []string) (map[string]conversation.Still, error) {
			return ordered, nil
		})
		w.clock.Skip(9 * time.Hour) // 21:00
		numbers := []string{"+12125550101", "+12125550102", "+12125550103"}
		var sends []conversation.Send
		for i, number := range numbers {
			sends = append(sends, conversation.Send{Person: w.newYorker(number), Kind: conversation.KindJourney, Purpose: people.Cart, JourneyRun: "run_1",
				Subject: fmt.Sprint("tok_", i), SubjectAt: w.clock.Now().Add(-30 * time.Minute), Text: "You left a coat behind"})
		}
		for _, got := range w.sendAll(sends...) {
			if got.Verdict.Action != channel.Hold || got.Verdict.Code != "quiet_hours" {
				t.Fatalf("got %+v", got.Verdict)
			}
		}
		ordered["tok_1"] = conversation.Still{Gone: true, Code: "cart_ordered", Reason: "The order arrived."}
		w.says(sends[2].Person, numbers[2], "STOP")
		w.clock.Skip(12 * time.Hour)
		var got []string
		for _, m := range w.outbox.leave(10) {
			got = append(got, m.To)
		}
		if strings.Join(got, " ") != numbers[0] {
			t.Errorf("left to %v; the first only: one ordered, one opted out", got)
		}
		for i, code := range []string{"allowed", "cart_ordered", "opted_out"} {
			m := w.thread(sends[i].Person)[0]
			if m.Why.Code != code || (code != "allowed") != (m.State == conversation.StateDropped) {
				t.Errorf("%s: %+v %+v", code, m, m.Why)
			}
		}
		if why := w.thread(sends[0].Person)[0].Why; why.HeldFrom != noon.Add(9*time.Hour) || why.CheckedAt != w.clock.Now() {
			t.Errorf("the evidence does not say how long it was held: %+v", why)
		}
	})
}

// R-24, with two reminders for one cart that were both decided before either left.
func TestOneCartGetsOneReminder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		cart := conversation.Send{Person: p, Kind: conversation.KindJourney, Purpose: people.Cart, Subject: "tok_1", SubjectAt: noon.Add(-time.Hour)}
		got := w.sendAll(cart, cart)
		if got[0].Verdict.Action != channel.Send || got[1].Verdict.Code != "cart_already_reminded" {
			t.Errorf("in one batch: %+v", got)
		}
		if again := w.send(cart); again.Verdict.Code != "cart_already_reminded" {
			t.Errorf("later: %+v", again)
		}
		_, err := w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "Still want it?", Purpose: people.Cart, Subject: "tok_1", SubjectAt: noon.Add(-time.Hour)})
		if errs.CodeOf(err) != "cart_already_reminded" {
			t.Errorf("by an agent: %v", err)
		}
		w.clock.Skip(time.Minute)
		if left := w.outbox.leave(10); len(left) != 1 {
			t.Errorf("%d left", len(left))
		}
	})
}

func TestTakingOverSilencesTheBot(t *testing.T) { // CV-10
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Hello?")
		bot := conversation.Send{Person: p, Kind: conversation.KindBot, Purpose: people.Support, Text: "Who are you?",
			Author: conversation.Author{Kind: conversation.ByBot, ID: "bot", Name: "Era bot"}}
		w.tx(func(tx *db.Tx) error {
			has, err := w.GrantFloorTx(t.Context(), tx, w.ws, p)
			if !has {
				t.Error("the bot did not get the floor")
			}
			return err
		})
		first := w.send(bot)
		_, err := w.Do(t.Context(), w.ana, p, conversation.Action{Kind: conversation.TakeOver})
		must(t, err)
		if late := w.send(bot); late.Verdict.Code != "floor_taken" {
			t.Errorf("a late answer: %+v", late.Verdict)
		}
		if left := w.outbox.leave(10); first.Verdict.Action != channel.Send || len(left) != 0 {
			t.Errorf("the bot spoke after the take-over: %+v", left)
		}
		_, err = w.Do(t.Context(), w.ana, p, conversation.Action{Kind: conversation.HandBack})
		must(t, err)
		if back := w.send(bot); back.Verdict.Action != channel.Send {
			t.Errorf("after the hand-back: %+v", back.Verdict)
		}
	})
}

func TestOutcomesReachTheThread(t *testing.T) { // I8, CV-2
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		sent := w.send(conversation.Send{Person: p, Kind: conversation.KindJourney, JourneyRun: "run_1", Step: "ask"})
		w.outbox.leave(1)
		tell := func(state channel.State, code string) conversation.Message {
			o := channel.Outcome{Workspace: w.ws, Person: p, Message: sent.Message, State: state, At: w.clock.Now(), Code: code, Reason: "The phone is off."}
			w.tx(func(tx *db.Tx) error { return w.OnOutcome(t.Context(), tx, []channel.Outcome{o}) })
			w.outbox.states[sent.Message] = channel.Sent{Outcome: o}
			return w.thread(p)[0]
		}
		if m := tell(channel.StateFailed, "bad_number"); m.State != conversation.StateFailed || m.Reason == nil || m.Reason.Action != "check_number" {
			t.Errorf("got %+v", m)
		}
		if m := tell(channel.StateDelivered, ""); m.State != conversation.StateDelivered || m.Reason != nil {
			t.Errorf("delivered after all: %+v", m)
		}
	})
}

// what left in the meantime counts for a message that was written before it, one commit later and in the same one.
func TestAMessageThatWaitedCountsWhatOvertookIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, together := range []bool{false, true} {
			w := newWorld(t, d)
			number := map[bool]string{false: "+12125550151", true: "+12125550152"}[together]
			p := w.person(number, people.Hint{State: "NY", Country: "US"})
			for purpose, frequency := range map[people.Purpose]int{people.Marketing: 1, people.Loyalty: 5} {
				w.consent(people.Consent{Person: p, Address: number, Purpose: purpose, Action: people.Grant, Source: people.ByKeyword, Disclosure: "I agree", Frequency: frequency})
			}
			first := w.send(conversation.Send{Person: p, NotBefore: noon.Add(2 * time.Hour)})
			second := w.send(conversation.Send{Person: p, Purpose: people.Loyalty, NotBefore: noon.Add(time.Hour)})
			if first.Verdict.Action != channel.Send || second.Verdict.Action != channel.Send {
				t.Fatalf("got %+v, %+v", first.Verdict, second.Verdict)
			}
			w.clock.Skip(90 * time.Minute)
			if !together {
				w.outbox.leave(10)
			}
			w.clock.Skip(time.Hour)
			w.outbox.leave(10)
			got := w.outbox.toward(number)
			if m := w.thread(p)[0]; len(got) != 1 || got[0].Purpose != "loyalty" || m.Reason == nil || m.Reason.Code != "promised_frequency" {
				t.Errorf("together %v: left %+v; the first is %+v", together, got, m)
			}
		}
	})
}

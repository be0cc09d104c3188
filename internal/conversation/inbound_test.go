package conversation_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/people"
)

const maria = "+12125550142"

// I2: what is delivered many times is in the thread once, and has one effect.
func TestAnInboundTextIsTakenInOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		for range 3 {
			w.arrives(p, channel.Received{InboundID: "inb_same", From: maria, Text: "HELP", At: w.clock.Now()})
		}
		if got := w.thread(p); len(got) != 2 || got[0].Text != "HELP" || got[1].Author.Kind != conversation.BySystem {
			t.Errorf("want the text and one answer, got %+v", got)
		}
		if len(w.added) != 1 {
			t.Errorf("told %d times", len(w.added))
		}
	})
}

// I8: a thread is in the order in which people wrote, whatever the order in which it came.
func TestALateTextSlotsInWhereItWasWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		written := w.clock.Now()
		w.clock.Skip(10 * time.Minute)
		w.says(p, maria, "Hello?")
		w.saysAt(p, maria, "Is it in blue", written)
		got := w.thread(p)
		if len(got) != 2 || got[0].Text != "Is it in blue" || !got[0].Delayed || got[1].Delayed {
			t.Errorf("got %+v", got)
		}
		if got[0].Seq <= got[1].Seq {
			t.Error("seq must grow as things arrive, so that a composer notices the late one")
		}
	})
}

func TestAPersonWaitsUntilAHumanAnswers(t *testing.T) { // IN-1, IN-7
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		asked := w.clock.Now()
		w.says(p, maria, "Where is my order")
		w.clock.Skip(10 * time.Minute)
		w.says(p, maria, "Hello??")
		w.send(conversation.Send{Person: p, Kind: conversation.KindBot, Purpose: people.Support, Text: "I am looking",
			Author: conversation.Author{Kind: conversation.ByBot, ID: "bot", Name: "Era bot"}})
		w.send(conversation.Send{Person: p, Kind: conversation.KindJourney, Purpose: people.Transactional, Text: "Shipped"})
		c := w.conversation(p)
		if c.WaitingSince != asked || c.Unread != 2 || c.Episode == nil || c.Status != conversation.Open {
			t.Errorf("after two texts and two automatic ones: %+v", c)
		}
		if _, err := w.Do(t.Context(), w.ana, p, conversation.Action{Kind: conversation.Read}); err != nil {
			t.Fatal(err)
		}
		if c = w.conversation(p); c.Unread != 0 || c.WaitingSince != asked {
			t.Errorf("reading must clear unread and not the wait: %+v", c)
		}
		_, err := w.reply(p, "It arrives tomorrow")
		must(t, err)
		if c = w.conversation(p); !c.WaitingSince.IsZero() || c.Unread != 0 || c.Owner == nil || c.Owner.Name != "Ana" || c.PreviewAuthor != "you" {
			t.Errorf("after the answer: %+v", c)
		}
	})
}

func TestThanksAfterTheEndOpenNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Do you have it in red?")
		_, err := w.Do(t.Context(), w.ana, p, conversation.Action{Kind: conversation.Finish})
		must(t, err)
		w.says(p, maria, "Thanks so much!! 🙏")
		if c := w.conversation(p); c.Status != conversation.Closed || c.Unread != 0 || !c.WaitingSince.IsZero() {
			t.Errorf("thanks opened work: %+v", c)
		}
		w.says(p, maria, "Thanks, but do you ship to Italy")
		if c := w.conversation(p); c.Status != conversation.Open || c.Episode.Number != 2 || c.Unread != 1 {
			t.Errorf("a question opened nothing: %+v", c)
		}
	})
}

func TestAnAnswerBelongsToTheMemberWhoWroteFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		_, err := w.Write(t.Context(), w.ana, conversation.Reply{Person: p, Text: "You left a coat behind", Purpose: people.Cart,
			Subject: "tok_1", SubjectAt: w.clock.Now().Add(-time.Hour)})
		must(t, err)
		w.clock.Skip(time.Hour)
		w.says(p, maria, "Is it warm?")
		if c := w.conversation(p); c.Owner == nil || c.Owner.ID != w.ana.Member {
			t.Errorf("the conversation that answers Ana is not hers: %+v", c)
		}
	})
}

// exactly one confirmation, within five minutes, and none when the provider sent its own.
func TestAnOptOutIsConfirmedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		confirmations := func() (n int) {
			for _, m := range w.outbox.toward(maria) {
				if strings.Contains(m.Text, "unsubscribed") {
					n++
				}
			}
			return n
		}
		w.says(p, maria, "STOP")
		w.outbox.leave(10)
		w.says(p, maria, "stop!!")
		w.says(p, maria, "I SAID STOP")
		w.outbox.leave(10)
		if n := confirmations(); n != 1 {
			t.Fatalf("%d confirmations of one opt-out", n)
		}
		if got := w.outbox.left[0]; strings.Contains(got.Text, "http") || got.ExpiresAt != noon.Add(5*time.Minute) {
			t.Errorf("the confirmation is %+v", got)
		}
		w.clock.Skip(time.Hour)
		w.says(p, maria, "START")
		w.outbox.leave(10)
		w.clock.Skip(time.Hour)
		w.says(p, maria, "STOP")
		w.outbox.leave(10)
		if n := confirmations(); n != 2 {
			t.Errorf("%d confirmations of two opt-outs", n)
		}
		if c := w.conversation(p); !c.OptedOut || c.Status != conversation.Quiet || c.Unread != 0 {
			t.Errorf("a STOP is no work for anybody: %+v", c)
		}
	})
}

func TestAnOptOutThatTheProviderConfirmedIsNotConfirmedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.arrives(p, channel.Received{InboundID: "inb_1", From: maria, Text: "STOP", Answered: true})
		if got := w.thread(p); len(got) != 1 {
			t.Errorf("the provider answered, and so did we: %+v", got)
		}
	})
}

func TestAnOptOutIsNotConfirmedLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "STOP")
		w.clock.Skip(6 * time.Minute)
		if left := w.outbox.leave(10); len(left) != 0 {
			t.Errorf("six minutes later it left: %+v", left)
		}
	})
}

func TestAnOptInIsWelcomed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "STOP")
		w.says(p, maria, "hello again")
		if got := w.send(conversation.Send{Person: p}); got.Verdict.Code != "opted_out" {
			t.Errorf("another text resubscribed: %+v", got)
		}
		w.says(p, maria, "START")
		got := w.thread(p)
		last := got[len(got)-1]
		for _, must := range []string{"Fashion Era", "STOP", "HELP"} {
			if !strings.Contains(last.Text, must) {
				t.Errorf("the welcome lacks %s: %q", must, last.Text)
			}
		}
		if got := w.send(conversation.Send{Person: p}); got.Verdict.Action != channel.Send {
			t.Errorf("after START: %+v", got)
		}
	})
}

func TestWordsThatMayBeAnOptOutWaitForAPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.arrives(p, channel.Received{InboundID: "inb_doubt", From: maria, Text: "how do I cancel"})
		c := w.conversation(p)
		if !c.NeedsReview || c.Status != conversation.Open || len(w.outbox.order) != 0 {
			t.Errorf("got %+v, %d messages out", c, len(w.outbox.order))
		}
		if got := w.send(conversation.Send{Person: p}); got.Verdict.Action != channel.Drop {
			t.Errorf("marketing left: %+v", got)
		}
		if _, err := w.reply(p, "The order or the texts?"); err != nil {
			t.Errorf("an agent may answer what may have been a question: %v", err)
		}
		w.clock.Skip(time.Minute)
		w.drain()
		if left := w.outbox.leave(10); len(left) != 1 || len(w.settled) != 0 {
			t.Errorf("%d left; the bot was told %d times", len(left), len(w.settled))
		}
		w.says(p, maria, "STOP")
		if _, err := w.reply(p, "Sorry to see you go"); errs.CodeOf(err) != "opted_out" {
			t.Errorf("after a clear STOP: %v", err)
		}
	})
}

func TestABotHearsWhenThePersonHasFinished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "Hi")
		w.clock.Skip(5 * time.Second)
		w.says(p, maria, "where is")
		w.clock.Skip(5 * time.Second)
		w.says(p, maria, "my order")
		if len(w.settled) != 0 {
			t.Fatal("it was told amid the writing")
		}
		w.clock.Skip(8 * time.Second)
		w.drain()
		if len(w.settled) != 1 || w.settled[0].Text != "Hi\nwhere is\nmy order" || len(w.settled[0].Messages) != 3 {
			t.Errorf("got %+v", w.settled)
		}
		w.clock.Skip(time.Minute)
		w.says(p, maria, "STOP")
		w.clock.Skip(time.Minute)
		w.drain()
		if len(w.settled) != 1 {
			t.Error("an opt-out reached the bot")
		}
	})
}

func TestTwoMachinesStopAnsweringEachOther(t *testing.T) { // I38
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		for range 20 {
			w.says(p, maria, "HELP")
			w.clock.Skip(5 * time.Second)
		}
		w.outbox.leave(100)
		if n := len(w.outbox.left); n != 3 {
			t.Errorf("%d automatic answers in 100 seconds", n)
		}
	})
}

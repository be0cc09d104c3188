package channel_test

import (
	"context"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

func TestAMessageLeavesAndItsReceiptsComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		w.run()
		m := w.delivery("Hello")
		w.enqueue(m)
		w.untilState(m.Message, channel.StateSent)
		a := w.fake.Journal()[0]
		if a.Body != "Hello" || a.To != customer {
			t.Errorf("the provider took %+v", a)
		}
		must(t, w.fake.Call(a, "delivered", ""))
		must(t, w.fake.Call(a, "sent", ""))
		must(t, w.fake.Call(a, "delivered", ""))
		got := w.sent(m.Message)
		if got.State != channel.StateDelivered || got.ProviderID != a.SID {
			t.Errorf("after receipts in a wrong order (I8): %+v", got)
		}
	})
}

func TestAnUnclearAnswerIsUnknownUntilThereIsEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.Looks = []time.Duration{time.Hour} })
		w.run()
		for _, ending := range []twiliotest.Behaviour{{Then: twiliotest.Reset}, {Then: twiliotest.Error, Status: 500}, {Then: twiliotest.Half}, {Then: twiliotest.Silence}} {
			m := w.delivery("Hello")
			w.fake.Next(ending)
			w.enqueue(m)
			w.untilState(m.Message, channel.StateUnknown)
			page, err := w.service.Outbox(t.Context(), w.ws.ID, "unknown", "", 50)
			must(t, err)
			if len(page.Items) != 1 || page.Items[0].Message != m.Message {
				t.Errorf("not in view: %+v", page)
			}
			journal := w.fake.Journal()
			must(t, w.fake.Call(journal[len(journal)-1], "sent", ""))
			w.untilState(m.Message, channel.StateSent)
		}
		if n := w.fake.Requests(); n != 4 {
			t.Errorf("%d requests for 4 messages (I9)", n)
		}
	})
}

func TestAReplyOvertakesACampaign(t *testing.T) { // I19, PF5
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		settings := w.fake.Settings()
		settings["rate"] = "40"
		_, err := w.service.Update(t.Context(), w.actor, w.channel.ID, channel.Draft{Name: "sms", Settings: settings})
		must(t, err)
		var list []channel.Delivery
		for range 400 {
			list = append(list, w.delivery("campaign"))
		}
		w.enqueue(list...)
		w.run()
		w.until("the campaign to start", func() bool { return w.fake.Requests() > 5 })
		reply := w.delivery("reply")
		reply.Priority, reply.Kind, reply.Purpose = channel.PriorityReply, "reply", "support"
		queued := time.Now()
		w.enqueue(reply)
		w.untilState(reply.Message, channel.StateSent)
		if waited := time.Since(queued); waited > 2*time.Second {
			t.Errorf("the reply waited %s", waited)
		}
		if n := w.fake.Requests(); n > 200 {
			t.Errorf("%d messages of the campaign went first", n)
		}
	})
}

func TestAStoppingNodeGivesBackWhatItClaimed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		settings := w.fake.Settings()
		settings["rate"] = "100"
		_, err := w.service.Update(t.Context(), w.actor, w.channel.ID, channel.Draft{Name: "sms", Settings: settings})
		must(t, err)
		var list []channel.Delivery
		for range 300 {
			list = append(list, w.delivery("campaign"))
		}
		w.enqueue(list...)
		w.run()
		w.until("some to be sent", func() bool { return w.fake.Requests() > 20 })
		w.stop()
		states := map[channel.State]int{}
		for _, m := range list {
			states[w.sent(m.Message).State]++
		}
		if states[channel.StateSent] != w.fake.Requests() || states[channel.StateQueued] != 300-w.fake.Requests() {
			t.Errorf("%d requests, stored %v", w.fake.Requests(), states)
		}
	})
}

func TestTwoNodesSendEachMessageOnce(t *testing.T) { // I9, I23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.Postgres {
			return // SQLite has one process
		}
		w := newWorld(t, d, func(o *channel.Options) { o.Node, o.Lease = "a", time.Second })
		second := w.options
		second.Node = "b"
		other := channel.New(withMailbox(w), second)
		var list []channel.Delivery
		for range 600 {
			list = append(list, w.delivery("campaign"))
		}
		w.enqueue(list[:300]...)
		w.run()
		w.runService(other)
		w.until("some to be sent", func() bool { return w.fake.Requests() > 100 })
		w.stop() // the other takes over
		w.enqueue(list[300:]...)
		w.until("all to be sent", func() bool {
			got, err := w.service.DeliveryStatus(t.Context(), d, w.ws.ID, ids(list))
			must(t, err)
			for _, s := range got {
				if s.State != channel.StateSent {
					return false
				}
			}
			return len(got) == len(list)
		})
		if n := w.fake.Requests(); n != len(list) {
			t.Errorf("%d requests for %d messages", n, len(list))
		}
	})
}

func TestAStopAtAnotherNodeEndsWhatWaitsForASlowSender(t *testing.T) { // I13: within a second, however slow the sender is
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.Postgres {
			return // SQLite has one process
		}
		w := newWorld(t, d, nil)
		settings := w.fake.Settings()
		settings["rate"] = "1"
		_, err := w.service.Update(t.Context(), w.actor, w.channel.ID, channel.Draft{Name: "sms", Settings: settings})
		must(t, err)
		long, short := w.delivery("a long text, after which the sender rests"), w.delivery("a text in its turn")
		long.Segments, short.Purpose, short.To = 4, string(people.Marketing), "+12125550143"
		w.run()
		w.enqueue(long)
		w.untilState(long.Message, channel.StateSent)
		w.enqueue(short)
		w.untilState(short.Message, channel.StateSending)
		w.mu.Lock()
		w.verdict = func(channel.Claim) channel.Verdict { return channel.Verdict{Action: channel.Drop, Code: "suppressed"} }
		w.mu.Unlock()
		elsewhere := people.New(people.Deps{DB: d, Clock: w.clock, IDs: w.ids, Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "US", nil }})
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := elsewhere.RecordConsentTx(t.Context(), tx, people.Consent{Workspace: w.ws.ID, Medium: people.SMS, Address: short.To, Action: people.Revoke,
				Source: people.ByKeyword, Actor: "person", Proof: people.Proof{Method: "text", Text: "STOP"}})
			return err
		}))
		w.untilState(short.Message, channel.StateDropped) // by the gate, which is asked again
		if n := w.fake.Requests(); n != 1 {
			t.Errorf("%d requests: the text left after the STOP", n)
		}
	})
}

func TestANodeThatEndsWellLetsGoOfItsSenders(t *testing.T) { // I19: a reply does not wait for a lease
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.Node, o.Lease = "a", time.Hour })
		w.run()
		first := w.delivery("before")
		w.enqueue(first)
		w.untilState(first.Message, channel.StateSent)
		w.stop()
		second := w.options
		second.Node = "b"
		w.runService(channel.New(withMailbox(w), second))
		reply := w.delivery("after")
		w.enqueue(reply)
		w.untilState(reply.Message, channel.StateSent)
	})
}

func ids(list []channel.Delivery) []channel.MessageID {
	out := make([]channel.MessageID, len(list))
	for i, d := range list {
		out[i] = d.Message
	}
	return out
}

// withMailbox are the dependencies of another node: a mailbox takes each handler once.
func withMailbox(w *world) channel.Deps {
	deps := w.deps
	deps.Mailbox = mailbox.New(w.d, w.clock, w.ids, mailbox.Options{})
	return deps
}

func TestABadAccountStopsTheChannelAndKeepsItsQueue(t *testing.T) { // I12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		w.run()
		w.fake.Always(&twiliotest.Behaviour{Reject: 401, Code: 20003})
		w.enqueue(w.delivery("one"))
		w.until("the channel to stop", func() bool {
			c, err := w.service.Channel(t.Context(), d, w.ws.ID, w.channel.ID)
			must(t, err)
			return c.State == channel.ChannelError
		})
		time.Sleep(300 * time.Millisecond) // what was claimed while the refusal was being stored is refused too
		requests := w.fake.Requests()
		two := w.delivery("two")
		w.enqueue(two)
		w.fake.Always(nil)
		if got := w.sent(two.Message); got.State != channel.StateQueued || w.fake.Requests() != requests {
			t.Errorf("while stopped: %+v, %d requests more", got, w.fake.Requests()-requests)
		}
		_, err := w.service.Update(t.Context(), w.actor, w.channel.ID, channel.Draft{Name: "sms", Settings: w.fake.Settings()})
		must(t, err)
		w.untilState(two.Message, channel.StateSent)
	})
}

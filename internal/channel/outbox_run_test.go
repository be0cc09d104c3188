package channel_test

import (
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db"
	"parley/internal/db/dbtest"
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

package channel_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/people"
)

func TestATextDeliveredOftenAtOnceIsOneText(t *testing.T) { // I2
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		form := url.Values{"MessageSid": {"SM1"}, "From": {customer}, "To": {twiliotest.Number}, "Body": {"Hello"}}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := w.service.Webhook(t.Context(), "era", "sms", signedForm(w.hooks.URL+"/hooks/era/sms", form)); err != nil {
					t.Errorf("a repeated text is not answered with success: %v", err)
				}
			})
		}
		group.Wait()
		got := w.inbox()
		if len(got) != 1 || got[0].Text != "Hello" || got[0].From != customer || got[0].ChannelID != w.channel.ID || got[0].Created {
			t.Errorf("received %+v", got)
		}
	})
}

func TestAForgedRequestLeavesNoTrace(t *testing.T) { // I4
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		form := url.Values{"MessageSid": {"SM1"}, "From": {"+15550100077"}, "Body": {"STOP"}, "NumMedia": {"1"}, "MediaUrl0": {w.fake.URL + "/x"}}
		req := signedForm(w.hooks.URL+"/hooks/era/sms", form)
		req.Body = append(req.Body, "&x=1"...)
		if _, err := w.service.Webhook(t.Context(), "era", "sms", req); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("want forbidden, got %v", err)
		}
		for _, table := range []string{"inbound", "media", "mailbox_item"} {
			var n int
			must(t, d.QueryRow(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
		if found, err := w.people.Find(t.Context(), d, w.ws.ID, people.Identity{Kind: people.Phone, Value: "+15550100077"}); err != nil || found != "" {
			t.Errorf("a person was made: %s, %v", found, err)
		}
	})
}

func TestWhatCannotBeStoredIsNotAnsweredWithSuccess(t *testing.T) { // I3
	w := newWorld(t, dbtest.SQLite(t), nil)
	must(t, w.text("SM1", "before", nil))
	w.d.Close()
	if err := w.text("SM2", "after", nil); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("the webhook answered %v", err)
	}
}

func TestStopIsEffectiveWithItsAnswer(t *testing.T) { // I13, R-01, R-02, R-15
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		grant(t, w)
		steps := []struct {
			sid, text string
			more      url.Values
			allowed   bool
			intent    string
			answered  bool
		}{
			{"SM1", "hello", nil, true, "", false},
			{"SM2", "Stop", nil, false, "stop", false},
			{"SM3", "hello again", nil, false, "", false},
			{"SM4", "yes", nil, false, "", false},
			{"SM5", "START", nil, true, "start", false},
			{"SM6", "please take me off your list", nil, false, "stop", false},
			{"SM7", "UNSTOP", nil, true, "start", false},
			{"SM8", "Fin", url.Values{"OptOutType": {"STOP"}}, false, "stop", true},
		}
		for _, s := range steps {
			must(t, w.text(s.sid, s.text, s.more))
			if r := w.consent(people.Marketing); r.Allowed != s.allowed {
				t.Errorf("after %q: %+v", s.text, r)
			}
			got := w.inbox()
			if last := got[len(got)-1]; last.Intent != s.intent || last.Answered != s.answered || last.Text != s.text {
				t.Errorf("%q was told as %+v", s.text, last)
			}
		}
	})
}

func grant(t *testing.T, w *world) {
	t.Helper()
	must(t, w.d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := w.people.RecordConsentTx(t.Context(), tx, people.Consent{Workspace: w.ws.ID, Person: w.person, Address: customer, Purpose: people.Marketing,
			Action: people.Grant, Source: people.ByKeyword, Actor: "person", Disclosure: "Era texts you offers. Reply STOP to end."})
		return err
	}))
}

func TestTheProvidersOptOutIsARevocation(t *testing.T) { // R-08, I12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		w.run()
		grant(t, w)
		m := w.delivery("Hello")
		w.fake.Next(twiliotest.Behaviour{Reject: 400, Code: 21610})
		w.enqueue(m)
		if got := w.untilState(m.Message, channel.StateFailed); got.Code != "opted_out" || got.Provider != "21610" {
			t.Errorf("stored %+v", got)
		}
		if r := w.consent(people.Marketing); r.Allowed || r.Reason != "provider_blocked" {
			t.Errorf("consent after the refusal: %+v", r)
		}
		must(t, w.text("SM1", "START", nil))
		if r := w.consent(people.Marketing); !r.Allowed {
			t.Errorf("consent after START: %+v", r)
		}
		m = w.delivery("Hello")
		w.enqueue(m)
		w.untilState(m.Message, channel.StateSent)
		must(t, w.fake.Call(w.fake.Journal()[0], "undelivered", "21610"))
		if got := w.sent(m.Message); got.State != channel.StateFailed || got.Code != "opted_out" {
			t.Errorf("stored %+v", got)
		}
		if r := w.consent(people.Marketing); r.Allowed {
			t.Errorf("consent after the callback: %+v", r)
		}
		if n := w.fake.Requests(); n != 2 {
			t.Errorf("%d requests for two messages", n)
		}
	})
}

func TestPartsOfALongTextAreJoined(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		simulate(t, w)
		w.phones.SetDials(w.ws.ID, customer, sim.Dials{OutOfOrder: true, Duplicate: true})
		long := strings.Repeat("I ordered the red shoes last week. ", 12)
		must(t, w.phones.Send(t.Context(), sim.Text{Workspace: w.ws.ID, From: customer, To: simNumber, Text: long}))
		got := w.inbox()
		if len(got) != 1 || got[0].Text != long || !got[0].Simulated {
			t.Fatalf("received %+v", got)
		}
	})
}

const simNumber = "+15550100002"

// simulate adds a simulated channel.
func simulate(t *testing.T, w *world) channel.Channel {
	t.Helper()
	c, err := w.service.Create(t.Context(), w.actor, channel.Draft{Kind: sim.Kind, Name: "phones", Settings: map[string]string{"number": simNumber}})
	must(t, err)
	return c
}

func TestLatePartsDeliverWhatIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		simulate(t, w)
		must(t, w.service.Deliver(t.Context(), w.ws.ID, simID(t, w), channel.Intake{Inbound: []channel.Inbound{
			part("p3", 3, "end"), part("p1", 1, "begin "),
		}}))
		if n := len(w.inbox()); n != 0 {
			t.Fatal("a text was told before it was whole")
		}
		w.clock.Skip(3 * time.Minute)
		got := w.inbox()
		if len(got) != 1 || got[0].Text != "begin end" {
			t.Fatalf("after two minutes: %+v", got)
		}
		must(t, w.service.Deliver(t.Context(), w.ws.ID, simID(t, w), channel.Intake{Inbound: []channel.Inbound{part("p2", 2, "middle ")}}))
		w.clock.Skip(3 * time.Minute)
		if got = w.inbox(); len(got) != 2 || got[1].Text != "middle " {
			t.Errorf("the late part: %+v", got)
		}
	})
}

func part(id string, seq int, text string) channel.Inbound {
	return channel.Inbound{ProviderID: id, From: customer, To: simNumber, Text: text, Raw: []byte(text), Concat: &channel.Concat{Ref: 9, Total: 3, Seq: seq}}
}

func simID(t *testing.T, w *world) channel.ID {
	t.Helper()
	list, err := w.service.Channels(t.Context(), w.d, w.ws.ID)
	must(t, err)
	for _, c := range list {
		if c.Kind == sim.Kind {
			return c.ID
		}
	}
	t.Fatal("no simulated channel")
	return ""
}

func TestMissedTextsAreFoundOnce(t *testing.T) { // I7
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		heard := w.fake.Receive(customer, twiliotest.Number, "heard")
		must(t, w.text(heard, "heard", nil))
		missed := w.fake.Receive(customer, twiliotest.Number, "missed")
		w.clock.Skip(5 * time.Minute)
		must(t, w.service.Backfill(t.Context()))
		w.clock.Skip(5 * time.Minute)
		must(t, w.service.Backfill(t.Context()))
		must(t, w.text(missed, "missed", nil)) // its webhook comes after all
		var texts []string
		for _, r := range w.inbox() {
			texts = append(texts, fmt.Sprint(r.Text, r.Backfilled))
		}
		if strings.Join(texts, " ") != "heardfalse missedtrue" {
			t.Errorf("received %v", texts)
		}
	})
}

func TestFilesAreFetchedAndKeptByWhatTheyAre(t *testing.T) { // I31, I36
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.MaxMedia = 1000 })
		png := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 100)
		must(t, w.text("MM1", "", url.Values{"NumMedia": {"4"},
			"MediaUrl0": {w.fake.Put("MM1", "ME1", "text/html", []byte(png))}, "MediaContentType0": {"text/html"},
			"MediaUrl1": {w.fake.Put("MM1", "ME2", "image/png", []byte("<html><script>alert(1)</script>"))}, "MediaContentType1": {"image/png"},
			"MediaUrl2": {w.fake.Put("MM1", "ME3", "image/png", []byte(strings.Repeat("x", 1001)))}, "MediaContentType2": {"image/png"},
			"MediaUrl3": {"http://127.0.0.1:9/latest/meta-data"}, "MediaContentType3": {"image/png"}}))
		media := w.inbox()[0].Media
		if len(media) != 4 {
			t.Fatalf("files %+v", media)
		}
		if _, err := w.service.File(t.Context(), w.ws.ID, media[0].ID); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("a file that is still to be fetched: %v", err)
		}
		_, err := w.service.FetchFiles(t.Context())
		must(t, err)
		for i, want := range []string{"image/png", "text/html; charset=utf-8"} {
			got, err := w.service.File(t.Context(), w.ws.ID, media[i].ID)
			if err != nil || got.ContentType != want {
				t.Errorf("file %d is %q, %v", i, got.ContentType, err)
			}
		}
		for _, i := range []int{2, 3} {
			if _, err := w.service.File(t.Context(), w.ws.ID, media[i].ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("file %d: %v", i, err)
			}
		}
		if _, err := w.service.File(t.Context(), "ws_other", media[0].ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another workspace reads the file (I27): %v", err)
		}
		if _, err := w.service.File(t.Context(), w.ws.ID, "../../secret.key"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a path for an id: %v", err)
		}
	})
}

func TestNumbersThatAreNoneAreStillHeard(t *testing.T) { // I6
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		for i, from := range []string{"24365", "AMAZON", "+1", "", "+15550100043"} {
			must(t, w.text(fmt.Sprintf("SM%d", i), "Hi", url.Values{"From": {from}}))
		}
		if got := w.inbox(); len(got) != 5 {
			t.Errorf("received %d of 5", len(got))
		}
	})
}

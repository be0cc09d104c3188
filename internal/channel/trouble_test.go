package channel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/org"
	"parley/internal/people"
)

// asTwilio makes the model's provider speak Twilio's error codes.
func (m *model) asTwilio() {
	_, err := m.s.accounts.get(m.t.Context(), m.ws, m.channel)
	must(m.t, err)
	m.s.accounts.opened[accountKey(m.ws, m.channel)].Kind = "twilio"
}

// carriers runs a scene on every engine with a provider that speaks Twilio's codes.
func carriers(t *testing.T, scene func(t *testing.T, m *model)) {
	t.Helper()
	directed(t, func(t *testing.T, m *model) {
		m.asTwilio()
		scene(t, m)
	})
}

// fail has the provider take the message and report its failure with a code, by a status callback.
func (m *model) fail(id MessageID, code string) Sent {
	m.t.Helper()
	m.claimAll(100)
	m.sendAll(taken)
	return m.report(id, StatusFailed, code)
}

func (m *model) report(id MessageID, status Status, code string) Sent {
	m.t.Helper()
	u := StatusUpdate{Attempt: AttemptOf(id, m.stored(id).Attempt), ProviderID: "p1", Status: status, ProviderCode: code}
	must(m.t, m.s.take(m.t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{u, u}}))
	must(m.t, m.s.take(m.t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{u}})) // providers repeat themselves
	return m.stored(id)
}

func (m *model) reading(to string) people.Reading {
	m.t.Helper()
	r, err := m.people.Consent(m.t.Context(), m.d, m.ws, people.ConsentQuery{Address: to, Purpose: people.Marketing})
	must(m.t, err)
	return r
}

// agree has the holder of a number agree to marketing.
func (m *model) agree(to string) {
	m.t.Helper()
	must(m.t, m.d.Tx(m.t.Context(), func(tx *db.Tx) error {
		_, err := m.people.RecordConsentTx(m.t.Context(), tx, people.Consent{Workspace: m.ws, Person: "per_1", Address: to, Purpose: people.Marketing,
			Action: people.Grant, Source: people.ByKeyword, Disclosure: "Texts from Era", Proof: people.Proof{Keyword: "JOIN"}})
		return err
	}))
}

// pass lets time go by in steps shorter than a gap.
func (m *model) pass(d time.Duration) {
	for ; d > 0; d -= 30 * time.Minute {
		m.clock.Skip(min(d, 30*time.Minute))
		must(m.t, m.s.outbox.beat(m.t.Context()))
	}
}

func (m *model) health() Health {
	m.t.Helper()
	h, err := m.s.Health(m.t.Context(), m.ws, m.channel)
	must(m.t, err)
	return h
}

func (m *model) trouble(code string) Trouble {
	for _, t := range m.health().Troubles {
		if t.Code == code {
			return t
		}
	}
	return Trouble{}
}

// 21211, 21614, 21604, 30005, 30006, whether the provider says it at once or later.
func TestADeadNumberIsUnreachableAndKeepsItsConsent(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		for i, code := range []string{"21211", "21614", "21604", "30005", "30006"} {
			for j, late := range []bool{false, true} {
				to := number(10 + 2*i + j)
				m.agree(to)
				id := m.put(Delivery{To: to})
				if late {
					m.fail(id, code)
				} else {
					m.claimAll(1)
					m.sendAll(func(Outgoing) (Receipt, error) {
						return Receipt{}, &Failure{Policy: Never, Code: "bad_number", ProviderCode: code, Text: "No such number"}
					})
				}
				got, r := m.stored(id), m.reading(to)
				if got.State != StateFailed || got.Code != "bad_number" {
					t.Errorf("%s late=%v: stored %+v", code, late, got)
				}
				if r.Allowed || r.Reason != "unreachable" || r.State != string(people.Granted) {
					t.Errorf("%s late=%v: consent reads %+v", code, late, r)
				}
			}
		}
		must(t, m.s.take(t.Context(), m.ws, m.channel, Intake{Inbound: []Inbound{{ProviderID: "in9", From: number(10), To: number(9), Text: "Hi", Raw: []byte("Hi")}}}))
		if r := m.reading(number(10)); !r.Allowed {
			t.Errorf("after the holder wrote: %+v", r)
		}
	})
}

// 30003.
func TestThreeMessagesToAPhoneThatIsOffMakeItUnreachable(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		for n := 1; n <= 3; n++ {
			id := m.put(Delivery{})
			for range 3 {
				m.fail(id, "30003")
				m.pass(13 * time.Hour)
			}
			if got := m.stored(id); got.State != StateFailed || got.Attempt != 3 {
				t.Errorf("message %d: %+v", n, got)
			}
			if r := m.reading(number(0)); r.Allowed != (n < 3) || n == 3 && r.Reason != "unreachable" {
				t.Errorf("after message %d: %+v", n, r)
			}
		}
	})
}

func TestStrikesAreForgottenAfterAMonth(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		for range 3 {
			m.fail(m.put(Delivery{ExpiresAt: m.clock.Now().Add(time.Hour)}), "30003")
			m.pass(16 * 24 * time.Hour)
		}
		if r := m.reading(number(0)); !r.Allowed {
			t.Errorf("three failures in 32 days: %+v", r)
		}
	})
}

// 30004.
func TestASecondBlockOfACarrierEndsTextsToTheNumber(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		if got := m.fail(m.put(Delivery{}), "30004"); got.State != StateFailed || got.Code != "blocked" {
			t.Errorf("stored %+v", got)
		}
		if r := m.reading(number(0)); !r.Allowed {
			t.Errorf("after the first block: %+v", r)
		}
		m.fail(m.put(Delivery{}), "30004")
		if r := m.reading(number(0)); r.Allowed || r.Reason != "unreachable" || r.State != string(people.Granted) {
			t.Errorf("after the second block: %+v", r)
		}
	})
}

// 30007 is never sent again; 50 of a source, or 2 % of it, stop its bulk until a person resumes the channel.
func TestASourceThatCarriersFilterWaitsForAPerson(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		bulk := func(i int) Delivery {
			return Delivery{To: number(i), Kind: "journey", Source: "journey:jrn_1/first"}
		}
		var ids []MessageID
		for i := range 100 {
			ids = append(ids, m.put(bulk(i)))
		}
		m.claimAll(100)
		m.sendAll(taken)
		must(t, m.s.flushHealth(t.Context()))
		if got := m.report(ids[0], StatusFailed, "30007"); got.State != StateFailed || got.Code != "filtered" {
			t.Errorf("stored %+v", got)
		}
		if tr := m.trouble("filtered"); tr.Stops || tr.Count != 1 || tr.Source != "journey:jrn_1/first" || tr.Text == "" || tr.Do == "" {
			t.Errorf("after one of a hundred: %+v", tr)
		}
		m.report(ids[1], StatusFailed, "30007")
		if tr := m.trouble("filtered"); !tr.Stops || tr.Count != 2 {
			t.Errorf("after two of a hundred: %+v", tr)
		}
		held, other := m.put(bulk(200)), m.put(Delivery{To: number(201), Kind: "journey", Source: "journey:jrn_1/second"})
		reply := m.put(Delivery{To: number(202), Kind: "reply", Purpose: "support"})
		m.claimAll(100)
		if handed := m.sendAll(taken); len(handed) != 2 {
			t.Errorf("handed over %v, want %s and %s", handed, other, reply)
		}
		if got := m.stored(held); got.State != StateHeld || got.Code != heldSource || got.Attempt != 0 {
			t.Errorf("stored %+v", got)
		}
		if h := m.health(); h.Held != 1 {
			t.Errorf("%d held", h.Held)
		}
		must(t, m.s.Resume(t.Context(), org.System(m.ws), m.channel))
		m.asTwilio()
		m.claimAll(100)
		if handed := m.sendAll(taken); len(handed) != 1 || handed[0] != held {
			t.Errorf("after it was resumed: %v", handed)
		}
		m.pass(time.Minute)
		if got := m.report(held, StatusFailed, "30007"); got.State != StateFailed {
			t.Errorf("stored %+v", got)
		}
		if tr := m.trouble("filtered"); tr.Stops {
			t.Errorf("what was filtered before a person resumed the channel counts no more: %+v", tr)
		}
	})
}

func TestManyFilteredMessagesStopASourceWhateverItsSize(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.s.o.Thresholds.FilteredMessages = 3
		for i := range 3 {
			if tr := m.trouble("filtered"); tr.Stops {
				t.Errorf("stopped after %d", i)
			}
			m.fail(m.put(Delivery{To: number(i), Kind: "campaign"}), "30007")
		}
		if tr := m.trouble("filtered"); !tr.Stops || tr.Source != "campaign" {
			t.Errorf("after three: %+v", tr)
		}
		m.start() // another node learns it from the table
		must(t, m.s.learnStops(t.Context()))
		m.asTwilio()
		m.pass(time.Minute)
		id := m.put(Delivery{To: number(9), Kind: "campaign"})
		m.claimAll(10)
		if got := m.stored(id); got.State != StateHeld {
			t.Errorf("at another node: %+v", got)
		}
	})
}

// 30008 and 30410.
func TestWhatWasLostIsRepeatedOnceIfThatIsHarmless(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		for _, code := range []string{"30008", "30410"} {
			order := m.put(Delivery{Purpose: "transactional", Kind: "journey"})
			if got := m.fail(order, code); got.State != StateQueued {
				t.Errorf("%s: an order's news: %+v", code, got)
			}
			m.pass(10 * time.Minute)
			if got := m.fail(order, code); got.State != StateFailed || got.Attempt != 2 {
				t.Errorf("%s: the second time: %+v", code, got)
			}
			for _, d := range []Delivery{{Kind: "campaign"}, {Purpose: "support", Kind: "compliance"}, {Purpose: "cart", Kind: "journey"}} {
				if got := m.fail(m.put(d), code); got.State != StateFailed || got.Attempt != 1 {
					t.Errorf("%s: %+v: %+v", code, d, got)
				}
			}
		}
	})
}

// 30001 and 21611 by callback, and the rate codes: the sender is silent, and goes on by itself.
func TestAFullQueueOrAnExceededRateSlowsTheSender(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		for _, code := range []string{"30001", "21611", "20429", "14107", "30022"} {
			id := m.put(Delivery{})
			if got := m.fail(id, code); got.State != StateQueued || got.Until.Sub(m.clock.Now()) < backPressure {
				t.Errorf("%s: %+v", code, got)
			}
			l := m.lane()
			due := [priorities]bool{true, true, true}
			if n, _ := l.room(0, m.clock.Now(), due); n != 0 {
				t.Errorf("%s: the sender would claim %d more at once", code, n)
			}
			m.pass(10 * time.Minute)
			if n, _ := l.room(0, m.clock.Now(), due); n == 0 {
				t.Errorf("%s: the sender stays silent", code)
			}
			m.claimAll(10)
			m.sendAll(taken)
			if got := m.stored(id); got.State != StateSent {
				t.Errorf("%s: after the pause: %+v", code, got)
			}
		}
	})
}

// 30023 and 30027 hold what is known to be the carrier's until midnight Pacific; 30025 and 30026 tell the team.
func TestACarriersDayIsWaitedFor(t *testing.T) {
	midnight := clock.From(time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)) // of the Pacific, and noon UTC of the 2nd is now
	carriers(t, func(t *testing.T, m *model) {
		for _, code := range []string{"30025", "30026"} {
			id := m.put(Delivery{})
			m.claimAll(1)
			m.sendAll(taken)
			if got := m.report(id, StatusDelivered, code); got.State != StateDelivered {
				t.Errorf("%s: %+v", code, got)
			}
			if tr := m.trouble("carrier_warning"); tr.Provider != code || tr.Stops || tr.Text == "" {
				t.Errorf("%s: %+v", code, tr)
			}
		}
		for i, code := range []string{"30023", "30027"} {
			to := number(20 + i)
			if got := m.fail(m.put(Delivery{To: to}), code); got.State != StateQueued || got.Until != midnight {
				t.Errorf("%s: %+v", code, got)
			}
			if tr := m.trouble("carrier_day_cap"); !tr.Stops || tr.Until != midnight {
				t.Errorf("%s: %+v", code, tr)
			}
			same, other := m.put(Delivery{To: to, Purpose: "support", Kind: "reply"}), m.put(Delivery{To: number(30 + i)})
			m.claimAll(100)
			if handed := m.sendAll(taken); len(handed) != 1 || handed[0] != other {
				t.Errorf("%s: handed over %v, want only %s", code, handed, other)
			}
			if got := m.stored(same); got.State != StateQueued || got.Until != midnight || got.Code != "carrier_day_cap" {
				t.Errorf("%s: %+v", code, got)
			}
		}
		m.pass(20*time.Hour + time.Minute)
		m.claimAll(100)
		if handed := m.sendAll(taken); len(handed) != 4 {
			t.Errorf("after midnight: %v", handed)
		}
	})
}

// R-35, I12: 30032 and 30034.
func TestAnUnregisteredSenderIsBlockedUntilSomebodyResumesIt(t *testing.T) {
	for _, code := range []string{"30032", "30034"} {
		carriers(t, func(t *testing.T, m *model) {
			id, next := m.put(Delivery{}), m.put(Delivery{To: number(1)})
			m.claimAll(1)
			m.sendAll(taken)
			if got := m.report(id, StatusFailed, code); got.State != StateQueued || got.Code != "sender_refused" {
				t.Errorf("stored %+v", got)
			}
			c, err := m.s.Channel(t.Context(), m.d, m.ws, m.channel)
			must(t, err)
			if c.State != ChannelError || !strings.HasPrefix(c.Reason, "sender_refused: ") || !strings.Contains(c.Reason, "at the provider") {
				t.Errorf("the channel is %s: %s", c.State, c.Reason)
			}
			if m.s.accounts.open(t.Context(), m.ws, m.channel) != nil {
				t.Error("the channel still sends")
			}
			if got := m.stored(next); got.State != StateQueued {
				t.Errorf("the next message: %+v", got)
			}
			must(t, m.s.Resume(t.Context(), org.System(m.ws), m.channel))
			c, err = m.s.Channel(t.Context(), m.d, m.ws, m.channel)
			must(t, err)
			if c.State != ChannelActive || c.Reason != "" {
				t.Errorf("resumed, the channel is %s: %s", c.State, c.Reason)
			}
			m.claimAll(10)
			if handed := m.sendAll(taken); len(handed) != 2 {
				t.Errorf("resumed, it hands over %v", handed)
			}
		})
	}
}

// 30011 and 30019.
func TestAPictureThatCannotArriveGoesAsALinkOnce(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		for _, code := range []string{"30011", "30019"} {
			id := m.put(Delivery{Media: []MediaRef{{URL: "https://era.example/m/1.jpg", ContentType: "image/jpeg"}}})
			if got := m.fail(id, code); got.State != StateQueued {
				t.Fatalf("%s: %+v", code, got)
			}
			m.claimAll(1)
			var out []Outgoing
			m.sendAll(func(o Outgoing) (Receipt, error) { out = append(out, o); return taken(o) })
			if len(out) != 1 || out[0].Text != "Hello\nhttps://era.example/m/1.jpg" || len(out[0].Media) != 0 || out[0].Segments != 1 {
				t.Errorf("%s: sent %+v", code, out)
			}
			if got := m.report(id, StatusFailed, code); got.State != StateFailed {
				t.Errorf("%s: the second time: %+v", code, got)
			}
		}
	})
}

// 21617 fails for the author to see; 21408 and 30018 also show on the channel. Neither touches the number.
func TestWhatTheAuthorOrTheAccountMustChangeIsSaid(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		for code, want := range map[string]string{"21617": "too_long", "21408": "country_not_enabled", "30018": "country_not_enabled"} {
			id := m.put(Delivery{})
			m.claimAll(1)
			m.sendAll(func(Outgoing) (Receipt, error) {
				return Receipt{}, &Failure{Policy: Never, Code: "refused", ProviderCode: code, Text: "No"}
			})
			if got := m.stored(id); got.State != StateFailed || got.Code != want || got.Provider != code || got.Reason == "" {
				t.Errorf("%s: %+v", code, got)
			}
			if tr := m.trouble("country_not_enabled"); want == "country_not_enabled" && (tr.Provider != code || tr.Do == "" || tr.Stops) {
				t.Errorf("%s: %+v", code, tr)
			}
		}
		if r := m.reading(number(0)); !r.Allowed {
			t.Errorf("the number reads %+v", r)
		}
		m.pass(8 * 24 * time.Hour)
		if list := m.health().Troubles; len(list) != 0 {
			t.Errorf("a week later: %+v", list)
		}
	})
}

// what the table does not know fails the message and suppresses nobody.
func TestAnUnknownCodeFailsTheMessageAlone(t *testing.T) {
	carriers(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		for n := range 5 {
			if got := m.fail(m.put(Delivery{}), fmt.Sprintf("3990%d", n)); got.State != StateFailed || got.Code != "undelivered" {
				t.Errorf("stored %+v", got)
			}
		}
		if r := m.reading(number(0)); !r.Allowed {
			t.Errorf("the number reads %+v", r)
		}
		if list := m.health().Troubles; len(list) != 0 {
			t.Errorf("troubles %+v", list)
		}
	})
}

package faulttest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/journey/shipped"
)

// points are the names of all kill points, read from the source, so that a new one is walked without being listed.
func points(t *testing.T) []string {
	t.Helper()
	hit := regexp.MustCompile(`aults\.Hit\("([a-z_]+)"\)`)
	var out []string
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range hit.FindAllStringSubmatch(string(raw), -1) {
			if !strings.HasSuffix(f, "_test.go") && !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	if len(out) < 8 {
		t.Fatalf("found only the points %v; the reading of the source is broken", out)
	}
	return out
}

// tale is the first story of the product: a cart is left, reminded of, asked about, and bought.
type tale struct {
	*brand
	t     *testing.T
	n     *process
	env   []string // of the first process of each chapter
	fired int
	phone string
	token string
	offer string
}

// chapter lets time pass while the program is down, and starts it with the fault armed.
func (s *tale) chapter(pass time.Duration) {
	s.t.Helper()
	if s.n != nil {
		s.end()
	}
	s.clock += pass
	if s.n = s.start(s.env...); s.n == nil {
		s.fired++
		s.n = s.start()
	}
}

// end stops the program; the fault may be faster.
func (s *tale) end() {
	s.t.Helper()
	s.alive()
	if s.n.stop(s.t); s.n.code() == killedByFault {
		s.fired++
	}
}

// alive starts the program again when the fault ended it. It fails the test when it ended for another reason.
func (s *tale) alive() {
	s.t.Helper()
	for !s.n.alive() {
		if s.n.code() != killedByFault {
			s.t.Fatalf("the program ended with %d: %v\n%s", s.n.code(), s.n.err, s.n.words())
		}
		s.fired++
		s.n = s.start()
	}
}

// insist does something until it succeeds, as a provider or a person at a screen does.
func (s *tale) insist(what string, do func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !do(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within 30 s: %s; sent: %q\n%s", what, s.sent(s.phone), s.n.words())
		}
		s.alive()
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *tale) ask(method, path string, body, into any) {
	s.t.Helper()
	s.insist(method+" "+path, func() bool {
		status, _, err := s.try(method, path, body, into)
		return err == nil && status < 300
	})
}

// checkout is the shop's news about the cart.
func (s *tale) checkout() map[string]any {
	stamp := s.now().Format(time.RFC3339)
	return map[string]any{"id": 1, "token": s.token, "cart_token": "cart-" + s.token, "created_at": stamp, "updated_at": stamp, "currency": "USD",
		"total_price": "128.00", "abandoned_checkout_url": "https://fashion-era.example/checkouts/" + s.token,
		"line_items":          []any{map[string]any{"title": "Linen dress", "quantity": 1, "price": "128.00", "product_id": 1}},
		"sms_marketing_phone": s.phone, "shipping_address": map[string]any{"first_name": "Maria", "province_code": "NY", "zip": "10001", "country_code": "US"},
		"customer": map[string]any{"id": s.phone[2:], "first_name": "Maria", "phone": s.phone,
			"sms_marketing_consent": map[string]any{"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": stamp}}}
}

func (s *tale) person() string {
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	s.ask("GET", "/people?q="+s.phone[2:], nil, &page)
	if len(page.Items) != 1 {
		s.t.Fatalf("%d people have the number %s", len(page.Items), s.phone)
	}
	return page.Items[0].ID
}

func (s *tale) cart() (state string) {
	var carts struct {
		Items []struct {
			State string `json:"state"`
		} `json:"items"`
	}
	s.ask("GET", "/people/"+s.person()+"/carts", nil, &carts)
	if len(carts.Items) != 1 {
		s.t.Fatalf("%d carts, want 1", len(carts.Items))
	}
	return carts.Items[0].State
}

// outgoing is a message of the thread as the API shows it.
type outgoing struct {
	ID        string `json:"id"`
	Direction string `json:"kind"`
	Seq       int64  `json:"seq"`
	Text      string `json:"text"`
	State     string `json:"state"`
	Reason    struct {
		Code string `json:"code"`
	} `json:"reason"`
}

// reached says whether the provider has it.
func (m outgoing) reached() bool {
	return m.State == "sent" || m.State == "delivered" || m.State == "read"
}

func (s *tale) thread(direction string) []outgoing {
	var page struct {
		Items []outgoing `json:"items"`
	}
	s.ask("GET", "/conversations/"+s.person()+"/messages?filter=messages", nil, &page)
	return slices.DeleteFunc(page.Items, func(m outgoing) bool { return m.Direction != direction })
}

// settled waits until nothing of the thread is on its way.
func (s *tale) settled(want int) []outgoing {
	var out []outgoing
	s.insist(fmt.Sprintf("%d messages are settled", want), func() bool {
		out = s.thread("out")
		return len(out) == want && !slices.ContainsFunc(out, func(m outgoing) bool { return m.State == "queued" || m.State == "sending" || m.State == "undo" })
	})
	return out
}

// tell lives the story through.
func (s *tale) tell() {
	s.chapter(0)
	s.insist("the checkout is stored", func() bool { return s.shop("checkouts/update", "c-"+s.token, s.checkout()) == 200 })
	s.settled(1) // the question of the opt-in
	s.insist("the YES is stored", func() bool { return s.text("SM-yes-"+s.token, s.phone, "Yes")/100 == 2 })
	s.settled(2) // welcome
	s.chapter(31 * time.Minute)
	s.settled(3) // the reminder
	s.insist("the question is stored", func() bool { return s.text("SM-q-"+s.token, s.phone, "shipping is too expensive for me")/100 == 2 })
	s.insist("the question is in the thread", func() bool { return len(s.thread("in")) == 2 })
	s.chapter(10 * time.Minute)
	s.known()
	end := "recovered"
	if reminder := s.thread("out")[2]; !reminder.reached() {
		end = "bought" // without us: the reminder was cut off before it left
	} else {
		s.insist("the cart is being recovered", func() bool { return s.cart() == "recovering" })
	}
	var code struct {
		Code string `json:"code"`
	}
	s.ask("POST", "/people/"+s.person()+"/codes", map[string]any{"offer_id": s.offer, "cart_token": s.token}, &code)
	seq := int64(0)
	for _, m := range append(s.thread("in"), s.thread("out")...) {
		seq = max(seq, m.Seq)
	}
	s.ask("POST", "/conversations/"+s.person()+"/messages", map[string]any{"text": "Use " + code.Code + ", shipping is on us.", "kind": "reply", "seen_seq": seq, "client_key": "reply-" + s.token}, nil)
	s.settled(4)
	order := map[string]any{"id": 1000 + int64(len(s.token)), "name": "#1001", "checkout_token": s.token, "created_at": s.now().Format(time.RFC3339), "updated_at": s.now().Format(time.RFC3339),
		"currency": "USD", "total_price": "115.20", "phone": s.phone, "discount_codes": []any{map[string]any{"code": code.Code, "amount": "12.80", "type": "fixed_amount"}},
		"line_items": []any{map[string]any{"title": "Linen dress", "quantity": 1, "price": "128.00", "product_id": 1}}}
	order["id"] = s.token[len("tok-"):]
	for range 2 {
		s.insist("the order is stored", func() bool { return s.shop("orders/create", "o-"+s.token, order) == 200 })
	}
	s.insist("the cart is "+end, func() bool { return s.cart() == end })
	s.env = nil
	s.chapter(5 * time.Minute) // what is unknown is looked up; the question of the opt-in is of use for an hour
	s.known()
	s.insist("nothing is unknown", func() bool { return s.waiting("unknown") == 0 })
	s.insist("nothing waits", func() bool { return s.waiting("queued") == 0 })
}

// known waits until the provider was asked about every message that is in doubt. The program asks after half a minute, and
// later when it died while it asked.
func (s *tale) known() {
	s.t.Helper()
	for range 5 {
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			s.alive()
			if s.waiting("unknown") == 0 {
				return
			}
		}
		s.env = nil
		s.chapter(2 * time.Minute)
	}
	s.t.Fatal("messages stay in doubt")
}

// compare holds the journal of the provider against the thread: nothing lost, nothing twice, and nothing said that is not so.
func (s *tale) compare() {
	s.t.Helper()
	journal := map[string]int{}
	for _, body := range s.sent(s.phone) {
		journal[body]++
	}
	thread := s.settled(4)
	for _, m := range thread {
		n := journal[m.Text]
		delete(journal, m.Text)
		if n > 1 || m.reached() != (n == 1) {
			s.t.Errorf("%q is %s (%s) and the provider took it %d times", m.Text, m.State, m.Reason.Code, n)
		}
		// A reminder whose attempt was cut off is never sent again by itself (I10); everything else arrives.
		if !m.reached() && !strings.Contains(m.Text, "still waiting") {
			s.t.Errorf("%q was lost: %s (%s)", m.Text, m.State, m.Reason.Code)
		}
	}
	if len(journal) > 0 {
		s.t.Errorf("the provider took what is in no thread: %v", journal)
	}
	if in := s.thread("in"); len(in) != 2 {
		s.t.Errorf("%d texts came in, want 2", len(in))
	}
	var report struct {
		Orders int `json:"orders"`
	}
	s.ask("GET", "/reports/recovery", nil, &report)
	if want := map[bool]int{true: 1}[thread[2].reached()]; report.Orders != want {
		s.t.Errorf("%d recovered orders, want %d", report.Orders, want)
	}
}

// stage is a brand with the shipped journey and an offer, stopped, as the beginning of many tales.
func stage(t *testing.T) (*brand, string) {
	b, n := newBrand(t, "", 500)
	all, err := shipped.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.File == "cart-recovery.json" {
			var j struct {
				ID string `json:"id"`
			}
			b.call("POST", "/journeys", json.RawMessage(d.JSON), &j)
			b.call("POST", "/journeys/"+j.ID+"/publish", nil, nil)
		}
	}
	var offer struct {
		ID string `json:"id"`
	}
	b.call("POST", "/offers", map[string]any{"name": "Free shipping", "kind": "free_shipping", "prefix": "ERA", "agent_grantable": true, "shop": "shop"}, &offer)
	n.stop(t)
	return b, offer.ID
}

// play tells the tale from the stage with the fault armed in every chapter, and says how often it ended the program.
func play(t *testing.T, b *brand, offer string, i int, env ...string) int {
	t.Helper()
	copied := *b
	copied.t = t
	copied.place.dir = filepath.Join(t.TempDir(), "data")
	copyDir(t, b.place.dir, copied.place.dir)
	s := &tale{brand: &copied, t: t, env: env, phone: number(i), token: fmt.Sprint("tok-", i), offer: offer}
	s.tell()
	s.compare()
	s.end()
	copied.place.verify(t)
	return s.fired
}

func TestI1I2I9TheStoryPassesWhereverTheProgramIsKilled(t *testing.T) {
	b, offer := stage(t)
	i := 0
	for _, point := range points(t) {
		t.Run("killed at "+point, func(t *testing.T) {
			i++
			if fired := play(t, b, offer, i, "FAULT_POINT="+point); fired == 0 {
				t.Errorf("the fault %s never fired: the test proves nothing", point)
			}
		})
	}
	// Every commit is a place to die, before it and after it; the walk ends with a story that the fault did not reach.
	for _, point := range []string{"before_commit", "after_commit"} {
		stride, reached, fired := times(14, 1), 0, 1
		for skip := times(4, 1); fired > 0; skip += stride {
			fired = 0 // also when the story fails
			t.Run(fmt.Sprintf("killed at %s number %d", point, skip), func(t *testing.T) {
				i++
				fired = play(t, b, offer, i, "FAULT_POINT="+point, fmt.Sprint("FAULT_POINT_SKIP=", skip))
			})
			if fired > 0 {
				reached++
			}
		}
		if reached < 2 {
			t.Errorf("%s fired in %d stories; the walk is broken", point, reached)
		}
	}
}

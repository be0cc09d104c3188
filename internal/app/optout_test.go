package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// asksToStop fills in the public form, like somebody without a session and without JavaScript.
func (w *world) asksToStop(number string) (int, string) {
	w.t.Helper()
	return w.visit(http.MethodPost, "/p/"+w.slug+"/stop", url.Values{"number": {number}})
}

func (w *world) visit(method, path string, form url.Values) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Old Phone 1.0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); resp.StatusCode != 413 && resp.StatusCode != 429 && !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") {
		w.t.Errorf("%s %s has the policy %q", method, path, csp)
	}
	if cookie := resp.Header.Get("Set-Cookie"); cookie != "" {
		w.t.Errorf("%s %s sets the cookie %s", method, path, cookie)
	}
	return resp.StatusCode, string(body)
}

// ledgerRow is a row of the consent ledger as the API tells it.
type ledgerRow struct {
	Action, Source string
	Proof          map[string]any
}

func (w *world) ledger(person string) []ledgerRow {
	w.t.Helper()
	var cards struct {
		Cards []struct {
			Purpose string
			Events  []ledgerRow
		}
	}
	w.call("GET", "/people/"+person+"/consent", nil, &cards)
	for _, c := range cards.Cards {
		if c.Purpose == "marketing" {
			return c.Events
		}
	}
	return nil
}

func TestAnybodyCanAskOnThePublicPageNotToBeTexted(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		confirmed := map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), confirmed))
		w.pass(10 * time.Minute)
		status, done := w.asksToStop("(212) 555-0142") // as people in the brand's country write it
		if status != 200 || !strings.Contains(done, "From now on Fashion Era does not text this number") {
			t.Fatalf("answered %d %s", status, done)
		}
		person := w.person()
		w.eventually("the one confirmation", func() bool { return len(w.sent(maria)) == 1 })
		if text := w.sent(maria)[0]; !strings.Contains(text, "Fashion Era") || strings.Contains(text, "http") {
			t.Errorf("the confirmation: %q", text)
		}
		rows := w.ledger(person)
		var revoked ledgerRow
		for _, r := range rows {
			if r.Action == "revoke" {
				revoked = r
			}
		}
		if revoked.Source != "form" || revoked.Proof["method"] != "web page" || revoked.Proof["text"] != "number=%28212%29+555-0142" || revoked.Proof["user_agent"] != "Old Phone 1.0" ||
			revoked.Proof["honoured_at"] == nil || revoked.Proof["ip"] != "127.0.0.1" || !strings.HasSuffix(fmt.Sprint(revoked.Proof["source_url"]), "/p/"+w.slug+"/stop") {
			t.Errorf("the ledger: %+v", rows)
		}
		if last := rows[0].Action + rows[len(rows)-1].Action; !strings.Contains(last, "acknowledge") {
			t.Errorf("the confirmation is not in the ledger: %+v", rows)
		}

		// The cart is abandoned a little later, and nobody is reminded; asking again brings no second text.
		if status, again := w.asksToStop(maria); status != 200 || strings.ReplaceAll(again, maria, "") != strings.ReplaceAll(done, maria, "") {
			t.Errorf("the second time: %d %s", status, again)
		}
		w.pass(2 * time.Hour)
		w.eventually("the cart was abandoned", func() bool { s, _ := w.cart(); return s == "abandoned" })
		time.Sleep(100 * time.Millisecond)
		if got := w.sent(maria); len(got) != 1 {
			t.Errorf("sent %v, want the confirmation alone", got)
		}
		// START brings it back, as after a STOP.
		w.text("SM-start", maria, "START")
		w.eventually("the welcome back", func() bool { return strings.Contains(fmt.Sprint(w.sent(maria)), "You are subscribed") })
	})
}

func TestThePublicPageTellsNobodyWhoIsACustomer(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.knownPerson()
		before := len(w.sent(maria))
		const stranger = "+12125550188"
		_, known := w.asksToStop(maria)
		_, unknown := w.asksToStop(stranger)
		if known != unknown {
			t.Errorf("a customer is told\n%s\na stranger\n%s", known, unknown)
		}
		w.eventually("the customer's confirmation", func() bool { return len(w.sent(maria)) == before+1 })
		// A stranger gets no text, and stays opted out when a shop tells of them later.
		w.shop("checkouts/update", "w1", checkout("tok-9", stranger, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
		w.pass(2 * time.Hour)
		time.Sleep(100 * time.Millisecond)
		if got := w.sent(stranger); len(got) != 0 {
			t.Errorf("a number that opted out before was sent %v", got)
		}
		var page struct{ Items []struct{ ID string } }
		w.call("GET", "/people?q=2125550188", nil, &page)
		if len(page.Items) != 1 {
			t.Fatalf("%d people", len(page.Items))
		}
		var c struct {
			OptedOut bool `json:"opted_out"`
		}
		w.call("GET", "/conversations/"+page.Items[0].ID, nil, &c)
		if !c.OptedOut {
			t.Error("the shop's tick lifted an opt-out")
		}
	})
}

func TestThePublicPageRefusesWhatIsNoNumberAndTooManyTries(t *testing.T) {
	w := newWorld(t, "2026-11-17T15:00:00Z", "")
	status, form := w.visit(http.MethodGet, "/p/"+w.slug+"/stop", nil)
	if status != 200 || !strings.Contains(form, `<form method="post">`) || regexp.MustCompile(`(?i)<script|\son[a-z]+=|https?://`).MatchString(form) || len(form) > 14<<10 {
		t.Errorf("the form: %d, %d bytes\n%s", status, len(form), form)
	}
	if status, page := w.visit(http.MethodGet, "/p/nobody/stop", nil); status != 404 || !strings.Contains(page, "leads nowhere") {
		t.Errorf("an unknown brand: %d %s", status, page)
	}
	if status, page := w.asksToStop(`"><script>alert(1)</script>`); status != 422 || strings.Contains(page, "<script>") || !strings.Contains(page, `aria-invalid="true"`) {
		t.Errorf("no number: %d %s", status, page)
	}
	if status, _ := w.asksToStop(strings.Repeat("1", 9000)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body: %d", status)
	}
	limited := false
	for i := range 12 {
		status, _ := w.asksToStop(fmt.Sprintf("+121255501%02d", i))
		limited = limited || status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("one address may ask as often as it likes")
	}
	if status, _ := w.visit(http.MethodGet, "/p/"+w.slug+"/stop", nil); status != 200 {
		t.Errorf("the form itself is gone: %d", status)
	}
}

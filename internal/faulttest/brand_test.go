package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/commerce/shopify"
)

const shopSecret = "hush"

// brand is a workspace on a running program, with its provider and its shop.
type brand struct {
	t      *testing.T
	place  place
	twilio *twiliotest.Fake
	http   *http.Client
	slug   string
	clock  time.Duration // how far the program's clock is ahead
	ids    *atomic.Int64
}

// newBrand starts the program in a place and sets a brand up, the way a newcomer does. The program's clock stands at a
// weekday morning in New York. rate is how many texts a second its sender may send. The returned process still runs.
func newBrand(t *testing.T, database string, rate int, flags ...string) (*brand, *process) {
	t.Helper()
	fake := twiliotest.New()
	t.Cleanup(fake.Close)
	p := newPlace(t, database, append(flags, "--egress-allow", strings.TrimPrefix(fake.URL, "http://"))...)
	jar, _ := cookiejar.New(nil)
	b := &brand{t: t, place: p, twilio: fake, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}, clock: untilWorkday(), ids: &atomic.Int64{}}
	n := b.start()
	b.setUp(rate)
	return b, n
}

// start starts the program with the brand's clock.
func (b *brand) start(env ...string) *process {
	b.t.Helper()
	skip := b.clock
	b.twilio.SetNow(func() time.Time { return time.Now().Add(skip) })
	return b.place.start(b.t, append(env, "FAULT_CLOCK="+b.clock.String())...)
}

// untilWorkday is the time until the next Tuesday, Wednesday or Thursday at 15:00 UTC that is no holiday: morning in New York.
func untilWorkday() time.Duration {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), 15, 0, 0, 0, time.UTC)
	for {
		at = at.AddDate(0, 0, 1)
		holiday := at.Month() == time.December && at.Day() > 22 || at.Month() == time.January && at.Day() < 3 ||
			at.Month() == time.July && at.Day() < 6 || at.Month() == time.November && (at.Day() == 11 || at.Day() > 24) || at.Month() == time.June && at.Day() == 19
		if at.Weekday() >= time.Tuesday && at.Weekday() <= time.Thursday && !holiday {
			return at.Sub(now)
		}
	}
}

func (b *brand) now() time.Time { return time.Now().Add(b.clock).UTC() }

func (b *brand) setUp(rate int) {
	b.t.Helper()
	b.call("POST", "/setup", map[string]any{"workspace": "Fashion Era", "name": "Ana", "email": "ana@example.com", "password": "correct horse battery",
		"country": "US", "timezone": "America/New_York", "currency": "USD"}, nil)
	var me struct {
		Workspace struct {
			Slug     string         `json:"slug"`
			Settings map[string]any `json:"settings"`
		} `json:"workspace"`
	}
	b.call("GET", "/me", nil, &me)
	b.slug = me.Workspace.Slug
	settings := me.Workspace.Settings
	settings["support_contact"], settings["terms_url"] = "help@fashion-era.example", "https://fashion-era.example/terms"
	settings["undo_seconds"] = 0
	b.call("PUT", "/settings", settings, nil)
	account := b.twilio.Settings()
	account["rate"] = strconv.Itoa(rate)
	b.call("POST", "/channels", map[string]any{"kind": "twilio", "name": "sms", "settings": account,
		"registration": map[string]any{"kind": "10dlc", "state": "approved"}}, nil)
	b.call("PUT", "/shops/shop", map[string]any{"kind": "shopify", "domain": "fashion-era.myshopify.com", "secret": shopSecret,
		"consent_wording": "Text me about my cart and offers from Fashion Era, up to 8 a month. Reply STOP to end."}, nil)
}

// call sends JSON to the API and fails the test when it is refused.
func (b *brand) call(method, path string, body, into any) {
	b.t.Helper()
	if status, raw, err := b.try(method, path, body, into); err != nil || status >= 300 {
		b.t.Fatalf("%s %s: %d %s %v", method, path, status, raw, err)
	}
}

func (b *brand) try(method, path string, body, into any) (int, string, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, "", err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, b.place.base()+"/api/v1"+path, reader)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && into != nil && resp.StatusCode < 300 {
		err = json.Unmarshal(raw, into)
	}
	return resp.StatusCode, string(raw), err
}

// shop posts a signed webhook of the shop; 0 when nobody answered.
func (b *brand) shop(topic, delivery string, body any) int {
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Error(err)
		return 0
	}
	return b.post("/hooks/"+b.slug+"/shop", raw, http.Header{"X-Shopify-Hmac-Sha256": {shopify.Sign(shopSecret, raw)}, "X-Shopify-Topic": {topic},
		"X-Shopify-Shop-Domain": {"fashion-era.myshopify.com"}, "X-Shopify-Webhook-Id": {delivery}, "Content-Type": {"application/json"}})
}

// text posts a text of a person as Twilio does; 0 when nobody answered.
func (b *brand) text(sid, from, words string) int {
	form := inbound(sid, from, words)
	return b.post("/hooks/"+b.slug+"/sms", []byte(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"X-Twilio-Signature": {twiliotest.Sign(twiliotest.Token, b.place.base()+"/hooks/"+b.slug+"/sms", form)}})
}

func inbound(sid, from, words string) url.Values {
	return url.Values{"MessageSid": {sid}, "AccountSid": {twiliotest.SID}, "From": {from}, "To": {twiliotest.Number},
		"Body": {words}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromState": {"NY"}, "FromZip": {"10001"}, "FromCountry": {"US"}}
}

func (b *brand) post(path string, body []byte, h http.Header) int {
	req, err := http.NewRequestWithContext(context.Background(), "POST", b.place.base()+path, bytes.NewReader(body))
	if err != nil {
		b.t.Error(err)
		return 0
	}
	req.Header = h
	resp, err := b.twilio.Client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// sent are the texts that the provider accepted for a number, oldest first.
func (b *brand) sent(to string) []string {
	var out []string
	for _, a := range b.twilio.Journal() {
		if a.To == to && !a.Inbound {
			out = append(out, a.Body)
		}
	}
	return out
}

// eventually waits until it is so.
func (b *brand) eventually(what string, holds func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			b.t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// waiting is how many messages the outbox lists in a state, at most a hundred; -1 when it does not answer.
func (b *brand) waiting(state string) int {
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if status, _, err := b.try("GET", "/outbox?limit=100&state="+state, nil, &page); err != nil || status != 200 {
		return -1
	}
	return len(page.Items)
}

func number(i int) string { return fmt.Sprintf("+1212555%04d", i) }

// subscribe makes people who agreed to marketing and cart texts.
func (b *brand) subscribe(from, to int) {
	b.t.Helper()
	each(to-from, 16, func(i int) {
		phone := number(from + i)
		status := b.shop("customers_marketing_consent/update", "consent-"+phone, map[string]any{"customer_id": 10000 + from + i, "phone": phone,
			"sms_marketing_consent": map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": b.now().Format(time.RFC3339)}})
		if status != 200 {
			b.t.Errorf("consent of %s: %d", phone, status)
		}
	})
}

// campaign publishes a journey that sends one marketing text at an event, and begins it for people.
func (b *brand) campaign() {
	b.t.Helper()
	var j struct {
		ID string `json:"id"`
	}
	b.call("POST", "/journeys", map[string]any{"v": 1, "name": "Sale", "trigger": map[string]any{"event": "sale"}, "reentry": map[string]any{"rule": "once"},
		"steps": []any{map[string]any{"id": "news", "type": "send", "purpose": "marketing", "text": "{{ brand.name }}: The sale has begun.", "expires": "1d"}}}, &j)
	b.call("POST", "/journeys/"+j.ID+"/publish", nil, nil)
}

// begin tells the event of the campaign for people.
func (b *brand) begin(from, to int) {
	b.t.Helper()
	for start := from; start < to; start += 500 {
		var events []any
		for i := start; i < min(start+500, to); i++ {
			events = append(events, map[string]any{"type": "sale", "key": fmt.Sprint("sale-", i), "person": map[string]any{"phone": number(i)}})
		}
		b.call("POST", "/events", map[string]any{"events": events}, nil)
	}
}

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/channel/smpp/smpptest"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/config"
	"parley/internal/db/dbtest"
)

// world is the whole program on a free port with a fake Twilio, a shop that signs, and a clock that the test moves.
type world struct {
	t      *testing.T
	app    *app.App
	clock  *clock.Clock
	twilio *twiliotest.Fake
	smpp   *smpptest.Node // carries the texts instead of Twilio, when there is one
	base   string
	slug   string
	http   *http.Client
	stop   func()
}

const shopSecret = "hush"

// eachWorld runs the test on every engine.
func eachWorld(t *testing.T, start string, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, newWorld(t, start, "")) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, newWorld(t, start, dbtest.PostgresURL(t))) })
	}
}

func newWorld(t *testing.T, start, database string, reach ...string) *world {
	t.Helper()
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock.NewManual(clock.From(at)), twilio: twiliotest.New()}
	t.Cleanup(w.twilio.Close)
	w.begin(database, reach...)
	return w
}

// begin starts the program and sets the brand up.
func (w *world) begin(database string, reach ...string) {
	w.t.Helper()
	w.start(database, reach...)
	w.setUp()
}

// start starts the program, which nobody has set up yet.
func (w *world) start(database string, reach ...string) {
	w.t.Helper()
	var err error
	w.twilio.SetNow(func() time.Time { return w.clock.Now().Std() })
	c := config.Defaults()
	c.DataDir, c.Listen, c.Database = w.t.TempDir(), "127.0.0.1:0", database
	c.EgressAllow = append(reach, strings.TrimPrefix(w.twilio.URL, "http://"))
	if w.app, err = app.New(w.t.Context(), app.Options{Config: c, Clock: w.clock, Log: slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}); err != nil {
		w.t.Fatal(err)
	}
	w.run()
	jar, _ := cookiejar.New(nil)
	w.http = &http.Client{Jar: jar, Timeout: 20 * time.Second}
}

// run starts the workers and the server, and stops them with the test.
func (w *world) run() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan config.Addresses, 1), make(chan error, 1)
	go func() { ended <- w.app.Serve(ctx, func(a config.Addresses) { ready <- a }) }()
	select {
	case a := <-ready:
		w.base = a.Open
	case err := <-ended:
		w.t.Fatalf("the program ended at its start: %v", err)
	}
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the program ended with %v", err)
		}
		w.app.Close()
	}
	w.t.Cleanup(func() { w.stop() })
}

// setUp makes the brand the way a newcomer does, with a Twilio channel, a shop, offers and the shipped journey.
func (w *world) setUp() {
	w.t.Helper()
	w.call("POST", "/setup", map[string]any{"workspace": "Fashion Era", "name": "Ana", "email": "ana@example.com", "password": "correct horse battery",
		"country": "US", "timezone": "America/New_York", "currency": "USD"}, nil)
	var me struct {
		Workspace struct {
			Slug     string         `json:"slug"`
			Settings map[string]any `json:"settings"`
		} `json:"workspace"`
	}
	w.call("GET", "/me", nil, &me)
	w.slug = me.Workspace.Slug
	settings := me.Workspace.Settings
	settings["support_contact"] = "help@fashion-era.example"
	settings["terms_url"] = "https://fashion-era.example/terms"
	settings["undo_seconds"] = 0
	w.call("PUT", "/settings", settings, nil)
	channel := map[string]any{"kind": "twilio", "name": "sms", "settings": w.twilio.Settings(),
		"registration": map[string]any{"kind": "10dlc", "state": "approved"}}
	if w.smpp != nil {
		channel["kind"], channel["settings"] = "smpp", map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(w.smpp.Port), "system_id": "era",
			"password": smpptest.Password, "number": twiliotest.Number, "long_texts": "message_payload", "rate": "1000"}
	}
	w.call("POST", "/channels", channel, nil)
	w.call("PUT", "/shops/shop", map[string]any{"kind": "shopify", "domain": "fashion-era.myshopify.com", "secret": shopSecret,
		"consent_wording": "Text me about my cart and offers from Fashion Era, up to 8 a month. Reply STOP to end."}, nil)
}

// call sends JSON to the API and fails the test when it is refused.
func (w *world) call(method, path string, body, into any) {
	w.t.Helper()
	if status, text := w.try(method, path, body, into); status >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

// try sends JSON to the API and gives the status and the body.
func (w *world) try(method, path string, body, into any) (int, string) {
	w.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+"/api/v1"+path, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if into != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(raw, into); err != nil {
			w.t.Fatalf("%s %s answered %s: %v", method, path, raw, err)
		}
	}
	return resp.StatusCode, string(raw)
}

// shop posts a signed webhook and gives the status.
func (w *world) shop(topic, id string, body map[string]any) int {
	w.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.base+"/hooks/"+w.slug+"/shop", bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-Shopify-Hmac-Sha256", shopify.Sign(shopSecret, raw))
	req.Header.Set("X-Shopify-Topic", topic)
	req.Header.Set("X-Shopify-Shop-Domain", "fashion-era.myshopify.com")
	req.Header.Set("X-Shopify-Webhook-Id", id)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// text brings a text of a person in, through Twilio's webhook or the SMPP carrier.
func (w *world) text(sid, from, body string) {
	w.t.Helper()
	if w.smpp != nil {
		w.smpp.Deliver(from, twiliotest.Number, body)
		return
	}
	err := w.twilio.Post(w.base+"/hooks/"+w.slug+"/sms", url.Values{"MessageSid": {sid}, "AccountSid": {twiliotest.SID}, "From": {from}, "To": {twiliotest.Number},
		"Body": {body}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromState": {"NY"}, "FromZip": {"10001"}, "FromCountry": {"US"}})
	if err != nil {
		w.t.Fatalf("text %q from %s: %v", body, from, err)
	}
}

// sent are the texts that the provider accepted for a number, oldest first.
func (w *world) sent(to string) []string {
	var out []string
	if w.smpp != nil {
		for _, m := range w.smpp.Taken() {
			if "+"+m.To == to {
				out = append(out, m.Text)
			}
		}
		return out
	}
	for _, a := range w.twilio.Journal() {
		if a.To == to && !a.Inbound {
			out = append(out, a.Body)
		}
	}
	return out
}

// eventually waits until the program, working by itself, has made it so.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			if w.smpp != nil {
				w.t.Fatalf("not within 15 s: %s\nsent: %+v", what, w.smpp.Taken())
			}
			w.t.Fatalf("not within 15 s: %s\nsent: %v", what, w.twilio.Journal())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// pass moves the clock and gives the workers their chance at every step of it.
func (w *world) pass(d time.Duration) { w.clock.Skip(d) }

func checkout(token, phone string, at clock.Time, consent map[string]any) map[string]any {
	stamp := at.Std().Format(time.RFC3339)
	body := map[string]any{"id": 1, "token": token, "cart_token": "cart-" + token, "created_at": stamp, "updated_at": stamp, "currency": "USD",
		"customer_locale": "en-US", "total_price": "128.00", "abandoned_checkout_url": "https://fashion-era.example/checkouts/" + token + "/recover?key=1",
		"line_items": []any{map[string]any{"title": "Linen dress", "quantity": 1, "price": "79.00", "product_id": 1},
			map[string]any{"title": "Silk scarf", "quantity": 2, "price": "24.50", "product_id": 2}}}
	if phone != "" {
		body["sms_marketing_phone"] = phone
		body["customer"] = map[string]any{"id": 77, "first_name": "Maria", "last_name": "Rossi", "phone": phone, "sms_marketing_consent": consent}
		body["shipping_address"] = map[string]any{"first_name": "Maria", "province_code": "NY", "zip": "10001", "country_code": "US"}
	}
	return body
}

func order(id int, token, phone string, at clock.Time, codes ...string) map[string]any {
	stamp := at.Std().Format(time.RFC3339)
	var used []any
	for _, c := range codes {
		used = append(used, map[string]any{"code": c, "amount": "12.80", "type": "percentage"})
	}
	return map[string]any{"id": id, "name": fmt.Sprintf("#%d", id), "checkout_token": token, "cart_token": "cart-" + token, "created_at": stamp, "updated_at": stamp,
		"currency": "USD", "total_price": "115.20", "discount_codes": used, "phone": phone, "test": false,
		"line_items": []any{map[string]any{"title": "Linen dress", "quantity": 1, "price": "79.00", "product_id": 1}}}
}

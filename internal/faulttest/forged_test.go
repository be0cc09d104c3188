package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
)

// forgery is a kind of webhook with a good signature, to be broken.
type forgery struct {
	name, path string
	body       []byte
	header     http.Header
	signature  string // header that holds it
}

func (b *brand) forgeries() []forgery {
	order, err := json.Marshal(map[string]any{"id": 7, "token": "tok-forged", "phone": number(7), "total_price": "1.00", "currency": "USD",
		"line_items": []any{map[string]any{"title": "x", "quantity": 1, "price": "1.00"}}})
	if err != nil {
		b.t.Fatal(err)
	}
	hooks := "/hooks/" + b.slug
	status := "MessageSid=SM1&MessageStatus=delivered&AccountSid=" + twiliotest.SID
	form := inbound("SM-forged", number(7), "hello")
	twilio := func(path string, signed map[string][]string) http.Header {
		return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Twilio-Signature": {twiliotest.Sign(twiliotest.Token, b.place.base()+path, signed)}}
	}
	picture := inbound("SM-picture", number(8), "look")
	picture["NumMedia"], picture["MediaUrl0"], picture["MediaContentType0"] = []string{"1"}, []string{b.twilio.URL + "/picture"}, []string{"image/png"}
	out := []forgery{
		{"a text", hooks + "/sms", []byte(form.Encode()), twilio(hooks+"/sms", form), "X-Twilio-Signature"},
		{"a status", hooks + "/sms/status?a=att_msg_1.1", []byte(status), twilio(hooks+"/sms/status?a=att_msg_1.1", map[string][]string{
			"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}, "AccountSid": {twiliotest.SID}}), "X-Twilio-Signature"},
		{"a text with a picture", hooks + "/sms", []byte(picture.Encode()), twilio(hooks+"/sms", picture), "X-Twilio-Signature"},
	}
	for _, topic := range topics(b.t) {
		out = append(out, forgery{"news of the shop about " + topic, hooks + "/shop", order, http.Header{"X-Shopify-Hmac-Sha256": {shopify.Sign(shopSecret, order)},
			"X-Shopify-Topic": {topic}, "X-Shopify-Shop-Domain": {"fashion-era.myshopify.com"}, "X-Shopify-Webhook-Id": {"forged-" + topic}}, "X-Shopify-Hmac-Sha256"})
	}
	return out
}

// topics are all that a shop may tell, read from the source, so that a new one is forged without being listed.
func topics(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../commerce/http_intake.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^\tcase ("[a-z_]+/[a-z_]+".*):$`).FindAllStringSubmatch(string(raw), -1) {
		for _, quoted := range strings.Split(m[1], ", ") {
			out = append(out, strings.Trim(quoted, `"`))
		}
	}
	if len(out) < 15 {
		t.Fatalf("found only the topics %v; the reading of the source is broken", out)
	}
	return out
}

func TestI4AForgedWebhookLeavesNoTrace(t *testing.T) {
	b, n := newBrand(t, "", 500)
	before := b.place.rows(t)
	refused := func(t *testing.T, what string, f forgery, path string, body []byte, h http.Header) {
		t.Helper()
		if status := b.post(path, body, h); status != http.StatusForbidden {
			t.Errorf("%s with %s: %d, want 403", f.name, what, status)
		}
	}
	for _, f := range b.forgeries() {
		t.Run(f.name, func(t *testing.T) {
			good := f.header.Get(f.signature)
			for i := range f.body {
				broken := append([]byte{}, f.body...)
				if broken[i] ^= 1; broken[i] == '&' || broken[i] == '+' {
					continue // another form with the same meaning is another test
				}
				refused(t, fmt.Sprintf("byte %d of the body changed", i), f, f.path, broken, f.header)
			}
			for i := range len(good) {
				h := maps.Clone(f.header)
				other := "A"
				if good[i] == 'A' {
					other = "B"
				}
				if good[i] == '=' || i == len(good)-2 {
					continue // the last digit holds bits that do not count
				}
				h[f.signature] = []string{good[:i] + other + good[i+1:]}
				refused(t, fmt.Sprintf("digit %d of the signature changed", i), f, f.path, f.body, h)
			}
			for _, missing := range [][]string{nil, {""}} {
				h := maps.Clone(f.header)
				h[f.signature] = missing
				refused(t, "no signature", f, f.path, f.body, h)
			}
			if f.signature == "X-Twilio-Signature" {
				refused(t, "another address", f, f.path+strings.Replace("?x=1", "?", map[bool]string{true: "&", false: "?"}[strings.Contains(f.path, "?")], 1), f.body, f.header)
			}
		})
	}
	if after := b.place.rows(t); after != before {
		t.Errorf("forged webhooks left traces:\nbefore %s\nafter  %s", before, after)
	}
	for _, f := range b.forgeries() {
		if status := b.post(f.path, f.body, f.header); status/100 != 2 {
			t.Errorf("%s with the right signature: %d; the test proves nothing", f.name, status)
		}
	}
	b.eventually("the text is in its thread", func() bool { return b.place.rows(t) != before })
	n.stop(t)
}

// A webhook is known again by its id for as long as its message is, far longer than the seven days that providers repeat
// one, and however often the program has swept meanwhile.
func TestI5AWebhookThatIsReplayedAfterAWeekHasNoEffect(t *testing.T) {
	b, n := newBrand(t, "", 500, "--sweep-every", "1s", "--backfill-every", "1h")
	replay := func() {
		if got := b.text("SM-replayed", number(9), "hello"); got/100 != 2 {
			t.Errorf("the text was answered %d", got)
		}
		if got := b.shop("customers/update", "replayed", map[string]any{"id": 9, "phone": number(10), "first_name": "Maria"}); got/100 != 2 {
			t.Errorf("the news of the shop was answered %d", got)
		}
	}
	empty := b.place.rows(t)
	replay()
	b.eventually("the text is in its thread", func() bool { return strings.Contains(b.place.rows(t), "message 1,") })
	n.stop(t)
	b.clock += 8 * 24 * time.Hour
	n = b.start()
	before := b.place.rows(t)
	replay()
	n.stop(t)
	if after := b.place.rows(t); after != before || before == empty {
		t.Errorf("the second time had an effect:\nbefore %s\nafter  %s", before, after)
	}
}

// rows counts what webhooks may leave behind.
func (p place) rows(t *testing.T) string {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: p.database, Dir: p.dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var out []string
	for _, table := range []string{"inbound", "message", "person", "shop_webhook", "cart", "shop_order", "receipt_early", "mailbox_item", "consent_event", "event", "media"} {
		var n int
		if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(table, " ", n))
	}
	return strings.Join(out, ", ")
}

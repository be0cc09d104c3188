package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/offer"
)

// knownPerson makes Maria known to the brand and is her id.
func (w *world) knownPerson() string {
	w.t.Helper()
	w.text("SM-hello", maria, "hello")
	w.eventually("Maria is known", func() bool {
		var page struct {
			Items []struct{} `json:"items"`
		}
		w.call("GET", "/people?q=2125550142", nil, &page)
		return len(page.Items) == 1
	})
	return w.person()
}

func TestOneCodeForOnePersonAndOfferHoweverOftenItIsAsked(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		person := w.knownPerson()
		var o struct {
			ID offer.ID `json:"id"`
		}
		w.call("POST", "/offers", map[string]any{"name": "Ten", "kind": "percent", "percent": 10, "prefix": "ERA", "max_codes": 1}, &o)
		ws, err := w.app.Org.BySlug(t.Context(), w.app.DB, w.slug)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		codes := map[string]int{}
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				err := w.app.DB.Tx(t.Context(), func(tx *db.Tx) error {
					c, err := w.app.Offers.IssueTx(t.Context(), tx, offer.Grant{Workspace: ws.ID, Person: id.Person(person), Offer: o.ID, By: "test"})
					mu.Lock()
					defer mu.Unlock()
					codes[c.Code]++
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(codes) != 1 {
			t.Errorf("codes given: %v", codes)
		}
		var list struct {
			Items []struct {
				Pool struct {
					Issued int `json:"issued"`
					Left   int `json:"left"`
				} `json:"pool"`
			} `json:"items"`
		}
		w.call("GET", "/offers", nil, &list)
		if p := list.Items[0].Pool; p.Issued != 1 || p.Left != 0 {
			t.Errorf("pool %+v", p)
		}
	})
}

func TestI35ALinkLeadsOnAndOnlyAPersonsFetchIsAClick(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		person := w.knownPerson()
		ws, err := w.app.Org.BySlug(t.Context(), w.app.DB, w.slug)
		if err != nil {
			t.Fatal(err)
		}
		var address string
		err = w.app.DB.Tx(t.Context(), func(tx *db.Tx) (err error) {
			l := offer.Link{Workspace: ws.ID, Person: id.Person(person), Once: "x", Kind: "cart", Target: "https://shop.example/cart?a=1"}
			if address, err = w.app.Offers.LinkTx(t.Context(), tx, l); err != nil {
				return err
			}
			again, err := w.app.Offers.LinkTx(t.Context(), tx, l)
			if again != address {
				t.Errorf("rendered again: %s, want %s", again, address)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		fetch := func(method, agent, url string) *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("User-Agent", agent)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp
		}
		const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"
		for _, try := range [][2]string{{"HEAD", safari}, {"GET", "WhatsApp/2.25"}, {"GET", safari}} {
			resp := fetch(try[0], try[1], address+"?to=https://evil.example")
			if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "https://shop.example/cart?a=1" {
				t.Errorf("%v: %d to %q", try, resp.StatusCode, resp.Header.Get("Location"))
			}
		}
		if resp := fetch("GET", safari, w.base+"/l/zzzzzzzzzzzzzzzz"); resp.StatusCode != http.StatusNotFound {
			t.Errorf("an unknown link: %d", resp.StatusCode)
		}
		var links struct {
			Links []struct {
				Clicks, Previews int
			} `json:"links"`
		}
		w.call("GET", "/people/"+person+"/codes", nil, &links)
		if len(links.Links) != 1 || links.Links[0].Clicks != 1 || links.Links[0].Previews != 2 {
			t.Errorf("links %+v, want 1 click and 2 previews", links)
		}
		w.pass(4 * 365 * 24 * time.Hour)
		if resp := fetch("GET", safari, address); resp.StatusCode != http.StatusGone {
			t.Errorf("four years later: %d", resp.StatusCode)
		}
	})
}

func TestNoTextWithACodeLeavesBeforeTheShopKnowsTheCode(t *testing.T) {
	var asked atomic.Int32
	known := make(chan string, 1)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // reconciliation finds nothing new
			_, _ = io.WriteString(w, `{"orders":[],"checkouts":[]}`)
			return
		}
		raw, _ := io.ReadAll(r.Body)
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway) // the first try fails, as shops do
			return
		}
		var body struct {
			Variables map[string]struct {
				Code string `json:"code"`
			} `json:"variables"`
		}
		_ = json.Unmarshal(raw, &body)
		known <- body.Variables["basicCodeDiscount"].Code
		_, _ = io.WriteString(w, `{"data":{"discountCodeBasicCreate":{"codeDiscountNode":{"id":"gid://1"},"userErrors":[]}}}`)
	}))
	t.Cleanup(shop.Close)
	w := newWorld(t, "2026-11-17T15:00:00Z", "", strings.TrimPrefix(shop.URL, "http://"))
	w.call("PUT", "/shops/shop", map[string]any{"kind": "shopify", "domain": "fashion-era.myshopify.com", "base_url": shop.URL, "secret": shopSecret, "token": "shpat_1",
		"consent_wording": "Text me about my cart and offers."}, nil)
	w.call("POST", "/offers", map[string]any{"name": "Ten", "kind": "percent", "percent": 10, "prefix": "ERA", "shop": "shop"}, nil)
	var j struct {
		ID string `json:"id"`
	}
	w.call("POST", "/journeys", map[string]any{"v": 1, "name": "Cart with a code", "trigger": map[string]any{"event": "cart_abandoned", "key": "cart_token"},
		"reentry": map[string]any{"rule": "per_key"}, "steps": []any{
			map[string]any{"id": "code", "type": "offer", "offer": "Ten"},
			map[string]any{"id": "tell", "type": "send", "purpose": "cart", "text": "{{ brand.name }}: your cart waits, with {{ offer.worth }}: {{ offer.code }} {{ cart.restore_url | link }}"},
		}}, &j)
	w.call("POST", "/journeys/"+j.ID+"/publish", nil, nil)
	w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
	w.pass(31 * time.Minute)
	w.eventually("the shop was asked once", func() bool { return asked.Load() >= 1 })
	time.Sleep(50 * time.Millisecond)
	if got := w.sent(maria); len(got) != 0 {
		t.Fatalf("sent before the shop knew the code: %v", got)
	}
	w.pass(time.Minute)
	w.eventually("the text with the code is sent", func() bool { return len(w.sent(maria)) == 1 })
	if code := <-known; !strings.Contains(w.sent(maria)[0], code) || !strings.Contains(w.sent(maria)[0], "10% off") {
		t.Errorf("sent %q, want the code %s", w.sent(maria)[0], code)
	}
}

package shopify_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/errs"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func signed(secret string, body []byte) http.Header {
	h := http.Header{}
	h.Set("X-Shopify-Hmac-Sha256", shopify.Sign(secret, body))
	h.Set("X-Shopify-Topic", "checkouts/update")
	h.Set("X-Shopify-Shop-Domain", "Fashion-Era.myshopify.com")
	h.Set("X-Shopify-Webhook-Id", "b54557e4")
	return h
}

func TestASignatureMatchesTheOneOpenSSLMakes(t *testing.T) {
	// printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64
	if got, want := shopify.Sign("hush", []byte(`{"id":1}`)), "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestI4OneChangedByteIsForged(t *testing.T) {
	body := golden(t, "checkout_update.json")
	if _, ok := shopify.Verify([]string{"secret"}, signed("secret", body), body); !ok {
		t.Fatal("the untouched webhook was refused")
	}
	for at := range body {
		changed := append([]byte(nil), body...)
		changed[at] ^= 1
		if _, ok := shopify.Verify([]string{"secret"}, signed("secret", body), changed); ok {
			t.Fatalf("a change of byte %d was accepted", at)
		}
	}
	for name, h := range map[string]http.Header{"none": {}, "empty": {"X-Shopify-Hmac-Sha256": {""}}, "short": {"X-Shopify-Hmac-Sha256": {"AAAA"}}, "other secret": signed("other", body)} {
		if _, ok := shopify.Verify([]string{"secret"}, h, body); ok {
			t.Errorf("a signature was accepted: %s", name)
		}
	}
	for name, secrets := range map[string][]string{"no secret": nil, "an empty secret": {""}} {
		if _, ok := shopify.Verify(secrets, signed("", body), body); ok {
			t.Errorf("a webhook was accepted with %s", name)
		}
	}
}

func TestTwoSecretsLiveDuringARotation(t *testing.T) {
	body := []byte(`{}`)
	for _, secret := range []string{"new", "old"} {
		hook, ok := shopify.Verify([]string{"new", "old"}, signed(secret, body), body)
		if !ok || hook.Domain != "fashion-era.myshopify.com" || hook.ID != "b54557e4" {
			t.Errorf("signed with the %s secret: %v %+v", secret, ok, hook)
		}
	}
}

func TestRealPayloadsAreReadWithTheirOddities(t *testing.T) {
	var create, update shopify.Checkout
	var order shopify.Order
	for name, into := range map[string]any{"checkout_create.json": &create, "checkout_update.json": &update, "order_create.json": &order} {
		if err := shopify.Decode(golden(t, name), into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if len(create.Phones()) != 0 || create.Customer != nil || create.TotalPrice != "128.00" {
		t.Errorf("a checkout without contact: %v %v %s", create.Phones(), create.Customer, create.TotalPrice)
	}
	if diff := cmp.Diff([]string{"+12125550142"}, update.Phones()); diff != "" {
		t.Errorf("numbers of the update (-want +got):\n%s", diff)
	}
	if update.ID != "981820079255243537" || update.Customer.ID != "603851970716743426" {
		t.Errorf("ids lost digits: %s %s", update.ID, update.Customer.ID)
	}
	if got, want := update.UpdatedAt.Std().String(), "2026-11-21 15:04:30 +0000 UTC"; got != want {
		t.Errorf("updated at %s, want %s", got, want)
	}
	if order.Place().Province != "NY" || order.Discounts[0].Code != "era-7k2qx9pa" || !order.CancelledAt.IsZero() {
		t.Errorf("order: %+v", order)
	}
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add(golden(f, "checkout_update.json"))
	f.Add([]byte(`{"id":null,"total_price":12.5,"updated_at":""}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c shopify.Checkout
		if shopify.Decode(raw, &c) == nil {
			_, _ = c.Phones(), c.Place()
		}
		var o shopify.Order
		_ = shopify.Decode(raw, &o)
	})
}

func admin(t *testing.T, handle http.HandlerFunc) shopify.Admin {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return shopify.Admin{Domain: "fashion-era.myshopify.com", Token: "shpat_1", BaseURL: s.URL, HTTP: s.Client()}
}

func TestACodeIsMadeOnceForOneCustomer(t *testing.T) {
	var sent map[string]any
	a := admin(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &sent)
		if r.URL.Path != "/admin/api/"+shopify.Version+"/graphql.json" || r.Header.Get("X-Shopify-Access-Token") != "shpat_1" {
			t.Errorf("asked %s with token %q", r.URL.Path, r.Header.Get("X-Shopify-Access-Token"))
		}
		_, _ = io.WriteString(w, `{"data":{"discountCodeBasicCreate":{"codeDiscountNode":{"id":"gid://1"},"userErrors":[]}}}`)
	})
	err := a.CreateDiscount(context.Background(), shopify.NewDiscount{Code: "ERA-1", Title: "Ten", Percent: 10, StartsAt: clock.Time(1)})
	if err != nil {
		t.Fatal(err)
	}
	in := sent["variables"].(map[string]any)["basicCodeDiscount"].(map[string]any)
	want := map[string]any{"items": map[string]any{"all": true}, "value": map[string]any{"percentage": 0.1}}
	if diff := cmp.Diff(want, in["customerGets"]); diff != "" || in["usageLimit"] != 1.0 || in["code"] != "ERA-1" {
		t.Errorf("input %v (-want +got of customerGets):\n%s", in, diff)
	}
}

func TestAnswersOfTheShopAreSortedByWhetherTheyMayPass(t *testing.T) {
	cases := map[string]struct {
		status int
		body   string
		kind   errs.Kind
		ok     bool
	}{
		"taken means made by an earlier try": {200, `{"data":{"x":{"userErrors":[{"code":"TAKEN","message":"taken"}]}}}`, 0, true},
		"a user error is final":              {200, `{"data":{"x":{"userErrors":[{"code":"INVALID","message":"no"}]}}}`, errs.Invalid, false},
		"throttling may pass":                {200, `{"errors":[{"message":"Throttled"}]}`, errs.Unavailable, false},
		"429 may pass":                       {429, ``, errs.Unavailable, false},
		"500 may pass":                       {500, ``, errs.Unavailable, false},
		"a broken answer may pass":           {200, `{"data":`, errs.Unavailable, false},
		"401 needs a person":                 {401, ``, errs.Forbidden, false},
		"404 is final":                       {404, `{}`, errs.Invalid, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := admin(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			err := a.CreateDiscount(context.Background(), shopify.NewDiscount{Code: "C", FreeShipping: true})
			if (err == nil) != c.ok || err != nil && errs.KindOf(err) != c.kind {
				t.Errorf("got %v, want kind %d", err, c.kind)
			}
		})
	}
}

func TestListsFollowTheirPagesOnTheSameHostOnly(t *testing.T) {
	var asked []string
	var base string
	a := admin(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+"?"+r.URL.Query().Get("page_info"))
		if len(asked) == 1 {
			w.Header().Set("Link", `<`+base+`/admin/api/`+shopify.Version+`/orders.json?page_info=p2>; rel="next"`)
		} else {
			w.Header().Set("Link", `<https://evil.example/orders.json>; rel="next"`)
		}
		_, _ = io.WriteString(w, `{"orders":[{"id":1}]}`)
	})
	base = a.BaseURL
	first, err := a.Orders(context.Background(), clock.Time(1), "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Orders(context.Background(), clock.Time(1), first.Next)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Orders(context.Background(), clock.Time(1), second.Next); errs.CodeOf(err) != "shop_answer" {
		t.Errorf("another host: got %v", err)
	}
	if len(asked) != 2 || !strings.HasSuffix(asked[1], "?p2") {
		t.Errorf("asked %v", asked)
	}
}

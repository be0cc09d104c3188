package shopify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
)

// Version of the Admin API that this package speaks.
const Version = "2026-07"

const maxAnswer = 8 << 20 // bytes

// HTTPClient is the only way out.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Admin speaks to one shop's Admin API.
type Admin struct {
	Domain  string // "fashion-era.myshopify.com"
	Token   string // of the app, X-Shopify-Access-Token
	BaseURL string // instead of https://<domain>, for tests and simulated shops
	HTTP    HTTPClient
}

func (a Admin) base() string {
	if a.BaseURL != "" {
		return strings.TrimRight(a.BaseURL, "/")
	}
	return "https://" + a.Domain
}

// call sends one request and reads its JSON answer. Refusals are Invalid or Forbidden, everything that may pass is
// Unavailable.
func (a Admin) call(ctx context.Context, method, address string, body, into any) (http.Header, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Shopify-Access-Token", a.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.HTTP.Do(req)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "shop_unreachable", "The shop %s does not answer. It will be tried again.", a.Domain)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "shop_unreachable", "The shop %s broke off its answer. It will be tried again.", a.Domain)
	}
	if err := a.refusal(resp.StatusCode, raw); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "shop_answer", "The shop %s answered something that cannot be read. It will be tried again.", a.Domain)
	}
	return resp.Header, nil
}

func (a Admin) refusal(status int, raw []byte) error {
	switch {
	case status < 300:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return errs.New(errs.Forbidden, "shop_refused", "The shop %s refuses the access token, or the app lacks a scope (%d). Install the app again and paste its token.", a.Domain, status)
	case status == http.StatusTooManyRequests || status >= 500:
		return errs.New(errs.Unavailable, "shop_busy", "The shop %s is busy (%d). It will be tried again.", a.Domain, status)
	}
	return errs.New(errs.Invalid, "shop_refused", "The shop %s refused the request (%d): %.300s", a.Domain, status, raw)
}

// Page is one page of what a shop lists, and the address of the next.
type Page[T any] struct {
	Items []T
	Next  string
}

// Checkouts lists checkouts that changed since, 250 at a time, open and completed ones. next is empty for the first page.
func (a Admin) Checkouts(ctx context.Context, since clock.Time, next string) (Page[json.RawMessage], error) {
	return a.list(ctx, "checkouts", since, next)
}

// Orders lists orders that changed since, 250 at a time, whatever their status.
func (a Admin) Orders(ctx context.Context, since clock.Time, next string) (Page[json.RawMessage], error) {
	return a.list(ctx, "orders", since, next)
}

func (a Admin) list(ctx context.Context, what string, since clock.Time, next string) (Page[json.RawMessage], error) {
	address := next
	if address == "" {
		q := url.Values{"limit": {"250"}, "status": {"any"}, "updated_at_min": {since.Std().Format(time.RFC3339)}}
		address = fmt.Sprintf("%s/admin/api/%s/%s.json?%s", a.base(), Version, what, q.Encode())
	}
	if !strings.HasPrefix(address, a.base()+"/") {
		return Page[json.RawMessage]{}, errs.New(errs.Invalid, "shop_answer", "The shop %s points to another host for its next page; it was not followed.", a.Domain)
	}
	var body map[string][]json.RawMessage
	h, err := a.call(ctx, http.MethodGet, address, nil, &body)
	if err != nil {
		return Page[json.RawMessage]{}, err
	}
	return Page[json.RawMessage]{Items: body[what], Next: nextPage(h.Get("Link"))}, nil
}

var linkNext = regexp.MustCompile(`<([^>]+)>;\s*rel="?next"?`)

// nextPage reads the address of the next page from a Link header.
func nextPage(header string) string {
	if m := linkNext.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return ""
}

// NewDiscount is a personal code to make known to the shop.
type NewDiscount struct {
	Code         string
	Title        string
	Percent      int    // of the order
	Amount       string // fixed, decimal
	FreeShipping bool
	StartsAt     clock.Time
	EndsAt       clock.Time // zero: never
}

// CreateDiscount makes the code usable once, by one customer. A code that exists already is taken as made: it was made by
// an earlier try whose answer was lost.
func (a Admin) CreateDiscount(ctx context.Context, n NewDiscount) error {
	mutation, input := basicMutation, "basicCodeDiscount"
	if n.FreeShipping {
		mutation, input = freeShippingMutation, "freeShippingCodeDiscount"
	}
	var answer struct {
		Data map[string]struct {
			UserErrors []struct {
				Code    string   `json:"code"`
				Message string   `json:"message"`
				Field   []string `json:"field"`
			} `json:"userErrors"`
		} `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	body := map[string]any{"query": mutation, "variables": map[string]any{input: n.input()}}
	if _, err := a.call(ctx, http.MethodPost, fmt.Sprintf("%s/admin/api/%s/graphql.json", a.base(), Version), body, &answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		// The throttling of GraphQL comes as an error in a 200 answer.
		if strings.Contains(strings.ToLower(answer.Errors[0].Message), "throttled") {
			return errs.New(errs.Unavailable, "shop_busy", "The shop %s is busy. It will be tried again.", a.Domain)
		}
		return errs.New(errs.Invalid, "shop_refused", "The shop %s refused the code %s: %s", a.Domain, n.Code, answer.Errors[0].Message)
	}
	for _, result := range answer.Data {
		for _, e := range result.UserErrors {
			if e.Code != "TAKEN" {
				return errs.New(errs.Invalid, "shop_refused", "The shop %s refused the code %s: %s", a.Domain, n.Code, e.Message)
			}
		}
	}
	return nil
}

const (
	basicMutation = `mutation create($basicCodeDiscount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $basicCodeDiscount) { codeDiscountNode { id } userErrors { code field message } } }`
	freeShippingMutation = `mutation create($freeShippingCodeDiscount: DiscountCodeFreeShippingInput!) {
  discountCodeFreeShippingCreate(freeShippingCodeDiscount: $freeShippingCodeDiscount) { codeDiscountNode { id } userErrors { code field message } } }`
)

func (n NewDiscount) input() map[string]any {
	in := map[string]any{
		"title": n.Title, "code": n.Code, "startsAt": n.StartsAt.Std().Format(time.RFC3339),
		"usageLimit": 1, "appliesOncePerCustomer": true,
		"context": map[string]any{"all": "ALL"},
	}
	if !n.EndsAt.IsZero() {
		in["endsAt"] = n.EndsAt.Std().Format(time.RFC3339)
	}
	switch {
	case n.FreeShipping:
		in["destination"] = map[string]any{"all": true}
	case n.Percent > 0:
		in["customerGets"] = map[string]any{"items": map[string]any{"all": true}, "value": map[string]any{"percentage": float64(n.Percent) / 100}}
	default:
		in["customerGets"] = map[string]any{"items": map[string]any{"all": true},
			"value": map[string]any{"discountAmount": map[string]any{"amount": n.Amount, "appliesOnEachItem": false}}}
	}
	return in
}

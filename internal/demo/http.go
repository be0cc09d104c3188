package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"parley/internal/commerce/shopify"
)

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's header.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader notes the first status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write keeps the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// serve lets the program's whole HTTP handler answer, without a connection.
func serve(ctx context.Context, handler http.Handler, q question) (*recorder, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, "http://localhost"+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	r.Header, r.RemoteAddr = q.header, "127.0.0.1:1"
	out := &recorder{header: http.Header{}}
	handler.ServeHTTP(out, r)
	return out, nil
}

// question is a request.
type question struct {
	method, path string
	header       http.Header
	body         []byte
}

// request is serve for what must succeed.
func (t *teller) request(ctx context.Context, q question) (*recorder, error) {
	out, err := serve(ctx, t.handler, q)
	if err == nil && out.status >= 400 {
		err = fmt.Errorf("%s %s: %d %s", q.method, q.path, out.status, out.body.String())
	}
	return out, err
}

// reach has the simulated channel opened before its workers start, so that phones find it from the first moment. A
// simulated channel takes no webhooks, so the answer says nothing.
func reach(ctx context.Context, handler http.Handler) error {
	_, err := serve(ctx, handler, question{method: http.MethodPost, path: "/hooks/" + slug + "/" + channelName, header: http.Header{}})
	return err
}

// api calls the JSON API as a member of the team. in and out may be nil.
func (t *teller) api(ctx context.Context, m member, c call) error {
	h := http.Header{"Cookie": {m.cookie}}
	var body []byte
	if c.in != nil {
		raw, err := json.Marshal(c.in)
		if err != nil {
			return err
		}
		body = raw
		h.Set("Content-Type", "application/json")
	}
	r, err := t.request(ctx, question{c.method, "/api/v1" + c.path, h, body})
	if err != nil || c.out == nil {
		return err
	}
	return json.Unmarshal(r.body.Bytes(), c.out)
}

// call is one call of the JSON API.
type call struct {
	method, path string
	in, out      any
}

// signIn opens the one-time link and keeps the session's cookie.
func (t *teller) signIn(ctx context.Context, token string) (cookie string, err error) {
	r, err := t.request(ctx, question{method: http.MethodGet, path: "/d/" + token, header: http.Header{}})
	if err != nil {
		return "", err
	}
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		return c.Name + "=" + c.Value, nil
	}
	return "", fmt.Errorf("the sign-in link gave no session")
}

// hook brings in a webhook as the shop sends it: signed with the secret that both know.
func (t *teller) hook(ctx context.Context, topic string, payload map[string]any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set("X-Shopify-Topic", topic)
	h.Set("X-Shopify-Shop-Domain", shopDomain)
	h.Set("X-Shopify-Webhook-Id", "demo-"+strconv.FormatInt(t.hooks.Add(1), 10))
	h.Set("X-Shopify-Hmac-Sha256", shopify.Sign(t.secret, body))
	_, err = t.request(ctx, question{http.MethodPost, "/hooks/" + slug + "/" + shopName, h, body})
	return err
}

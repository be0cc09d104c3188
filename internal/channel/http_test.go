package channel_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/org"
)

// served serves the routes to the world's actor.
func served(t *testing.T, w *world) *httptest.Server {
	t.Helper()
	api := httpx.New(httpx.Options{Version: "test", Log: slog.New(slog.DiscardHandler), IDs: w.ids,
		Guard: func(_ http.ResponseWriter, r *http.Request, route httpx.Route) (context.Context, error) {
			if route.Permission == httpx.Public {
				return r.Context(), nil
			}
			return org.WithActor(r.Context(), w.actor), org.Allow(w.actor, route.Permission)
		}})
	w.service.Routes(api)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(raw)
}

func TestChannelsAreSetUpOverTheAPI(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), nil)
	server := served(t, w)
	api := server.URL + httpx.Base
	body := `{"kind":"twilio","name":"second","settings":{"account_sid":"` + twiliotest.SID + `","auth_token":"` + twiliotest.Token +
		`","number":"` + twiliotest.Number + `","base_url":"` + w.fake.URL + `"}}`
	for _, c := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"GET", "/channel-kinds", "", 200, `"kind":"twilio"`},
		{"POST", "/channels/check", body, 200, `"key":"auth"`},
		{"POST", "/channels/check", strings.Replace(body, twiliotest.Token, "wrong", 1), 200, `"ok":false`},
		{"POST", "/channels", body, 201, `"webhook_url":"` + w.hooks.URL + `/hooks/era/second"`},
		{"POST", "/channels", body, 409, "channel_name_taken"},
		{"POST", "/channels", strings.Replace(body, "second", "Not A Name", 1), 422, "channel_name_invalid"},
		{"POST", "/channels", strings.Replace(body, `"number"`, `"nummer"`, 1), 422, "setting_unknown"},
		{"POST", "/channels", strings.Replace(body, `"twilio"`, `"pigeon"`, 1), 422, "channel_kind_unknown"},
		{"GET", "/channels", "", 200, `"secrets_set":["auth_token"]`},
		{"POST", "/channels/" + string(w.channel.ID) + "/check", "", 200, `"key":"inbound"`},
		{"GET", "/channels/" + string(w.channel.ID) + "/health", "", 200, `"queue_depth":0`},
		{"GET", "/outbox?state=unknown", "", 200, `"items":[]`},
		{"GET", "/outbox?state=held", "", 200, `"items":[]`},
		{"POST", "/outbox/release", `{}`, 200, `"released":0`},
		{"POST", "/outbox/msg_x/resolve", `{"sent":true}`, 409, "outcome_known"},
		{"GET", "/media/fil_x", "", 404, "media_unknown"},
		{"GET", "/channels/chn_x", "", 404, "channel_unknown"},
	} {
		status, got := ask(t, c.method, api+c.path, c.body)
		if status != c.status || !strings.Contains(got, c.has) {
			t.Errorf("%s %s: %d %s; want %d with %s", c.method, c.path, status, got, c.status, c.has)
		}
		if strings.Contains(got, twiliotest.Token) {
			t.Errorf("%s %s shows the token (I39)", c.method, c.path)
		}
	}
}

func TestAChangedChannelKeepsItsSecretsAndADeletedOneDropsItsQueue(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), nil)
	api := served(t, w).URL + httpx.Base
	path := api + "/channels/" + string(w.channel.ID)
	body := `{"kind":"twilio","name":"sms","settings":{"account_sid":"` + twiliotest.SID + `","number":"` + twiliotest.Number +
		`","base_url":"` + w.fake.URL + `"},"version":1}`
	if status, got := ask(t, "PUT", path, body); status != 200 || !strings.Contains(got, `"secrets_set":["auth_token"]`) {
		t.Errorf("change: %d %s", status, got)
	}
	if status, got := ask(t, "PUT", path, body); status != 409 || !strings.Contains(got, "channel_changed") {
		t.Errorf("change of an old version: %d %s", status, got)
	}
	m := w.delivery("waits")
	m.ReadyAt = w.clock.Now().Add(1e9 * 3600)
	w.enqueue(m)
	if status, got := ask(t, "DELETE", path, ""); status != 204 {
		t.Errorf("delete: %d %s", status, got)
	}
	if got := w.sent(m.Message); got.State != channel.StateDropped || got.Code != "channel_deleted" {
		t.Errorf("what waited: %+v", got)
	}
	if len(w.outcomes) != 1 || w.outcomes[0].State != channel.StateDropped {
		t.Errorf("told %+v", w.outcomes)
	}
	if err := w.text("SM1", "Hello?", nil); err == nil {
		t.Error("a deleted channel still receives")
	}
}

func TestWebhooksOverHTTP(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), nil)
	server := served(t, w)
	post := func(path string, form url.Values, signature string) int {
		req, err := http.NewRequest("POST", server.URL+path, strings.NewReader(form.Encode()))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", signature)
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		defer resp.Body.Close()
		return resp.StatusCode
	}
	form := url.Values{"MessageSid": {"SM1"}, "From": {customer}, "To": {twiliotest.Number}, "Body": {"Hello"}}
	// The provider signs the public address, not the one behind the proxy.
	good := twiliotest.Sign(twiliotest.Token, w.hooks.URL+"/hooks/era/sms", form)
	for _, c := range []struct {
		path, signature string
		want            int
	}{{"/hooks/era/sms", good, 200}, {"/hooks/era/sms", good, 200}, {"/hooks/era/sms", "", 403}, {"/hooks/era/sms?x=1", good, 403},
		{"/hooks/era/none", good, 404}, {"/hooks/none/sms", good, 404}} {
		if got := post(c.path, form, c.signature); got != c.want {
			t.Errorf("%s: %d, want %d", c.path, got, c.want)
		}
	}
	if n := len(w.inbox()); n != 1 {
		t.Errorf("%d texts", n)
	}
	huge := url.Values{"Body": {strings.Repeat("x", 5<<20)}}
	if got := post("/hooks/era/sms", huge, good); got != 413 {
		t.Errorf("a huge body: %d", got)
	}
	w.d.Close()
	form.Set("MessageSid", "SM2")
	if got := post("/hooks/era/sms", form, twiliotest.Sign(twiliotest.Token, w.hooks.URL+"/hooks/era/sms", form)); got != 503 {
		t.Errorf("without a database: %d, want 503 (I3)", got)
	}
}

package twilio_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
	"parley/internal/channel/twilio"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
)

func open(t *testing.T) (*twiliotest.Fake, channel.Account, channel.Conn) {
	t.Helper()
	f := twiliotest.New()
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	a := account(t, f)
	return f, a, connect(t, a)
}

func connect(t *testing.T, a channel.Account) channel.Conn {
	t.Helper()
	c, err := twilio.Adapter{}.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The vectors are those that Twilio publishes with its helper libraries and its documentation.
func TestTwiliosOwnSignaturesAreAccepted(t *testing.T) {
	const base = "https://mycompany.com/myapp.php?foo=1&bar=2"
	form := url.Values{"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"},
		"Caller": {"+14158675309"}, "From": {"+14158675309"}}
	other := url.Values{"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"},
		"Caller": {"+14158675310"}, "From": {"+14158675310"}}
	const hash = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	const json = `{"property": "value", "boolean": true}`
	for _, v := range []struct{ name, address, body, signature string }{
		{"a form", base, form.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"the documentation's form", base, other.Encode(), "GvWf1cFY/Q7PnoempGyD5oXAezc="},
		{"signed without our port", strings.Replace(base, ".com", ".com:1234", 1), form.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"signed with the usual port", base, form.Encode(), "kvajT1Ptam85bY51eRf/AJRuM3w="},
		{"http, signed without port", strings.Replace(base, "https", "http", 1), form.Encode(), "0ZXoZLH/DfblKGATFgpif+LLRf4="},
		{"http, signed with our port", "http://mycompany.com:1234/myapp.php?foo=1&bar=2", form.Encode(), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="},
		{"a JSON body by its hash", base + "&" + hash, json, "a9nBmqA0ju/hNViExpshrM61xv4="},
		{"a JSON body and no other parameter", "https://mycompany.com/myapp.php?" + hash, json, "y77kIzt2vzLz71DgmJGsen2scGs="},
	} {
		t.Run(v.name, func(t *testing.T) {
			receiver := connect(t, channel.Account{Settings: map[string]string{"account_sid": "AC1", "auth_token": "12345",
				"number": "+18005551212"}}).(channel.WebhookReceiver)
			u, err := url.Parse(v.address)
			if err != nil {
				t.Fatal(err)
			}
			req := channel.WebhookRequest{Method: "POST", PublicURL: v.address, Query: u.Query(), Body: []byte(v.body),
				Header: http.Header{"X-Twilio-Signature": {v.signature}}}
			if _, err := receiver.Receive(t.Context(), req); err != nil {
				t.Errorf("refused: %v", err)
			}
			raw, err := base64.StdEncoding.DecodeString(v.signature)
			if err != nil {
				t.Fatal(err)
			}
			raw[3] ^= 1
			req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(raw))
			if _, err := receiver.Receive(t.Context(), req); !errors.Is(err, channel.ErrForged) {
				t.Errorf("a signature with one other bit was accepted: %v", err)
			}
			req.Header.Set("X-Twilio-Signature", v.signature)
			req.Body = append(req.Body, " "...)
			if _, err := receiver.Receive(t.Context(), req); !errors.Is(err, channel.ErrForged) {
				t.Errorf("a longer body was accepted: %v", err)
			}
		})
	}
}

func TestBothTokensCountWhileOneIsRotated(t *testing.T) {
	_, a, _ := open(t)
	a.Settings["auth_token"], a.Settings["auth_token_next"] = "old", "new"
	receiver := connect(t, a).(channel.WebhookReceiver)
	form := url.Values{"MessageSid": {"SM1"}, "From": {"+15550100042"}}
	for token, good := range map[string]bool{"old": true, "new": true, "older": false} {
		req := signed(hook, form)
		req.Header.Set("X-Twilio-Signature", twiliotest.Sign(token, hook, form))
		if _, err := receiver.Receive(t.Context(), req); (err == nil) != good {
			t.Errorf("token %s: %v", token, err)
		}
	}
}

func TestAnIncomingPictureWithoutTextIsRead(t *testing.T) {
	_, _, c := open(t)
	form := url.Values{"MessageSid": {"MM1"}, "From": {"+15550100042"}, "To": {twiliotest.Number}, "Body": {""}, "NumMedia": {"2"},
		"MediaUrl0": {"https://api.twilio.com/a"}, "MediaContentType0": {"image/jpeg"},
		"MediaUrl1": {"https://api.twilio.com/b"}, "MediaContentType1": {"text/vcard"},
		"FromState": {"TX"}, "FromZip": {"75001"}, "FromCity": {"DALLAS"}, "FromCountry": {"US"}, "SomethingNew": {"x", "y", "x"}}
	got, err := c.(channel.WebhookReceiver).Receive(t.Context(), signedOnce(form))
	if err != nil {
		t.Fatal(err)
	}
	want := []channel.Inbound{{ProviderID: "MM1", From: "+15550100042", To: twiliotest.Number,
		Media: []channel.MediaRef{{URL: "https://api.twilio.com/a", ContentType: "image/jpeg"}, {URL: "https://api.twilio.com/b", ContentType: "text/vcard"}},
		Place: channel.Place{City: "DALLAS", State: "TX", Zip: "75001", Country: "US"}, Raw: []byte(form.Encode())}}
	if diff := cmp.Diff(want, got.Inbound); diff != "" {
		t.Error(diff)
	}
	if got.Answer.Status != 200 || !strings.Contains(string(got.Answer.Body), "<Response>") {
		t.Errorf("the answer %+v is not empty TwiML", got.Answer)
	}
}

// signedOnce signs each different value of a repeated parameter once, as Twilio does.
func signedOnce(form url.Values) channel.WebhookRequest {
	once := url.Values{}
	for k, v := range form {
		once[k] = v
		if len(v) == 3 {
			once[k] = v[:2]
		}
	}
	req := signed(hook, form)
	req.Header.Set("X-Twilio-Signature", twiliotest.Sign(twiliotest.Token, hook, once))
	return req
}

func TestTwiliosOwnAnswerToStopIsSeen(t *testing.T) {
	_, _, c := open(t)
	got, err := c.(channel.WebhookReceiver).Receive(t.Context(),
		signed(hook, url.Values{"MessageSid": {"SM1"}, "From": {"+15550100042"}, "Body": {"Stop"}, "OptOutType": {"STOP"}}))
	if err != nil || len(got.Inbound) != 1 || got.Inbound[0].OptOut != "STOP" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAFailedStatusWith21610IsAnOptOut(t *testing.T) {
	_, _, c := open(t)
	got, err := c.(channel.WebhookReceiver).Receive(t.Context(), signed(hook+"/status?a=att_m.1",
		url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "ErrorCode": {"21610"}}))
	want := []channel.StatusUpdate{{Attempt: "att_m.1", ProviderID: "SM1", Status: channel.StatusFailed, ProviderCode: "21610", OptedOut: true}}
	if diff := cmp.Diff(want, got.Statuses); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestStatusesOfAnotherWorldAreAnsweredAndDropped(t *testing.T) {
	_, _, c := open(t)
	for _, form := range []url.Values{{"CallSid": {"CA1"}}, {"MessageSid": {"SM1"}, "MessageStatus": {"dreaming"}}} {
		got, err := c.(channel.WebhookReceiver).Receive(t.Context(), signed(hook+"/status?a=x", form))
		if err != nil || len(got.Statuses) != 0 || len(got.Inbound) != 0 || got.Answer.Status != 200 {
			t.Errorf("%v: %+v, %v", form, got, err)
		}
	}
}

func TestAStrangePriceDoesNotUndoAnAcceptance(t *testing.T) {
	for _, price := range []any{"-0.00750", 0.0075, map[string]any{"amount": 1}, "free"} {
		f, a, c := open(t)
		f.Next(twiliotest.Behaviour{Price: price})
		r, err := c.Send(t.Context(), channel.Outgoing{Attempt: "att_m.1", From: a.Number(), To: "+15550100042", Text: "Hi"})
		if err != nil || r.ProviderID == "" || r.Status != channel.StatusQueued {
			t.Errorf("price %v: %+v, %v", price, r, err)
		}
	}
}

func TestTheRequestSaysWhatTheMessageSays(t *testing.T) {
	f, a, c := open(t)
	out := channel.Outgoing{Attempt: "att_m.1", From: a.Number(), To: "+15550100042", Text: "Look",
		Media: []channel.MediaRef{{URL: "https://p.example/1.jpg"}, {URL: "https://p.example/2.jpg"}}, Expires: a.Clock.Now().Add(time.Hour)}
	if _, err := c.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	a.Settings["messaging_service_sid"] = "MG1"
	out.Expires = a.Clock.Now().Add(24 * time.Hour)
	if _, err := connect(t, a).Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	j := f.Journal()
	if diff := cmp.Diff(out.Media[1].URL, j[0].Media[1]); diff != "" || j[0].Callback != hook+"/status?a=att_m.1" {
		t.Error(diff, j[0])
	}
	if j[0].Validity < "3590" || j[0].Validity > "3600" || j[1].Validity != "36000" || j[1].Service != "MG1" || j[1].From != "" {
		t.Errorf("validity or sender: %+v", j)
	}
}

func TestMissedTextsAreListedAcrossPages(t *testing.T) {
	f, _, c := open(t)
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	f.SetNow(func() time.Time { now = now.Add(time.Second); return now })
	old := f.Receive("+15550100042", twiliotest.Number, "too old")
	since := clock.From(now.Add(500 * time.Millisecond))
	var want []string
	for range 230 {
		want = append(want, f.Receive("+15550100042", twiliotest.Number, "missed"))
		f.Receive("+15550100042", "+15550109999", "of another number")
	}
	f.Put(want[0], "ME1", "image/png", []byte("png"))
	got, err := c.(channel.Backfiller).Backfill(t.Context(), since, clock.From(now))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, in := range got {
		seen[in.ProviderID] = true
	}
	if len(got) != 230 || len(seen) != 230 || seen[old] {
		t.Errorf("listed %d messages, %d different", len(got), len(seen))
	}
}

func TestAnAttemptIsFoundByItsText(t *testing.T) {
	f, a, c := open(t)
	f.Next(twiliotest.Behaviour{Then: twiliotest.Error, Status: 500})
	out := channel.Outgoing{Attempt: "att_m.1", From: a.Number(), To: "+15550100042", Text: "Your code"}
	if _, err := c.Send(t.Context(), out); err == nil {
		t.Fatal("the fault did not fire")
	}
	try := channel.Tried{Attempt: out.Attempt, To: out.To, From: out.From, Text: out.Text, At: a.Clock.Now()}
	got, found, err := c.(channel.Finder).Find(t.Context(), try)
	if err != nil || !found || got.ProviderID != f.Journal()[0].SID || got.Status != channel.StatusQueued || got.Attempt != "att_m.1" {
		t.Errorf("got %+v, %v, %v", got, found, err)
	}
	for _, change := range []func(*channel.Tried){
		func(t *channel.Tried) { t.Text = "Another" },
		func(t *channel.Tried) { t.To = "+15550100043" },
		func(t *channel.Tried) { t.At = t.At.Add(time.Hour) },
	} {
		other := try
		change(&other)
		if got, found, err := c.(channel.Finder).Find(t.Context(), other); found || got != nil || err != nil {
			t.Errorf("found %+v for %+v: %v", got, other, err)
		}
	}
	f.Close()
	if _, found, err := c.(channel.Finder).Find(t.Context(), try); err == nil {
		t.Errorf("no answer counts as found=%v", found)
	}
}

func TestMediaComesOnlyFromTheHostWithTheCredentials(t *testing.T) {
	f, _, c := open(t)
	fetch := c.(channel.MediaFetcher).FetchMedia
	address := f.Put("MM1", "ME1", "image/png", []byte("12345"))
	got, err := fetch(t.Context(), channel.MediaRef{URL: address}, 5)
	if err != nil || string(got.Bytes) != "12345" || got.ContentType != "image/png" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := fetch(t.Context(), channel.MediaRef{URL: address}, 4); err == nil {
		t.Error("a file over the limit was fetched")
	}
	for _, other := range []string{"http://127.0.0.1:1/x", strings.Replace(address, "http://", "https://", 1),
		strings.Replace(address, "http://", "http://a:b@", 1), "file:///etc/passwd", "://"} {
		if _, err := fetch(t.Context(), channel.MediaRef{URL: other}, 5); err == nil || !strings.Contains(err.Error(), "media_host") {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestTheCheckSaysWhatIsWrong(t *testing.T) {
	_, a, _ := open(t)
	keys := func() map[string]bool {
		out := map[string]bool{}
		for _, c := range connect(t, a).(channel.Checker).Check(t.Context()) {
			out[c.Key] = c.OK
			if !c.OK && c.Fix == "" {
				t.Errorf("%s: nothing to do is said", c.Key)
			}
		}
		return out
	}
	if diff := cmp.Diff(map[string]bool{"auth": true, "number": true, "webhook": true}, keys()); diff != "" {
		t.Error(diff)
	}
	a.CallbackURL = "https://other.example/hooks/era/sms"
	if diff := cmp.Diff(map[string]bool{"auth": true, "number": true, "webhook": false}, keys()); diff != "" {
		t.Error(diff)
	}
	a.Settings["number"] = "+15550109999"
	if diff := cmp.Diff(map[string]bool{"auth": true, "number": false}, keys()); diff != "" {
		t.Error(diff)
	}
	a.Settings["auth_token"] = "wrong"
	if diff := cmp.Diff(map[string]bool{"auth": false}, keys()); diff != "" {
		t.Error(diff)
	}
}

func FuzzAWebhookNeverBreaksTheReader(f *testing.F) {
	f.Add("MessageSid=SM1&From=%2B15550100042&Body=Hi&NumMedia=2&MediaUrl0=x", "status", "att_m.1")
	f.Add("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=21610", "", "")
	f.Add("%zz=&a;b", "status", "att_.0")
	c, err := twilio.Adapter{}.Open(channel.Account{Settings: map[string]string{"account_sid": "AC1", "auth_token": twiliotest.Token,
		"number": twiliotest.Number}, CallbackURL: hook})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, path, attempt string) {
		form, _ := url.ParseQuery(body)
		req := channel.WebhookRequest{Method: "POST", PublicURL: hook, Path: path, Query: url.Values{"a": {attempt}}, Body: []byte(body),
			Header: http.Header{"X-Twilio-Signature": {twiliotest.Sign(twiliotest.Token, hook, form)}}}
		got, err := c.(channel.WebhookReceiver).Receive(t.Context(), req)
		if err != nil && !errors.Is(err, channel.ErrForged) {
			t.Errorf("%q: %v", body, err)
		}
		for _, in := range got.Inbound {
			if in.ProviderID == "" || len(in.Media) > 10 {
				t.Errorf("%q became %+v", body, in)
			}
		}
	})
}

package twilio_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/channeltest"
	"parley/internal/channel/twilio"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
)

const hook = "https://parley.example/hooks/era/sms"

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{Adapter: twilio.Adapter{}, Start: start})
}

func account(t *testing.T, f *twiliotest.Fake) channel.Account {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return channel.Account{ID: "chn_1", Slug: "era", Name: "sms", Settings: f.Settings(), CallbackURL: hook,
		HTTP: client, Clock: clock.New()}
}

func start(t *testing.T) *channeltest.Provider {
	f := twiliotest.New()
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	behaviours := map[channeltest.Behaviour]twiliotest.Behaviour{
		channeltest.Accept:            {},
		channeltest.AcceptThenSilence: {Then: twiliotest.Silence},
		channeltest.AcceptThenReset:   {Then: twiliotest.Reset},
		channeltest.AcceptThenError:   {Then: twiliotest.Error, Status: 502},
		channeltest.AcceptThenGarble:  {Then: twiliotest.Half},
		channeltest.Throttle:          {Reject: 429, Code: 20429, After: "7"},
		channeltest.RefuseOptedOut:    {Reject: 400, Code: 21610},
		channeltest.RefuseNumber:      {Reject: 400, Code: 21211},
		channeltest.RefuseAccount:     {Reject: 401, Code: 20003},
	}
	p := &channeltest.Provider{
		Account: account(t, f),
		Secrets: []string{twiliotest.Token},
		Next:    func(b channeltest.Behaviour) { f.Next(behaviours[b]) },
		Down:    f.Close,
		Inbound: func(from, text string) channel.WebhookRequest {
			return signed(hook, url.Values{"MessageSid": {"SM9"}, "From": {from}, "To": {twiliotest.Number}, "Body": {text},
				"NumMedia": {"0"}, "SmsStatus": {"received"}})
		},
		Status: func(a channel.AttemptID, id, status, code string) channel.WebhookRequest {
			return signed(hook+"/status?a="+string(a), url.Values{"MessageSid": {id}, "MessageStatus": {status}, "ErrorCode": {code}})
		},
	}
	for b := range behaviours {
		p.Can = append(p.Can, b)
	}
	slices.Sort(p.Can)
	p.Journal = func() []channeltest.Accepted {
		var out []channeltest.Accepted
		for _, a := range f.Journal() {
			out = append(out, channeltest.Accepted{From: a.From, To: a.To, Text: a.Body, Media: a.Media, Callback: a.Callback})
		}
		return out
	}
	return p
}

// signed is a form as the channel's webhook gets it.
func signed(address string, form url.Values) channel.WebhookRequest {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	req := channel.WebhookRequest{Method: http.MethodPost, PublicURL: address, Query: u.Query(), Body: []byte(form.Encode()),
		Header: http.Header{}}
	if len(u.Path) > len("/hooks/era/sms") {
		req.Path = "status"
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", twiliotest.Sign(twiliotest.Token, address, form))
	return req
}

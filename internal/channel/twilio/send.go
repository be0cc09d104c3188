package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"parley/internal/channel"
	"parley/internal/money"
)

// maxAnswer is the longest answer that is read; Twilio's are about 1 kB.
const maxAnswer = 1 << 20

// maxValidity is Twilio's longest ValidityPeriod, in seconds.
const maxValidity = 36000

// Send posts one message. The attempt is in the callback's URL, so that a status finds it whatever the answer was.
func (c *conn) Send(ctx context.Context, out channel.Outgoing) (channel.Receipt, error) {
	var left atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { left.Store(true) },
		WroteRequest: func(httptrace.WroteRequestInfo) { left.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.root+"/Messages.json", strings.NewReader(c.form(out)))
	if err != nil {
		return channel.Receipt{}, &channel.Failure{Policy: channel.Never, Code: "request_invalid",
			Text: "The request could not be written.", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.sid, c.token)
	resp, err := c.account.HTTP.Do(req)
	if err != nil {
		return channel.Receipt{}, noAnswer(err, left.Load())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode/100 == 2 {
		return channel.Receipt{}, noAnswer(err, true)
	}
	return read(resp, body)
}

// form is the request's body; url.Values would sort and copy it once more.
func (c *conn) form(out channel.Outgoing) string {
	var b strings.Builder
	b.Grow(160 + 3*len(out.Text) + len(c.account.CallbackURL))
	add := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(key)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	add("To", out.To)
	c.addSender(add, out.From)
	add("Body", out.Text)
	for _, m := range out.Media {
		add("MediaUrl", m.URL)
	}
	if c.account.CallbackURL != "" {
		add("StatusCallback", c.account.CallbackURL+"/status?a="+url.QueryEscape(string(out.Attempt)))
	}
	if !out.Expires.IsZero() {
		left := int(out.Expires.Sub(c.account.Clock.Now()).Seconds())
		add("ValidityPeriod", strconv.Itoa(min(max(left, 1), maxValidity)))
	}
	return b.String()
}

func (c *conn) addSender(add func(key, value string), from string) {
	switch service := c.account.Settings["messaging_service_sid"]; {
	case from != "" && from != c.account.Number():
		add("From", from)
	case service != "":
		add("MessagingServiceSid", service)
	default:
		add("From", c.account.Number())
	}
}

// message is what Parley reads of Twilio's Message resource.
type message struct {
	SID         string      `json:"sid"`
	Status      string      `json:"status"`
	Direction   string      `json:"direction"`
	From        string      `json:"from"`
	To          string      `json:"to"`
	Body        string      `json:"body"`
	NumMedia    string      `json:"num_media"`
	Price       *string     `json:"price"`
	PriceUnit   string      `json:"price_unit"`
	ErrorCode   json.Number `json:"error_code"`
	ErrorText   string      `json:"error_message"`
	DateCreated string      `json:"date_created"`
	DateSent    string      `json:"date_sent"`
	Service     string      `json:"messaging_service_sid"`
}

func read(resp *http.Response, body []byte) (channel.Receipt, error) {
	if resp.StatusCode/100 != 2 {
		return channel.Receipt{}, refusal(resp, body)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		// A strange price or date must not turn an accepted message into an unknown one: only what decides is needed.
		var accepted struct {
			SID    string `json:"sid"`
			Status string `json:"status"`
		}
		if narrow := json.Unmarshal(body, &accepted); narrow != nil {
			return channel.Receipt{}, noAnswer(err, true)
		}
		m = message{SID: accepted.SID, Status: accepted.Status}
	}
	if m.SID == "" {
		return channel.Receipt{}, noAnswer(errors.New("the answer names no message"), true)
	}
	status := statusOf(m.Status)
	if status == channel.StatusFailed {
		f := failureOf(m.ErrorCode.String(), m.ErrorText)
		f.Policy = channel.Never
		return channel.Receipt{}, f
	}
	if status == "" {
		status = channel.StatusQueued
	}
	return channel.Receipt{ProviderID: m.SID, Status: status, Price: price(m.Price, m.PriceUnit)}, nil
}

// price is what Twilio charged, which it writes as a negative amount; zero when it is not known yet or is finer
// than the currency's minor unit.
func price(text *string, unit string) money.Amount {
	if text == nil || unit == "" {
		return money.Amount{}
	}
	a, err := money.Parse(strings.TrimPrefix(*text, "-"), money.Currency(strings.ToUpper(unit)))
	if err != nil {
		return money.Amount{}
	}
	return a
}

func statusOf(s string) channel.Status {
	switch s {
	case "accepted", "queued", "scheduled", "sending":
		return channel.StatusQueued
	case "sent":
		return channel.StatusSent
	case "delivered", "partially_delivered":
		return channel.StatusDelivered
	case "undelivered", "failed", "canceled":
		return channel.StatusFailed
	case "read":
		return channel.StatusRead
	}
	return ""
}

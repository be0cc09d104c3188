package twilio

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"parley/internal/channel"
)

// maxMedia is how many files one message may carry at Twilio.
const maxMedia = 10

// nothingToSay is the empty TwiML document: Twilio then sends no reply of its own.
const nothingToSay = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`

// Receive reads an incoming message or a status. What is neither is answered and leaves nothing.
func (c *conn) Receive(_ context.Context, req channel.WebhookRequest) (channel.Intake, error) {
	params, err := c.verified(req)
	if err != nil {
		return channel.Intake{}, err
	}
	answer := channel.Answer{Status: 200, ContentType: "text/xml; charset=utf-8", Body: []byte(nothingToSay)}
	status := first(params, "MessageStatus", "SmsStatus")
	sid := first(params, "MessageSid", "SmsSid")
	switch {
	case sid == "":
		return channel.Intake{Answer: answer}, nil
	case req.Path == "status" || statusOf(status) != "":
		return channel.Intake{Statuses: statuses(sid, status, url.Values(req.Query).Get("a"), params), Answer: answer}, nil
	}
	in := inbound(sid, params)
	in.Raw = req.Body
	if req.Method == "GET" {
		in.Raw = []byte(req.PublicURL)
	}
	return channel.Intake{Inbound: []channel.Inbound{in}, Answer: answer}, nil
}

func statuses(sid, status, attempt string, params url.Values) []channel.StatusUpdate {
	s := statusOf(status)
	if s == "" {
		return nil
	}
	code := params.Get("ErrorCode")
	return []channel.StatusUpdate{{
		Attempt:      channel.AttemptID(attempt),
		ProviderID:   sid,
		Status:       s,
		ProviderCode: code,
		OptedOut:     code == "21610",
		Text:         params.Get("ErrorMessage"),
	}}
}

func inbound(sid string, params url.Values) channel.Inbound {
	in := channel.Inbound{
		ProviderID: sid,
		From:       params.Get("From"),
		To:         params.Get("To"),
		Text:       params.Get("Body"),
		OptOut:     strings.ToUpper(params.Get("OptOutType")),
		Place: channel.Place{City: params.Get("FromCity"), State: params.Get("FromState"),
			Zip: params.Get("FromZip"), Country: params.Get("FromCountry")},
	}
	n, err := strconv.Atoi(params.Get("NumMedia"))
	if err != nil {
		return in
	}
	for i := range min(max(n, 0), maxMedia) {
		if address := params.Get("MediaUrl" + strconv.Itoa(i)); address != "" {
			in.Media = append(in.Media, channel.MediaRef{URL: address, ContentType: params.Get("MediaContentType" + strconv.Itoa(i))})
		}
	}
	return in
}

func first(params url.Values, names ...string) string {
	for _, n := range names {
		if v := params.Get(n); v != "" {
			return v
		}
	}
	return ""
}

package twilio

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/internal/channel"
)

// noAnswer is the failure of a request without a usable answer: surely not accepted only if nothing left (I10, I11).
func noAnswer(err error, left bool) *channel.Failure {
	if left {
		return &channel.Failure{Policy: channel.Unknown, Code: "no_answer",
			Text: "Twilio gave no clear answer. The message may or may not have been sent.", Err: err}
	}
	return &channel.Failure{Policy: channel.Later, Code: "unreachable",
		Text: "Twilio could not be reached. The message was not sent and is tried again.", Err: err}
}

// refusal classifies an answer other than 2xx.
func refusal(resp *http.Response, body []byte) *channel.Failure {
	var said struct {
		Code    json.Number `json:"code"`
		Message string      `json:"message"`
	}
	_ = json.Unmarshal(body, &said) // an error page is no JSON; the status alone decides then
	after := retryAfter(resp.Header.Get("Retry-After"))
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
		return &channel.Failure{Policy: channel.Later, Code: "throttled", ProviderCode: said.Code.String(), RetryAfter: after,
			Text: words(said.Message, "Twilio asks to slow down.")}
	case status == http.StatusServiceUnavailable && after > 0:
		return &channel.Failure{Policy: channel.Later, Code: "unavailable", ProviderCode: said.Code.String(), RetryAfter: after,
			Text: words(said.Message, "Twilio is not available at the moment.")}
	case status >= 500 || status == http.StatusRequestTimeout || status < 400:
		return &channel.Failure{Policy: channel.Unknown, Code: "no_answer", ProviderCode: strconv.Itoa(status),
			Text: "Twilio had an error of its own. The message may or may not have been sent."}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound:
		return &channel.Failure{Policy: channel.Stop, Code: "account_refused", ProviderCode: code(said.Code, status),
			Text: words(said.Message, "Twilio refuses this account. Check the Account SID and the auth token.")}
	default:
		return failureOf(code(said.Code, status), said.Message)
	}
}

// failureOf is the failure of one of Twilio's error codes (twilio.com/docs/api/errors).
func failureOf(code, text string) *channel.Failure {
	f := &channel.Failure{Policy: channel.Never, Code: "refused", ProviderCode: code, Text: words(text, "Twilio refused the message.")}
	switch code {
	case "21610":
		f.Code, f.OptedOut = "opted_out", true
	case "21211", "21214", "21217", "21401", "21407", "21421", "21604", "21612", "21614", "30005", "30006":
		f.Code = "bad_number"
	case "21617", "21605":
		f.Code = "too_long"
	case "21408", "30018":
		f.Code = "country_not_enabled"
	case "21602", "21619":
		f.Code = "empty"
	case "21620", "21623", "30011", "30019", "12300":
		f.Code = "media_refused"
	case "21611", "30001": // the queue at Twilio holds hours of messages: ours waits for it
		f.Policy, f.Code, f.RetryAfter = channel.Later, "throttled", time.Minute
	case "20429", "14107", "30022":
		f.Policy, f.Code = channel.Later, "throttled"
	case "30004":
		f.Code = "blocked"
	case "30007":
		f.Code = "filtered"
	case "21212", "21603", "21606", "21659", "21660", "21661", "21703", "21705", "30032", "30034":
		f.Policy, f.Code = channel.Stop, "sender_refused"
	case "20003", "20005", "10001", "90010":
		f.Policy, f.Code = channel.Stop, "account_refused"
	}
	return f
}

func code(said json.Number, status int) string {
	if said != "" {
		return said.String()
	}
	return strconv.Itoa(status)
}

func words(said, otherwise string) string {
	if said = strings.TrimSpace(said); said != "" {
		return said
	}
	return otherwise
}

// retryAfter reads the seconds of a Retry-After header; 0 when it is absent or a date.
func retryAfter(value string) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, 24*time.Hour)
}

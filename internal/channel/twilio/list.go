package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
)

// maxPages bounds one look at the message list: 100 pages of 100.
const maxPages = 100

// skew is how far Twilio's clock and ours may differ.
const skew = 5 * time.Minute

// Backfill lists what people sent to this account between the two moments. Twilio filters by whole days in UTC and
// lists the newest first.
func (c *conn) Backfill(ctx context.Context, since, until clock.Time) ([]channel.Inbound, error) {
	q := url.Values{"PageSize": {"100"}, "DateSent>": {since.Std().Format(time.DateOnly)}}
	if n := c.account.Number(); n != "" {
		q.Set("To", n)
	}
	var out []channel.Inbound
	err := c.list(ctx, q, func(m message) (more bool, err error) {
		at := sentAt(m)
		if at.Before(since) {
			return false, nil
		}
		if m.Direction != "inbound" || at.After(until) || !c.ours(m) {
			return true, nil
		}
		in := channel.Inbound{ProviderID: m.SID, From: m.From, To: m.To, Text: m.Body, At: at}
		if in.Raw, err = json.Marshal(m); err != nil {
			return false, err
		}
		if m.NumMedia != "" && m.NumMedia != "0" {
			in.Media, err = c.mediaOf(ctx, m.SID)
		}
		out = append(out, in)
		return true, err
	})
	return out, err
}

// ours says whether a message belongs to this channel rather than to another sender of the same account.
func (c *conn) ours(m message) bool {
	service := c.account.Settings["messaging_service_sid"]
	return m.To == c.account.Number() || (service != "" && m.Service == service)
}

// Find looks for an attempt among the messages to its recipient, by its text and time. Messages that wait at Twilio
// have no DateSent yet, so the list is not filtered by date but left at the first one that is too old.
func (c *conn) Find(ctx context.Context, try channel.Tried) (*channel.StatusUpdate, bool, error) {
	if try.ProviderID != "" {
		return c.findSID(ctx, try)
	}
	q := url.Values{"PageSize": {"100"}, "To": {try.To}}
	if try.From != "" {
		q.Set("From", try.From)
	}
	var found *channel.StatusUpdate
	err := c.list(ctx, q, func(m message) (bool, error) {
		made := parseDate(m.DateCreated)
		if made.Before(try.At.Add(-skew)) {
			return false, nil
		}
		if strings.HasPrefix(m.Direction, "outbound") && strings.TrimSpace(m.Body) == strings.TrimSpace(try.Text) {
			found = updateOf(m, try.Attempt)
			return false, nil
		}
		return true, nil
	})
	return found, found != nil, err
}

func (c *conn) findSID(ctx context.Context, try channel.Tried) (*channel.StatusUpdate, bool, error) {
	var m message
	if err := c.get(ctx, c.root+"/Messages/"+url.PathEscape(try.ProviderID)+".json", &m); err != nil {
		return nil, true, err
	}
	return updateOf(m, try.Attempt), true, nil
}

func updateOf(m message, attempt channel.AttemptID) *channel.StatusUpdate {
	status := statusOf(m.Status)
	if status == "" {
		status = channel.StatusQueued
	}
	code := m.ErrorCode.String()
	return &channel.StatusUpdate{Attempt: attempt, ProviderID: m.SID, Status: status, ProviderCode: code,
		OptedOut: code == "21610", Text: m.ErrorText, At: sentAt(m)}
}

// list walks the pages of the message list until visit says stop.
func (c *conn) list(ctx context.Context, q url.Values, visit func(message) (bool, error)) error {
	address := c.root + "/Messages.json?" + q.Encode()
	for range maxPages {
		var page struct {
			Messages []message `json:"messages"`
			Next     string    `json:"next_page_uri"`
		}
		if err := c.get(ctx, address, &page); err != nil {
			return err
		}
		for _, m := range page.Messages {
			more, err := visit(m)
			if err != nil || !more {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		if !strings.HasPrefix(page.Next, "/") || strings.HasPrefix(page.Next, "//") {
			return fmt.Errorf("twilio: the next page is not on the same host: %q", page.Next)
		}
		address = c.base.String() + page.Next
	}
	return fmt.Errorf("twilio: the message list has more than %d pages", maxPages)
}

func (c *conn) mediaOf(ctx context.Context, sid string) ([]channel.MediaRef, error) {
	var list struct {
		Media []struct {
			SID         string `json:"sid"`
			ContentType string `json:"content_type"`
		} `json:"media_list"`
	}
	folder := c.root + "/Messages/" + url.PathEscape(sid) + "/Media"
	if err := c.get(ctx, folder+".json", &list); err != nil {
		return nil, err
	}
	var out []channel.MediaRef
	for _, m := range list.Media {
		out = append(out, channel.MediaRef{URL: folder + "/" + url.PathEscape(m.SID), ContentType: m.ContentType})
	}
	return out, nil
}

// get reads one resource as JSON. An answer other than 2xx is a *channel.Failure.
func (c *conn) get(ctx context.Context, address string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("twilio: %w", err)
	}
	req.SetBasicAuth(c.sid, c.token)
	resp, err := c.account.HTTP.Do(req)
	if err != nil {
		return noAnswer(err, false)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return noAnswer(err, false)
	}
	if resp.StatusCode != http.StatusOK {
		f := refusal(resp, body)
		if id := resp.Header.Get("Twilio-Request-Id"); id != "" {
			f.Text += " (request " + id + ")"
		}
		return f
	}
	if err := json.Unmarshal(body, v); err != nil {
		return noAnswer(err, false)
	}
	return nil
}

func sentAt(m message) clock.Time {
	if at := parseDate(m.DateSent); !at.IsZero() {
		return at
	}
	return parseDate(m.DateCreated)
}

// parseDate reads Twilio's dates, which are RFC 2822.
func parseDate(text string) clock.Time {
	t, err := time.Parse(time.RFC1123Z, text)
	if err != nil {
		return 0
	}
	return clock.From(t)
}

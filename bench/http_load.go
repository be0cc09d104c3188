package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/channel/twilio/twiliotest"
)

// knownPeople are the writers who are known before the measurement.
const knownPeople = 10_000

// load posts to a target over as many connections as the window says: texts signed by Twilio, or JSON to an echo.
func load(ctx context.Context, t task) (figures, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: t.Window, MaxConnsPerHost: t.Window}, Timeout: time.Minute}
	requests := make([]request, t.Count)
	for i := range requests {
		requests[i] = echoRequest()
		if t.Slug != "" {
			requests[i] = textRequest(t, i)
		}
	}
	took := make([]time.Duration, t.Count)
	var next, failed atomic.Int64
	var group sync.WaitGroup
	m := begin(0)
	for range t.Window {
		group.Go(func() {
			for i := next.Add(1); i <= int64(t.Count); i = next.Add(1) {
				started := time.Now()
				if err := requests[i-1].post(ctx, client, t.Target); err != nil {
					failed.Add(1)
				}
				took[i-1] = time.Since(started)
			}
		})
	}
	group.Wait()
	if n := failed.Load(); n > 0 {
		return nil, fmt.Errorf("%d of %d requests failed", n, t.Count)
	}
	out := m.end(t.Count)
	for name, v := range quantiles(took) {
		out[name] = v
	}
	return out, nil
}

// request is a body, prepared before the measurement.
type request struct {
	body, contentType, signature string
}

func (r request) post(ctx context.Context, client *http.Client, target string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", r.contentType)
	if r.signature != "" {
		req.Header.Set("X-Twilio-Signature", r.signature)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return nil
}

func echoRequest() request {
	return request{body: `{"from":"+12125550100","to":"+15550100001","text":"Where is my order?"}`, contentType: "application/json"}
}

// textRequest is text i, of somebody known or of somebody new.
func textRequest(t task, i int) request {
	from := number(i % knownPeople)
	if t.Fresh {
		from = fmt.Sprintf("+1917%07d", 2_000_000+i)
	}
	return signed(t, i, from, fmt.Sprintf("Where is my order %d?", i))
}

func signed(t task, i int, from, text string) request {
	form := url.Values{"MessageSid": {fmt.Sprintf("SM%032d", i)}, "AccountSid": {twiliotest.SID}, "From": {from}, "To": {twiliotest.Number},
		"Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"}, "FromState": {"NY"}, "FromZip": {"10001"}, "FromCountry": {"US"}}
	return request{form.Encode(), "application/x-www-form-urlencoded", twiliotest.Sign(twiliotest.Token, t.Slug, form)}
}

// watch sends texts at a steady rate, follows the feed as a browser does, and measures from the send to the event (PF6).
func watch(ctx context.Context, t task) (figures, error) {
	base, _, _ := strings.Cut(t.Target, "/hooks/")
	heard := make(chan string, t.Count)
	if err := follow(ctx, base+"/api/v1/feed", t.Secret, heard); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute}
	sent := make([]time.Time, t.Count)
	requests := make([]request, t.Count)
	for i := range requests {
		requests[i] = signed(t, i, number(i%knownPeople), fmt.Sprintf("visible %d", i))
	}
	var failed atomic.Int64
	started := time.Now()
	go func() {
		for i := range t.Count {
			time.Sleep(time.Until(started.Add(time.Duration(i) * time.Second / time.Duration(t.Rate))))
			sent[i] = time.Now()
			go func() {
				if requests[i].post(ctx, client, t.Target) != nil {
					failed.Add(1)
				}
			}()
		}
	}()
	took := make([]time.Duration, 0, t.Count)
	limit := time.After(time.Duration(t.Count/t.Rate)*time.Second + 30*time.Second)
	for len(took) < t.Count {
		select {
		case text := <-heard:
			var i int
			if _, err := fmt.Sscanf(text, "visible %d", &i); err == nil {
				took = append(took, time.Since(sent[i]))
			}
		case <-limit:
			return nil, fmt.Errorf("%d of %d texts became visible, %d requests failed", len(took), t.Count, failed.Load())
		}
	}
	out := quantiles(took)
	out["rate"] = float64(t.Count) / time.Since(started).Seconds()
	return out, nil
}

// follow reads the feed in the background and tells of the text of each message that came in.
func follow(ctx context.Context, address, key string, heard chan<- string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // the reader below closes it
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("the feed answered %d: %s", resp.StatusCode, body)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	go func() {
		defer resp.Body.Close()
		for lines.Scan() {
			data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
			if !ok {
				continue
			}
			var e struct {
				Topic string `json:"topic"`
				Body  struct {
					Message struct {
						Text string `json:"text"`
						Kind string `json:"kind"`
					} `json:"message"`
				} `json:"body"`
			}
			if json.Unmarshal(data, &e) == nil && e.Topic == "message.added" && e.Body.Message.Kind == "in" {
				heard <- e.Body.Message.Text
			}
		}
	}()
	return nil
}

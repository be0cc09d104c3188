package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/feed"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// catchUp is how many events are read at once for a client that was away.
const catchUp = 500

// feedRoute adds the change stream: server-sent events after https://html.spec.whatwg.org/multipage/server-sent-events.html.
//
//	id: 42
//	data: {"seq":42,"at":"2026-01-02T03:04:05Z","topic":"message.added","person_id":"per_...","body":{...}}
//
// Two events have a name: "ready" {"seq":42} once everything up to now was sent, and "resync" {"seq":42} when what the
// client missed is not kept any more, so that it must fetch everything anew.
func (s *Server) feedRoute() {
	s.api.Raw(httpx.Route{Method: "GET", Path: httpx.Base + "/feed", ID: "feed", Summary: "Follow changes", Permission: org.ConversationRead, Stream: true},
		func(w http.ResponseWriter, r *http.Request) {
			select {
			case s.streams <- struct{}{}:
				defer func() { <-s.streams }()
			default:
				s.api.Fail(w, r, errs.New(errs.Unavailable, "too_many_streams", "Too many browsers follow changes on this server. Try again in a moment."))
				return
			}
			if err := s.follow(w, r); err != nil {
				s.api.Fail(w, r, err)
			}
		})
}

// follow streams until the client, the session or the server ends. An error means that nothing was written.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) error {
	ctx, ws := r.Context(), org.ActorFrom(r.Context()).Workspace
	since, live, err := startOf(r)
	if err != nil {
		return err
	}
	// First subscribe, then look at what is stored: what comes in between is heard twice and written once.
	sub, err := s.options.Feed.Subscribe(ctx, ws)
	if err != nil {
		return err
	}
	defer sub.Close()
	head, err := s.options.Feed.Head(ctx, ws)
	if err != nil {
		return err
	}
	if live {
		since = head
	}
	events, resync, err := s.options.Feed.Since(ctx, ws, since, catchUp)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	out := &stream{w: w, control: http.NewResponseController(w), wait: s.options.WriteWait, last: since}
	if resync {
		out.last = head
		out.named("resync")
	}
	for out.err == nil && len(events) > 0 {
		for i := range events {
			out.event(&events[i])
		}
		if events, resync, err = s.options.Feed.Since(ctx, ws, out.last, catchUp); err != nil || resync {
			return nil // the client comes back with its number
		}
	}
	out.named("ready")
	s.live(r, out, sub)
	return nil
}

// startOf is the number after which the client wants to hear. A browser that reconnects by itself says it in a header,
// which is newer than the address it began with. Without a number the stream begins now.
func startOf(r *http.Request) (since int64, live bool, err error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("since")
	}
	if text == "" {
		return 0, true, nil
	}
	since, err = strconv.ParseInt(text, 10, 64)
	if err != nil || since < 0 {
		return 0, false, errs.New(errs.Invalid, "since_invalid", "since is the number of the last event that was received.")
	}
	return since, false, nil
}

// live passes on what happens from now on.
func (s *Server) live(r *http.Request, out *stream, sub *feed.Subscription) {
	heartbeat, check := time.NewTicker(s.options.Heartbeat), time.NewTicker(s.options.SessionCheck)
	defer heartbeat.Stop()
	defer check.Stop()
	credential := org.CredentialOf(r)
	for out.err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		case e, open := <-sub.Events():
			if !open {
				return // too slow, or the feed stopped; the client comes back with its number
			}
			out.event(e)
		case <-heartbeat.C:
			out.write(": still here\n\n")
		case <-check.C:
			if _, err := s.options.Org.Authenticate(r.Context(), credential); errs.KindOf(err) == errs.Unauthenticated {
				return
			}
		}
	}
}

// stream writes server-sent events. After the first failure it writes nothing more.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	wait    time.Duration
	last    int64 // number of the last event written
	err     error
}

// eventJSON is an event as browsers read it.
type eventJSON struct {
	Seq    int64      `json:"seq"`
	At     clock.Time `json:"at"`
	Topic  string     `json:"topic"`
	Person id.Person  `json:"person_id,omitempty"`
	Body   any        `json:"body,omitempty"`
}

// event writes an event unless the client has it.
func (o *stream) event(e *feed.Event) {
	if e.Seq <= o.last || o.err != nil {
		return
	}
	text, err := json.Marshal(eventJSON{Seq: e.Seq, At: e.At, Topic: e.Topic, Person: e.Person, Body: e.Body})
	if err != nil {
		o.err = err
		return
	}
	o.last = e.Seq
	o.write(fmt.Sprintf("id: %d\ndata: %s\n\n", e.Seq, text))
}

func (o *stream) named(name string) {
	o.write(fmt.Sprintf("id: %d\nevent: %s\ndata: {\"seq\":%d}\n\n", o.last, name, o.last))
}

func (o *stream) write(text string) {
	if o.err != nil {
		return
	}
	// A writer without deadlines, as in tests, is never slow.
	_ = o.control.SetWriteDeadline(time.Now().Add(o.wait))
	if _, o.err = o.w.Write([]byte(text)); o.err == nil {
		o.err = o.control.Flush()
	}
}

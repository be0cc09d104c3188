package twiliotest

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// Sink takes every message at once and counts them. It keeps nothing, so that a measurement measures the sender.
type Sink struct{ taken atomic.Int64 }

// Taken is how many messages were taken.
func (s *Sink) Taken() int64 { return s.taken.Load() }

// ServeHTTP answers as Twilio does to POST Messages.json.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n := s.taken.Add(1)
	answer := make([]byte, 0, 96)
	answer = append(answer, `{"sid":"SM`...)
	answer = strconv.AppendInt(answer, n+1e15, 10)
	answer = append(answer, `","status":"queued","price":null,"price_unit":"USD","error_code":null}`...)
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(answer))}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}

package httpx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"parley/internal/errs"
)

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Body   []byte
}

// Replays remembers the answers of requests that carried an Idempotency-Key, for the caller in the context, for 24 hours.
type Replays interface {
	// Begin claims the key for a request with this fingerprint. It returns the kept answer when there is one, or fails
	// with idempotency_mismatch (another request used the key), idempotency_running (its twin is at work) or
	// idempotency_unknown (its twin was cut off, so nobody knows).
	Begin(ctx context.Context, key, fingerprint string) (*Answer, error)
	// Finish keeps the answer; Forget frees the key because nothing happened.
	Finish(ctx context.Context, key string, answer Answer) error
	Forget(ctx context.Context, key string) error
}

// KeyHeader is the request header that makes a POST happen once, after the IETF draft "The Idempotency-Key HTTP
// Header Field".
const KeyHeader = "Idempotency-Key"

type replayCall struct {
	route Route
	body  []byte
	next  http.Handler
}

// replayed calls the handler, or repeats the answer it gave when the key was first used.
func (api *API) replayed(w http.ResponseWriter, r *http.Request, call replayCall) {
	key := r.Header.Get(KeyHeader)
	if key == "" || r.Method != http.MethodPost || call.route.Permission == Public || api.options.Replays == nil {
		call.next.ServeHTTP(w, r)
		return
	}
	if len(key) > 255 {
		api.Fail(w, r, errs.New(errs.Invalid, "idempotency_key_too_long", "An Idempotency-Key has at most 255 characters. Nothing was done."))
		return
	}
	kept, err := api.options.Replays.Begin(r.Context(), key, fingerprint(r, call.body))
	if err != nil {
		api.Fail(w, r, err)
		return
	}
	if kept != nil {
		w.Header().Set("Idempotent-Replayed", "true")
		send(w, *kept)
		return
	}
	api.record(w, r, recordedCall{replayCall: call, key: key})
}

type recordedCall struct {
	replayCall
	key string
}

func (api *API) record(w http.ResponseWriter, r *http.Request, call recordedCall) {
	rec := &recorder{header: w.Header(), status: http.StatusOK}
	// The client may be gone before the answer is kept; the next try must find it all the same.
	ctx := context.WithoutCancel(r.Context())
	returned := false
	defer func() {
		if !returned {
			api.keep(ctx, call, Answer{Status: http.StatusInternalServerError})
		}
	}()
	call.next.ServeHTTP(rec, r)
	returned = true
	answer := Answer{Status: rec.status, Body: rec.body.Bytes()}
	api.keep(ctx, call, answer)
	send(w, answer)
}

func (api *API) keep(ctx context.Context, call recordedCall, answer Answer) {
	var err error
	switch {
	case answer.Status == http.StatusServiceUnavailable, answer.Status >= 400 && answer.Status < 500:
		err = api.options.Replays.Forget(ctx, call.key)
	case call.route.Secret:
		p := newProblem(http.StatusConflict, "idempotency_secret", "This was done already. Its answer held a secret, which is shown only once.")
		err = api.options.Replays.Finish(ctx, call.key, Answer{Status: p.Status, Body: marshal(p)})
	default:
		err = api.options.Replays.Finish(ctx, call.key, answer)
	}
	if err != nil {
		api.options.Log.ErrorContext(ctx, "an answer could not be kept for its Idempotency-Key", "route", call.route.ID, "error", err)
	}
}

func send(w http.ResponseWriter, a Answer) {
	if w.Header().Get("Content-Type") == "" && len(a.Body) > 0 {
		w.Header().Set("Content-Type", "application/json")
		if a.Status >= 400 {
			w.Header().Set("Content-Type", (*Problem)(nil).ContentType(""))
		}
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// fingerprint tells two requests apart.
func fingerprint(r *http.Request, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s?%s\n", r.Method, r.URL.Path, r.URL.RawQuery)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// recorder collects an answer in memory.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.body.Write(b)
}

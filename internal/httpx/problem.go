package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/errs"
)

// Problem is the body of every failed request, after RFC 9457.
//
//	{"type":"urn:parley:problem:consent_missing","title":"Conflict","status":409,"code":"consent_missing",
//	 "detail":"...","errors":[{"field":"email","message":"..."}],"reference":"ref_01..."}
type Problem struct {
	Type      string         `json:"type" doc:"a name for this sort of problem"`
	Title     string         `json:"title" doc:"the status in words"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail" doc:"what happened, what is safe, what to do"`
	Code      string         `json:"code" doc:"stable, for programs"`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"what is wrong with single fields"`
	Reference string         `json:"reference,omitempty" doc:"finds this failure in the server's log"`
}

// FieldProblem says what is wrong with one field of the input.
type FieldProblem struct {
	Field   string `json:"field" doc:"where: email, items[0].name, query.limit"`
	Message string `json:"message"`
}

// Error is the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status; huma asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem; huma asks for it.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are the headers that go with the status; huma asks for them.
func (p *Problem) GetHeaders() http.Header {
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		return http.Header{"Retry-After": {"5"}}
	}
	return nil
}

func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: "urn:parley:problem:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// statusOf is the one table from kinds of errors to HTTP.
func statusOf(kind errs.Kind) int {
	switch kind {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.TooMany:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// problem turns any error into what the caller may know. Faults of ours are logged under a reference.
func (api *API) problem(ctx context.Context, err error) *Problem {
	var ready *Problem
	if errors.As(err, &ready) {
		return ready
	}
	var known *errs.Error
	if errors.As(err, &known) && known.Kind != errs.Internal {
		p := newProblem(statusOf(known.Kind), known.Code, known.Message)
		for field, message := range known.Fields {
			p.Errors = append(p.Errors, FieldProblem{Field: field, Message: message})
		}
		sort.Slice(p.Errors, func(i, j int) bool { return p.Errors[i].Field < p.Errors[j].Field })
		if known.Kind == errs.Unavailable {
			api.options.Log.WarnContext(ctx, "a request could not be served", "code", known.Code, "error", err)
		}
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return newProblem(http.StatusServiceUnavailable, "out_of_time", "The request took too long and was given up. Look whether it took effect before you repeat it.")
	}
	p := newProblem(http.StatusInternalServerError, "internal", "Something went wrong on our side. Try again; if it stays, give the reference to whoever runs this server.")
	p.Reference = api.options.IDs.New("ref")
	api.options.Log.ErrorContext(ctx, "a request failed", "reference", p.Reference, "error", err)
	return p
}

// Fail answers a raw request with the problem that err stands for. Nothing may have been written before.
func (api *API) Fail(w http.ResponseWriter, r *http.Request, err error) {
	api.write(w, api.problem(r.Context(), err))
}

func (api *API) write(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		// The rest of the body is not worth reading.
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(marshal(p))
}

func marshal(p *Problem) []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic("httpx: a problem is plain data: " + err.Error())
	}
	return append(text, '\n')
}

// fieldProblem names a field of the body as domains do, without "body." before it; parameters keep where they stand.
func fieldProblem(e *huma.ErrorDetail) FieldProblem {
	field := strings.TrimPrefix(e.Location, "body.")
	if name, ok := strings.CutPrefix(e.Message, "expected required property "); ok {
		name = strings.TrimSuffix(name, " to be present")
		if field == "body" {
			return FieldProblem{Field: name, Message: "is missing"}
		}
		return FieldProblem{Field: field + "." + name, Message: "is missing"}
	}
	return FieldProblem{Field: field, Message: e.Message}
}

// ownProblem turns the errors huma makes itself, for input that does not fit the description, into a Problem. What was
// sent is not repeated, because it may be a password.
func ownProblem(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := map[int]string{
		http.StatusBadRequest:           "body_unreadable",
		http.StatusUnsupportedMediaType: "body_not_json",
		http.StatusUnprocessableEntity:  "input_invalid",
	}[model.Status]
	if code == "" {
		code = "request_refused"
	}
	p := newProblem(model.Status, code, "The input does not fit. Nothing was done; see errors.")
	for _, e := range model.Errors {
		p.Errors = append(p.Errors, fieldProblem(e))
	}
	if len(p.Errors) == 0 {
		p.Detail = strings.ToUpper(model.Detail[:1]) + model.Detail[1:] + ". Nothing was done."
	}
	return p, nil
}

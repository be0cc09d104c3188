package httpx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"parley/internal/errs"
)

// wrap puts the limits and the guard around a handler.
func (api *API) wrap(route Route, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deadlines(w, route)
		if r.ContentLength > route.MaxBody {
			api.Fail(w, r, tooLarge(route.MaxBody))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, route.MaxBody)
		ctx, err := api.options.Guard(w, r, route)
		if err != nil {
			api.Fail(w, r, err)
			return
		}
		if !route.Stream {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, route.Timeout)
			defer cancel()
		}
		r = r.WithContext(ctx)
		if route.raw {
			h.ServeHTTP(w, r)
			return
		}
		body, err := readBody(w, r, route)
		if err != nil {
			api.Fail(w, r, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		api.replayed(w, r, replayCall{route: route, body: body, next: h})
	})
}

// deadlines bounds how long a slow client may hold the connection. They follow the machine's time, whatever the clock of
// the program says. Writers that cannot have deadlines do without.
func deadlines(w http.ResponseWriter, route Route) {
	controller, end := http.NewResponseController(w), time.Time{}
	if !route.Stream {
		end = time.Now().Add(route.Timeout)
	}
	_ = controller.SetReadDeadline(end)
	if route.Stream {
		_ = controller.SetWriteDeadline(time.Time{})
		return
	}
	_ = controller.SetWriteDeadline(end.Add(10 * time.Second))
}

// readBody reads the whole body within its limits and looks at its shape.
func readBody(w http.ResponseWriter, r *http.Request, route Route) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	var slow net.Error
	switch {
	case errors.As(err, &large):
		return nil, tooLarge(route.MaxBody)
	case errors.As(err, &slow) && slow.Timeout():
		return nil, errs.Wrap(err, errs.Unavailable, "body_too_slow", "The request's body did not arrive in time. Nothing was done; send it again.")
	case err != nil:
		return nil, errs.Wrap(err, errs.Invalid, "body_unreadable", "The request's body broke off. Nothing was done; send it again.")
	}
	// With the body in memory a deadline for reading would only cut off a handler that is still at work.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if nesting(body) > MaxDepth {
		return nil, errs.New(errs.Invalid, "json_too_deep", "The JSON is nested deeper than %d levels. Nothing was done.", MaxDepth)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return errs.New(errs.TooLarge, "body_too_large", "The request's body is larger than %d bytes, the limit of this address. Nothing was done.", limit)
}

// MaxDepth is how deep the JSON of a request may be nested.
const MaxDepth = 32

// nesting is how deep the brackets of a JSON text go; brackets inside strings do not count.
func nesting(text []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

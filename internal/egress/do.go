package egress

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of one exchange. The zero value is for the API of a provider: 1 MiB, 15 seconds, no redirect, any host.
type Limits struct {
	MaxBytes int64         // of the answer's body, after decompression; default 1 MiB
	Timeout  time.Duration // from the call to the last byte of the body; default 15 s
	Hops     int           // redirects to follow, for GET and HEAD only; default 0: a redirect is the answer
	Hosts    []string      // the only hosts to reach, on each hop: "api.example.com", or "*.example.com" for all below; default any
}

const (
	defaultBytes   = 1 << 20
	defaultTimeout = 15 * time.Second
)

// Bound is a client with fixed limits, in the form in which adapters take it.
type Bound struct {
	client *Client
	limits Limits
}

// With fixes the limits.
func (c *Client) With(l Limits) *Bound { return &Bound{c, l} }

// Do is Client.Do under the fixed limits and the request's own context.
func (b *Bound) Do(req *http.Request) (*http.Response, error) {
	return b.client.Do(req.Context(), req, b.limits)
}

// Do sends the request and returns the answer, whose body is bounded by the limits and must be closed. The error is
// an *Error; NotSent(err) says whether the request surely did not leave. The transport repeats a request by itself only
// if no byte of it was written or if it is a GET, HEAD, OPTIONS or TRACE; do not set an Idempotency-Key header for a
// provider that ignores it, because the transport takes it as leave to repeat.
func (c *Client) Do(ctx context.Context, req *http.Request, l Limits) (*http.Response, error) {
	l = l.filled()
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	sent := new(atomic.Bool)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req = withBasicAuth(req.WithContext(ctx))
	for hop := 0; ; hop++ {
		resp, err := c.once(req, l, sent)
		if err != nil {
			cancel()
			return nil, err
		}
		next, err := redirect(req, resp, l, hop)
		if err == nil && next == nil {
			resp.Body = &bounded{body: resp.Body, left: l.MaxBytes, host: req.URL.Host, cancel: cancel}
			return resp, nil
		}
		_ = resp.Body.Close()
		if err != nil {
			cancel()
			return nil, err
		}
		req = next
	}
}

func (l Limits) filled() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = defaultBytes
	}
	if l.Timeout == 0 {
		l.Timeout = defaultTimeout
	}
	return l
}

// once is one hop.
func (c *Client) once(req *http.Request, l Limits, sent *atomic.Bool) (*http.Response, error) {
	if e := permitted(req.URL, l.Hosts, sent.Load()); e != nil {
		closeBody(req)
		return nil, e
	}
	resp, err := c.trip.RoundTrip(req)
	if err != nil {
		return nil, explain(err, hostOf(req.URL), sent.Load())
	}
	if resp.ContentLength > l.MaxBytes && req.Method != http.MethodHead {
		_ = resp.Body.Close()
		return nil, &Error{Reason: TooLarge, Host: hostOf(req.URL), Sent: true}
	}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func hostOf(u *url.URL) string { return hostPort(u.Hostname(), u.Port(), u.Scheme) }

// permitted checks what can be told before connecting.
func permitted(u *url.URL, hosts []string, sent bool) *Error {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Opaque != "" {
		return &Error{Reason: Blocked, Host: u.Hostname(), Detail: "the address is not an http or https address", Sent: sent}
	}
	if len(hosts) > 0 && !matches(strings.ToLower(u.Hostname()), hosts) {
		return &Error{Reason: Blocked, Host: u.Hostname(), Detail: "the host is not one of those expected here", Sent: sent}
	}
	return nil
}

func matches(host string, hosts []string) bool {
	for _, pattern := range hosts {
		pattern = strings.ToLower(pattern)
		if parent, ok := strings.CutPrefix(pattern, "*"); ok {
			if strings.HasPrefix(parent, ".") && strings.HasSuffix(host, parent) && len(host) > len(parent) {
				return true
			}
		} else if host == pattern {
			return true
		}
	}
	return false
}

// withBasicAuth moves a name and password of the address into the header, so that no error or log of the address shows
// them. It works on a copy: the caller's request stays as it is.
func withBasicAuth(req *http.Request) *http.Request {
	if req.URL.User == nil {
		return req
	}
	out := req.Clone(req.Context())
	if req.Header.Get("Authorization") == "" {
		password, _ := req.URL.User.Password()
		out.SetBasicAuth(req.URL.User.Username(), password)
	}
	out.URL.User = nil
	return out
}

// carried are the headers that say nothing about who asks; only they follow a redirect to another origin.
var carried = [...]string{"Accept", "Accept-Language", "Range", "User-Agent"}

// redirect is the request of the next hop, or nil when resp is the answer.
func redirect(req *http.Request, resp *http.Response, l Limits, hop int) (*http.Request, error) {
	if l.Hops == 0 || !isRedirect(resp.StatusCode) || (req.Method != http.MethodGet && req.Method != http.MethodHead) {
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	if hop >= l.Hops {
		return nil, &Error{Reason: TooManyHops, Host: hostOf(req.URL), Sent: true}
	}
	target, err := req.URL.Parse(location)
	if err != nil {
		return nil, &Error{Reason: Broken, Host: hostOf(req.URL), Detail: "the redirect is not an address", Sent: true}
	}
	if req.URL.Scheme == "https" && target.Scheme == "http" {
		return nil, &Error{Reason: Blocked, Host: hostOf(target), Detail: "the redirect leaves the secure connection", Sent: true}
	}
	target.User = nil
	next := (&http.Request{Method: req.Method, URL: target, Proto: req.Proto, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}).WithContext(req.Context())
	if target.Scheme == req.URL.Scheme && hostOf(target) == hostOf(req.URL) {
		next.Header = req.Header.Clone()
		return next, nil
	}
	for _, name := range carried {
		if values := req.Header.Values(name); len(values) > 0 {
			next.Header[name] = values
		}
	}
	return next, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// bounded is an answer's body that ends in an error when it is longer than allowed.
type bounded struct {
	body   io.ReadCloser
	left   int64
	host   string
	cancel context.CancelFunc
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &Error{Reason: TooLarge, Host: b.host, Sent: true}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than allowed tells a full answer from a longer one
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, &Error{Reason: TooLarge, Host: b.host, Sent: true}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = explain(err, b.host, true)
	}
	return n, err
}

// Close lets the connection go back to the pool, or ends it when the body was not read to its end.
func (b *bounded) Close() error {
	err := b.body.Close()
	b.cancel()
	return err
}

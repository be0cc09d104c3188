package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/egress"
)

// canary listens on loopback and counts connections: the thing that no request may reach.
func canary(t *testing.T) (addr string, hits *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hits = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			hits.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), hits
}

func allow(t *testing.T, addresses ...string) egress.Options {
	t.Helper()
	rules, err := egress.ParseRules(addresses...)
	if err != nil {
		t.Fatal(err)
	}
	return egress.Options{Allow: rules}
}

func get(t *testing.T, c *egress.Client, address string, l egress.Limits) (string, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(t.Context(), req, l)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// I31: every form in which an address of our own network can be written, against a listener that must stay silent.
func TestNoFormOfAnInnerAddressIsReached(t *testing.T) {
	addr, hits := canary(t)
	_, port, _ := net.SplitHostPort(addr)
	// The port is open, so that only the address decides.
	client := egress.New(egress.Options{Ports: []uint16{netip.MustParseAddrPort(addr).Port()}})
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
		"0", "0.0.0.0", "127.0.0.1.", "localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
		"[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:0:7f00:1::]", "[fe80::1%25lo]", "[0:0:0:0:0:ffff:127.0.0.1]", "①②⑦.0.0.1",
	} {
		t.Run(host, func(t *testing.T) {
			_, err := get(t, client, "http://"+host+":"+port+"/", egress.Limits{Timeout: 5 * time.Second})
			if err == nil {
				t.Error("the request succeeded")
			}
			if !egress.NotSent(err) {
				t.Errorf("%v says that something was sent", err)
			}
		})
	}
	if _, err := client.DialContext(t.Context(), "tcp", addr); egress.ReasonOf(err) != egress.Blocked {
		t.Errorf("DialContext: %v, want blocked", err)
	}
	if n := hits.Load(); n != 0 {
		t.Fatalf("the canary was reached %d times", n)
	}
}

func TestRedirectsAreCheckedOnEachHop(t *testing.T) {
	inner, hits := canary(t)
	var seen http.Header
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		fmt.Fprint(w, "arrived")
	}))
	defer second.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/inner":
			http.Redirect(w, r, "http://"+inner+"/latest/meta-data", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/other":
			http.Redirect(w, r, second.URL+"/", http.StatusTemporaryRedirect)
		case "/same":
			http.Redirect(w, r, "/echo", http.StatusFound)
		case "/echo":
			fmt.Fprint(w, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"))
		}
	}))
	defer first.Close()
	client := egress.New(allow(t, strings.TrimPrefix(first.URL, "http://"), strings.TrimPrefix(second.URL, "http://")))
	defer client.Close()
	limits := egress.Limits{Hops: 3}

	t.Run("a redirect to an inner address is refused at the dial (I31)", func(t *testing.T) {
		_, err := get(t, client, first.URL+"/inner", limits)
		if egress.ReasonOf(err) != egress.Blocked || hits.Load() != 0 {
			t.Errorf("got %v, canary reached %d times", err, hits.Load())
		}
	})
	t.Run("a redirect to another scheme is refused", func(t *testing.T) {
		if _, err := get(t, client, first.URL+"/file", limits); egress.ReasonOf(err) != egress.Blocked {
			t.Errorf("got %v", err)
		}
	})
	t.Run("hops are counted", func(t *testing.T) {
		if _, err := get(t, client, first.URL+"/loop", limits); egress.ReasonOf(err) != egress.TooManyHops {
			t.Errorf("got %v", err)
		}
	})
	t.Run("without hops the redirect is the answer", func(t *testing.T) {
		req, _ := http.NewRequest(http.MethodGet, first.URL+"/inner", nil)
		resp, err := client.Do(t.Context(), req, egress.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusFound || hits.Load() != 0 {
			t.Errorf("status %d, canary reached %d times", resp.StatusCode, hits.Load())
		}
	})
	request := func(path string) *http.Request {
		req, _ := http.NewRequest(http.MethodGet, first.URL+path, nil)
		req.SetBasicAuth("account", "token")
		req.Header.Set("X-Api-Key", "key")
		req.Header.Set("Cookie", "session=1")
		req.Header.Set("Accept", "image/png")
		return req
	}
	t.Run("credentials stay with their host", func(t *testing.T) {
		resp, err := client.Do(t.Context(), request("/other"), limits)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for _, name := range []string{"Authorization", "X-Api-Key", "Cookie", "Referer"} {
			if v := seen.Get(name); v != "" {
				t.Errorf("the other host got %s: %s", name, v)
			}
		}
		if seen.Get("Accept") != "image/png" {
			t.Error("a harmless header was lost")
		}
	})
	t.Run("credentials follow within the same host", func(t *testing.T) {
		resp, err := client.Do(t.Context(), request("/same"), limits)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); !strings.HasPrefix(string(body), "Basic ") || !strings.HasSuffix(string(body), "key") {
			t.Errorf("the same host got %q", body)
		}
	})
	t.Run("the list of hosts holds on each hop", func(t *testing.T) {
		_, err := get(t, client, first.URL+"/file", egress.Limits{Hops: 3, Hosts: []string{"*.example.com"}})
		if egress.ReasonOf(err) != egress.Blocked || !egress.NotSent(err) {
			t.Errorf("got %v", err)
		}
	})
}

// I31: a name that is public when somebody looks, and loopback when the connection is made.
func TestANameThatIsRebound(t *testing.T) {
	addr, hits := canary(t)
	_, port, _ := net.SplitHostPort(addr)
	dns := stubDNS(t, netip.MustParseAddr("127.0.0.1"))
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", dns)
	}}
	client := egress.New(egress.Options{Resolver: resolver, Ports: []uint16{netip.MustParseAddrPort(addr).Port()}})
	_, err := get(t, client, "http://rebound.example.com:"+port+"/", egress.Limits{Timeout: 5 * time.Second})
	if egress.ReasonOf(err) != egress.Blocked {
		t.Errorf("got %v, want blocked", err)
	}
	if hits.Load() != 0 {
		t.Fatal("the canary was reached")
	}
	t.Run("the same name is reached when the operator trusts it", func(t *testing.T) {
		rules, _ := egress.ParseRules("Rebound.example.com:" + port)
		conn, err := egress.New(egress.Options{Resolver: resolver, AllowTCP: rules}).DialContext(t.Context(), "tcp", "rebound.example.com:"+port)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	})
}

// stubDNS answers every A question with addr and every other one with nothing.
func stubDNS(t *testing.T, addr netip.Addr) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(dnsAnswer(buf[:n], addr), from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

// dnsAnswer is the response to a query with one question (RFC 1035 section 4).
func dnsAnswer(query []byte, addr netip.Addr) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // root label, type, class
	out := append([]byte{}, query[:end]...)
	isA := binary.BigEndian.Uint16(query[end-4:]) == 1
	binary.BigEndian.PutUint16(out[2:], 0x8180)
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint32(out[8:], 0)
	if isA {
		binary.BigEndian.PutUint16(out[6:], 1)
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, addr.AsSlice()...)
	}
	return out
}

func TestAnswersAreBounded(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			fmt.Fprint(w, strings.Repeat("x", 1000))
		case "/chunked":
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 100))
				w.(http.Flusher).Flush()
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
			_, _ = w.Write(b.Bytes())
		case "/slow":
			w.(http.Flusher).Flush()
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	client := egress.New(allow(t, "127.0.0.0/8"))
	defer client.Close()

	t.Run("an answer as long as the limit is whole", func(t *testing.T) {
		body, err := get(t, client, server.URL+"/exact", egress.Limits{MaxBytes: 1000})
		if err != nil || len(body) != 1000 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	})
	t.Run("one that announces more is refused before it is read", func(t *testing.T) {
		if _, err := get(t, client, server.URL+"/exact", egress.Limits{MaxBytes: 999}); egress.ReasonOf(err) != egress.TooLarge {
			t.Errorf("got %v", err)
		}
	})
	for _, path := range []string{"/chunked", "/bomb"} {
		t.Run("one that grows past the limit is cut: "+path, func(t *testing.T) {
			body, err := get(t, client, server.URL+path, egress.Limits{MaxBytes: 5000})
			if egress.ReasonOf(err) != egress.TooLarge || len(body) != 5000 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	t.Run("one that never ends is given up", func(t *testing.T) {
		_, err := get(t, client, server.URL+"/slow", egress.Limits{Timeout: 50 * time.Millisecond})
		if egress.ReasonOf(err) != egress.TimedOut || egress.NotSent(err) {
			t.Errorf("got %v", err)
		}
	})
}

// I10 and I11: what surely did not leave is told apart from what may have.
func TestNotSent(t *testing.T) {
	closedListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := closedListener.Addr().String()
	_ = closedListener.Close()
	silent, _ := canary(t)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	defer secure.Close()
	client := egress.New(allow(t, "127.0.0.0/8"))

	t.Run("nobody listens: not sent", func(t *testing.T) {
		_, err := get(t, client, "http://"+dead+"/", egress.Limits{})
		if !egress.NotSent(err) || egress.ReasonOf(err) != egress.Refused {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the certificate is not trusted: not sent", func(t *testing.T) {
		_, err := get(t, client, secure.URL, egress.Limits{})
		if !egress.NotSent(err) || egress.ReasonOf(err) != egress.Insecure {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the certificate is trusted: answered", func(t *testing.T) {
		o := allow(t, "127.0.0.0/8")
		o.TLS = &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		trusting := egress.New(o)
		if _, err := get(t, trusting, secure.URL, egress.Limits{}); err != nil {
			t.Error(err)
		}
		conn, err := trusting.DialTLS(t.Context(), "tcp", strings.TrimPrefix(secure.URL, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if _, err := client.DialTLS(t.Context(), "tcp", strings.TrimPrefix(secure.URL, "https://")); egress.ReasonOf(err) != egress.Insecure {
			t.Errorf("without trust: %v", err)
		}
	})
	t.Run("the connection was made and then cut: unknown", func(t *testing.T) {
		req, _ := http.NewRequest(http.MethodPost, "http://"+silent+"/", strings.NewReader("body"))
		_, err := client.Do(t.Context(), req, egress.Limits{})
		if err == nil || egress.NotSent(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an error of somebody else proves nothing", func(t *testing.T) {
		if egress.NotSent(errors.New("boom")) || egress.ReasonOf(errors.New("boom")) != "" {
			t.Error("a foreign error was taken for ours")
		}
	})
}

// I39: whatever fails, the words do not hold what proves who we are.
func TestErrorsHoldNoCredentials(t *testing.T) {
	secrets := []string{"hunter2", "tok-in-path", "tok-in-query", "tok-in-header"}
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // answers with the request itself, which is not HTTP as an answer
		defer close(done)
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			n, _ := conn.Read(buf)
			_, _ = conn.Write(buf[:n])
			_ = conn.Close()
		}
	}()
	defer func() { _ = echo.Close(); <-done }()
	open := egress.New(allow(t, "127.0.0.0/8"))
	shut := egress.New(egress.Options{})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	do := func(ctx context.Context, c *egress.Client, host string) error {
		u := &url.URL{Scheme: "http", Host: host, Path: "/tok-in-path", RawQuery: "key=tok-in-query", User: url.UserPassword("account", "hunter2")}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", "tok-in-header")
		resp, err := c.Do(ctx, req, egress.Limits{Timeout: 5 * time.Second})
		if err == nil {
			_ = resp.Body.Close()
			t.Fatal("the request succeeded")
		}
		if req.URL.User == nil {
			t.Error("the caller's request was changed")
		}
		return err
	}
	for name, err := range map[string]error{
		"broken":     do(t.Context(), open, echo.Addr().String()),
		"blocked":    do(t.Context(), shut, "127.0.0.1:80"),
		"canceled":   do(canceled, open, echo.Addr().String()),
		"unresolved": do(t.Context(), open, "no-such-host.invalid"),
	} {
		for e := err; e != nil; e = errors.Unwrap(e) {
			for _, secret := range secrets {
				if text := fmt.Sprintf("%v %+v %#v", e, e, e.Error()); strings.Contains(text, secret) {
					t.Errorf("%s: the error holds %s: %s", name, secret, text)
				}
			}
		}
	}
}

func TestConnectionsAreReusedUnderLoad(t *testing.T) {
	var dials atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := egress.New(allow(t, "127.0.0.0/8"))
	defer client.Close()
	const workers, each = 16, 50
	fail := make(chan error, workers)
	for range workers {
		go func() {
			var err error
			for i := 0; i < each && err == nil; i++ {
				_, err = get(t, client, server.URL, egress.Limits{})
			}
			fail <- err
		}()
	}
	for range workers {
		if err := <-fail; err != nil {
			t.Fatal(err)
		}
	}
	// A dial can lose the race against a connection that comes free, so that a few more than workers are normal.
	if n := dials.Load(); n > workers*4 {
		t.Errorf("%d requests took %d connections", workers*each, n)
	}
}

func BenchmarkDo(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer server.Close()
	client := egress.New(egress.Options{Allow: []egress.Rule{egress.Prefix(netip.MustParsePrefix("127.0.0.0/8"))}}).With(egress.Limits{})
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL, strings.NewReader("Body=hello"))
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Limits of a connection attempt. They are shorter than any exchange's, so that a dead host costs little.
const (
	dialTimeout = 10 * time.Second
	idleTimeout = 90 * time.Second
	maxHeaders  = 64 << 10
	maxIdleHost = 1024 // a campaign keeps hundreds of requests to one provider in flight; each re-dial would cost a handshake
)

// Options say what the client may reach beyond public addresses.
type Options struct {
	Allow    []Rule        // exempt for all connections
	AllowTCP []Rule        // exempt for DialContext only, for carriers inside the operator's network
	Ports    []uint16      // open to HTTP without a rule; default 80, 443, 8080, 8443
	Resolver *net.Resolver // default: the machine's
	TLS      *tls.Config   // default: the machine's authorities, TLS 1.2 and later
}

// Client is the way out. It is safe for concurrent use and keeps connections open for the next request.
type Client struct {
	http  rules
	tcp   rules
	ports []uint16
	net   net.Dialer
	trip  *http.Transport
}

// New is a client with the options. It opens nothing yet.
func New(o Options) *Client {
	c := &Client{http: slices.Clone(o.Allow), ports: o.Ports}
	c.tcp = append(slices.Clone(o.Allow), o.AllowTCP...)
	if len(c.ports) == 0 {
		c.ports = []uint16{80, 443, 8080, 8443}
	}
	c.net = net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver}
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		tlsConfig = o.TLS.Clone()
	}
	c.trip = &http.Transport{
		Proxy: nil, // a proxy would resolve and connect in our place, past the check
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.dial(ctx, network, address, c.http, c.ports)
		},
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    maxIdleHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaders,
	}
	return c
}

// Close lets go of idle connections. Requests under way end by themselves.
func (c *Client) Close() { c.trip.CloseIdleConnections() }

// DialContext opens a TCP connection for a protocol other than HTTP, with the same check of the address. Any port is
// open. The error is an *Error.
func (c *Client) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address, c.tcp, nil)
	if err != nil {
		return nil, explain(err, address, false)
	}
	return conn, nil
}

// DialTLS is DialContext followed by a TLS handshake for the host of the address.
func (c *Client) DialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := c.trip.TLSClientConfig.Clone()
	config.NextProtos = nil
	config.ServerName, _, _ = net.SplitHostPort(address)
	secure := tls.Client(conn, config)
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, explain(err, address, false)
	}
	return secure, nil
}

// dial connects to what the rules allow. ports nil means any.
func (c *Client) dial(ctx context.Context, network, address string, allow rules, ports []uint16) (net.Conn, error) {
	d := c.net
	if !allow.allowsHost(address) {
		d.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return check(network, address, allow, ports)
		}
	}
	return d.DialContext(ctx, network, address)
}

// check is called by the dialer for each address that it is about to connect to, after resolution: what it sees is
// what the kernel gets.
func check(network, address string, allow rules, ports []uint16) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return errBlocked
	}
	if allow.allowsAddr(a) {
		return nil
	}
	if !isPublic(a.Addr()) || (ports != nil && !slices.Contains(ports, a.Port())) {
		return errBlocked
	}
	return nil
}

// hostPort is the destination of a request, with the port of its scheme.
func hostPort(host, port, scheme string) string {
	if port == "" {
		port = strconv.Itoa(map[string]int{"http": 80, "https": 443}[scheme])
	}
	return net.JoinHostPort(host, port)
}

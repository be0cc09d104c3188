package httpx

import (
	"context"
	"net/netip"
)

// Client is what is known about the other end of a connection.
type Client struct {
	Addr   netip.Addr // of the client, behind trusted proxies too
	Local  bool       // came straight from this machine, through no proxy
	Secure bool       // over https, as far as the browser knows
	Origin string     // how the browser names this server: "https://parley.example.com"
}

type clientKey struct{}

// WithClient puts the client into the context.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom is the client of the request; the zero Client outside of one.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

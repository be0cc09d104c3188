package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"parley/internal/httpx"
)

// client finds out who is at the other end, believing forwarding headers only from trusted proxies.
func (s *Server) client(r *http.Request) httpx.Client {
	peer := peerOf(r)
	trusted := s.trusts(peer)
	c := httpx.Client{Addr: peer, Local: s.isLocal(r, peer), Secure: r.TLS != nil}
	if trusted {
		c.Addr = s.forwardedFor(r, peer)
		c.Secure = c.Secure || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	}
	public, err := url.Parse(s.options.PublicURL)
	if err == nil && public.Host != "" {
		c.Secure = c.Secure || public.Scheme == "https" && strings.EqualFold(public.Host, r.Host)
		c.Origin = s.options.PublicURL
		return c
	}
	c.Origin = "http://" + r.Host
	if c.Secure {
		c.Origin = "https://" + r.Host
	}
	return c
}

func peerOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.options.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// forwardedFor is the last address in X-Forwarded-For that no trusted proxy has: those before it may be invented.
func (s *Server) forwardedFor(r *http.Request, peer netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return peer
		}
		peer = a.Unmap()
		if !s.trusts(peer) {
			return peer
		}
	}
	return peer
}

// isLocal says whether the request was made on this machine, by somebody at it. A proxy on the same machine connects from
// the loopback address too, so that anything a proxy leaves in a request speaks against it, as does a host name that
// leads here from elsewhere (a name in the public DNS may point to 127.0.0.1).
func (s *Server) isLocal(r *http.Request, peer netip.Addr) bool {
	if !peer.IsLoopback() || !r.ProtoAtLeast(1, 1) || !isLoopbackHost(r.Host) {
		return false
	}
	for _, header := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	if s.options.PublicURL == "" {
		return true
	}
	public, err := url.Parse(s.options.PublicURL)
	return err == nil && isLoopbackHost(public.Host)
}

func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

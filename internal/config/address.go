package config

import (
	"net"
	"net/netip"
	"strconv"
)

// Addresses are what people can open to reach the server.
type Addresses struct {
	Open  string // in a browser on this machine, or PublicURL when that is set
	Phone string // from another device in the same network; empty when there is none
}

// Addresses follow from the port the server really listens on. They never hold 0.0.0.0.
func (c Config) Addresses(bound net.Addr) Addresses {
	if c.PublicURL != "" {
		return Addresses{Open: c.Origin(), Phone: c.Origin()}
	}
	tcp, ok := bound.(*net.TCPAddr)
	if !ok {
		return Addresses{Open: "http://" + bound.String()}
	}
	port := strconv.Itoa(tcp.Port)
	if !tcp.IP.IsUnspecified() {
		out := Addresses{Open: "http://" + net.JoinHostPort(tcp.IP.String(), port)}
		if tcp.IP.IsLoopback() {
			out.Open = "http://" + net.JoinHostPort("localhost", port)
			return out
		}
		out.Phone = out.Open
		return out
	}
	out := Addresses{Open: "http://" + net.JoinHostPort("localhost", port)}
	if lan := lanAddress(); lan.IsValid() {
		out.Phone = "http://" + net.JoinHostPort(lan.String(), port)
	}
	return out
}

// Reachable is where a browser on this machine will find the server, before it listens. With port 0 only Addresses knows.
func (c Config) Reachable() string {
	host, port, err := net.SplitHostPort(c.Listen)
	if c.PublicURL != "" || err != nil {
		return c.Origin()
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// lanAddress is the first private IPv4 address of this machine.
func lanAddress() netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsPrivate() {
			return prefix.Addr()
		}
	}
	return netip.Addr{}
}

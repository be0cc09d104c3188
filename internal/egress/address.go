package egress

import (
	"net/netip"
)

// closed are the ranges that no request may reach, from the IANA special-purpose address registries (RFC 6890 and
// its updates), as of November 2026. For IPv6 all outside of 2000::/3 is closed already.
var closed = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared by carriers
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, with the metadata services of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // relay of 6to4
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, with Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
)

var (
	unicast6 = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the IPv4 address is in the last 32 bits
)

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// isPublic says whether the address is one that anybody on the internet could mean. Forms that carry an IPv4 address
// inside are judged by it where the network would deliver to it, and refused where only a tunnel would.
func isPublic(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is6() {
		if nat64.Contains(a) {
			return isPublic(lastFour(a))
		}
		if !unicast6.Contains(a) || isISATAP(a) {
			return false
		}
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

func lastFour(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// isISATAP recognises the interface id 0:5efe:a.b.c.d (RFC 5214), with which a router tunnels to an IPv4 address of
// its own site under any prefix.
func isISATAP(a netip.Addr) bool {
	b := a.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

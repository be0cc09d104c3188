package egress

import (
	"net"
	"net/netip"
	"strings"

	"parley/internal/errs"
)

// Rule exempts a destination from the address and port checks. The operator gives rules in the configuration, for
// providers on their own network; tests give one for their fakes. The zero Rule allows nothing.
type Rule struct {
	prefix netip.Prefix // any port
	addr   netip.AddrPort
	host   string // "name:port", lower case
}

// Prefix allows every port of every address of p.
func Prefix(p netip.Prefix) Rule { return Rule{prefix: p.Masked()} }

// Addr allows one address and port.
func Addr(a netip.AddrPort) Rule { return Rule{addr: netip.AddrPortFrom(a.Addr().Unmap(), a.Port())} }

// ParseRules reads rules as the configuration has them: "10.1.0.0/16", "10.1.2.3", "10.1.2.3:2775", "[fd00::1]:443" or
// "carrier.internal:2775". A name is trusted with whatever address it has when it is dialled.
func ParseRules(texts ...string) ([]Rule, error) {
	rules := make([]Rule, 0, len(texts))
	for _, text := range texts {
		rule, ok := parseRule(strings.TrimSpace(text))
		if !ok {
			return nil, errs.New(errs.Invalid, "egress_rule",
				"%q does not say where requests may go. Write a network (10.1.0.0/16), an address (10.1.2.3), or a host with its port (carrier.internal:2775).", text)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(text string) (Rule, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return Prefix(p), true
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return Prefix(netip.PrefixFrom(a, a.BitLen())), true
	}
	if a, err := netip.ParseAddrPort(text); err == nil {
		return Addr(a), true
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" || strings.ContainsAny(host, "/@*") {
		return Rule{}, false
	}
	return Rule{host: strings.ToLower(text)}, true
}

// rules are the exemptions of one kind of connection.
type rules []Rule

// allowsHost says whether the name and port, as asked for, are exempt.
func (rs rules) allowsHost(hostPort string) bool {
	for _, r := range rs {
		if r.host != "" && strings.EqualFold(r.host, hostPort) {
			return true
		}
	}
	return false
}

// allowsAddr says whether the address, as connected to, is exempt.
func (rs rules) allowsAddr(a netip.AddrPort) bool {
	ip := a.Addr().Unmap()
	for _, r := range rs {
		if r.prefix.IsValid() && r.prefix.Contains(ip) {
			return true
		}
		if r.addr.IsValid() && r.addr == netip.AddrPortFrom(ip, a.Port()) {
			return true
		}
	}
	return false
}

package egress

import (
	"net/netip"
	"testing"
)

// TestIsPublic is the list of I31: every range that must stay closed, and every spelling that carries one inside.
func TestIsPublic(t *testing.T) {
	cases := []struct {
		addr string
		want bool
	}{
		{"127.0.0.1", false}, {"127.255.255.254", false}, {"0.0.0.0", false}, {"0.1.2.3", false},
		{"10.0.0.1", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.1.1", false},
		{"169.254.169.254", false}, {"100.64.0.1", false}, {"100.127.255.255", false}, {"192.0.0.8", false},
		{"192.0.2.1", false}, {"198.51.100.7", false}, {"203.0.113.7", false}, {"198.18.0.1", false}, {"198.19.255.1", false},
		{"192.88.99.1", false}, {"224.0.0.1", false}, {"239.255.255.250", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"::127.0.0.1", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"fec0::1", false},
		{"fc00::1", false}, {"fd12:3456::1", false}, {"ff02::1", false}, {"100::1", false}, {"2001:db8::1", false}, {"3fff::1", false},
		{"::ffff:127.0.0.1", false}, {"::ffff:7f00:1", false}, {"::ffff:10.0.0.1", false}, {"::ffff:169.254.169.254", false},
		{"::ffff:0:127.0.0.1", false},
		{"2002:7f00:1::", false}, {"2002:a00:1::1", false}, {"2002:808:808::1", false},
		{"64:ff9b::127.0.0.1", false}, {"64:ff9b::a9fe:a9fe", false}, {"64:ff9b::10.1.2.3", false}, {"64:ff9b:1::1", false},
		{"2001:0:7f00:1::", false}, {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false}, {"2001:10::1", false}, {"2001:20::1", false},
		{"2a00:1450::5efe:127.0.0.1", false}, {"2a00:1450::200:5efe:a00:1", false},
		{"5f00::1", false}, {"4000::1", false},

		{"8.8.8.8", true}, {"1.1.1.1", true}, {"100.63.255.255", true}, {"100.128.0.0", true}, {"172.15.0.1", true},
		{"172.32.0.1", true}, {"192.0.1.1", true}, {"198.17.0.1", true}, {"223.255.255.255", true},
		{"2606:4700:4700::1111", true}, {"2a00:1450:4001::200e", true}, {"::ffff:8.8.8.8", true}, {"64:ff9b::8.8.8.8", true},
	}
	for _, c := range cases {
		if got := isPublic(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("isPublic(%s) = %v, want %v", c.addr, got, c.want)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address at all is public")
	}
}

func TestCheckSeesWhatTheKernelGets(t *testing.T) {
	allow, err := ParseRules("10.1.0.0/16", "192.168.7.7", "[fd00::1]:443", "127.0.0.1:9000")
	if err != nil {
		t.Fatal(err)
	}
	web := []uint16{80, 443}
	cases := []struct {
		name, network, address string
		ports                  []uint16
		want                   bool
	}{
		{"a public address at an open port", "tcp4", "8.8.8.8:443", web, true},
		{"a public address at a closed port", "tcp4", "8.8.8.8:25", web, false},
		{"a public address at any port for carriers", "tcp4", "8.8.8.8:2775", nil, true},
		{"a private address for carriers", "tcp4", "10.9.9.9:2775", nil, false},
		{"an allowed network, any port", "tcp4", "10.1.9.9:6379", web, true},
		{"an allowed address in its mapped form", "tcp6", "[::ffff:192.168.7.7]:80", web, true},
		{"an allowed address and port", "tcp4", "127.0.0.1:9000", web, true},
		{"an allowed address at another port", "tcp4", "127.0.0.1:9001", web, false},
		{"an allowed IPv6 address and port", "tcp6", "[fd00::1]:443", web, true},
		{"something that is not TCP", "udp4", "8.8.8.8:443", web, false},
		{"a socket of the machine", "unix", "/var/run/docker.sock", web, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := check(c.network, c.address, allow, c.ports) == nil; got != c.want {
				t.Errorf("check(%s %s) allowed = %v, want %v", c.network, c.address, got, c.want)
			}
		})
	}
}

func TestParseRulesRefusesWhatAllowsTooMuchOrNothing(t *testing.T) {
	for _, bad := range []string{"", "*", "carrier.internal", "http://carrier.internal:80", "user@host:80", ":80", "host:", "*.internal:80", "10.0.0.0/64"} {
		if _, err := ParseRules(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	var none rules = []Rule{{}}
	if none.allowsAddr(netip.MustParseAddrPort("10.0.0.1:80")) || none.allowsHost("") {
		t.Error("the zero Rule allows something")
	}
}

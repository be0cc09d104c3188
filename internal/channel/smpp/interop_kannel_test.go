package smpp

import (
	"net"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/smpp/smpptest"
)

// TestKannelTextsBothWays talks to Kannel's carrier drive_smpp, whose PDUs are coded by Kannel's own library. It sends
// texts to whoever binds and counts the submits that come back.
func TestKannelTextsBothWays(t *testing.T) {
	const texts = 200
	port := kannel(t, texts)
	l := peerLine(t, port, map[string]string{"mode": twoBinds})
	seen := map[string]bool{}
	for range texts {
		in := next(t, l.units, "text").Inbound[0]
		if in.From == "" || in.To == "" || in.Text == "" || seen[in.ProviderID] {
			t.Fatalf("text %+v", in)
		}
		seen[in.ProviderID] = true
		l.sendEventually(t, channel.Outgoing{Attempt: "att_kannel", From: in.To, To: in.From, Text: in.Text})
	}
}

// kannel starts drive_smpp on a free port.
func kannel(t *testing.T, texts int) (port int) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	smpptest.StartKannel(t, port, texts)
	return port
}

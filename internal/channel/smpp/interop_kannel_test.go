//go:build interop

package smpp

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"parley/internal/channel"
)

// TestKannelTextsBothWays talks to Kannel's carrier drive_smpp, whose PDUs are coded by Kannel's own library. It sends
// texts to whoever binds and counts the submits that come back. KANNEL_SMSC is the program's path.
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
	program := os.Getenv("KANNEL_SMSC")
	if program == "" {
		t.Fatal("set KANNEL_SMSC to the path of drive_smpp, from the Debian package kannel-extras")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	log := filepath.Join(t.TempDir(), "kannel.log")
	cmd := exec.CommandContext(t.Context(), program, "-v", "0", "-l", log, "-p", strconv.Itoa(port), "-m", strconv.Itoa(texts),
		"-c", filepath.Join(filepath.Dir(program), "drive_smpp.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			words, _ := os.ReadFile(log)
			t.Logf("%s", words[max(0, len(words)-6000):])
		}
	})
	return port
}

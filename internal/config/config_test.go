package config_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"parley/internal/config"
	"parley/internal/errs"
)

func parse(t *testing.T, args ...string) (config.Config, error) {
	t.Helper()
	var cli struct {
		config.Config `embed:""`
		Serve         struct{} `cmd:""`
	}
	parser, err := kong.New(&cli, append(config.Options(), kong.Writers(os.Stderr, os.Stderr), kong.Exit(func(int) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append(args, "serve"))
	return cli.Config, err
}

func TestTheDefaultsWork(t *testing.T) {
	c, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if c.Listen != ":8080" || c.Lease != 15*time.Second || filepath.Base(c.DataDir) != "parley-data" || filepath.Base(c.SecretKey()) != "secret.key" {
		t.Errorf("got %+v", c)
	}
}

func TestFlagsComeBeforeTheEnvironment(t *testing.T) {
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:1")
	t.Setenv("PARLEY_POLL", "20ms")
	t.Setenv("PARLEY_TRUSTED_PROXIES", "10.0.0.0/8,192.168.0.0/16")
	t.Setenv("PARLEY_PUBLIC_URL", "https://parley.example.com/")
	c, err := parse(t, "--listen", "127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.Poll != 20*time.Millisecond || len(c.TrustedProxies) != 2 || c.Origin() != "https://parley.example.com" {
		t.Errorf("got %+v", c)
	}
}

func TestWhatCannotWorkIsSaidWithTheFix(t *testing.T) { // FR-12
	cases := []struct {
		name, want string
		args       []string
	}{
		{"a port alone", ":8080", []string{"--listen", "8080"}},
		{"a public address with a path", "without a path", []string{"--public-url", "https://example.com/parley"}},
		{"a public address without a scheme", "https://parley.example.com", []string{"--public-url", "parley.example.com"}},
		{"a timer of nothing", "Leave it out", []string{"--lease", "0s"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := parse(t, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			err = parsed.Check()
			if err == nil {
				t.Fatal("it was accepted")
			}
			if line := config.Line(err); !strings.Contains(line, c.want) || strings.Contains(line, "\n") {
				t.Errorf("got %q, want the fix %q", line, c.want)
			}
		})
	}
}

func TestFailuresAtStartAreOneLine(t *testing.T) { // FR-12
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, busy := net.Listen("tcp", taken.Addr().String())
	if line := config.Line(fmt.Errorf("start: %w", busy)); !strings.Contains(line, taken.Addr().String()) || !strings.Contains(line, "--listen") {
		t.Errorf("got %q", line)
	}
	known := fmt.Errorf("open: %w", errs.Wrap(errors.New("x\ny"), errs.Conflict, "schema_newer", "The data is newer.\nUse the newer program."))
	if line := config.Line(known); line != "parley: The data is newer. Use the newer program." {
		t.Errorf("got %q", line)
	}
}

func TestADataFolderThatCannotBeWrittenToIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := config.Config{DataDir: filepath.Join(file, "data")}.Prepare()
	if errs.CodeOf(err) != "data_dir" || !strings.Contains(config.Line(err), "--data-dir") {
		t.Errorf("got %v", err)
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := (config.Config{DataDir: dir}).Prepare(); err != nil {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the probe was left behind: %v %v", entries, err)
	}
}

func TestPrintedAddressesCanBeOpened(t *testing.T) { // FR-3
	any := config.Config{}.Addresses(&net.TCPAddr{IP: net.IPv6unspecified, Port: 8080})
	if any.Open != "http://localhost:8080" || strings.Contains(any.Phone, "0.0.0.0") {
		t.Errorf("got %+v", any)
	}
	if got := (config.Config{}).Addresses(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}); got.Open != "http://localhost:9" || got.Phone != "" {
		t.Errorf("got %+v", got)
	}
	if got := (config.Config{}).Addresses(&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 9}); got.Open != "http://10.1.2.3:9" || got.Phone != got.Open {
		t.Errorf("got %+v", got)
	}
	if got := (config.Config{PublicURL: "https://p.example.com/"}).Addresses(&net.TCPAddr{Port: 9}); got.Open != "https://p.example.com" {
		t.Errorf("got %+v", got)
	}
}

func TestTheAddressIsKnownBeforeListening(t *testing.T) { // FR-3
	for listen, want := range map[string]string{
		":8080": "http://localhost:8080", "0.0.0.0:8080": "http://localhost:8080", "[::]:8080": "http://localhost:8080", "127.0.0.1:9": "http://localhost:9",
		"10.1.2.3:9": "http://10.1.2.3:9", "parley.lan:9": "http://parley.lan:9", "[2001:db8::1]:9": "http://[2001:db8::1]:9",
	} {
		if got := (config.Config{Listen: listen}).Reachable(); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
	if got := (config.Config{Listen: ":1", PublicURL: "https://p.example.com/"}).Reachable(); got != "https://p.example.com" {
		t.Errorf("got %s", got)
	}
}

func TestDefaultsAreThoseOfTheFlags(t *testing.T) {
	t.Setenv("PARLEY_LEASE", "1h")
	if got := config.Defaults(); got.Lease != 15*time.Second || got.Poll != time.Second || got.MaxParked != 8 || got.ProviderTimeout != 20*time.Second || got.Listen != ":8080" {
		t.Errorf("got %+v", got)
	}
}

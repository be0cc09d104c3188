package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/alecthomas/kong"

	"parley/internal/config"
	"parley/internal/demo"
)

type demoCommand struct {
	config.Config `embed:""`
	Reset         bool   `help:"Begin anew: forget what was done in the demo."`
	Seed          uint64 `help:"Another number makes other people and stories." default:"1"`
	NoBrowser     bool   `help:"Do not open a browser."`
}

// BeforeReset puts the demo's own defaults in the place of the server's.
func (c *demoCommand) BeforeReset(parsed *kong.Context) error {
	own := map[string]string{"data-dir": demoDir(), "log-level": "warn"}
	for _, flag := range parsed.Flags() {
		if value, ok := own[flag.Name]; ok {
			flag.Default = value
		}
	}
	return nil
}

// demoDir is a folder of the user that backups leave alone.
func demoDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "parley-demo")
}

// Run shows the demo until the process is told to stop.
func (c *demoCommand) Run(ctx context.Context) error {
	d, err := demo.Open(ctx, demo.Options{Config: c.Config, Seed: c.Seed, Reset: c.Reset, Log: logger(c.Config)})
	if err != nil {
		return err
	}
	defer d.Close()
	browse := openBrowser
	if c.NoBrowser || !hasDisplay() {
		browse = nil
	}
	return d.Run(ctx, os.Stdout, browse)
}

// hasDisplay says whether a browser would be seen by somebody here.
func hasDisplay() bool {
	if os.Getenv("SSH_CONNECTION") != "" || os.Getenv("CI") != "" {
		return false
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// openBrowser asks the desktop to open an address. When it cannot, the printed address is there.
func openBrowser(address string) {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	opener := exec.Command(name, args...) //nolint:noctx // the browser outlives the demo
	if opener.Start() == nil {
		go func() { _ = opener.Wait() }()
	}
}

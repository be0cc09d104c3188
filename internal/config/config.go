package config

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"parley/internal/errs"
)

// Config is the operator's decisions. Embed it in the command line with the tag embed:"".
type Config struct {
	DataDir       string `help:"Folder for the database, files and keys." default:"parley-data" type:"path"`
	Listen        string `help:"Address and port to listen on." default:":8080" placeholder:"HOST:PORT"`
	PublicURL     string `name:"public-url" help:"How browsers and providers reach this server, for example https://parley.example.com."`
	Database      string `help:"postgres:// address to share a database; without it everything is in the data folder."`
	LogLevel      string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogFormat     string `help:"text or json." enum:"text,json" default:"text"`
	SecretKeyFile string `help:"File with the key that encrypts secrets; default: secret.key in the data folder." type:"path"`

	TrustedProxies []netip.Prefix `help:"Networks of reverse proxies whose X-Forwarded-For and -Proto are believed." placeholder:"10.0.0.0/8"`
	EgressAllow    []string       `help:"Private addresses (host:port or network) that outgoing requests may reach." placeholder:"127.0.0.1:9000"`

	Timers `embed:"" group:"Timers"`
	Limits `embed:"" group:"Limits"`

	Carriers `embed:"" group:"Carriers"`
}

// Timers are how often and how long the machinery waits. The defaults suit production; tests make them short.
type Timers struct {
	Poll            time.Duration `help:"How often a node looks for work that another one left behind." default:"1s"`
	Lease           time.Duration `help:"How long a worker may be silent before another takes its work." default:"15s"`
	BackoffFirst    time.Duration `help:"Wait before the second try of what failed." default:"1s"`
	BackfillEvery   time.Duration `help:"How often providers are asked for messages that never arrived here." default:"5m"`
	OutageHold      time.Duration `help:"After an outage longer than this, due messages wait for a person to release them." default:"1h"`
	SweepEvery      time.Duration `help:"How often what has ended is removed." default:"1h"`
	FeedHeartbeat   time.Duration `help:"Longest silence on the change stream." default:"15s"`
	SessionCheck    time.Duration `help:"How often an open change stream asks whether its session still holds." default:"3s"`
	ShutdownTimeout time.Duration `help:"How long requests may finish after a stop signal." default:"10s"`
}

// Limits bound what one process takes on.
type Limits struct {
	MaxParked       int           `help:"Tries before a failing piece of work is put aside." default:"8"`
	Workers         int           `help:"Groups of persons handled at once; 0 is 1 on SQLite and 4 on PostgreSQL." default:"0"`
	FeedClients     int           `help:"Open change streams at once." default:"2000"`
	DatabaseConns   int           `help:"Connections to PostgreSQL." default:"16"`
	ProviderTimeout time.Duration `help:"Longest wait for an answer of a provider." default:"20s"`
}

// Carriers are when answers of carriers that repeat have consequences.
type Carriers struct {
	CarrierRetries   int     `help:"Further tries over 24 hours of a message to a phone that is off." default:"2"`
	CarrierStrikes   int     `help:"Messages within 30 days that a phone never got until its number counts as unreachable." default:"3"`
	CarrierBlocks    int     `help:"Messages that a carrier blocked for a number until it counts as unreachable." default:"2"`
	FilteredPercent  float64 `help:"Share of a campaign's or journey step's messages, filtered by carriers, at which it waits for a person." default:"2"`
	FilteredFrom     int     `help:"Messages of it from which that share counts." default:"100"`
	FilteredMessages int     `help:"Filtered messages at which it waits whatever the share." default:"50"`
}

// Options are how the command line is parsed.
func Options() []kong.Option {
	return []kong.Option{
		kong.Name("parley"),
		kong.Description("One conversation with every customer. Flags can also be set as PARLEY_... in the environment."),
		kong.DefaultEnvars("PARLEY"),
		kong.ShortUsageOnError(),
		kong.Exit(exit),
	}
}

// exit ends the program with the status that other programs use for a wrong command line; the parser's own is 80.
func exit(status int) {
	if status == 80 {
		status = 2
	}
	os.Exit(status)
}

// Check says what cannot work, with the fix. It changes nothing.
func (c Config) Check() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return errs.New(errs.Invalid, "listen", "--listen %q is not an address with a port. Use for example :8080 or 127.0.0.1:8080.", c.Listen)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			return errs.New(errs.Invalid, "public_url", "--public-url %q is not the root of a site. Use for example https://parley.example.com, without a path.", c.PublicURL)
		}
	}
	for name, d := range map[string]time.Duration{"poll": c.Poll, "lease": c.Lease, "backoff-first": c.BackoffFirst,
		"backfill-every": c.BackfillEvery, "sweep-every": c.SweepEvery, "feed-heartbeat": c.FeedHeartbeat, "session-check": c.SessionCheck, "provider-timeout": c.ProviderTimeout} {
		if d <= 0 {
			return errs.New(errs.Invalid, "timer", "--%s must be longer than nothing. Leave it out for the default.", name)
		}
	}
	for name, n := range map[string]float64{"carrier-retries": float64(c.CarrierRetries), "carrier-strikes": float64(c.CarrierStrikes), "carrier-blocks": float64(c.CarrierBlocks),
		"filtered-percent": c.FilteredPercent, "filtered-from": float64(c.FilteredFrom), "filtered-messages": float64(c.FilteredMessages)} {
		if n <= 0 {
			return errs.New(errs.Invalid, "threshold", "--%s must be more than 0. Leave it out for the default.", name)
		}
	}
	return nil
}

// Prepare makes the data folder and proves that it can be written to.
func (c Config) Prepare() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return c.folder(err)
	}
	probe, err := os.CreateTemp(c.DataDir, ".writable-*")
	if err != nil {
		return c.folder(err)
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return c.folder(err)
	}
	return nil
}

func (c Config) folder(err error) error {
	return errs.Wrap(err, errs.Unavailable, "data_dir", "The data folder %s cannot be written to (%s). Choose another with --data-dir, or give this user the right to write there.", c.DataDir, reason(err))
}

// SecretKey is the file with the key that encrypts secrets.
func (c Config) SecretKey() string {
	if c.SecretKeyFile != "" {
		return c.SecretKeyFile
	}
	return filepath.Join(c.DataDir, "secret.key")
}

// Origin is PublicURL as browsers write an origin: no slash at the end.
func (c Config) Origin() string { return strings.TrimRight(c.PublicURL, "/") }

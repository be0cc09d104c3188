package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	quick    bool
	only     string
	database string
	runs     int
	messages int
	profile  string
	role     string
}

func main() {
	o := options{}
	flag.BoolVar(&o.quick, "quick", false, "a tenth of the counts, 20,000 messages at most, and one run unless -runs says more")
	flag.StringVar(&o.only, "only", "", "comma-separated list of measurements, such as PF1,PF3")
	flag.StringVar(&o.database, "database", os.Getenv("TEST_POSTGRES_URL"), "postgres:// address whose user may create databases; without it SQLite alone is measured")
	flag.IntVar(&o.runs, "runs", 0, "interleaved runs of which the median is told; 3, or 1 when quick")
	flag.IntVar(&o.messages, "messages", 200_000, "people and messages of the campaigns")
	flag.StringVar(&o.profile, "profile", "", "folder for a CPU profile of each measurement")
	flag.StringVar(&o.role, "role", "", "what a child process is; used by the command itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if o.role != "" {
		err = runRole(ctx, o.role)
	} else {
		err = runAll(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// task is what a child is told to do.
type task struct {
	Engine   string // sqlite, postgres
	Dir      string // data folder
	Database string // postgres address
	Carrier  string // address of the sink
	Target   string // of a load
	Secret   string // a bearer key
	Slug     string
	Count    int
	Window   int
	Rate     int // a second; 0: as fast as it goes
	Fresh    bool
	Profile  string // file
	Started  int64  // when the child was started, in nanoseconds
}

// figures are what a child measured, by name.
type figures map[string]float64

// runRole is the life of a child: a task on its first line of input, figures on its output.
func runRole(ctx context.Context, role string) error {
	do, ok := roles()[role]
	if !ok {
		return fmt.Errorf("there is no role %q", role)
	}
	var t task
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&t); err != nil {
		return fmt.Errorf("read the task: %w", err)
	}
	// The parent holds the other end of the input: when it goes, so does the child.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		var more json.RawMessage
		_ = in.Decode(&more)
		cancel()
	}()
	if t.Profile != "" {
		f, err := os.Create(t.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	out, err := do(ctx, t)
	if err != nil {
		return fmt.Errorf("%s on %s: %w", role, t.Engine, err)
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// role is one kind of child.
type role func(context.Context, task) (figures, error)

func roles() map[string]role {
	return map[string]role{
		"sink": httpSink, "smsc": smppSink, "echo": echoServer, "client": bareClient, "load": load, "watch": watch,
		"seed": seed, "campaign": campaign, "submit": submit, "inbound": inbound, "single": single, "reply": replies,
		"visible": visible, "reaction": reactions, "timers": timers, "idle": idle,
	}
}

// runAll measures everything asked for and prints the tables.
func runAll(ctx context.Context, o options) error {
	usual := 3
	if o.quick {
		usual, o.messages = 1, min(o.messages, 20_000)
	}
	if o.runs <= 0 {
		o.runs = usual
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o, dir: dir, results: map[string][]figures{}}
	defer b.close()
	if err := printMachine(ctx, os.Stdout, dir, o.database); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	b.print(os.Stdout)
	return nil
}

// wanted says whether a measurement was asked for.
func (o options) wanted(name string) bool {
	if o.only == "" {
		return true
	}
	for _, one := range strings.Split(o.only, ",") {
		if strings.EqualFold(strings.TrimSpace(one), name) {
			return true
		}
	}
	return false
}

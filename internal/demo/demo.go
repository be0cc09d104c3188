package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"parley/internal/app"
	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/errs"
	"parley/internal/org"
)

// Options are how a demo starts.
type Options struct {
	Config config.Config
	Seed   uint64 // the same seed makes the same people and stories
	Reset  bool   // begin anew
	Small  bool   // fewer people and carts, for a slow machine
	Log    *slog.Logger
	Clock  *clock.Clock // the machine's when nil
}

// Demo is a demo that is ready and not yet serving.
type Demo struct {
	App       *app.App
	Workspace org.Workspace
	Count     Count

	started time.Time
	state   state
	dir     string
}

// Count is what the demo holds.
type Count struct {
	Customers, Journeys, Agents, Phones int
}

// loginLife is how long the printed link signs in.
const loginLife = 24 * time.Hour

// never is longer than any gap.
const never = 100 * 365 * 24 * time.Hour

// Open makes the demo, or opens the one that is there. Close it.
func Open(ctx context.Context, o Options) (*Demo, error) {
	if o.Config.Database != "" {
		return nil, errs.New(errs.Invalid, "demo_database", "The demo keeps everything in its own folder. Leave --database out.")
	}
	d := &Demo{started: time.Now(), dir: o.Config.DataDir}
	o.Config.OutageHold = never // the clock jumps here, and nothing was away
	if o.Clock == nil {
		o.Clock = clock.New()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := d.prepare(ctx, o); err != nil {
		return nil, err
	}
	if !d.state.Ready {
		if err := d.make(ctx, o); err != nil {
			return nil, fmt.Errorf("make the demo: %w", err)
		}
	}
	return d, d.start(ctx, o)
}

// prepare reads what is there, and clears what must go.
func (d *Demo) prepare(ctx context.Context, o Options) (err error) {
	if d.state, err = readState(d.dir); err != nil {
		return err
	}
	if d.state.Version != 0 && (o.Reset || !d.state.Ready) {
		if err := remove(ctx, d.dir); err != nil {
			return err
		}
		d.state = state{}
	}
	return nil
}

// make lets a month happen on a clock of its own.
func (d *Demo) make(ctx context.Context, o Options) error {
	if err := o.Config.Prepare(); err != nil {
		return err
	}
	d.state = state{Version: stateVersion, Seed: o.Seed}
	if err := d.state.write(d.dir); err != nil {
		return err
	}
	now := o.Clock.Now()
	base, err := Decent(now)
	if err != nil {
		return err
	}
	past := clock.NewManual(base.Add(-history))
	a, err := app.New(ctx, app.Options{Config: o.Config, Clock: past, Log: o.Log, Demo: true})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := tell(ctx, &teller{app: a, clock: past, base: base, seed: o.Seed, small: o.Small}); err != nil {
		return err
	}
	d.state.Ready, d.state.Skipped = true, o.Clock.Skipped()+base.Sub(now)
	return d.state.write(d.dir)
}

// start opens the demo on the running clock: never earlier than it was before, and at an hour at which people may be
// texted.
func (d *Demo) start(ctx context.Context, o Options) error {
	o.Clock.Skip(max(0, d.state.Skipped-o.Clock.Skipped()))
	now := o.Clock.Now()
	good, err := Decent(now)
	if err != nil {
		return err
	}
	o.Clock.Skip(good.Sub(now))
	if d.App, err = app.New(ctx, app.Options{Config: o.Config, Clock: o.Clock, Log: o.Log, Demo: true}); err != nil {
		return err
	}
	if d.Workspace, err = d.App.Org.BySlug(ctx, d.App.DB, slug); err != nil {
		d.Close()
		return err
	}
	if d.Count, err = d.count(ctx); err != nil {
		d.Close()
	}
	return err
}

func (d *Demo) count(ctx context.Context) (Count, error) {
	var c Count
	members, err := d.App.Org.Members(ctx, d.App.DB, d.Workspace.ID)
	if err != nil {
		return c, err
	}
	journeys, err := d.App.Journeys.List(ctx, d.App.DB, d.Workspace.ID)
	if err != nil {
		return c, err
	}
	phones, err := d.App.Simulator.Phones(ctx, d.Workspace.ID)
	if err != nil {
		return c, err
	}
	c = Count{Journeys: len(journeys), Agents: len(members), Phones: len(phones)}
	c.Customers, err = d.customers(ctx)
	return c, err
}

// Run serves until ctx ends and writes to out how to come in. browse opens an address in a browser; it may be nil.
func (d *Demo) Run(ctx context.Context, out io.Writer, browse func(address string)) error {
	lines, open, err := d.welcome(ctx)
	if err != nil {
		return err
	}
	if err := reach(ctx, d.App.Handler()); err != nil {
		return err
	}
	keep := d.keepClock(ctx)
	defer keep()
	return d.App.Serve(ctx, func(config.Addresses) {
		fmt.Fprint(out, lines)
		if browse != nil {
			browse(open)
		}
	})
}

// Close lets go of everything.
func (d *Demo) Close() { d.App.Close() }

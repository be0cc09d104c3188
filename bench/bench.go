package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// bench is one call of the command.
type bench struct {
	options
	dir     string
	made    int
	results map[string][]figures // name and engine -> one for each run
	names   []string             // databases to be dropped
}

// engines are those that can be measured here.
func (b *bench) engines() []string {
	if b.database == "" {
		return []string{"sqlite"}
	}
	return []string{"sqlite", "postgres"}
}

// scale is a count, a tenth of it when quick.
func (b *bench) scale(n int) int {
	if b.quick {
		return n / 10
	}
	return n
}

func (b *bench) keep(name, engine string, f figures) {
	key := name + " " + engine
	b.results[key] = append(b.results[key], f)
}

// measure runs everything asked for: run after run, and in each run engine after engine, so that a change of the machine's
// mood meets all alike.
func (b *bench) measure(ctx context.Context) error {
	seeded := map[string]place{}
	if b.anyWanted("PF1", "PF2", "PF3", "PF4", "PF5", "PF6", "PF7") {
		for _, engine := range b.engines() {
			started := time.Now()
			p, err := b.fresh(ctx, engine, nil)
			if err != nil {
				return err
			}
			t := p.task()
			t.Count = b.messages
			if _, err := perform(ctx, "seed", t); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s: %d people were made in %.0f s\n", engine, b.messages, time.Since(started).Seconds())
			seeded[engine] = p
		}
	}
	for run := range b.runs {
		if err := b.floors(ctx); err != nil {
			return err
		}
		for _, step := range b.steps() {
			if !b.wanted(step.name) {
				continue
			}
			for _, engine := range b.engines() {
				started := time.Now()
				f, err := b.perform(ctx, step, engine, seeded)
				if err != nil {
					return err
				}
				b.keep(step.key(), engine, f)
				fmt.Fprintf(os.Stderr, "run %d %s %s %.0f s: %v\n", run+1, step.key(), engine, time.Since(started).Seconds(), f)
			}
		}
	}
	if b.wanted("PF12") {
		return b.idles(ctx)
	}
	return nil
}

func (b *bench) anyWanted(names ...string) bool {
	for _, n := range names {
		if b.wanted(n) {
			return true
		}
	}
	return false
}

// step is one measurement on a copy of the seeded data.
type step struct {
	name, variant string
	role, carrier string // carrier: role of the server that takes the messages
	count, window int
	rate          int
	fresh         bool
}

func (s step) key() string {
	if s.variant == "" {
		return s.name
	}
	return s.name + "/" + s.variant
}

func (b *bench) steps() []step {
	return []step{
		{name: "PF1", role: "campaign", carrier: "sink", count: b.messages},
		{name: "PF2", role: "campaign", carrier: "smsc", count: b.messages, window: 100},
		{name: "PF3", variant: "known", role: "inbound", carrier: "sink", count: b.scale(20_000)},
		{name: "PF3", variant: "new", role: "inbound", carrier: "sink", count: b.scale(20_000), fresh: true},
		{name: "PF4", role: "single", carrier: "sink", count: b.scale(10_000)},
		{name: "PF5", role: "reply", carrier: "sink", count: b.messages},
		{name: "PF6", role: "visible", carrier: "sink", count: b.scale(10_000), rate: 500},
		{name: "PF7", role: "reaction", carrier: "sink", count: b.scale(30_000)},
	}
}

// perform runs a step on its own copy of the data, with a carrier of its own.
func (b *bench) perform(ctx context.Context, s step, engine string, seeded map[string]place) (f figures, err error) {
	from := seeded[engine]
	p, err := b.fresh(ctx, engine, &from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.discard(context.WithoutCancel(ctx), p)) }()
	carrier, stop, err := serve(ctx, s.carrier, task{})
	if err != nil {
		return nil, err
	}
	t := p.task()
	t.Carrier, t.Count, t.Window, t.Rate, t.Fresh = carrier, s.count, s.window, s.rate, s.fresh
	if b.profile != "" {
		t.Profile = filepath.Join(b.profile, s.name+s.variant+"-"+engine+".prof")
	}
	f, err = perform(ctx, s.role, t)
	sink, ended := stop()
	if err == nil {
		err = ended
	}
	if err != nil {
		return nil, err
	}
	if s.role == "reaction" && int(sink["taken"]) != s.count {
		return nil, fmt.Errorf("the carrier took %.0f messages for %d events", sink["taken"], s.count)
	}
	f["sink cpu"] = sink["cpu"]
	return f, nil
}

// floors are what this machine can do with next to nothing in the program, in the same run.
func (b *bench) floors(ctx context.Context) error {
	if b.anyWanted("PF1", "PF2", "PF4", "PF7") {
		f, err := against(ctx, "sink", "client", task{Count: b.scale(100_000), Window: connections})
		if err != nil {
			return err
		}
		b.keep("floor/http", "", f)
	}
	if b.wanted("PF3") {
		f, err := against(ctx, "echo", "load", task{Count: b.scale(100_000), Window: connections})
		if err != nil {
			return err
		}
		b.keep("floor/echo", "", f)
	}
	if b.wanted("PF2") {
		for _, window := range []int{1, 10, 100} {
			f, err := against(ctx, "smsc", "submit", task{Count: b.scale(1_000_000), Window: window})
			if err != nil {
				return err
			}
			b.keep(fmt.Sprintf("PF2/adapter %d", window), "", f)
		}
	}
	return nil
}

// against runs a role against a server of its own.
func against(ctx context.Context, server, role string, t task) (figures, error) {
	address, stop, err := serve(ctx, server, task{})
	if err != nil {
		return nil, err
	}
	t.Carrier, t.Target = address, address
	f, err := perform(ctx, role, t)
	sink, ended := stop()
	if err = errors.Join(err, ended); err != nil {
		return nil, err
	}
	f["sink cpu"] = sink["cpu"]
	return f, nil
}

// idles starts the program on data where many people wait.
func (b *bench) idles(ctx context.Context) error {
	for _, engine := range b.engines() {
		p, err := b.fresh(ctx, engine, nil)
		if err != nil {
			return err
		}
		t := p.task()
		t.Count = b.scale(1_000_000)
		waiting, err := perform(ctx, "timers", t)
		for range b.runs {
			var f figures
			if err == nil {
				f, err = perform(ctx, "idle", t)
			}
			if err == nil {
				f["timers"] = waiting["timers"]
				b.keep("PF12", engine, f)
			}
		}
		if err = errors.Join(err, b.discard(ctx, p)); err != nil {
			return err
		}
	}
	return nil
}

// fresh is an empty place for data, or a copy of another.
func (b *bench) fresh(ctx context.Context, engine string, from *place) (place, error) {
	b.made++
	p := place{engine: engine, dir: filepath.Join(b.dir, fmt.Sprintf("%s-%d", engine, b.made))}
	if from != nil {
		if err := copyFolder(from.dir, p.dir); err != nil {
			return place{}, err
		}
	}
	if engine != "postgres" {
		return p, nil
	}
	name := fmt.Sprintf("parley_bench_%d_%d", os.Getpid(), b.made)
	statement := "CREATE DATABASE " + name
	if from != nil {
		statement += " TEMPLATE " + nameOf(from.database)
	}
	if err := administer(ctx, b.database, statement); err != nil {
		return place{}, err
	}
	b.names = append(b.names, name)
	var err error
	p.database, err = databaseOf(b.database, name)
	return p, err
}

func (b *bench) discard(ctx context.Context, p place) error {
	err := os.RemoveAll(p.dir)
	if p.database != "" {
		err = errors.Join(err, administer(ctx, b.database, "DROP DATABASE IF EXISTS "+nameOf(p.database)))
	}
	return err
}

// close drops the databases that are left.
func (b *bench) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range b.names {
		if err := administer(ctx, b.database, "DROP DATABASE IF EXISTS "+name); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
}

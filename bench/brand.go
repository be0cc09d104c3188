package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"parley/internal/app"
	"parley/internal/channel"
	"parley/internal/channel/smpp"
	"parley/internal/channel/twilio"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// brand is the whole program on the data of one brand. Its clock runs, from a Tuesday noon in New York, when everything
// may be sent.
type brand struct {
	*app.App
	task       task
	ws         org.Workspace
	agent      org.Actor
	channel    channel.Channel
	base       string
	postmaster int
	settled    atomic.Int64 // outcomes that are on disk
	watch      func([]channel.Outcome)
	stop       func() error
}

// open opens the program on the task's data, makes the brand if there is none, and a channel to the task's carrier.
func open(ctx context.Context, t task) (*brand, error) {
	c := config.Defaults()
	c.DataDir, c.Database, c.Listen, c.LogLevel = t.Dir, t.Database, "127.0.0.1:0", "error"
	c.EgressAllow = []string{"127.0.0.0/8"}
	now := clock.New()
	noon := time.Date(2026, time.November, 17, 17, 0, 0, 0, time.UTC)
	now.Set(clock.From(noon))
	a, err := app.New(ctx, app.Options{Config: c, Clock: now,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return nil, err
	}
	b := &brand{App: a, task: t, stop: func() error { return nil }}
	b.Channels.SetHooks(channel.Hooks{Recheck: a.Conversations.Recheck, OnOutcome: b.onOutcome})
	if b.ws, err = a.Org.BySlug(ctx, a.DB, "fashion-era"); err != nil {
		if err = b.found(ctx); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	if err = b.join(ctx); err == nil && t.Engine == string(db.Postgres) {
		b.postmaster, err = postmaster(ctx, a.DB)
	}
	if err == nil && t.Carrier != "" {
		err = b.connect(ctx, t.Carrier)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// onOutcome counts outcomes once they are on disk.
func (b *brand) onOutcome(ctx context.Context, tx *db.Tx, list []channel.Outcome) error {
	sent := int64(0)
	for _, o := range list {
		if o.State == channel.StateSent {
			sent++
		}
	}
	tx.AfterCommit(func() {
		b.settled.Add(sent)
		if b.watch != nil {
			b.watch(list)
		}
	})
	return b.Conversations.OnOutcome(ctx, tx, list)
}

// found makes the brand.
func (b *brand) found(ctx context.Context) error {
	return b.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		settings := org.DefaultSettings("Fashion Era")
		settings.SupportContact, settings.UndoSeconds, settings.FrequencyPerMonth = "help@fashion-era.example", 0, 60
		b.ws, err = b.Org.CreateWorkspaceTx(ctx, tx, org.NewWorkspace{Name: "Fashion Era", Slug: "fashion-era", Country: "US",
			Timezone: "America/New_York", Currency: "USD", Settings: &settings})
		if err != nil {
			return err
		}
		_, err = b.Org.CreateMemberTx(ctx, tx, org.NewMember{Workspace: b.ws.ID, Name: "Ana", Email: "ana@fashion-era.example", Role: org.Owner}, "")
		return err
	})
}

// join finds the agent.
func (b *brand) join(ctx context.Context) error {
	members, err := b.Org.Members(ctx, b.DB, b.ws.ID)
	if err != nil || len(members) == 0 {
		return fmt.Errorf("the brand has no member: %w", err)
	}
	b.agent = org.Actor{Workspace: b.ws.ID, Member: members[0].ID, Role: members[0].Role, Name: members[0].Name}
	return nil
}

// connect makes the channel to the carrier: Twilio for a web address, SMPP otherwise.
func (b *brand) connect(ctx context.Context, carrier string) (err error) {
	d := channel.Draft{Kind: twilio.Kind, Name: "sms", Registration: channel.Registration{Kind: "10dlc", State: "approved"},
		Settings: map[string]string{"account_sid": twiliotest.SID, "auth_token": twiliotest.Token, "number": twiliotest.Number, "base_url": carrier, "rate": "0"}}
	if !strings.HasPrefix(carrier, "http") {
		d.Kind, d.Settings = smpp.Kind, smppSettings(carrier, b.task.Window)
		d.Settings["rate"] = "100000"
	}
	b.channel, err = b.Channels.Create(ctx, b.agent, d)
	return err
}

func smppSettings(carrier string, window int) map[string]string {
	host, port, _ := net.SplitHostPort(carrier)
	return map[string]string{"host": host, "port": port, "system_id": "bench", "password": "bench", "number": twiliotest.Number,
		"window": fmt.Sprint(max(window, 1)), "receipts": "false"}
}

// run starts the workers and the server.
func (b *brand) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	ready, ended := make(chan config.Addresses, 1), make(chan error, 1)
	go func() { ended <- b.Serve(ctx, func(a config.Addresses) { ready <- a }) }()
	b.stop = func() error { cancel(); return <-ended }
	select {
	case a := <-ready:
		b.base = strings.Replace(a.Open, "localhost", "127.0.0.1", 1)
		return nil
	case err := <-ended:
		b.stop = func() error { return nil }
		cancel()
		return fmt.Errorf("the program ended at its start: %w", err)
	}
}

func (b *brand) close() error {
	err := b.stop()
	b.Close()
	return err
}

// await waits until so many outcomes are on disk.
func (b *brand) await(ctx context.Context, n int) error {
	last, since := int64(-1), time.Now()
	for b.settled.Load() < int64(n) {
		if now := b.settled.Load(); now != last {
			last, since = now, time.Now()
		}
		if ctx.Err() != nil || time.Since(since) > time.Minute {
			return fmt.Errorf("%d of %d messages were settled, and then nothing for a minute", b.settled.Load(), n)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// place is the data of one measurement: a folder, and on PostgreSQL a database.
type place struct {
	engine, dir, database string
}

func (p place) task() task { return task{Engine: p.engine, Dir: p.dir, Database: p.database} }

// number is the phone number of person i; area code 212 is in New York.
func number(i int) string { return fmt.Sprintf("+1212%07d", 2_000_000+i) }

// copyFolder copies the files of a data folder.
func copyFolder(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(filepath.Clean(from))); err != nil {
		return err
	}
	return os.Chmod(filepath.Join(to, "secret.key"), 0o600)
}

// personID is shorter to write.
type personID = id.Person

package app

import (
	"context"

	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/report"

	"log/slog"
)

// Verify recounts the promises from the tables of the configured database. It writes nothing, and a server may work on
// the same database meanwhile.
func Verify(ctx context.Context, c config.Config) ([]report.Check, error) {
	a := &App{Config: c, Clock: clock.New(), Log: slog.New(slog.DiscardHandler)}
	a.IDs = id.NewSource(a.Clock)
	defer a.Close()
	for _, step := range []func(context.Context) error{a.openForReading, a.openQueues, a.openPeople, a.openChannels, a.openStories} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	a.subscribe()
	return report.Verifier{DB: a.DB, Org: a.Org, People: a.People, Kinds: a.Mailbox.Kinds()}.Verify(ctx)
}

func (a *App) openForReading(ctx context.Context) (err error) {
	a.DB, err = db.Open(ctx, db.Options{URL: a.Config.Database, Dir: a.Config.DataDir, MaxConns: a.Config.DatabaseConns, ReadOnly: true})
	return err
}

package app

import (
	"context"
	"log/slog"
	"os"

	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/report"
	"parley/internal/secret"
)

// Verify recounts the promises from the tables of the configured database. It writes nothing, and a server may work on
// the same database meanwhile.
func Verify(ctx context.Context, c config.Config) ([]report.Check, error) {
	a := reader(c)
	if _, err := a.open(ctx, a.openForReading, a.openQueues, a.openPeople, a.openChannels, a.openStories); err != nil {
		return nil, err
	}
	defer a.Close()
	return report.Verifier{DB: a.DB, Org: a.Org, People: a.People, Kinds: a.Mailbox.Kinds()}.Verify(ctx)
}

// Export is the set-up file of the workspace with that slug. It writes nothing, and a server may work on the same database
// meanwhile.
func Export(ctx context.Context, c config.Config, slug string) ([]byte, error) {
	a := reader(c)
	if _, err := a.open(ctx, a.openForReading, a.openKey, a.openQueues, a.openPeople, a.openChannels, a.openStories); err != nil {
		return nil, err
	}
	defer a.Close()
	w, err := a.Org.BySlug(ctx, a.DB, slug)
	if err != nil {
		return nil, err
	}
	return a.Setup.Export(ctx, w.ID)
}

// reader is the program for a command that only reads.
func reader(c config.Config) *App {
	a := &App{Config: c, Clock: clock.New(), Log: slog.New(slog.DiscardHandler)}
	a.IDs = id.NewSource(a.Clock)
	return a
}

func (a *App) openForReading(ctx context.Context) (err error) {
	a.DB, err = db.Open(ctx, db.Options{URL: a.Config.Database, Dir: a.Config.DataDir, MaxConns: a.Config.DatabaseConns, ReadOnly: true})
	return err
}

// openKey reads the key of the database, to tell which secrets are stored. It makes none.
func (a *App) openKey(ctx context.Context) (err error) {
	ring, path := os.Getenv("PARLEY_SECRET_KEY"), a.Config.SecretKey()
	if _, missing := os.Stat(path); ring == "" && missing != nil {
		return errs.Wrap(missing, errs.Unavailable, "secret_key_file", "The key file %s is not there, so nobody can tell which secrets are stored. Name it with --secret-key-file.", path)
	}
	if a.Secrets, err = secret.Load(path, ring); err != nil {
		return err
	}
	return a.Secrets.Check(ctx, a.DB)
}

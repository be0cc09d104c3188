package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/org"
	"parley/internal/setup"
)

type serveCommand struct {
	config.Config `embed:""`
	Setup         string `placeholder:"setup.yaml" help:"File that says how workspaces are to be; it is applied before anything is served."`
}

// Run serves until the process is told to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	var wanted setup.File
	if c.Setup != "" {
		var err error
		if wanted, err = readSetup(c.Setup); err != nil {
			return err
		}
	}
	a, err := app.New(ctx, app.Options{Config: c.Config, Log: logger(c.Config)})
	if err != nil {
		return err
	}
	defer a.Close()
	made, err := a.Setup.Apply(ctx, org.Actor{}, wanted)
	for _, d := range made {
		a.Log.InfoContext(ctx, "changed as the set-up file says", "change", d.String())
	}
	if err != nil {
		return refused(err, c.Setup, len(made) > 0)
	}
	return a.Serve(ctx, func(at config.Addresses) { fmt.Printf("Parley is ready on %s\n", at.Open) })
}

// logger writes what the operator wants to know to standard error.
func logger(c config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// errDifferent ends apply --check with status 2 when the file and the database differ.
var errDifferent = errors.New("the file and the database differ")

func exitCode(err error) int {
	if errors.Is(err, errDifferent) {
		return 2
	}
	return 1
}

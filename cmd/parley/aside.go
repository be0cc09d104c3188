package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/errs"
)

// parkedCommand is what to do about reactions and timers that failed too often.
type parkedCommand struct {
	List  asideList `cmd:"" help:"Show them, with the reason of the last failure."`
	Retry asideEnd  `cmd:"" help:"Put them back to work."`
	Drop  asideEnd  `cmd:"" help:"Remove them for good."`
}

// jobsCommand is the same for jobs.
type jobsCommand struct {
	List  asideList `cmd:"" help:"Show them, with the reason of the last failure."`
	Retry asideEnd  `cmd:"" help:"Run them again."`
	Drop  asideEnd  `cmd:"" help:"Remove them for good."`
}

type asideList struct {
	config.Config `embed:""`
	Workspace     string `required:"" placeholder:"SLUG" env:"-" help:"Workspace, as in its webhook addresses."`
}

// Run prints one line for each.
func (c *asideList) Run(ctx context.Context, pile app.Pile) error {
	list, err := app.ListAside(ctx, c.Config, c.Workspace, pile)
	for _, a := range list {
		fmt.Printf("%s  %s  %s  %s  %d tries  %s\n", a.ID, a.At, a.Kind, a.Person, a.Tries, strings.Join(strings.Fields(a.Reason), " "))
	}
	if err == nil && len(list) == 0 {
		fmt.Fprintln(os.Stderr, "Nothing was put aside.")
	}
	return err
}

type asideEnd struct {
	config.Config `embed:""`
	Workspace     string   `required:"" placeholder:"SLUG" env:"-" help:"Workspace, as in its webhook addresses."`
	All           bool     `env:"-" help:"All that list shows."`
	ID            []string `arg:"" optional:"" name:"id" help:"What to end, as list names it."`
}

// Run ends the named ones, or all, and says how many.
func (c *asideEnd) Run(ctx context.Context, pile app.Pile, verb asideVerb) error {
	if c.All == (len(c.ID) > 0) {
		return errs.New(errs.Invalid, "aside_which", "Name what to %s, or say --all. Nothing was changed.", verb)
	}
	a, err := app.Tool(ctx, app.Options{Config: c.Config, Log: logger(c.Config)})
	if err != nil {
		return err
	}
	defer a.Close()
	n, err := a.EndAside(ctx, c.Workspace, pile, verb == asideRetry, c.ID)
	if n > 0 || err == nil {
		fmt.Printf("%s: %d\n", verb, n)
	}
	return err
}

// asideVerb is which of the commands was called.
type asideVerb string

const (
	asideRetry asideVerb = "retry"
	asideDrop  asideVerb = "drop"
)

// asideOf reads the pile and the verb from the command that was called: "parked retry <id>".
func asideOf(command string) (app.Pile, asideVerb) {
	words := append(strings.Fields(command), "", "")
	return app.Pile(words[0]), asideVerb(words[1])
}

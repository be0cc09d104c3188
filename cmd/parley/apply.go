package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/errs"
	"parley/internal/org"
	"parley/internal/setup"
)

type applyCommand struct {
	config.Config `embed:""`
	File          string `short:"f" required:"" placeholder:"setup.yaml" env:"-" help:"File that says how workspaces are to be."`
	Check         bool   `env:"-" help:"Only show what differs. The exit code is 2 when something does."`
}

// Run makes everything as the file says, and prints what it changed.
func (c *applyCommand) Run(ctx context.Context) error {
	f, err := readSetup(c.File)
	if err != nil {
		return err
	}
	settings, done, err := c.place()
	if err != nil {
		return err
	}
	defer done()
	a, err := app.Tool(ctx, app.Options{Config: settings, Log: logger(c.Config)})
	if err != nil {
		return err
	}
	defer a.Close()
	work := func(ctx context.Context, f setup.File) ([]setup.Difference, error) {
		return a.Setup.Apply(ctx, org.Actor{}, f)
	}
	if c.Check {
		work = a.Setup.Check
	}
	list, err := work(ctx, f)
	for _, d := range list {
		fmt.Println(d)
	}
	switch {
	case err != nil:
		return refused(err, c.File, !c.Check && len(list) > 0)
	case c.Check && len(list) > 0:
		return errDifferent
	case len(list) == 0:
		fmt.Fprintf(os.Stderr, "Everything is as %s says.\n", c.File)
	}
	return nil
}

// place is where to apply the file. A check of a folder without a database makes none there: it compares with an empty one
// that is thrown away.
func (c *applyCommand) place() (settings config.Config, done func(), err error) {
	_, missing := os.Stat(filepath.Join(c.DataDir, "parley.db"))
	if !c.Check || c.Database != "" || !errors.Is(missing, fs.ErrNotExist) {
		return c.Config, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "parley-check-*")
	if err != nil {
		return c.Config, nil, fmt.Errorf("make a folder for the check: %w", err)
	}
	fmt.Fprintf(os.Stderr, "There is no database in %s yet. All of this would be made:\n", c.DataDir)
	settings = c.Config
	settings.DataDir, settings.SecretKeyFile = dir, ""
	return settings, func() { _ = os.RemoveAll(dir) }, nil
}

// readSetup reads a set-up file with the variables of the environment and the files beside it.
func readSetup(file string) (setup.File, error) {
	dir := os.DirFS(filepath.Dir(file))
	raw, err := fs.ReadFile(dir, filepath.Base(file))
	if err != nil {
		return setup.File{}, errs.Wrap(err, errs.Invalid, "setup_file", "The set-up file %s cannot be read (%v). Nothing was changed.", file, err)
	}
	f, err := setup.Parse(raw, os.LookupEnv, dir)
	if err != nil {
		return setup.File{}, refused(err, file, false)
	}
	return f, nil
}

// refused prints what is wrong with a set-up file, each problem on a line of its own, and is the error to end with. partly
// says that other workspaces of the file were changed before.
func refused(err error, file string, partly bool) error {
	fmt.Fprintln(os.Stderr, setup.Explain(err, file))
	left := "Nothing was changed."
	if partly {
		left = "The changes that are listed stay; nothing else was changed."
	}
	return errs.Wrap(err, errs.Invalid, "setup_refused", "%s cannot be applied, for the reason above. %s", file, left)
}

type exportCommand struct {
	config.Config `embed:""`
	Workspace     string `required:"" placeholder:"SLUG" env:"-" help:"Workspace to describe, as in its webhook addresses."`
}

// Run prints the set-up file of a workspace. A server may run meanwhile.
func (c *exportCommand) Run(ctx context.Context) error {
	file, err := app.Export(ctx, c.Config, c.Workspace)
	if err == nil {
		_, err = os.Stdout.Write(file)
	}
	return err
}

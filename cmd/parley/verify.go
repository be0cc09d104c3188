package main

import (
	"context"
	"fmt"
	"os"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/errs"
	"parley/internal/report"
)

// shown is how many broken rows of one promise are printed.
const shown = 5

type verifyCommand struct {
	config.Config `embed:""`
}

// Run prints a line for each promise and fails when one is broken.
func (c *verifyCommand) Run(ctx context.Context) error {
	checks, err := app.Verify(ctx, c.Config)
	if err != nil {
		return err
	}
	broken := 0
	for _, check := range checks {
		printCheck(check)
		if len(check.Broken) > 0 {
			broken++
		}
	}
	if broken > 0 {
		return errs.New(errs.Conflict, "verify", "%d of %d promises are broken. The lines above name the rows. Nothing was changed; keep a copy of the data before you do.", broken, len(checks))
	}
	return nil
}

func printCheck(c report.Check) {
	verdict := "ok    "
	if len(c.Broken) > 0 {
		verdict = "BROKEN"
	}
	fmt.Fprintf(os.Stdout, "%s  %-5s %8d counted %4d broken  %s\n", verdict, c.Invariant, c.Counted, len(c.Broken), c.Text)
	for _, row := range c.Broken[:min(shown, len(c.Broken))] {
		fmt.Fprintf(os.Stdout, "          %s\n", row)
	}
}

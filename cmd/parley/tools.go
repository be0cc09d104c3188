package main

import (
	"context"
	"fmt"
	"os"

	"parley/internal/app"
)

type openapiCommand struct{}

// Run prints the description without opening anything but a temporary folder.
func (c *openapiCommand) Run(ctx context.Context) error {
	doc, err := app.Describe(ctx)
	if err == nil {
		_, err = os.Stdout.Write(doc)
	}
	return err
}

type versionCommand struct{}

// Run prints the version.
func (c *versionCommand) Run() error {
	fmt.Println("parley", app.Version)
	return nil
}

package main

import (
	"context"
	"fmt"

	"parley/internal/app"
	"parley/internal/config"
)

type backupCommand struct {
	config.Config `embed:""`
	To            string `required:"" type:"path" placeholder:"FILE" env:"-" help:"Archive to write; it must not be there yet."`
}

// Run copies the folder's database and files. A server may run meanwhile.
func (c *backupCommand) Run(ctx context.Context) error {
	err := app.Backup(ctx, c.Config, c.To)
	if err == nil {
		fmt.Printf("Wrote %s: the database and the files of messages. The key is not in it. Keep %s in another place: without it the secrets of channels and shops must be entered again.\n", c.To, c.SecretKey())
	}
	return err
}

type restoreCommand struct {
	config.Config `embed:""`
	From          string `required:"" type:"path" placeholder:"FILE" env:"-" help:"Archive that backup wrote."`
}

// Run makes a folder from a backup.
func (c *restoreCommand) Run(ctx context.Context) error {
	err := app.Restore(ctx, c.Config, c.From)
	if err == nil {
		fmt.Printf("Restored into %s. Put the key that belongs to it at %s before you start. Bulk messages that waited then are held: they may have been sent since.\n", c.DataDir, c.SecretKey())
	}
	return err
}

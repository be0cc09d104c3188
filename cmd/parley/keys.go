package main

import (
	"context"
	"fmt"

	"parley/internal/app"
	"parley/internal/config"
)

type keysCommand struct {
	Rotate rotateCommand `cmd:"" help:"Seal all stored secrets under a new key."`
}

type rotateCommand struct {
	config.Config `embed:""`
}

// Run makes a new key where the ring belongs to this folder alone, and seals everything under the first key of the ring.
func (c *rotateCommand) Run(ctx context.Context) error {
	r, err := app.RotateKeys(ctx, app.Options{Config: c.Config, Log: logger(c.Config)})
	if err != nil {
		return err
	}
	fmt.Printf("Sealed anew under the key %s: %d channels, %d shops. Older keys still open what older backups hold.\n", r.Key, r.Channels, r.Shops)
	return nil
}

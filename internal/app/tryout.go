package app

import (
	"context"
	"fmt"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/simulator"
)

// The numbers of fiction that a new workspace is tried with.
const (
	tryoutNumber = "+15550100001"
	tryoutPhone  = "+15550100042"
)

// tryout gives a new workspace a channel that reaches nobody, and a phone that writes to it.
func (a *App) tryout(ctx context.Context, ws id.Workspace) error {
	w, err := a.Org.Workspace(ctx, a.DB, ws)
	if err != nil {
		return err
	}
	if _, err := a.Channels.Create(ctx, org.System(ws), channel.Draft{Kind: sim.Kind, Name: "simulated", Settings: map[string]string{"number": tryoutNumber, "rate": "100"}}); err != nil {
		return fmt.Errorf("make the simulated channel: %w", err)
	}
	_, err = a.Simulator.Create(ctx, ws, simulator.Phone{Number: tryoutPhone, Name: "Your first customer", Country: w.Country, Timezone: w.Timezone})
	return err
}

package app

import (
	"context"

	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/id"
)

// Pile is where work lies that failed too often.
type Pile string

// The piles.
const (
	ParkedItems Pile = "parked" // reactions to what a person did, and timers
	DeadJobs    Pile = "jobs"   // work that belongs to no person
)

// Aside is a piece of work that failed too often, with the reason of its last failure.
type Aside struct {
	ID     string
	Kind   string
	Person id.Person // empty for a job
	Tries  int
	At     clock.Time // when it was put aside
	Reason string
}

// ListAside is the oldest 200 of a workspace's pile. A server may run meanwhile.
func ListAside(ctx context.Context, c config.Config, slug string, pile Pile) ([]Aside, error) {
	a := reader(c)
	if _, err := a.open(ctx, a.openForReading, a.openQueues, a.openPeople, a.openChannels, a.openStories); err != nil {
		return nil, err
	}
	defer a.Close()
	w, err := a.Org.BySlug(ctx, a.DB, slug)
	if err != nil {
		return nil, err
	}
	return a.aside(ctx, w.ID, pile)
}

func (a *App) aside(ctx context.Context, ws id.Workspace, pile Pile) (out []Aside, err error) {
	if pile == DeadJobs {
		list, err := a.Jobs.Dead(ctx, ws)
		for _, d := range list {
			out = append(out, Aside{ID: d.ID, Kind: d.Kind, Tries: d.Attempts, At: d.At, Reason: d.Reason})
		}
		return out, err
	}
	list, err := a.Mailbox.Parked(ctx, ws)
	for _, p := range list {
		out = append(out, Aside{ID: p.ID, Kind: p.Kind, Person: p.Person, Tries: p.Attempts, At: p.At, Reason: p.Reason})
	}
	return out, err
}

// EndAside puts pieces of a pile back to work, or drops them; without ids all that ListAside shows. It says how many before
// the first that failed.
func (a *App) EndAside(ctx context.Context, slug string, pile Pile, retry bool, ids []string) (int, error) {
	w, err := a.Org.BySlug(ctx, a.DB, slug)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		all, err := a.aside(ctx, w.ID, pile)
		if err != nil {
			return 0, err
		}
		for _, one := range all {
			ids = append(ids, one.ID)
		}
	}
	end := a.Mailbox.Discard
	switch {
	case pile == DeadJobs && retry:
		end = a.Jobs.Replay
	case pile == DeadJobs:
		end = a.Jobs.Discard
	case retry:
		end = a.Mailbox.Replay
	}
	for n, one := range ids {
		if err := end(ctx, w.ID, one); err != nil {
			return n, err
		}
	}
	return len(ids), nil
}

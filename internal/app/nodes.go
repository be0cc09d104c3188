package app

import (
	"context"
	"sync"
	"time"

	"parley/internal/id"
)

// nodes tells the other nodes on the same PostgreSQL that a workspace's change stream grew, so that browsers on any node
// see it at once. Many changes within a moment are told once per workspace.
type nodes struct {
	mu   sync.Mutex
	grew map[id.Workspace]bool
	wake chan struct{}
}

func newNodes() *nodes { return &nodes{grew: map[id.Workspace]bool{}, wake: make(chan struct{}, 1)} }

// appended is called after each commit that added to the stream. It never blocks.
func (n *nodes) appended(ws id.Workspace) {
	n.mu.Lock()
	n.grew[ws] = true
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// calm is how long changes are gathered before they are told.
const calm = 10 * time.Millisecond

// tell passes on what grew until ctx ends.
func (n *nodes) tell(ctx context.Context, notify func(ctx context.Context, payload string) error, failed func(error)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.wake:
		}
		n.mu.Lock()
		grew := n.grew
		n.grew = map[id.Workspace]bool{}
		n.mu.Unlock()
		for ws := range grew {
			if err := notify(ctx, string(ws)); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(calm):
		}
	}
}

package app

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"parley/internal/conversation"
	"parley/internal/id"
)

// nodes tells the other nodes on the same PostgreSQL that a workspace's change stream grew, and which members are where, so
// that browsers on any node see it at once. Many changes within a moment are told once per workspace.
type nodes struct {
	mu   sync.Mutex
	grew map[id.Workspace]bool
	said []string // about members at conversations, to be told
	wake chan struct{}
}

func newNodes() *nodes { return &nodes{grew: map[id.Workspace]bool{}, wake: make(chan struct{}, 1)} }

// appended is called after each commit that added to the stream. It never blocks.
func (n *nodes) appended(ws id.Workspace) {
	n.mu.Lock()
	n.grew[ws] = true
	n.mu.Unlock()
	n.ring()
}

func (n *nodes) ring() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// signMark begins what is told about a member; everything else is the name of a workspace.
const signMark = "sign "

// maxSigns is how many signs wait to be told; more are dropped, because browsers repeat them.
const maxSigns = 1000

// sign passes on where a member is. It never blocks.
func (n *nodes) sign(s conversation.Sign) {
	raw, err := json.Marshal(s)
	if err != nil {
		return
	}
	n.mu.Lock()
	if len(n.said) < maxSigns {
		n.said = append(n.said, signMark+string(raw))
	}
	n.mu.Unlock()
	n.ring()
}

// signOf reads what sign told; false for anything else.
func signOf(payload string) (s conversation.Sign, ok bool) {
	text, ok := strings.CutPrefix(payload, signMark)
	return s, ok && json.Unmarshal([]byte(text), &s) == nil
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
		grew, said := n.grew, n.said
		n.grew, n.said = map[id.Workspace]bool{}, nil
		n.mu.Unlock()
		for ws := range grew {
			said = append(said, string(ws)) // who is where comes first: the stream is about it
		}
		for _, payload := range said {
			if err := notify(ctx, payload); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(calm):
		}
	}
}

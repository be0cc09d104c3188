package app

import (
	"context"
	"os"
	"testing"
	"time"

	"parley/internal/conversation"
	"parley/internal/db/dbtest"
)

// IN-6: who looks at a conversation is told to the other nodes, over the real line between them, before the stream that
// has browsers look.
func TestNodesTellEachOtherWhoIsWhere(t *testing.T) {
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		t.Skip("nodes share a PostgreSQL; set TEST_POSTGRES_URL")
	}
	first, second := dbtest.Postgres(t), make(chan string, 10)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	go func() {
		_ = first.Listen(ctx, func(payload string) { second <- payload }, func() {})
	}()
	n := newNodes()
	go func() { _ = n.tell(ctx, first.Notify, func(err error) { t.Errorf("tell: %v", err) }) }()
	sign := conversation.Sign{Workspace: "ws_nodes", Person: "per_1", Member: "mem_1", Name: "Ben, \"the\" first", Here: true, Composing: true}
	for tick := time.Tick(100 * time.Millisecond); ; {
		n.sign(sign)
		select {
		case payload := <-second:
			got, ok := signOf(payload)
			if ok && got.Workspace != sign.Workspace {
				continue // of another test on the same server
			}
			if !ok || got != sign {
				t.Fatalf("heard %q", payload)
			}
			if _, ok := signOf("ws_nodes"); ok {
				t.Error("the name of a workspace was taken for a sign")
			}
			return
		case <-tick:
		case <-ctx.Done():
			t.Fatal("the other node heard nothing")
		}
	}
}

package channel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
)

// moody is a provider in memory, so that claims follow each other as fast as the database can. Now and then it asks for
// a moment's silence, or says nothing for a while.
type moody struct{}

func (moody) Describe() channel.Descriptor {
	return channel.Descriptor{Kind: "moody", Name: "Moody", Capabilities: channel.Capabilities{MaxUnits: 1600},
		Settings: []channel.Setting{{Key: "rate", Type: "number", Default: "0"}}}
}

func (moody) Open(channel.Account) (channel.Conn, error) { return moody{}, nil }

func (moody) Close() error { return nil }

func (moody) Send(_ context.Context, out channel.Outgoing) (channel.Receipt, error) {
	switch n := rand.IntN(400); {
	case n == 0:
		return channel.Receipt{}, &channel.Failure{Policy: channel.Later, Code: "throttled", RetryAfter: 30 * time.Millisecond}
	case n < 40:
		time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
	}
	return channel.Receipt{ProviderID: string(out.Attempt), Status: channel.StatusSent}, nil
}

// ends notes which messages have their outcome.
type ends struct {
	mu   sync.Mutex
	done map[channel.MessageID]chan struct{}
}

func (e *ends) of(m channel.MessageID) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done[m] == nil {
		e.done[m] = make(chan struct{})
	}
	return e.done[m]
}

func (e *ends) onOutcome(_ context.Context, tx *db.Tx, list []channel.Outcome) error {
	tx.AfterCommit(func() {
		for _, o := range list {
			if o.State == channel.StateSent {
				close(e.of(o.Message))
			}
		}
	})
	return nil
}

// wait fails the test when a message has no outcome in half a minute, a hundred times what the slowest takes.
func (e *ends) wait(w *world, what string, m channel.MessageID) bool {
	select {
	case <-e.of(m):
		return true
	case <-time.After(30 * time.Second):
		w.t.Errorf("%s %s has no outcome: %+v", what, m, w.sent(m))
		return false
	}
}

// The campaign's messages are sometimes put off for a moment, as quiet hours and caps do.
func putOff(c *clock.Clock) func(context.Context, *db.Tx, []channel.Claim) ([]channel.Verdict, error) {
	return func(_ context.Context, _ *db.Tx, claims []channel.Claim) ([]channel.Verdict, error) {
		out := make([]channel.Verdict, len(claims))
		for i, claim := range claims {
			out[i] = channel.Verdict{Action: channel.Send}
			if claim.Priority == channel.PriorityBulk && rand.IntN(50) == 0 {
				out[i] = channel.Verdict{Action: channel.Hold, Until: c.Now().Add(10 * time.Millisecond), Code: "quiet_hours"}
			}
		}
		return out, nil
	}
}

// A reply is announced to its sender once, at whatever moment of a claim. None may be forgotten, and nothing of the
// campaign either (I16, I19). Nobody looks again by itself here: what is forgotten stays forgotten.
func TestI16I19EveryReplyBesideACampaignGetsItsOutcome(t *testing.T) {
	rounds := 4
	if os.Getenv("PARLEY_LONG") == "1" {
		rounds = 150
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.Poll = -1 })
		w.deps.Adapters = append(w.deps.Adapters, moody{})
		deps := withMailbox(w)
		w.service = channel.New(deps, w.options)
		e := &ends{done: map[channel.MessageID]chan struct{}{}}
		w.service.SetHooks(channel.Hooks{Recheck: putOff(w.clock), OnOutcome: e.onOutcome})
		var err error
		w.channel, err = w.service.Create(t.Context(), w.actor, channel.Draft{Kind: "moody", Name: "moody", Settings: map[string]string{"rate": "0"}})
		must(t, err)
		w.run()
		for round := 0; round < rounds && !t.Failed(); round++ {
			if round%4 == 3 { // its settings change while it works
				_, err := w.service.Update(t.Context(), w.actor, w.channel.ID, channel.Draft{Name: "moody", Settings: map[string]string{"rate": []string{"0", "900", "3000"}[rand.IntN(3)]}})
				must(t, err)
			}
			campaign := bulk(w, 100+rand.IntN(500))
			replies := bulk(w, 60)
			w.enqueue(campaign...)
			var group sync.WaitGroup
			for part := range 4 {
				group.Go(func() {
					for i := part; i < len(replies); i += 4 {
						reply := replies[i]
						reply.Priority, reply.Kind, reply.Purpose = channel.PriorityReply, "reply", "support"
						time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
						w.enqueue(reply)
						if rand.IntN(2) == 0 && !e.wait(w, fmt.Sprintf("round %d: the reply", round), reply.Message) {
							return
						}
					}
				})
			}
			group.Wait()
			for _, m := range replies {
				if t.Failed() || !e.wait(w, fmt.Sprintf("round %d: the reply", round), m.Message) {
					return
				}
			}
			for _, m := range campaign {
				if !e.wait(w, fmt.Sprintf("round %d: the campaign's", round), m.Message) {
					return
				}
			}
		}
	})
}

func TestI16WhatTheGatePutsOffLeavesWhenItsTimeHasCome(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.Poll = -1 })
		morning := w.clock.Now().Add(1500 * time.Millisecond)
		w.verdict = func(channel.Claim) channel.Verdict {
			if w.clock.Now() < morning {
				return channel.Verdict{Action: channel.Hold, Until: morning, Code: "quiet_hours"}
			}
			return channel.Verdict{Action: channel.Send}
		}
		w.run()
		m := w.delivery("at night")
		w.enqueue(m)
		w.until("the gate puts it off", func() bool { return w.sent(m.Message).Code == "quiet_hours" })
		w.untilState(m.Message, channel.StateSent)
	})
}

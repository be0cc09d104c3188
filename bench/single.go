package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/people"
)

// writers are how many agents, or workers of journeys, act at once.
const writers = 64

// single sends messages one by one: half written by agents, half by journeys (PF4).
func single(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var out figures
	if err = b.run(ctx); err == nil {
		out, err = b.singles(ctx, t.Count)
	}
	return out, errors.Join(err, b.close())
}

func (b *brand) singles(ctx context.Context, n int) (figures, error) {
	list, err := everybody(ctx, b.DB, b.ws.ID, 2*n)
	if err != nil {
		return nil, err
	}
	half := len(list) / 2
	agents, err := b.each(ctx, list[:half], b.write)
	if err != nil {
		return nil, fmt.Errorf("agents: %w", err)
	}
	journeys, err := b.each(ctx, list[half:], b.step)
	if err != nil {
		return nil, fmt.Errorf("journeys: %w", err)
	}
	return figures{"agent rate": agents["rate"], "agent cpu": agents["cpu"] + agents["dbcpu"],
		"journey rate": journeys["rate"], "journey cpu": journeys["cpu"] + journeys["dbcpu"]}, nil
}

// each sends to everyone by many writers at once, and waits for the last outcome.
func (b *brand) each(ctx context.Context, list []personID, send func(context.Context, personID) error) (figures, error) {
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, writers)
	before := int(b.settled.Load())
	m := begin(b.postmaster)
	for range writers {
		group.Go(func() {
			for i := next.Add(1); i <= int64(len(list)); i = next.Add(1) {
				if err := send(ctx, list[i-1]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	err := b.await(ctx, before+len(list))
	return m.end(len(list)), err
}

// write is an agent's text.
func (b *brand) write(ctx context.Context, p personID) error {
	_, err := b.Conversations.Write(ctx, b.agent, conversation.Reply{Person: p, Text: "Hi, this is Ana. Your parcel left us this morning; the carrier has it now.",
		Purpose: people.Marketing, ClientKey: "bench:" + string(p)})
	return err
}

// step is the send step of a journey, one commit each.
func (b *brand) step(ctx context.Context, p personID) error {
	return b.DB.TxGrouped(ctx, func(tx *db.Tx) error {
		sent, err := b.Conversations.SendTx(ctx, tx, conversation.Send{Workspace: b.ws.ID, Person: p, Kind: conversation.KindJourney, Purpose: people.Marketing,
			Author: conversation.Author{Kind: conversation.ByJourney, ID: "jny_welcome", Name: "Welcome"}, ClientKey: "run:" + string(p),
			Text: "Welcome to Fashion Era, " + string(p)[len(p)-5:] + ". Your code is WELCOME10."})
		if err == nil && sent.Verdict.Action != channel.Send {
			err = fmt.Errorf("the gate said %s", sent.Verdict.Code)
		}
		return err
	})
}

// replyEvery is how often the agent writes while the campaign runs.
const replyEvery = 100 * time.Millisecond

// replies lets an agent write while a campaign goes to all others, and measures from the click to the outcome on disk,
// which is later than the carrier has it (PF5).
func replies(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var times sync.Map // message -> when it was settled
	b.watch = func(list []channel.Outcome) {
		for _, o := range list {
			if o.State == channel.StateSent {
				times.Store(o.Message, time.Now())
			}
		}
	}
	var out figures
	if err = b.run(ctx); err == nil {
		out, err = b.replies(ctx, t.Count, &times)
	}
	return out, errors.Join(err, b.close())
}

func (b *brand) replies(ctx context.Context, n int, settled *sync.Map) (figures, error) {
	list, err := everybody(ctx, b.DB, b.ws.ID, n)
	if err != nil {
		return nil, err
	}
	customers, crowd := list[:len(list)/20], list[len(list)/20:]
	running, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer stop()
		for part := range slices.Chunk(crowd, campaignBatch) {
			if running.Err() != nil {
				break
			}
			if err := b.sendAll(ctx, part); err != nil {
				ended <- err
				return
			}
		}
		// What is queued goes on leaving; the agent is measured against that too.
		ended <- nil
	}()
	clicks := map[channel.MessageID]time.Time{}
	for i := 0; i < len(customers) && running.Err() == nil; i++ {
		clicked := time.Now()
		m, err := b.Conversations.Write(ctx, b.agent, conversation.Reply{Person: customers[i], Text: "One moment, I am looking.", Purpose: people.Marketing})
		if err != nil {
			return nil, err
		}
		clicks[m.ID] = clicked
		time.Sleep(replyEvery)
	}
	if err := <-ended; err != nil {
		return nil, err
	}
	bulk := b.settled.Load()
	return b.delays(ctx, clicks, settled, float64(bulk))
}

// delays waits for the last replies and sorts how long they took.
func (b *brand) delays(ctx context.Context, clicks map[channel.MessageID]time.Time, settled *sync.Map, bulk float64) (figures, error) {
	var took []time.Duration
	deadline := time.Now().Add(20 * time.Second)
	for message, clicked := range clicks {
		for {
			at, ok := settled.Load(message)
			if ok {
				took = append(took, at.(time.Time).Sub(clicked))
				break
			}
			if time.Now().After(deadline) {
				states, err := b.Channels.DeliveryStatus(ctx, b.DB, b.ws.ID, []channel.MessageID{message})
				return nil, fmt.Errorf("reply %s never reached the carrier: %+v: %w", message, states[message], err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	out := quantiles(took)
	out["replies"], out["bulk"] = float64(len(took)), bulk
	return out, nil
}

// quantiles of times, in milliseconds.
func quantiles(took []time.Duration) figures {
	slices.Sort(took)
	at := func(q float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return float64(took[min(len(took)-1, int(q*float64(len(took))))].Microseconds()) / 1000
	}
	return figures{"p50": at(0.50), "p95": at(0.95), "p99": at(0.99)}
}

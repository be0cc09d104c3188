package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/journey"
	"parley/internal/mailbox"
)

// thanks is the journey of the reactions: an event enters it, a branch is taken, and a text is sent.
const thanks = `{"v":1,"name":"Thanks","trigger":{"event":"store_visit","key":"visit"},"reentry":{"rule":"per_key"},"steps":[
	{"id":"kind","type":"branch","cases":[{"name":"large","when":{"prop":"total_minor","op":"gte","value":10000},"steps":[]}],"else":[]},
	{"id":"thank","type":"send","purpose":"marketing","text":"Thank you for your visit, {{ person.given_name | default: 'friend' }}. Show {{ event.visit }} next time."}]}`

// eventBatch is how many events a source tells at once.
const eventBatch = 100

// reactions are events that each move a person through a journey to a text, which leaves (PF7).
func reactions(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var out figures
	if err = b.publish(ctx); err == nil {
		err = b.run(ctx)
	}
	if err == nil {
		out, err = b.react(ctx, t.Count)
	}
	return out, errors.Join(err, b.close())
}

func (b *brand) publish(ctx context.Context) error {
	var d journey.Definition
	if err := json.Unmarshal([]byte(thanks), &d); err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(tx *db.Tx) error {
		j, err := b.Journeys.SaveDraftTx(ctx, tx, b.agent, "", 0, d)
		if err != nil {
			return err
		}
		_, problems, err := b.Journeys.PublishTx(ctx, tx, b.agent, j.ID)
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("the journey cannot be published: %v", problems)
		}
		return err
	})
}

func (b *brand) react(ctx context.Context, n int) (figures, error) {
	list, err := everybody(ctx, b.DB, b.ws.ID, n)
	if err != nil {
		return nil, err
	}
	m := begin(b.postmaster)
	for part := range slices.Chunk(list, eventBatch) {
		batch := make([]event.Incoming, len(part))
		for i, p := range part {
			batch[i] = event.Incoming{Type: "store_visit", Key: "visit:" + string(p), Person: event.Who{ID: p},
				Props: map[string]any{"visit": "V" + string(p)[len(p)-6:], "total_minor": 4200 + i}}
		}
		if _, err := b.Events.Ingest(ctx, b.ws.ID, "pos", batch); err != nil {
			return nil, err
		}
	}
	if err := b.await(ctx, len(list)); err != nil {
		why, _ := refusals(ctx, b.DB, b.ws.ID)
		return nil, fmt.Errorf("%w; %s; %+v", err, why, b.Mailbox.Stats())
	}
	out := m.end(len(list))
	done, messages, err := runs(ctx, b.DB, b.ws.ID)
	if err != nil || done != len(list) || messages != len(list) {
		return nil, fmt.Errorf("%d runs are done and %d messages were sent for %d events: %w", done, messages, len(list), err)
	}
	return out, nil
}

// timers lets people wait: 1,000 journeys, each with its share of them, due in the coming month. It stops after a minute.
func timers(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	m := begin(b.postmaster)
	n := 0
	for n < t.Count && err == nil && time.Since(m.started) < time.Minute {
		err = b.DB.Tx(ctx, func(tx *db.Tx) error {
			for i := n; i < n+seedBatch; i++ {
				if err := b.wait(ctx, tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		n += seedBatch
	}
	if err == nil {
		err = settleStatistics(ctx, b.DB)
	}
	out := m.end(n)
	out["timers"] = float64(n)
	return out, errors.Join(err, b.close())
}

func (b *brand) wait(ctx context.Context, tx *db.Tx, i int) error {
	return b.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: b.ws.ID, Person: personID("per_waits" + strconv.Itoa(i)), Kind: "journey.wake",
		Key: "run_" + strconv.Itoa(i%1000), Due: b.Clock.Now().Add(time.Hour + time.Duration(i)*time.Second), Body: map[string]any{"run_id": "run_" + strconv.Itoa(i), "step": "cool", "mark": 3}})
}

// idle is the program doing nothing (PF12).
func idle(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	if err = b.run(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	ready := time.Since(time.Unix(0, t.Started))
	time.Sleep(2 * time.Second) // what happens once at the start is not idling
	const stretch = 10 * time.Second
	own, database := ownCPU(), databaseCPU(b.postmaster)
	time.Sleep(stretch)
	_, found, err := b.Mailbox.NextDue(ctx, b.ws.ID)
	if err == nil && !found {
		err = errors.New("nobody waits")
	}
	out := figures{"ready": float64(ready.Microseconds()) / 1000, "rss": memory("VmRSS:"),
		"cpu": 100 * (ownCPU() - own).Seconds() / stretch.Seconds(), "dbcpu": 100 * (databaseCPU(b.postmaster) - database).Seconds() / stretch.Seconds()}
	return out, errors.Join(err, b.close())
}

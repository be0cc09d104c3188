package channel_test

import (
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/db"
	"parley/internal/db/dbtest"
)

// jealous is a carrier that allows one login: it counts how many connections were opened, and how many at a time.
type jealous struct {
	moody
	opened, now, most *atomic.Int64
}

func (j jealous) Describe() channel.Descriptor {
	d := j.moody.Describe()
	d.Kind = "jealous"
	return d
}

func (j jealous) Open(a channel.Account) (channel.Conn, error) {
	j.opened.Add(1)
	j.most.Store(max(j.most.Load(), j.now.Add(1)))
	time.Sleep(20 * time.Millisecond) // so that others ask meanwhile
	j.now.Add(-1)
	return j.moody.Open(a)
}

// Senders, statuses and the listener ask for a channel at the same moment after a start or a change of its settings.
func TestAChannelIsOpenedOnceHoweverManyAskForIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(o *channel.Options) { o.Poll = -1 })
		j := jealous{opened: &atomic.Int64{}, now: &atomic.Int64{}, most: &atomic.Int64{}}
		w.deps.Adapters = append(w.deps.Adapters, j)
		w.service = channel.New(withMailbox(w), w.options)
		w.service.SetHooks(channel.Hooks{})
		var err error
		w.channel, err = w.service.Create(t.Context(), w.actor, channel.Draft{Kind: "jealous", Name: "jealous", Settings: map[string]string{"rate": "0"}})
		must(t, err)
		var list []channel.Delivery
		for i := range 8 {
			m := w.delivery("from a sender of its own")
			m.From = "+1555010000" + string(rune('0'+i))
			list = append(list, m)
		}
		w.enqueue(list...)
		j.opened.Store(0)
		node := channel.New(withMailbox(w), w.options) // a start: nothing is open
		node.SetHooks(channel.Hooks{})
		w.runService(node)
		for _, m := range list {
			w.untilState(m.Message, channel.StateSent)
		}
		if j.opened.Load() != 1 || j.most.Load() != 1 {
			t.Errorf("opened %d times, up to %d at a time", j.opened.Load(), j.most.Load())
		}
	})
}

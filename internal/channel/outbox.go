package channel

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// outbox hands messages over. Each lane has a claimer, which takes messages from the table a little ahead, and a
// dispatcher, which hands them over at the lane's rate; one collector commits the outcomes of all lanes in groups.
type outbox struct {
	s       *Service
	results chan result

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before
	lanes   map[int64]*lane
	bySend  map[laneKey]int64
	running sync.WaitGroup

	beatMu   sync.Mutex
	lastBeat atomic.Int64
	early    atomic.Bool // statuses wait for their outcomes

	departures departures

	revokeMu sync.RWMutex
	counted  uint64
	recent   map[address]uint64
	older    map[address]uint64
	rotated  clock.Time
}

type laneKey struct {
	workspace id.Workspace
	channel   ID
	sender    string
}

type address struct {
	workspace id.Workspace
	number    string
}

func newOutbox(s *Service) *outbox {
	o := &outbox{s: s, results: make(chan result, 4096), lanes: map[int64]*lane{},
		bySend: map[laneKey]int64{}, recent: map[address]uint64{}, older: map[address]uint64{}}
	o.early.Store(true) // some may have been left by an earlier process
	return o
}

// EnqueueTx puts messages into the outbox. A message that is there already is left as it is.
func (s *Service) EnqueueTx(ctx context.Context, tx *db.Tx, list []Delivery) error {
	woken := map[int64]*wish{}
	rows := make([][]any, 0, len(list))
	now := s.Clock.Now()
	for _, d := range list {
		lane, err := s.outbox.laneTx(ctx, tx, laneKey{d.Workspace, d.Channel, d.From})
		if err != nil {
			return err
		}
		if d.ReadyAt.IsZero() {
			d.ReadyAt = now
		}
		w := woken[lane]
		if w == nil {
			w = &wish{}
			woken[lane] = w
		}
		w.add(d.Priority, d.ReadyAt)
		rows = append(rows, deliveryRow(d, lane, now))
	}
	if err := insertDeliveries(ctx, tx, rows); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		for lane, w := range woken {
			s.outbox.wake(lane, *w)
		}
	})
	return nil
}

// laneTx is the lane of a sender, made on its first message.
func (o *outbox) laneTx(ctx context.Context, tx *db.Tx, key laneKey) (int64, error) {
	o.mu.Lock()
	lane, ok := o.bySend[key]
	o.mu.Unlock()
	if ok {
		return lane, nil
	}
	// The number comes from the names, so that nodes agree without asking each other.
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(key.workspace) + "\x00" + string(key.channel) + "\x00" + key.sender))
	lane = int64(h.Sum64() >> 1)
	if err := insertLane(ctx, tx, lane, key); err != nil {
		return 0, err
	}
	tx.AfterCommit(func() { o.know(lane, key) })
	return lane, nil
}

// know starts a lane's work, once.
func (o *outbox) know(number int64, key laneKey) *lane {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bySend[key] = number
	l := o.lanes[number]
	if l == nil {
		l = newLane(o, number, key)
		o.lanes[number] = l
		if o.ctx != nil {
			o.launch(l)
		}
	}
	return l
}

// launch starts a lane's goroutines; mu is held.
func (o *outbox) launch(l *lane) {
	o.running.Go(func() { l.claimer(o.ctx) })
	o.running.Go(func() { l.dispatcher(o.ctx) })
}

// wake tells a lane that there is work.
func (o *outbox) wake(number int64, w wish) {
	o.mu.Lock()
	l := o.lanes[number]
	o.mu.Unlock()
	if l != nil {
		l.wanted(w)
	}
}

// wakeChannel tells all lanes of a channel to look again, after it was changed or started.
func (o *outbox) wakeChannel(ws id.Workspace, channel ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lanes {
		if l.key.workspace == ws && l.key.channel == channel {
			l.lookAgain()
		}
	}
}

// start learns the lanes and sees whether there was a long gap.
func (o *outbox) start(ctx context.Context) error {
	if err := o.beat(ctx); err != nil {
		return err
	}
	if err := o.learnLanes(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ctx = ctx
	for _, l := range o.lanes {
		o.launch(l)
	}
	return nil
}

func (o *outbox) learnLanes(ctx context.Context) error {
	keys, err := loadLanes(ctx, o.s.DB)
	for number, key := range keys {
		o.know(number, key)
	}
	return err
}

// run commits outcomes until ctx ends and every lane has given back what it held.
func (o *outbox) run(ctx context.Context) {
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		o.collect(context.WithoutCancel(ctx))
	}()
	o.s.every(ctx, 5*time.Second, func(ctx context.Context) {
		o.s.failed(ctx, "note that the outbox is alive", o.beat(ctx))
		if o.s.o.Poll > 0 && o.s.DB.Engine() == db.Postgres {
			o.s.failed(ctx, "look for new senders", o.learnLanes(ctx))
		}
	})
	o.running.Wait()
	close(o.results)
	<-collected
	o.release(context.WithoutCancel(ctx))
}

// release lets other nodes have the lanes at once. After a crash they wait for the leases to run out. No lock is held
// meanwhile: a transaction before this one may be queueing messages, and looks for their lanes.
func (o *outbox) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	fences := o.fences()
	o.s.failed(ctx, "let go of the senders", o.s.DB.Tx(ctx, func(tx *db.Tx) error {
		for number, fence := range fences {
			endLease(ctx, tx, number, fence)
		}
		return nil
	}))
}

// fences are those of the lanes that were ever ours.
func (o *outbox) fences() map[int64]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[int64]int64{}
	for number, l := range o.lanes {
		l.mu.Lock()
		if l.fence > 0 {
			out[number] = l.fence
		}
		l.mu.Unlock()
	}
	return out
}

// revoked notes that an address opted out: what was claimed before asks the gate again (I13).
func (o *outbox) revoked(ws id.Workspace, number string) {
	o.revokeMu.Lock()
	defer o.revokeMu.Unlock()
	if now := o.s.Clock.Now(); now.Sub(o.rotated).Abs() > 10*time.Minute {
		o.older, o.recent, o.rotated = o.recent, map[address]uint64{}, now
	}
	o.counted++
	o.recent[address{ws, number}] = o.counted
}

// drawn is how many revocations were noted so far.
func (o *outbox) drawn() uint64 {
	o.revokeMu.RLock()
	defer o.revokeMu.RUnlock()
	return o.counted
}

// revokedSince says whether the address opted out after drawn was read.
func (o *outbox) revokedSince(ws id.Workspace, number string, drawn uint64) bool {
	o.revokeMu.RLock()
	defer o.revokeMu.RUnlock()
	if o.counted == drawn {
		return false
	}
	key := address{ws, number}
	return max(o.recent[key], o.older[key]) > drawn
}

// CancelTx takes a message out of the queue, for undo. It is false when the message has left the queue already.
func (s *Service) CancelTx(ctx context.Context, tx *db.Tx, ws id.Workspace, message MessageID, code string) (bool, error) {
	return cancelDelivery(ctx, tx, ws, message, code, s.Clock.Now())
}

// ReleaseTx puts held messages back into the queue: those named, or all of the workspace. It says how many.
func (s *Service) ReleaseTx(ctx context.Context, tx *db.Tx, ws id.Workspace, messages []MessageID) (int64, error) {
	var total int64
	for _, l := range s.outbox.lanesOf(ws) {
		n, err := releaseHeld(ctx, tx, l.number, messages, s.Clock.Now())
		if err != nil {
			return 0, fmt.Errorf("release messages: %w", err)
		}
		total += n
		tx.AfterCommit(l.lookAgain)
	}
	return total, nil
}

func (o *outbox) lanesOf(ws id.Workspace) []*lane {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*lane
	for _, l := range o.lanes {
		if l.key.workspace == ws {
			out = append(out, l)
		}
	}
	return out
}

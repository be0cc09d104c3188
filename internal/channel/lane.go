package channel

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/clock"
)

// wish is what a lane is told about new work: for each priority the first moment at which something is due.
type wish [priorities]clock.Time

func (w *wish) add(p Priority, at clock.Time) {
	if w[p].IsZero() || at < w[p] {
		w[p] = at
	}
}

// lane is one sender of one channel.
type lane struct {
	o      *outbox
	number int64
	key    laneKey

	work chan struct{} // wakes the claimer
	more chan struct{} // wakes the dispatcher

	mu       sync.Mutex
	due      wish // when to look; zero = nothing is known to wait
	news     wish // what of it came since the last claim began
	waiting  [priorities][]*parcel
	held     int        // in waiting
	quiet    clock.Time // the provider asked for silence until then
	fence    int64
	leased   clock.Time // until when the lease is ours
	bucket   bucket
	limit    int // how many to claim at once; small after a failure
	failures int // claims in a row that failed with limit 1

	finished atomic.Int64 // outcomes, for the pace
	counted  int64
	measured clock.Time
	pace     float64 // outcomes per second

	slots chan struct{}
}

// parcel is a claimed message on its way to the provider.
type parcel struct {
	Claim
	account *account
	batch   *batch
}

// batch is the messages of one claim; its row goes when the last has its outcome.
type batch struct {
	lane int64
	id   string
	left atomic.Int64
}

func newLane(o *outbox, number int64, key laneKey) *lane {
	l := &lane{o: o, number: number, key: key, work: make(chan struct{}, 1), more: make(chan struct{}, 1),
		limit: o.s.o.Ahead, slots: make(chan struct{}, o.s.o.Window)}
	l.lookAgain()
	return l
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// lookAgain has the claimer look at every priority.
func (l *lane) lookAgain() { l.wanted(wish{1, 1, 1}) }

func (l *lane) wanted(w wish) {
	l.mu.Lock()
	for p, at := range w {
		if !at.IsZero() {
			l.due.add(Priority(p), at)
			l.news.add(Priority(p), at)
		}
	}
	l.mu.Unlock()
	ring(l.work)
}

// listen begins a claim: what the lane is told from here on may be newer than what the claim reads.
func (l *lane) listen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.news = wish{}
}

// room is how many messages to claim now, and up to which priority. Replies have room of their own, so that a buffer
// full of bulk does not keep them waiting.
func (l *lane) room(rate float64, now clock.Time, due [priorities]bool) (n int, upTo Priority) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.quiet.IsZero() && now < l.quiet {
		return 0, 0
	}
	if ahead := min(l.ahead(rate, now), l.limit); l.held <= ahead/2 {
		return ahead - l.held, PriorityBulk
	}
	urgent := len(l.waiting[PriorityReply]) + len(l.waiting[PriorityTransactional])
	if (due[PriorityReply] || due[PriorityTransactional]) && urgent < cap(l.slots) {
		return min(cap(l.slots), l.limit), PriorityTransactional
	}
	return 0, 0
}

// ahead is a quarter of a second of work: of the rate, or of what the provider really takes. A claim is asked about
// consent once, so it must not wait long; and what waits when the process dies ends as unknown. mu is held.
func (l *lane) ahead(rate float64, now clock.Time) int {
	if passed := now.Sub(l.measured).Seconds(); passed > 0.05 || passed < 0 {
		done := l.finished.Load()
		if passed > 0 {
			l.pace = 0.5*l.pace + 0.5*float64(done-l.counted)/passed
		}
		l.counted, l.measured = done, now
	}
	n := max(int(l.pace/4), cap(l.slots))
	if rate > 0 {
		n = min(n, int(rate/4)+1)
	}
	return min(n, l.o.s.o.Ahead)
}

// looks says which priorities to ask about now, and when to look next if none.
func (l *lane) looks(now clock.Time) (due [priorities]bool, any bool, next clock.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, at := range l.due {
		switch {
		case at.IsZero():
		case at <= now:
			due[p], any = true, true
		case next.IsZero() || at < next:
			next = at
		}
	}
	if l.quiet > now {
		next = l.quiet
	}
	return due, any, next
}

// claimer takes messages from the table as there is room for them.
func (l *lane) claimer(ctx context.Context) {
	defer l.giveBack() // a claim may end after the dispatcher did
	for ctx.Err() == nil {
		now := l.o.s.Clock.Now()
		a := l.o.s.accounts.open(ctx, l.key.workspace, l.key.channel)
		due, any, next := l.looks(now)
		if a != nil && any {
			n, upTo := l.room(a.rate, now, due)
			if n > 0 && l.claimDue(ctx, a, due, n, upTo) {
				continue
			}
			if _, any, next = l.looks(l.o.s.Clock.Now()); any && n > 0 {
				continue // a failure, which has waited already
			}
		}
		if !l.sleep(ctx, now, next, a != nil) {
			return
		}
	}
}

// sleep waits for work, for the next due moment, or for the time to look for what another node queued.
func (l *lane) sleep(ctx context.Context, now, next clock.Time, active bool) bool {
	until := now.Add(time.Hour)
	if next > now && next < until {
		until = next
	}
	poll := l.o.s.polls() && active
	if poll {
		until = min(until, now.Add(l.o.s.o.Poll))
	}
	if l.o.s.Clock.Wait(ctx, until, l.work) != nil {
		return false
	}
	if poll && l.o.s.Clock.Now() >= until {
		l.peek(ctx)
	}
	return true
}

// peek looks, without writing, for what another node queued or left behind.
func (l *lane) peek(ctx context.Context) {
	w, left, err := peekQueue(ctx, l.o.s.DB, l.number, l.fence)
	if err != nil {
		l.o.s.failed(ctx, "look for work", err)
		pause(ctx, 100*time.Millisecond)
		return
	}
	if left {
		w = wish{1, 1, 1}
	}
	l.wanted(w)
}

// push takes what was claimed and tells the dispatcher.
func (l *lane) push(list []*parcel) {
	l.mu.Lock()
	for _, p := range list {
		l.waiting[p.Priority] = append(l.waiting[p.Priority], p)
	}
	l.held += len(list)
	l.mu.Unlock()
	ring(l.more)
}

// first is the most urgent parcel, which stays; nil when there is none. Only the dispatcher takes parcels while it runs,
// and a parcel that comes between first and pop is at least as urgent.
func (l *lane) first() *parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.waiting {
		if len(list) > 0 {
			return list[0]
		}
	}
	return nil
}

// pop takes the most urgent parcel; nil when there is none.
func (l *lane) pop() *parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.waiting {
		if list := l.waiting[p]; len(list) > 0 {
			first := list[0]
			list[0] = nil
			l.waiting[p] = list[1:]
			l.held--
			return first
		}
	}
	return nil
}

// hush stops the lane until at, because its provider asked for it.
func (l *lane) hush(at clock.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = max(l.quiet, at)
}

// bucket is the rate of a sender: tokens are segments. It holds a tenth of a second, so that a lane that moves between
// nodes sends hardly more than its rate.
type bucket struct {
	tokens float64
	at     clock.Time
}

// take is how long to wait before n segments may leave; when it is zero they are taken. A longer text than the bucket
// holds leaves it in debt.
func (b *bucket) take(now clock.Time, rate float64, n int) time.Duration {
	if rate <= 0 {
		return 0
	}
	size := max(rate/10, 1)
	if b.at.IsZero() {
		b.tokens = size
	} else if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens = min(b.tokens+passed*rate, size)
	}
	b.at = now
	if need := min(float64(n), size); b.tokens < need {
		return time.Duration((need-b.tokens)/rate*float64(time.Second)) + time.Microsecond
	}
	b.tokens -= float64(n)
	return 0
}

// refund gives back what a message took that did not leave.
func (b *bucket) refund(n int) { b.tokens += float64(n) }

package smpp

import (
	"context"
	"sync"

	"parley/internal/channel"
)

// partState is what is known of one part of a message.
type partState byte

const (
	partOpen partState = iota
	partAccepted
	partRefused // surely not accepted
	partUnknown
)

// againTries is how often parts that were throttled are offered again after the carrier took other parts.
const againTries = 5

// flight is one message on its way: one submit_sm, or several of a long text. It reports once by done; what comes to
// light later, after it reported "unknown", goes to news.
type flight struct {
	out   channel.Outgoing
	parts []message
	conn  *conn

	mu     sync.Mutex
	states []partState
	faults []*channel.Failure // by part; nil when accepted or open
	left   int                // parts still open
	tries  int
	told   bool
	done   func(channel.Receipt, error)
	id     string // canonical, of the last part
}

func newFlight(c *conn, out channel.Outgoing, parts []message, done func(channel.Receipt, error)) *flight {
	return &flight{conn: c, out: out, parts: parts, done: done,
		states: make([]partState, len(parts)), faults: make([]*channel.Failure, len(parts)), left: len(parts)}
}

// start puts all parts into the window. An error means that nothing left, and done is never called.
func (f *flight) start(ctx context.Context) error {
	for i := range f.parts {
		if failure := f.place(ctx, i); failure != nil {
			if i == 0 {
				return failure
			}
			for ; i < len(f.parts); i++ {
				f.settle(i, partRefused, failure)
			}
			return nil
		}
	}
	return nil
}

// place puts one part into the window of a session, or says why it did not leave.
func (f *flight) place(ctx context.Context, i int) *channel.Failure {
	for {
		s, failure := f.conn.pick(ctx)
		if failure != nil {
			return failure
		}
		err := s.submit(ctx, f.parts[i].append, func(a answer) { f.answered(i, a) })
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return notConnected(ctx.Err(), 0)
		}
		// The session ended while we waited for a place; there may be another.
	}
}

// answered takes the answer to one part. It may come twice: first "no answer in time", later the answer.
func (f *flight) answered(i int, a answer) {
	switch {
	case a.Err != nil && a.Left:
		f.settle(i, partUnknown, noAnswer(a.Err))
	case a.Err != nil:
		f.settle(i, partRefused, notConnected(a.Err, 0))
	case a.Status != statusOK:
		failure := a.Status.failure()
		f.conn.options.markOptOut(failure, a.Status)
		state := partRefused
		if failure.Policy == channel.Unknown {
			state = partUnknown
		}
		f.settle(i, state, failure)
	default:
		if i == len(f.parts)-1 {
			f.note(messageID(a.Body))
		}
		f.settle(i, partAccepted, nil)
	}
}

func (f *flight) note(id string) {
	id = f.conn.book.note(id, f.out.To, f.out.Attempt)
	f.mu.Lock()
	f.id = id
	f.mu.Unlock()
}

// settle notes the state of one part and reports when all are known.
func (f *flight) settle(i int, state partState, failure *channel.Failure) {
	f.mu.Lock()
	if f.states[i] == partOpen {
		f.left--
	}
	f.states[i], f.faults[i] = state, failure
	if f.left > 0 {
		f.mu.Unlock()
		return
	}
	if again := f.again(); again != nil {
		f.mu.Unlock()
		if !f.conn.spawn(func(ctx context.Context) { f.retry(ctx, again) }) {
			f.retry(f.conn.ctx, again) // closed: it ends at once
		}
		return
	}
	receipt, err := f.outcome()
	told := f.told
	f.told = true
	f.mu.Unlock()
	if told {
		f.conn.news(f.out.Attempt, receipt, err)
		return
	}
	f.done(receipt, err)
}

// again is the parts to offer once more: those refused for now, when the carrier holds others. The lock is held.
func (f *flight) again() []int {
	worst := f.worst()
	if f.told || f.tries == againTries || f.count(partAccepted) == 0 || worst == nil || worst.Policy != channel.Later {
		return nil
	}
	var list []int
	for i, state := range f.states {
		if state == partRefused {
			f.states[i] = partOpen
			list = append(list, i)
		}
	}
	f.left, f.tries = len(list), f.tries+1
	return list
}

// retry offers parts once more; the session holds them back while the carrier wants fewer.
func (f *flight) retry(ctx context.Context, parts []int) {
	alive := rest(ctx, jitter(firstPause))
	for _, i := range parts {
		failure := notConnected(ctx.Err(), 0)
		if alive {
			failure = f.place(ctx, i)
		}
		if failure != nil {
			f.settle(i, partRefused, failure)
		}
	}
}

// outcome sums the parts up. The lock is held.
func (f *flight) outcome() (channel.Receipt, error) {
	worst := f.worst()
	switch accepted := f.count(partAccepted); {
	case accepted == len(f.parts):
		return channel.Receipt{ProviderID: f.id, Status: channel.StatusSent, ByID: f.id != ""}, nil
	case f.count(partUnknown) > 0:
		return channel.Receipt{}, worst // the gravest is that of the unknown part
	case accepted > 0:
		return channel.Receipt{}, &channel.Failure{Policy: channel.Never, Code: "partly_accepted", ProviderCode: worst.ProviderCode, Err: worst,
			Text: "The carrier took only some parts of this long text, so the person may see a part of it. It was not sent again."}
	}
	return channel.Receipt{}, worst
}

func (f *flight) count(state partState) int {
	n := 0
	for _, s := range f.states {
		if s == state {
			n++
		}
	}
	return n
}

// abandon gives up waiting; it returns false when the outcome was reported already. The outcome becomes news.
func (f *flight) abandon() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := !f.told
	f.told = true
	return first
}

// worst is the gravest refusal, which stands for the message; nil when there is none. The lock is held.
func (f *flight) worst() *channel.Failure {
	var worst *channel.Failure
	for _, fault := range f.faults {
		if fault != nil && (worst == nil || gravity(fault) > gravity(worst)) {
			worst = fault
		}
	}
	return worst
}

func gravity(f *channel.Failure) int {
	switch f.Policy {
	case channel.Unknown:
		return 4
	case channel.Stop:
		return 3
	case channel.Never:
		return 2
	}
	return 1
}

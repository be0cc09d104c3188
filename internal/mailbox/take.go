package mailbox

import (
	"context"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// lookAgain is how often a node looks at least from the very beginning instead of from where it knows that work starts, and
// tries people again whom it found in the hands of another node.
const lookAgain = time.Second

// maxApart bounds how many people a look leaves out by name.
const maxApart = 256

// hands knows whom this process works for, and from where to look for more.
type hands struct {
	looking sync.Mutex // one worker looks at a time, so that two do not find the same people

	mu     sync.Mutex
	busy   map[who]bool // in the hands of a worker of this process
	away   map[who]bool // found in the hands of somebody else since the last full look
	low    clock.Time   // where a look starts: what is gone before it need not be skipped again and again
	looked clock.Time   // when the last full look was
}

func (h *hands) init() { h.busy, h.away = map[who]bool{}, map[who]bool{} }

// told lowers the start of the next look to what was just sent, and lets it find the person.
func (h *hands) told(w who, due clock.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.low = min(h.low, due)
	delete(h.away, w)
}

// restart makes the next look start at the very beginning.
func (h *hands) restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.low = 0
}

// start is where to look from, and whom to leave out.
func (h *hands) start(now clock.Time) (low clock.Time, apart []id.Person) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.looked).Abs() >= lookAgain || len(h.busy)+len(h.away) > maxApart {
		h.low, h.looked = 0, now
		clear(h.away)
	}
	for _, set := range []map[who]bool{h.busy, h.away} {
		for w := range set {
			apart = append(apart, w.person)
		}
	}
	return h.low, apart
}

// reserve takes up to n of the people who were found.
func (h *hands) reserve(rows []look, n int) []who {
	h.mu.Lock()
	defer h.mu.Unlock()
	var people []who
	for _, row := range rows {
		if len(people) == n {
			break
		}
		if !h.busy[row.who] {
			h.busy[row.who] = true
			people = append(people, row.who)
		}
	}
	// Nothing is due before the first row but what other hands hold, and a full look comes soon.
	h.low = rows[0].due
	return people
}

func (h *hands) giveBack(people []who) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range people {
		delete(h.busy, w)
	}
}

// missed remembers the people of asked for whom nothing could be loaded: another node works for them, or somebody is
// just taking their timer back.
func (h *hands) missed(asked []who, items []Item) {
	loaded := make(map[who]bool, len(asked))
	for _, i := range items {
		loaded[i.who()] = true
	}
	if len(loaded) == len(asked) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range asked {
		if !loaded[w] {
			h.away[w] = true
		}
	}
}

// taken is who was found with something due.
type taken struct {
	people []who
	until  clock.Time // handle what is due up to here: beyond it others come first
	more   bool       // there may be others
	next   clock.Time // of nobody: when to look again
}

// take reserves up to a batch of people, those with the longest due items first.
func (m *Mailbox) take(ctx context.Context) (taken, error) {
	m.hands.looking.Lock()
	defer m.hands.looking.Unlock()
	limit := 2 * m.opts.Batch // what is read bounds what the unit handles
	now := m.clock.Now()
	low, apart := m.hands.start(now)
	var rows []look
	next := never
	err := m.read(ctx, func(q db.Queryer) (err error) {
		if rows, next, err = findDue(ctx, q, low, now, limit, apart); err != nil || len(rows) > 0 {
			return err
		}
		held, err := findHeld(ctx, q, now)
		next = min(next, held)
		return err
	})
	if err != nil {
		return taken{}, err
	}
	if len(rows) == 0 {
		m.lag.Store(0)
		if low > 0 || len(apart) > 0 { // there may be something where nobody looked
			next = min(next, now.Add(lookAgain))
		}
		return taken{next: next}, nil
	}
	m.lag.Store(int64(now.Sub(rows[0].due)))
	t := taken{people: m.hands.reserve(rows, m.opts.Batch), until: now, more: len(rows) == limit, next: now.Add(lookAgain)}
	if t.more {
		t.until = rows[limit-1].due
	}
	return t, nil
}

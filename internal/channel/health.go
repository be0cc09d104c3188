package channel

import (
	"context"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// health counts what happens on channels, in memory: the figures are for people who look, and start anew with the node.
type health struct {
	mu       sync.Mutex
	channels map[ID]*pulse
	sources  map[sourceKey]int64 // messages handed over and not yet on disk
}

// sourceKey is a source of messages at one sender.
type sourceKey struct {
	workspace      id.Workspace
	channel        ID
	sender, source string
}

// pulse is one channel's last hour, by minute.
type pulse struct {
	workspace id.Workspace
	inbound   clock.Time
	receipt   clock.Time
	noted     bool // on disk
	minutes   [60]minute
}

type minute struct {
	number       int64 // since 1970
	good, failed int64
}

func newHealth() *health { return &health{channels: map[ID]*pulse{}, sources: map[sourceKey]int64{}} }

// of is the pulse of a channel; mu is held.
func (h *health) of(channel ID) *pulse {
	p := h.channels[channel]
	if p == nil {
		p = &pulse{noted: true}
		h.channels[channel] = p
	}
	return p
}

// seen notes that something came in.
func (h *health) seen(ws id.Workspace, channel ID, in Intake, now clock.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.of(channel)
	p.workspace, p.noted = ws, false
	if len(in.Inbound) > 0 {
		p.inbound = max(p.inbound, now)
	}
	if len(in.Statuses) > 0 {
		p.receipt = max(p.receipt, now)
	}
	for _, u := range in.Statuses {
		if u.Status == StatusFailed {
			p.at(now).failed++
		}
	}
}

// outcome counts the end of an attempt.
func (h *health) outcome(channel ID, o Outcome, now clock.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.of(channel).at(now)
	switch {
	case o.State == StateFailed, o.State == StateUnknown, o.State == StateQueued && o.Code != "":
		m.failed++
	case o.State.Rank() > 0:
		m.good++
	}
}

// handedOver counts a message for its source, so that a share of filtered ones has a whole.
func (h *health) handedOver(c Claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sources[sourceKey{c.Workspace, c.Channel, c.From, sourceOf(c.Delivery)}]++
}

// unflushed is how many messages of a source were handed over and are not on disk yet.
func (h *health) unflushed(t sighting) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sources[sourceKey{t.workspace, t.channel, t.sender, t.source}]
}

// takeSources empties the counts of sources.
func (h *health) takeSources() map[sourceKey]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.sources
	h.sources = map[sourceKey]int64{}
	return out
}

// at is the count of the present minute.
func (p *pulse) at(now clock.Time) *minute {
	n := int64(now) / int64(time.Minute/time.Microsecond)
	m := &p.minutes[((n%60)+60)%60]
	if m.number != n {
		*m = minute{number: n}
	}
	return m
}

// Health is how a channel does (ST-4).
type Health struct {
	State         string     `json:"state"`
	Reason        string     `json:"reason"`
	LastInboundAt clock.Time `json:"last_inbound_at"`
	LastReceiptAt clock.Time `json:"last_receipt_at"`
	Attempts      int64      `json:"attempts" doc:"of the last hour, at this node"`
	Failed        int64      `json:"failed" doc:"of these"`
	ErrorRate     float64    `json:"error_rate" doc:"percent"`
	QueueDepth    int        `json:"queue_depth"`
	QueueMore     bool       `json:"queue_more" doc:"there are more than queue_depth"`
	Held          int        `json:"held"`
	Troubles      []Trouble  `json:"troubles" doc:"what carriers told, the latest first"`
}

// maxDepth is how far a queue is counted for people.
const maxDepth = 100_000

// Health reads how a channel does.
func (s *Service) Health(ctx context.Context, ws id.Workspace, channel ID) (Health, error) {
	c, err := readChannel(ctx, s.DB, ws, channel)
	if err != nil {
		return Health{}, err
	}
	h := Health{State: c.State, Reason: c.Reason, LastInboundAt: c.LastInboundAt, LastReceiptAt: c.LastReceiptAt}
	if h.Troubles, err = s.troubles(ctx, s.DB, c); err != nil {
		return Health{}, err
	}
	s.health.fill(&h, channel, s.Clock.Now())
	for _, l := range s.outbox.lanesOf(ws) {
		if l.key.channel != channel {
			continue
		}
		n, err := queueDepth(ctx, s.DB, l.number, maxDepth)
		if err != nil {
			return Health{}, err
		}
		held, err := queueDepth(ctx, s.DB, -l.number, maxDepth)
		if err != nil {
			return Health{}, err
		}
		h.QueueDepth, h.Held, h.QueueMore = h.QueueDepth+n, h.Held+held, h.QueueMore || n == maxDepth
	}
	return h, nil
}

func (h *health) fill(into *Health, channel ID, now clock.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.of(channel)
	into.LastInboundAt, into.LastReceiptAt = max(into.LastInboundAt, p.inbound), max(into.LastReceiptAt, p.receipt)
	oldest := int64(now)/int64(time.Minute/time.Microsecond) - 60
	for _, m := range p.minutes {
		if m.number > oldest {
			into.Attempts += m.good + m.failed
			into.Failed += m.failed
		}
	}
	if into.Attempts > 0 {
		into.ErrorRate = float64(into.Failed) * 100 / float64(into.Attempts)
	}
}

// keepHealth writes the times of the last message and receipt and the counts of sources now and then, one write for all
// that came meanwhile, and learns what other nodes found to stop.
func (s *Service) keepHealth(ctx context.Context) {
	s.every(ctx, 10*time.Second, func(ctx context.Context) {
		s.failed(ctx, "learn what keeps messages back", s.learnStops(ctx))
		s.failed(ctx, "note how channels do", s.flushHealth(ctx))
	})
}

func (s *Service) flushHealth(ctx context.Context) error {
	list, sources := s.health.unnoted(), s.health.takeSources()
	if len(list) == 0 && len(sources) == 0 {
		return nil
	}
	day := dayOf(s.Clock.Now())
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		for channel, p := range list {
			noteSeen(ctx, tx, p.workspace, channel, p.inbound, p.receipt)
		}
		for key, n := range sources {
			addSent(ctx, tx, key, day, n)
		}
		return nil
	})
}

func (h *health) unnoted() map[ID]pulse {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[ID]pulse{}
	for channel, p := range h.channels {
		if !p.noted {
			p.noted = true
			out[channel] = *p
		}
	}
	return out
}

package smpp

import (
	"context"
	"sync/atomic"
	"time"
)

// ticks counts time for a session. One ticker serves every time-out, so that a submit costs no timer, and a peer that
// drips one octet a second cannot move a deadline.
type ticks struct {
	*tickState
	period                          time.Duration
	answer, inside, silence, unbind uint32
}

type tickState struct {
	count, heard              atomic.Uint32
	reading, writing, leaving span // half a PDU, a write, the time since the peer said good-bye
}

// span is something that must not take too long: the tick + 1 at which it began, 0 when it is not going on.
type span struct{ since atomic.Uint32 }

func (p *span) begin(now uint32) { p.since.CompareAndSwap(0, now+1) }
func (p *span) end()             { p.since.Store(0) }
func (p *span) goes() bool       { return p.since.Load() != 0 }
func (p *span) lasts(now, limit uint32) bool {
	since := p.since.Load()
	return since != 0 && now-(since-1) > limit
}

const (
	shortestTick = 5 * time.Millisecond
	longestTick  = 100 * time.Millisecond
)

func newTicks(t timing) ticks {
	period := min(t.Answer, t.Inside, t.Silence, t.Drain) / 8
	period = max(shortestTick, min(period, longestTick))
	count := func(d time.Duration) uint32 { return uint32((d + period - 1) / period) }
	return ticks{tickState: &tickState{}, period: period,
		answer: count(t.Answer), inside: count(t.Inside), silence: count(t.Silence), unbind: count(t.Drain)}
}

func (t ticks) now() uint32 { return t.count.Load() }

// watch runs the time-outs until the end of the session.
func (s *session) watch() {
	ticker := time.NewTicker(s.ticks.period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.tick(s.ticks.count.Add(1))
		case <-s.done:
			return
		}
	}
}

func (s *session) tick(now uint32) {
	switch t := s.ticks; {
	case t.reading.lasts(now, t.inside):
		s.fail(errHalfPDU)
	case t.writing.lasts(now, t.inside):
		s.fail(errNotRead)
	case t.leaving.goes() && (len(s.slots) == 0 || t.leaving.lasts(now, t.unbind)):
		s.fail(errUnbound)
	case now-t.heard.Load() >= t.silence && s.probe.CompareAndSwap(false, true):
		s.enquire()
	}
	for _, w := range s.overdue(now) {
		w.on(answer{Err: errNoAnswer, Left: true})
	}
}

// enquire asks the peer whether it is there; no answer ends the session.
func (s *session) enquire() {
	_, _ = s.request(enquireLink, false, nil, func(a answer) { // an error: the session has ended
		s.probe.Store(false)
		if a.Err != nil {
			s.fail(errSilent)
		}
	})
}

// overdue takes out the requests whose time is over. The answer to a submit stays welcome as evidence. Too long a wait
// also slows the session down, so that a carrier that only listens does not make a thousand unknown outcomes.
func (s *session) overdue(now uint32) []waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause.tick(now)
	var list []waiting
	for sequence, w := range s.waiting {
		if now-w.since <= s.ticks.answer {
			continue
		}
		delete(s.waiting, sequence)
		list = append(list, w)
		if w.windowed {
			<-s.slots
			s.pause.note(true, s.ticks)
			if len(s.late) < maxLate {
				s.late[sequence] = w
			}
		}
	}
	return list
}

// The pauses after "too fast": the first, and the longest after several in a row.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// pause holds the submits of a session back. It is guarded by the session's lock.
type pause struct {
	resume chan struct{} // closed at the end of the pause; nil when there is none
	until  uint32
	length time.Duration // of the last pause; 0 after a success
}

// note learns from an answer. Answers that come during a pause belong to what was in flight before it.
func (p *pause) note(slow bool, t ticks) {
	switch {
	case slow && p.resume == nil:
		p.length = min(max(firstPause, 2*p.length), longestPause)
		p.resume = make(chan struct{})
		p.until = t.now() + uint32(p.length/t.period) + 1
	case !slow && p.resume == nil:
		p.length = 0
	}
}

func (p *pause) tick(now uint32) {
	if p.resume != nil && int32(now-p.until) >= 0 {
		p.end()
	}
}

func (p *pause) end() {
	if p.resume != nil {
		close(p.resume)
		p.resume = nil
	}
}

// rest waits for d or the end of ctx, and says whether ctx goes on.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

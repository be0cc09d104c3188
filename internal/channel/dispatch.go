package channel

import (
	"context"
	"errors"
	"time"

	"parley/internal/people"
)

// stale is how old a claim may be when it is handed over. An older one asks the gate again, and a node that slept sends
// nothing that another took over.
const stale = time.Second

// errNotHanded says that a claimed message was not handed to the adapter.
var errNotHanded = errors.New("not handed over")

// result is the end of one attempt.
type result struct {
	*parcel
	receipt Receipt
	err     error
	lane    *lane
}

// dispatcher hands claimed messages over, most urgent first, at the sender's rate.
func (l *lane) dispatcher(ctx context.Context) {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			l.giveBack()
			return
		}
		p := l.next(ctx)
		if p == nil {
			<-l.slots
			l.giveBack()
			return
		}
		l.handOver(ctx, p)
	}
}

// next waits for a parcel and for its share of the rate; nil when ctx ended. A parcel stays in the queue while it waits
// for the rate, so that a more urgent one still overtakes it; one that grew old meanwhile takes no share.
func (l *lane) next(ctx context.Context) *parcel {
	for ctx.Err() == nil {
		p := l.first()
		if p == nil {
			ring(l.work)
			select {
			case <-l.more:
			case <-ctx.Done():
			}
			continue
		}
		now := l.o.s.Clock.Now()
		if wait := l.bucket.take(now, p.account.rate, p.Segments); wait > 0 {
			_ = l.o.s.Clock.Wait(ctx, now.Add(wait), l.more) // the loop sees the end of ctx
			continue
		}
		if p = l.pop(); p == nil {
			continue // given back meanwhile, because ctx ended
		}
		if l.low() {
			ring(l.work)
		}
		if l.fit(ctx, p) {
			return p
		}
		l.bucket.refund(p.Segments)
		l.finish(result{parcel: p, err: errNotHanded, lane: l})
	}
	return nil
}

// low says whether it is time to claim more.
func (l *lane) low() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held == 0 || l.held*2 <= l.limit && l.held%16 == 0
}

// handOver sends one parcel; its slot is free again when the outcome is known.
func (l *lane) handOver(ctx context.Context, p *parcel) {
	if s, ok := p.account.conn.(Submitter); ok {
		// A connection that closes ends its window with done, so the wait needs no time limit of its own.
		err := l.depart(ctx, p, func(ctx context.Context) error {
			return s.Submit(ctx, p.outgoing(), func(r Receipt, err error) { l.settle(p, r, err) })
		})
		if err != nil {
			l.settle(p, Receipt{}, err)
		}
		return
	}
	l.o.running.Go(func() {
		var r Receipt
		err := l.depart(ctx, p, func(ctx context.Context) (err error) {
			ctx, cancel := context.WithTimeout(ctx, l.o.s.o.SendTimeout)
			defer cancel()
			r, err = p.account.conn.Send(ctx, p.outgoing())
			return err
		})
		l.settle(p, r, err)
	})
}

// depart takes the last look and sends, so that whoever records an opt-out between the two waits until the request has
// left. What left is not called back by the end of the lane.
func (l *lane) depart(ctx context.Context, p *parcel, send func(context.Context) error) error {
	left := l.o.departures.begin(address{p.Workspace, p.To})
	defer left()
	if !l.fit(ctx, p) {
		return errNotHanded
	}
	return send(context.WithoutCancel(ctx))
}

// fit is the last look before the adapter: nobody opted out since the gate was asked (I13), and that was not long ago.
func (l *lane) fit(ctx context.Context, p *parcel) bool {
	age := l.o.s.Clock.Now().Sub(p.AttemptAt)
	if age < 0 || age > l.patience(p) || l.o.revokedSince(p.Workspace, p.To, p.drawn) {
		return false
	}
	return age <= stale || !l.o.s.polls() || !l.o.s.revokedElsewhere(ctx, p)
}

// revokedElsewhere asks the ledger again about a message that waited for its turn: another node may have taken a STOP,
// which this one learns from the database alone. A ledger that does not answer sends nothing.
func (s *Service) revokedElsewhere(ctx context.Context, p *parcel) bool {
	purpose := people.Purpose(p.Purpose)
	if purpose != people.Marketing && purpose != people.Cart && purpose != people.Loyalty {
		return false
	}
	r, err := s.People.Consent(ctx, s.DB, p.Workspace, people.ConsentQuery{Medium: people.SMS, Address: p.To, Purpose: purpose})
	s.failed(ctx, "ask about consent before a text leaves", err)
	return err != nil || r.State == string(people.Revoked) || r.State == string(people.Blocked)
}

// patience is longer for a sender so slow that even one message waits for its turn, and always shorter than the lease:
// a node that slept until another took over sends nothing.
func (l *lane) patience(p *parcel) time.Duration {
	wait := stale
	if rate := p.account.rate; rate > 0 {
		wait = max(stale, time.Duration(float64(2*max(p.Segments, 1)+4)/rate*float64(time.Second)))
	}
	return min(wait, l.o.s.o.Lease/2)
}

func (p *parcel) outgoing() Outgoing {
	return Outgoing{Attempt: AttemptOf(p.Message, p.Attempt), From: p.From, To: p.To, Text: p.Text, Media: p.Media,
		Expires: p.ExpiresAt, Segments: p.Segments}
}

func (l *lane) settle(p *parcel, r Receipt, err error) {
	if err == nil {
		l.o.s.Faults.Hit("after_provider_accept")
	}
	l.finish(result{parcel: p, receipt: r, err: err, lane: l})
	<-l.slots
}

// finish hands the outcome to the collector.
func (l *lane) finish(r result) {
	l.finished.Add(1)
	l.o.results <- r
}

// giveBack returns what was claimed and not handed over.
func (l *lane) giveBack() {
	for p := l.pop(); p != nil; p = l.pop() {
		l.finish(result{parcel: p, err: errNotHanded, lane: l})
	}
}

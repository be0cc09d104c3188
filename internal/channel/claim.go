package channel

import (
	"context"
	"errors"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
)

// errLeaseElsewhere says that another node has the lane.
var errLeaseElsewhere = errs.New(errs.Unavailable, "lane_elsewhere", "Another node sends for this sender.")

// claimDue claims for the priorities that are due. It is false when nothing was claimed and the claimer should wait.
func (l *lane) claimDue(ctx context.Context, a *account, due [priorities]bool, n int, upTo Priority) bool {
	l.o.s.Faults.Hit("before_attempt")
	if err := l.lease(ctx); err != nil {
		if !errors.Is(err, errLeaseElsewhere) {
			l.o.s.failed(ctx, "take the lane", err)
		}
		l.postpone(l.o.s.o.Lease / 4)
		return false
	}
	got, err := l.claimTx(ctx, a, due, n, upTo)
	if err != nil {
		l.refused(ctx, a, err)
		return false
	}
	l.mu.Lock()
	l.limit, l.failures = l.o.s.o.Ahead, 0
	l.mu.Unlock()
	if len(got) > 0 {
		l.o.s.Faults.Hit("after_attempt_durable")
		l.push(got)
	}
	return true
}

// postpone looks again after a while.
func (l *lane) postpone(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.o.s.Clock.Now().Add(d)
	for p := range l.due {
		if !l.due[p].IsZero() {
			l.due[p] = max(l.due[p], at)
		}
	}
}

// refused answers a failed claim: with fewer messages the next time, so that one that cannot be judged is found and put
// aside (I6).
func (l *lane) refused(ctx context.Context, a *account, err error) {
	l.o.s.failed(ctx, "claim messages", err)
	l.mu.Lock()
	single := l.limit == 1
	if errs.KindOf(err) != errs.Unavailable && ctx.Err() == nil {
		l.limit = max(1, l.limit/8)
		if single {
			l.failures++
		}
	}
	park := l.failures >= 3
	l.mu.Unlock()
	if park {
		l.o.s.failed(ctx, "put a message aside", l.o.s.DB.Tx(ctx, func(tx *db.Tx) error {
			return parkFirst(ctx, tx, l.number, l.o.s.Clock.Now(), err.Error())
		}))
	}
	pause(ctx, 100*time.Millisecond)
}

// claimTx takes up to n messages in one commit: their attempts are on disk before anything is handed over (I9), and the
// gate has said yes to each in the same transaction.
func (l *lane) claimTx(ctx context.Context, a *account, due [priorities]bool, n int, upTo Priority) ([]*parcel, error) {
	o := l.o
	drawn, now := o.drawn(), o.s.Clock.Now()
	if err := o.notice(ctx, now); err != nil {
		return nil, err
	}
	l.listen()
	var parcels []*parcel
	var next wish
	err := o.s.DB.Tx(ctx, func(tx *db.Tx) error {
		parcels, next = nil, wish{}
		if ok, err := renewLease(ctx, tx, l.number, l.fence, now, now.Add(o.s.o.Lease)); err != nil || !ok {
			return errors.Join(err, lost(ok))
		}
		var claims []Claim
		for p := range due {
			if !due[p] || Priority(p) > upTo {
				continue
			}
			got, err := claimRows(ctx, tx, l, Priority(p), now, n-len(claims))
			if err != nil {
				return err
			}
			claims = append(claims, got...)
			if len(claims) >= n {
				next[p] = 1
			} else if next[p], err = nextReady(ctx, tx, l.number, Priority(p)); err != nil {
				return err
			}
		}
		if len(claims) == 0 {
			return nil
		}
		b := &batch{lane: l.number, id: o.s.IDs.New("cl")}
		send, err := o.judge(ctx, tx, claims, now)
		if err != nil || len(send) == 0 {
			return err
		}
		b.left.Store(int64(len(send)))
		for _, c := range send {
			c.drawn = drawn
			parcels = append(parcels, &parcel{Claim: c, account: a, batch: b})
		}
		return insertClaim(ctx, tx, l, b, send)
	})
	l.learn(err, due, upTo, next, now)
	return parcels, err
}

func lost(ok bool) error {
	if ok {
		return nil
	}
	return errLeaseElsewhere
}

// learn notes what the claim found about the next due moments, and keeps what came meanwhile: it was told once.
func (l *lane) learn(err error, due [priorities]bool, upTo Priority, next wish, now clock.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		if errors.Is(err, errLeaseElsewhere) {
			l.leased = 0
		}
		return
	}
	for p := range due {
		if due[p] && Priority(p) <= upTo {
			l.due[p] = max(next[p], 0)
			if at := l.news[p]; !at.IsZero() {
				l.due.add(Priority(p), at)
			}
		}
	}
	l.leased = now.Add(l.o.s.o.Lease)
}

// judge lets the expired go, asks the gate about the rest, and returns those that may leave.
func (o *outbox) judge(ctx context.Context, tx *db.Tx, claims []Claim, now clock.Time) ([]Claim, error) {
	ask, refused := claims[:0:0], []change{}
	for _, c := range claims {
		if !c.ExpiresAt.IsZero() && c.ExpiresAt <= now {
			refused = append(refused, dropped(c, now, Verdict{Code: "expired", Reason: "Its time was over before it could be sent."}))
			continue
		}
		ask = append(ask, c)
	}
	ask, kept, err := o.keepBack(ctx, tx, ask, now)
	if err != nil {
		return nil, err
	}
	refused = append(refused, kept...)
	send := ask
	if o.s.hooks.Recheck != nil && len(ask) > 0 {
		verdicts, err := o.s.hooks.Recheck(ctx, tx, ask)
		if err != nil {
			return nil, err
		}
		send = make([]Claim, 0, len(ask))
		for i, c := range ask {
			switch v := verdicts[i]; v.Action {
			case Send:
				send = append(send, c)
			case Hold:
				refused = append(refused, postponed(c, now, v))
			default:
				refused = append(refused, dropped(c, now, v))
			}
		}
	}
	return send, o.applyTx(ctx, tx, refused)
}

func dropped(c Claim, now clock.Time, v Verdict) change {
	return change{claim: c, outcome: Outcome{State: StateDropped, At: now, Code: v.Code, Reason: v.Reason}}
}

func postponed(c Claim, now clock.Time, v Verdict) change {
	return change{claim: c, back: true,
		outcome: Outcome{State: StateQueued, At: now, Until: max(v.Until, now.Add(time.Second)), Code: v.Code, Reason: v.Reason}}
}

// lease makes sure that the lane is ours and, when it was not, sees to what its last holder left behind.
func (l *lane) lease(ctx context.Context) error {
	now := l.o.s.Clock.Now()
	l.mu.Lock()
	ours := l.leased > now && l.leased <= now.Add(l.o.s.o.Lease)
	l.mu.Unlock()
	if ours {
		return nil
	}
	var fence int64
	err := l.o.s.DB.Tx(ctx, func(tx *db.Tx) error {
		var err error
		fence, err = takeLease(ctx, tx, leaseAsk{l.number, l.o.s.o.Node, l.fence, now, now.Add(l.o.s.o.Lease)})
		if err != nil || fence == l.fence {
			return err
		}
		return l.o.recoverTx(ctx, tx, l, now)
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fence, l.leased = fence, now.Add(l.o.s.o.Lease)
	return nil
}

// recoverTx ends the claims of a holder that is gone: what it had claimed may have left, so it is unknown (I9, I10).
func (o *outbox) recoverTx(ctx context.Context, tx *db.Tx, l *lane, now clock.Time) error {
	left, err := takeLeftClaims(ctx, tx, l, now)
	if err != nil {
		return err
	}
	var list []change
	for _, c := range left {
		list = append(list, change{claim: c, doubt: true, outcome: Outcome{State: StateUnknown, At: now, Code: "interrupted",
			Reason: "Parley stopped while it was sending this. It may or may not have left; the provider is asked."}})
	}
	return o.applyTx(ctx, tx, list)
}

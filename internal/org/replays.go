package org

import (
	"context"
	"time"

	"parley/internal/db"
	"parley/internal/httpx"
)

const (
	keepAnswers  = 24 * time.Hour
	longestTwin  = 2 * time.Minute // no request runs longer; what is older was cut off
	largestReply = 1 << 20         // bytes
)

// Replays keeps answers for requests with an Idempotency-Key (I18), apart for each actor.
func (s *Service) Replays() httpx.Replays { return replays{s} }

type replays struct{ s *Service }

func (r replays) row(ctx context.Context, key string) replayRow {
	actor := ActorFrom(ctx)
	return replayRow{workspace: actor.Workspace, actor: actor.Ref(), key: key}
}

// Begin is httpx.Replays.Begin.
func (r replays) Begin(ctx context.Context, key, fingerprint string) (*httpx.Answer, error) {
	now := r.s.clock.Now()
	mine := r.row(ctx, key)
	mine.fingerprint, mine.begunAt = fingerprint, now
	var claimed bool
	var kept replayRow
	err := r.s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		claimed, err = claimReplay(ctx, tx, mine, now.Add(-keepAnswers))
		if err != nil || claimed {
			return err
		}
		kept, err = replayOf(ctx, tx, mine)
		return err
	})
	switch {
	case err != nil:
		return nil, wrap(err, "claim an Idempotency-Key")
	case claimed:
		return nil, nil
	case kept.fingerprint != fingerprint:
		return nil, ErrKeyMismatch
	case kept.status != 0:
		return &httpx.Answer{Status: kept.status, Body: []byte(kept.body)}, nil
	case now.Sub(kept.begunAt) < longestTwin:
		return nil, ErrKeyRunning
	}
	return nil, ErrOutcomeHidden
}

// Finish is httpx.Replays.Finish.
func (r replays) Finish(ctx context.Context, key string, a httpx.Answer) error {
	row := r.row(ctx, key)
	row.status, row.body = a.Status, string(a.Body)
	if len(row.body) > largestReply {
		row.body = ""
	}
	return wrap(r.s.db.Tx(ctx, func(tx *db.Tx) error { return finishReplay(ctx, tx, row) }), "keep an answer")
}

// Forget is httpx.Replays.Forget.
func (r replays) Forget(ctx context.Context, key string) error {
	return wrap(r.s.db.Tx(ctx, func(tx *db.Tx) error { return forgetReplay(ctx, tx, r.row(ctx, key)) }), "free an Idempotency-Key")
}

package offer

import (
	"context"
	"fmt"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/job"
	"parley/internal/mailbox"
)

const syncJob = "offer.sync"

type syncArgs struct {
	Code string `json:"code"`
}

// sync makes a code known to its shop and tells the person's mailbox. A shop that cannot be reached is tried again by the
// queue; one that refuses the code is not.
func (s *Service) sync(ctx context.Context, j job.Job) error {
	var args syncArgs
	if err := j.Decode(&args); err != nil {
		return err
	}
	c, err := findCode(ctx, s.db, j.Workspace, args.Code)
	if err != nil || c.Shop != ShopPending {
		return err
	}
	o, err := findOffer(ctx, s.db, j.Workspace, c.Offer)
	if err != nil {
		return err
	}
	err = s.shops.CreateCode(ctx, ShopCode{Workspace: j.Workspace, Shop: o.Shop, Offer: o, Code: c.Code, ExpiresAt: c.ExpiresAt})
	state, kind, text := ShopReady, SignalReady, ""
	if refusedForGood(err) {
		state, kind, text = ShopFailed, SignalFailed, err.Error()
	} else if err != nil {
		return fmt.Errorf("make code known to shop %s: %w", o.Shop, err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := setShopState(ctx, tx, j.Workspace, c.Code, state, text); err != nil {
			return err
		}
		return s.mailbox.SendTx(ctx, tx, mailbox.Signal{Workspace: j.Workspace, Person: c.Person, Kind: kind,
			Body: CodeSettled{Offer: c.Offer, Code: c.Code, Run: c.Run, Text: text}})
	})
}

func refusedForGood(err error) bool {
	kind := errs.KindOf(err)
	return err != nil && (kind == errs.Invalid || kind == errs.Forbidden || kind == errs.NotFound)
}

package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/smpp"
	"parley/internal/clock"
)

// submit hands texts to the SMPP adapter alone: coding, window, session and answer, and nothing stored (PF2).
func submit(ctx context.Context, t task) (figures, error) {
	c, err := smpp.Adapter{}.Open(channel.Account{Clock: clock.New(), Settings: smppSettings(t.Carrier, t.Window),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	out := channel.Outgoing{Attempt: "att_bench", To: number(1),
		Text: "Fashion Era: you left 2 items in your cart. Finish in 24h and take 10% off with ERA-7K2Q: https://fsn.er/k2q Reply STOP to opt out"}
	if _, err := c.Send(ctx, out); err != nil {
		return nil, err
	}
	submitter, ok := c.(channel.Submitter)
	if !ok {
		return nil, errors.New("the adapter does not pipeline")
	}
	var pending sync.WaitGroup
	var failed atomic.Int64
	done := func(_ channel.Receipt, err error) {
		if err != nil {
			failed.Add(1)
		}
		pending.Done()
	}
	m := begin(0)
	sent := 0
	for ; sent < t.Count && (sent%1000 != 0 || time.Since(m.started) < 5*time.Second); sent++ {
		pending.Add(1)
		if err := submitter.Submit(ctx, out, done); err != nil {
			return nil, err
		}
	}
	pending.Wait()
	if failed.Load() > 0 {
		return nil, errors.New("some messages were refused")
	}
	return m.end(sent), nil
}

package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"parley/internal/app"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/id"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/report"
)

// history is how long before the present the demo's story begins.
const history = 30 * 24 * time.Hour

// teller makes the past happen. Its program stands on a clock that only the teller moves.
type teller struct {
	app   *app.App
	clock *clock.Clock
	base  clock.Time // the present of the demo
	seed  uint64
	small bool

	handler http.Handler
	hooks   atomic.Int64
	secret  string // of the shop
	chance  *rand.Rand
	rome    *time.Location

	ws         org.Workspace
	ana, marco member
	offers     map[string]offer.ID
	people     []*customer
	orders     int
	scenes     []scene
}

// member is somebody of the team who is signed in.
type member struct {
	id     org.MemberID
	name   string
	cookie string
}

// scene is something that happens at a moment.
type scene struct {
	at clock.Time
	do func(context.Context) error
}

// tell lets the whole month happen.
func tell(ctx context.Context, t *teller) (err error) {
	t.handler, t.offers = t.app.Handler(), map[string]offer.ID{}
	t.chance = rand.New(rand.NewPCG(t.seed, 0x5eed))
	if t.rome, err = time.LoadLocation(zone); err != nil {
		return err
	}
	if err := t.makeBrand(ctx); err != nil {
		return err
	}
	if err := reach(ctx, t.handler); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- t.app.Channels.Run(working) }()
	defer func() {
		stop()
		if failed := <-ended; err == nil {
			err = failed
		}
	}()
	for _, step := range []func(context.Context) error{t.makePeople, t.planCarts, t.planThreads, t.play, t.welcomes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// at plans something.
func (t *teller) at(when clock.Time, do func(context.Context) error) {
	t.scenes = append(t.scenes, scene{when, do})
}

// play lets everything that was planned happen in its order, and what follows from it by itself in between.
func (t *teller) play(ctx context.Context) error {
	slices.SortStableFunc(t.scenes, func(a, b scene) int { return int(a.at - b.at) })
	for _, s := range t.scenes {
		if err := t.advance(ctx, s.at); err != nil {
			return err
		}
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("at %s: %w", s.at, err)
		}
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	return t.advance(ctx, t.base)
}

// together is how close to each other things happen that are handled in one go; a minute nobody will miss.
const together = time.Minute

// advance moves the clock to a moment, and stops on the way wherever something is due.
func (t *teller) advance(ctx context.Context, to clock.Time) error {
	for {
		next, waits, err := t.app.Simulator.NextDue(ctx, t.ws.ID)
		if err != nil {
			return err
		}
		if !waits || next > to || next <= t.clock.Now() {
			break
		}
		t.clock.Set(min(to, next.Add(together)))
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	if to > t.clock.Now() {
		t.clock.Set(to)
	}
	return nil
}

// settle handles what is due now, until every message that may leave has reached its phone.
func (t *teller) settle(ctx context.Context) error {
	for range 5000 {
		if err := t.app.Mailbox.Drain(ctx); err != nil {
			return err
		}
		leaving, left, err := t.moving(ctx)
		if err != nil {
			return err
		}
		switch {
		case leaving:
			if err := t.undone(ctx); err != nil {
				return err
			}
		case left:
			t.clock.Skip(300 * time.Millisecond) // the network's latency
		default:
			return t.app.Mailbox.Drain(ctx)
		}
		time.Sleep(50 * time.Microsecond) // the outbox works beside us, in the machine's time
	}
	return fmt.Errorf("at %s messages are still under way", t.clock.Now())
}

// undone moves the clock over the time in which an agent could take a message back. Otherwise it moves it only a little,
// for the rate of the channel: messages that were claimed long ago are asked about again.
func (t *teller) undone(ctx context.Context) error {
	next, waits, err := t.app.Channels.NextDue(ctx, t.app.DB, t.ws.ID)
	if now := t.clock.Now(); waits && next > now && next.Sub(now) <= maxUndo {
		t.clock.Set(next)
	} else {
		t.clock.Skip(time.Millisecond)
	}
	return err
}

// maxUndo is the longest time for taking back that a workspace can set.
const maxUndo = 10 * time.Second

// moving says whether messages of the last day have yet to leave, and whether some are on their way to the phone.
func (t *teller) moving(ctx context.Context) (leaving, left bool, err error) {
	now := t.clock.Now().Std().In(t.rome)
	d, err := t.app.Report.Deliverability(ctx, t.ws.ID, report.Query{From: now.AddDate(0, 0, -1).Format(time.DateOnly), To: now.Format(time.DateOnly)})
	for _, s := range d.ByState {
		leaving = leaving || s.Key == "queued" || s.Key == "sending"
		left = left || s.Key == "sent"
	}
	return leaving, left, err
}

// all does something for each of a list at the same time, a few at once, and stops at the first failure.
func all[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	work, failed := make(chan T), make(chan error, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	const hands = 32
	done := make(chan struct{}, hands)
	for range hands {
		go func() {
			defer func() { done <- struct{}{} }()
			for item := range work {
				if err := do(ctx, item); err != nil {
					cancel(err)
					select {
					case failed <- err:
					default:
					}
				}
			}
		}()
	}
	for _, item := range list {
		if ctx.Err() != nil {
			break
		}
		work <- item
	}
	close(work)
	for range hands {
		<-done
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// day is a local time of the day that many days before the present one.
func (t *teller) day(before, hour, minute int) clock.Time {
	now := t.base.Std().In(t.rome)
	return clock.From(time.Date(now.Year(), now.Month(), now.Day()-before, hour, minute, 0, 0, t.rome))
}

func (t *teller) pick(list []string) string { return list[t.chance.IntN(len(list))] }

// cartOf is the latest cart of a person.
func (t *teller) cartOf(ctx context.Context, p id.Person) (commerce.Cart, error) {
	carts, err := t.app.Commerce.CartsOf(ctx, t.app.DB, t.ws.ID, p)
	if err != nil || len(carts) == 0 {
		return commerce.Cart{}, err
	}
	return carts[0], nil
}

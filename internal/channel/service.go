package channel

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/egress"
	"parley/internal/fault"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/secret"
)

// Deps are what the service works with. Faults may be nil; all others are required.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	IDs      *id.Source
	Log      *slog.Logger
	Mailbox  *mailbox.Mailbox
	People   *people.Service
	Org      *org.Service
	Rules    *compliance.Rules
	Egress   *egress.Client
	Secrets  *secret.Box
	Faults   *fault.Points
	Adapters []Adapter
}

// Options are the figures that an operator or a test may change. The zero value of each is its usual figure.
type Options struct {
	PublicURL     string          // as providers reach this server: https://parley.example; signatures are checked against it
	Dir           string          // where files of messages are kept
	Node          string          // name of this process among its peers
	Lease         time.Duration   // of a lane; 10 s
	Poll          time.Duration   // how often a lane looks for what another node queued; 500 ms; less than 0: never
	Window        int             // requests under way per sender; 64
	Ahead         int             // most messages claimed before they are handed over; 512
	SendTimeout   time.Duration   // of one hand-over; 30 s
	Looks         []time.Duration // when a provider is asked about an unknown outcome; 30 s, 2 min, 10 min, 1 h, 6 h
	HoldAfter     time.Duration   // bulk that came due in a longer gap is held (I17); 1 h; less than 0: never
	PartsWait     time.Duration   // for the rest of a long text; 2 min
	BackfillEvery time.Duration   // 5 min
	Overlap       time.Duration   // how far a back-fill looks behind the last one; 1 h
	MaxMedia      int64           // bytes of one fetched file; 16 MiB
	Thresholds    Thresholds      // of carriers' answers
}

func (o Options) withDefaults() Options {
	o.Lease = usually(o.Lease, 10*time.Second)
	o.Poll = usually(o.Poll, 500*time.Millisecond)
	o.Window = usually(o.Window, 64)
	o.Ahead = usually(o.Ahead, 512)
	o.SendTimeout = usually(o.SendTimeout, 30*time.Second)
	o.HoldAfter = usually(o.HoldAfter, time.Hour)
	o.PartsWait = usually(o.PartsWait, 2*time.Minute)
	o.BackfillEvery = usually(o.BackfillEvery, 5*time.Minute)
	o.Overlap = usually(o.Overlap, time.Hour)
	o.MaxMedia = usually(o.MaxMedia, 16<<20)
	o.Node = usually(o.Node, "node")
	o.Thresholds = o.Thresholds.withDefaults()
	if len(o.Looks) == 0 {
		o.Looks = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour}
	}
	return o
}

func usually[T comparable](value, usual T) T {
	var zero T
	if value == zero {
		return usual
	}
	return value
}

// Hooks are what the conversation adds. They run inside the outbox's transactions.
type Hooks struct {
	// Recheck is the gate again, for messages about to be handed over; one verdict for each claim, in order.
	Recheck func(ctx context.Context, tx *db.Tx, claims []Claim) ([]Verdict, error)
	// OnOutcome is told of each change. Outcomes may come late: one with a lower State.Rank than the present state
	// of the same message is to be ignored unless its state is queued or held.
	OnOutcome func(ctx context.Context, tx *db.Tx, outcomes []Outcome) error
	// Otherwise takes a webhook whose name is no channel's: a shop's, for example. It may be nil.
	Otherwise func(ctx context.Context, slug, name string, req WebhookRequest) (Answer, error)
}

// Service is the channels of all workspaces: accounts, intake and outbox. It is safe for concurrent use.
type Service struct {
	Deps
	o     Options
	hooks Hooks

	accounts *accounts
	outbox   *outbox
	intake   *intake
	health   *health
	stops    stops
	files    chan struct{} // rings when a message with files came in
	running  sync.WaitGroup
}

// New is a service that neither sends nor listens before Run. Hooks are set once, before Run.
func New(d Deps, o Options) *Service {
	s := &Service{Deps: d, o: o.withDefaults(), health: newHealth(), files: make(chan struct{}, 1)}
	s.accounts = newAccounts(s)
	s.outbox = newOutbox(s)
	s.intake = newIntake(s)
	d.People.WatchRevocations(people.Watcher{
		Told:    func(ws id.Workspace, _ people.Medium, number string) { s.outbox.revoked(ws, number) },
		Settled: func(ws id.Workspace, _ people.Medium, number string) { s.outbox.departures.settle(address{ws, number}) },
	})
	d.Mailbox.Handle(timerParts, "channel", s.deliverParts)
	d.Mailbox.Handle(signalOutcome, "channel", s.tellAgain)
	return s
}

// SetHooks connects the conversation. Without hooks every claim is sent and nobody is told.
func (s *Service) SetHooks(h Hooks) { s.hooks = h }

// Run sends, listens, looks up and back-fills until ctx ends. Then it gives back what it claimed and did not hand over,
// and waits for what is under way.
func (s *Service) Run(ctx context.Context) error {
	if err := s.outbox.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // asked to stop before it began
		}
		return err
	}
	for _, work := range []func(context.Context){s.accounts.listen, s.outbox.run, s.lookUps, s.earlyReceipts,
		s.backfills, s.fetchMedia, s.keepHealth} {
		s.running.Go(func() { work(ctx) })
	}
	s.running.Wait()
	s.accounts.close()
	return nil
}

// every calls work now and then each time the period has passed, until ctx ends.
func (s *Service) every(ctx context.Context, period time.Duration, work func(context.Context)) {
	for ctx.Err() == nil {
		work(ctx)
		if s.Clock.Wait(ctx, s.Clock.Now().Add(period), nil) != nil {
			return
		}
	}
}

// failed logs what went wrong in the background; it is tried again by itself.
func (s *Service) failed(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.Error(doing, "error", err)
	}
}

// pause waits after a failure, so that a database that is away is not asked in a tight loop. It follows the machine's
// time, because the program's clock may stand still.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

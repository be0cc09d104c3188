package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/all"
	"parley/internal/channel/sim"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/compliance"
	"parley/internal/config"
	"parley/internal/content"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/egress"
	"parley/internal/event"
	"parley/internal/fault"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/journey"
	"parley/internal/mailbox"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/report"
	"parley/internal/secret"
	"parley/internal/segment"
	"parley/internal/server"
	"parley/internal/setup"
	"parley/internal/simulator"
	"parley/internal/survey"
	"parley/internal/survey/reading"
)

// Version is what this program calls itself.
const Version = "0.1.0"

// Options are what only a caller in Go decides; the rest is configuration.
type Options struct {
	Config config.Config
	Clock  *clock.Clock // real when nil
	Log    *slog.Logger
	Demo   bool // the demo brand: signed in by link, and its clock may be moved
}

// App is the whole program, wired and not yet running.
type App struct {
	Config config.Config
	Clock  *clock.Clock
	IDs    *id.Source
	Log    *slog.Logger
	DB     *db.DB
	Demo   bool

	listener net.Listener
	faults   *fault.Points // armed by a test of the whole program; nil in production
	nodes    *nodes

	Mailbox       *mailbox.Mailbox
	Jobs          *job.Queue
	Feed          *feed.Feed
	Egress        *egress.Client
	Secrets       *secret.Box
	Rules         *compliance.Rules
	Org           *org.Service
	People        *people.Service
	Events        *event.Service
	Segments      *segment.Service
	Phones        *sim.Carrier
	Channels      *channel.Service
	Content       *content.Engine
	Conversations *conversation.Service
	Commerce      *commerce.Service
	Offers        *offer.Service
	Journeys      *journey.Service
	Surveys       *survey.Service
	Simulator     *simulator.Service
	Report        *report.Service
	Setup         *setup.Service
	Server        *server.Server
}

// New wires the program and brings the database up to date. Close it, also when it never ran.
func New(ctx context.Context, o Options) (*App, error) {
	a, err := begin(o)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, a.openPort, a.openStore, a.openQueues, a.openPeople, a.openChannels, a.openStories, a.openServer)
}

// Tool is New for a command that changes the database and ends: without a port and without the web. On SQLite no other
// process may have the folder open.
func Tool(ctx context.Context, o Options) (*App, error) {
	a, err := begin(o)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, a.openFolder, a.openStore, a.openQueues, a.openPeople, a.openChannels, a.openStories)
}

// begin makes what needs no resources.
func begin(o Options) (*App, error) {
	a := &App{Config: o.Config, Clock: o.Clock, Log: o.Log, Demo: o.Demo}
	if a.Clock == nil {
		a.Clock = clock.New()
		skip, err := fault.SkipFromEnv(os.Getenv)
		if err != nil {
			return nil, err
		}
		a.Clock.Skip(skip)
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	a.IDs = id.NewSource(a.Clock)
	var err error
	if a.faults, err = fault.FromEnv(os.Getenv); err != nil {
		return nil, err
	}
	return a, nil
}

// open goes through the steps of a start, and lets go of everything when one fails.
func (a *App) open(ctx context.Context, steps ...func(context.Context) error) (*App, error) {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			a.Close()
			return nil, err
		}
	}
	a.subscribe()
	return a, nil
}

// openFolder looks at the configuration and makes the data folder.
func (a *App) openFolder(context.Context) error {
	if err := a.Config.Check(); err != nil {
		return err
	}
	return a.Config.Prepare()
}

// openPort is openFolder with the port.
func (a *App) openPort(ctx context.Context) (err error) {
	if err = a.openFolder(ctx); err != nil {
		return err
	}
	// The port is taken first: it is part of the public address, and a second copy on it should touch nothing else.
	var lc net.ListenConfig
	a.listener, err = lc.Listen(ctx, "tcp", a.Config.Listen)
	return err
}

// openStore opens the database and its key.
func (a *App) openStore(ctx context.Context) (err error) {
	a.DB, err = db.Open(ctx, db.Options{URL: a.Config.Database, Dir: a.Config.DataDir, Log: a.Log, MaxConns: a.Config.DatabaseConns, Faults: a.faults})
	if err != nil {
		return err
	}
	if a.Secrets, err = secret.Load(a.Config.SecretKey(), os.Getenv("PARLEY_SECRET_KEY")); err != nil {
		return err
	}
	return a.DB.Tx(ctx, func(tx *db.Tx) error { return a.Secrets.CheckTx(ctx, tx, a.Clock.Now()) })
}

// openQueues opens what else holds no product words: the way out and the queues.
func (a *App) openQueues(context.Context) error {
	allow, err := egress.ParseRules(a.Config.EgressAllow...)
	if err != nil {
		return err
	}
	a.Egress = egress.New(egress.Options{Allow: allow})
	a.Mailbox = mailbox.New(a.DB, a.Clock, a.IDs, mailbox.Options{Workers: a.Config.Workers, MaxAttempts: a.Config.MaxParked,
		Backoff: a.Config.BackoffFirst, Lease: a.Config.Lease, Poll: a.poll(), Log: a.Log, Faults: a.faults})
	a.Jobs = job.New(a.DB, a.Clock, a.IDs, job.Options{Log: a.Log, Faults: a.faults})
	a.nodes = newNodes()
	a.Feed = feed.New(a.DB, a.Clock, feed.Options{Log: a.Log, OnAppend: a.nodes.appended})
	a.Rules, err = compliance.Load()
	return err
}

// openPeople opens who there is: team, customers, what customers did, and which of them are alike.
func (a *App) openPeople(context.Context) error {
	a.Org = org.New(org.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Dir: a.Config.DataDir, Demo: a.Demo, Tryout: a.tryout,
		Changed: func(ctx context.Context, tx *db.Tx, ws id.Workspace) error {
			return a.Feed.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: "setup.changed"})
		}})
	a.People = people.New(people.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Rules: a.Rules,
		Country: func(ctx context.Context, q db.Queryer, ws id.Workspace) (string, error) {
			w, err := a.Org.Workspace(ctx, q, ws)
			return w.Country, err
		},
		Week: func(ctx context.Context, q db.Queryer, ws id.Workspace) (compliance.Week, error) {
			w, err := a.Org.Workspace(ctx, q, ws)
			if err != nil {
				return compliance.Week{}, err
			}
			return conversation.WeekOf(w.Settings), nil
		},
		Changed: func(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) error {
			return a.Feed.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: "person.changed", Person: person})
		}})
	a.Events = event.New(event.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, People: a.People, Mailbox: a.Mailbox})
	a.Segments = segment.New(segment.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Feed: a.Feed, Log: a.Log,
		Dir: filepath.Join(a.Config.DataDir, "segments")})
	return nil
}

// openChannels opens the way in and out, and the conversation with its gate.
func (a *App) openChannels(context.Context) error {
	a.Phones = sim.NewCarrier(a.Clock, a.IDs)
	a.Channels = channel.New(channel.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Mailbox: a.Mailbox, People: a.People, Org: a.Org,
		Rules: a.Rules, Egress: a.Egress, Secrets: a.Secrets, Faults: a.faults, Adapters: all.Adapters(a.Phones)},
		channel.Options{PublicURL: a.PublicURL(), Dir: a.Config.DataDir, Node: nodeName(a.DB.Engine()),
			SendTimeout: a.Config.ProviderTimeout, HoldAfter: a.Config.OutageHold, BackfillEvery: a.Config.BackfillEvery, Lease: a.Config.Lease,
			Thresholds: channel.Thresholds{Retries: a.Config.CarrierRetries, Strikes: a.Config.CarrierStrikes, Blocks: a.Config.CarrierBlocks,
				FilteredPercent: a.Config.FilteredPercent, FilteredFrom: a.Config.FilteredFrom, FilteredMessages: a.Config.FilteredMessages}})
	a.Content = content.New()
	a.Conversations = conversation.New(conversation.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Rules: a.Rules,
		Channels: a.Channels, Senders: a.Channels.Channels, Mailbox: a.Mailbox, Feed: a.Feed, Log: a.Log, OnSign: a.nodes.sign})
	a.Channels.SetHooks(channel.Hooks{Recheck: a.Conversations.Recheck, OnOutcome: a.Conversations.OnOutcome, Otherwise: a.shopHook})
	return nil
}

// openStories opens what conversations are about: carts, offers, journeys, surveys, figures.
func (a *App) openStories(context.Context) error {
	answers, err := reading.New(a.Rules)
	if err != nil {
		return err
	}
	a.Surveys = survey.New(survey.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Conversations: a.Conversations,
		Content: a.Content, Rules: a.Rules, Reader: answers, Mailbox: a.Mailbox, Log: a.Log})
	a.Commerce = commerce.New(commerce.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Events: a.Events,
		Conversations: a.Conversations, Mailbox: a.Mailbox, Jobs: a.Jobs, Feed: a.Feed, Box: a.Secrets,
		HTTP: a.Egress.With(egress.Limits{Timeout: a.Config.ProviderTimeout}), Log: a.Log})
	a.Offers = offer.New(offer.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Events: a.Events,
		Mailbox: a.Mailbox, Jobs: a.Jobs, Shops: shopCodes{a.Commerce}, PublicURL: a.LinkURL(), Log: a.Log})
	a.Journeys = journey.New(journey.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Conversations: a.Conversations,
		Content: a.Content, Commerce: a.Commerce, Offers: a.Offers, Mailbox: a.Mailbox, Feed: a.Feed, Log: a.Log})
	a.Simulator = simulator.New(simulator.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, People: a.People, Channels: a.Channels,
		Conversations: a.Conversations, Commerce: a.Commerce, Offers: a.Offers, Mailbox: a.Mailbox, Carrier: a.Phones, Demo: a.Demo, PublicURL: a.LinkURL(), Log: a.Log})
	a.Setup = setup.New(setup.Deps{DB: a.DB, Clock: a.Clock, IDs: a.IDs, Org: a.Org, Team: a.Org, Channels: a.Channels, Shops: a.Commerce,
		Offers: a.Offers, Journeys: a.Journeys})
	a.Report = report.New(report.Deps{DB: a.DB, Clock: a.Clock, Org: a.Org, Rules: a.Rules, Rule: commerce.AttributionRule, States: cartStates()})
	return nil
}

// Addresses are what people open to reach this program.
func (a *App) Addresses() config.Addresses {
	if a.listener == nil {
		return config.Addresses{Open: a.Config.Reachable()}
	}
	return a.Config.Addresses(a.listener.Addr())
}

// PublicURL is how browsers and providers reach this program: as configured, else the address it listens on.
func (a *App) PublicURL() string { return a.Addresses().Open }

// LinkURL is what links in texts begin with: PublicURL, but in the demo the address at which a phone in the same network
// finds it. Nobody's own phone reaches localhost.
func (a *App) LinkURL() string {
	if at := a.Addresses(); a.Demo && at.Phone != "" {
		return at.Phone
	}
	return a.PublicURL()
}

// poll is how often work of other nodes is looked for; SQLite has none, so the queues' own, long period is right there.
func (a *App) poll() time.Duration {
	if a.DB.Engine() == db.Postgres {
		return a.Config.Poll
	}
	return 0
}

// nodeName tells nodes apart that share a database. A SQLite folder is locked: whoever worked in it before is gone, so its
// next process goes by the same name and takes over the senders at once, without waiting for a lease to run out.
func nodeName(e db.Engine) string {
	if e == db.SQLite {
		return "only"
	}
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// Close lets go of everything.
func (a *App) Close() {
	if a.listener != nil {
		_ = a.listener.Close()
	}
	if a.DB != nil {
		a.DB.Close()
	}
	if a.Egress != nil {
		a.Egress.Close()
	}
}

// run keeps the workers going until ctx ends, and ends them all when one fails.
func (a *App) run(ctx context.Context, workers ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, work := range workers {
		wg.Go(func() {
			if err := work(ctx); err != nil && !errors.Is(err, context.Canceled) {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

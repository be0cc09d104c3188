package app

import (
	"context"
	"io/fs"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/internal/config"
	"parley/internal/id"
	"parley/internal/server"
	"parley/web"
)

// openServer gathers the routes of all domains.
func (a *App) openServer(context.Context) (err error) {
	var files fs.FS
	if built, ok := web.Files(); ok {
		files = built
	}
	a.Server, err = server.New(server.Options{
		Org: a.Org, Feed: a.Feed, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Version: Version,
		Domains:   []server.Routes{a.People, a.Events, a.Segments, a.Channels, a.Conversations, a.Commerce, a.Offers, a.Journeys, a.Surveys, a.Simulator, a.Report},
		PublicURL: a.Config.Origin(), TrustedProxies: a.Config.TrustedProxies,
		Web: files, Metrics: promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}), Ready: a.DB.Ping,
		Heartbeat: a.Config.FeedHeartbeat, SessionCheck: a.Config.SessionCheck, FeedClients: a.Config.FeedClients, ShutdownTimeout: a.Config.ShutdownTimeout,
	})
	return err
}

// Serve answers requests and works until ctx ends. ready is called once requests are answered.
func (a *App) Serve(ctx context.Context, ready func(config.Addresses)) error {
	if err := a.Org.PrepareSetup(ctx); err != nil {
		return err
	}
	return a.run(ctx, a.Mailbox.Run, a.Jobs.Run, a.Feed.Run, a.Channels.Run, a.Journeys.Follow, a.tellNodes, a.hearNodes,
		func(ctx context.Context) error {
			ready(a.Addresses())
			return a.Server.Serve(ctx, a.listener)
		})
}

// tellNodes tells the other nodes what browsers there may be waiting for.
func (a *App) tellNodes(ctx context.Context) error {
	return a.nodes.tell(ctx, a.DB.Notify, func(err error) {
		a.Log.Warn("other nodes could not be told of a change; they look by themselves", "error", err)
	})
}

// hearNodes looks at once when another node appended to a change stream, and learns which members are at conversations there.
func (a *App) hearNodes(ctx context.Context) error {
	return a.DB.Listen(ctx, func(payload string) {
		if sign, ok := signOf(payload); ok {
			a.Conversations.Hear(sign)
			return
		}
		a.Feed.Notify(id.Workspace(payload))
	}, func() { a.Mailbox.Wake() })
}

// Handler answers requests without a listener, for tests.
func (a *App) Handler() http.Handler { return a.Server.Handler() }

// Describe is the API's description, from the routes of a program that is not running.
func Describe(ctx context.Context) ([]byte, error) {
	dir, err := os.MkdirTemp("", "parley-describe-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c := config.Defaults()
	c.DataDir, c.Listen = dir, "127.0.0.1:0"
	a, err := New(ctx, Options{Config: c})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Server.API().OpenAPI()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/internal/org"
)

// connections post at once.
const connections = 64

// inbound is the server for texts that come in by the webhook of Twilio; the generator is another process (PF3).
func inbound(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var out figures
	if err = b.run(ctx); err == nil {
		out, err = b.inbound(ctx, t)
	}
	return out, errors.Join(err, b.close())
}

func (b *brand) inbound(ctx context.Context, t task) (figures, error) {
	m := begin(b.postmaster)
	out, err := perform(ctx, "load", b.generator(t, "0"))
	if err != nil {
		return nil, err
	}
	server := m.end(t.Count)
	out["cpu"], out["dbcpu"], out["peak"] = server["cpu"], server["dbcpu"], server["peak"]
	n, err := arrivals(ctx, b.DB, b.ws.ID)
	if err != nil || n != t.Count {
		return nil, fmt.Errorf("%d texts are stored of %d that were answered with 200: %w", n, t.Count, err)
	}
	return out, nil
}

// generator is the task of the process that sends texts. Slug is the address that is signed.
func (b *brand) generator(t task, run string) task {
	target := b.base + "/hooks/" + b.ws.Slug + "/" + b.channel.Name
	return task{Target: target, Slug: strings.TrimRight(b.PublicURL(), "/") + "/hooks/" + b.ws.Slug + "/" + b.channel.Name, Count: t.Count, Window: connections,
		Fresh: t.Fresh, Rate: t.Rate, Secret: run}
}

// visible is the server for texts whose way to an open inbox is measured (PF6).
func visible(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var out figures
	if err = b.run(ctx); err == nil {
		var secret string
		_, secret, err = b.Org.CreateKey(ctx, b.agent, org.NewKey{Name: "bench", Scopes: []org.Permission{org.ConversationRead}})
		if err == nil {
			g := b.generator(t, secret)
			m := begin(b.postmaster)
			if out, err = perform(ctx, "watch", g); err == nil {
				server := m.end(t.Count)
				out["cpu"], out["dbcpu"] = server["cpu"], server["dbcpu"]
			}
		}
	}
	return out, errors.Join(err, b.close())
}

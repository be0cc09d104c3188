package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/internal/conversation"
	"parley/internal/people"
)

// campaignBatch is how many recipients one commit takes.
const campaignBatch = 500

// campaignText is filled in for each recipient.
const campaignText = "Hi {{ person.given_name | default: 'there' }}, the new coats are in. See yours: https://go.fashion-era.example/{{ person.state }}/{{ number }}"

// campaign hands personalised texts to the carrier, one row, attempt and outcome each (PF1, PF2).
func campaign(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	var out figures
	if err = b.run(ctx); err == nil {
		out, err = b.campaign(ctx, t.Count)
	}
	return out, errors.Join(err, b.close())
}

func (b *brand) campaign(ctx context.Context, n int) (figures, error) {
	recipients, err := everybody(ctx, b.DB, b.ws.ID, n)
	if err != nil {
		return nil, err
	}
	m := begin(b.postmaster)
	for part := range slices.Chunk(recipients, campaignBatch) {
		if err := b.sendAll(ctx, part); err != nil {
			return nil, err
		}
	}
	queued := m.end(len(recipients))
	if err := b.await(ctx, len(recipients)); err != nil {
		why, _ := refusals(ctx, b.DB, b.ws.ID)
		return nil, fmt.Errorf("%w; %s", err, why)
	}
	out := m.end(len(recipients))
	out["queued"] = queued["rate"]
	messages, sent, err := tally(ctx, b.DB, b.ws.ID)
	if err != nil || messages != len(recipients) || sent != len(recipients) {
		return nil, fmt.Errorf("%d messages and %d sent deliveries for %d recipients: %w", messages, sent, len(recipients), err)
	}
	return out, nil
}

// sendAll renders the text for some recipients and asks the gate about all of them at once.
func (b *brand) sendAll(ctx context.Context, part []personID) error {
	known, err := b.People.GetAll(ctx, b.DB, b.ws.ID, part)
	if err != nil {
		return err
	}
	sends := make([]conversation.Send, 0, len(part))
	for _, person := range part {
		p := known[person]
		text, err := b.Content.Render(campaignText, map[string]any{"number": string(p.ID)[len(p.ID)-6:],
			"person": map[string]any{"given_name": p.GivenName, "name": p.Name, "state": p.State}})
		if err != nil {
			return err
		}
		sends = append(sends, conversation.Send{Workspace: b.ws.ID, Person: person, Kind: conversation.KindCampaign, Purpose: people.Marketing,
			Author: conversation.Author{Kind: conversation.ByCampaign, ID: "cmp_coats", Name: "New coats"}, Text: text.Text()})
	}
	_, err = b.Conversations.SendBulk(ctx, sends)
	return err
}

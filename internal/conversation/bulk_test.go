package conversation_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/people"
)

// meanwhile runs fn once, after the gate has read everything for a message and before the message is stored.
func (w *world) meanwhile(fn func()) {
	w.RegisterStillTrue("drop", func(context.Context, db.Queryer, id.Workspace, []string) (map[string]conversation.Still, error) {
		if do := fn; do != nil {
			fn = nil
			do()
		}
		return nil, nil
	})
}

func (w *world) read(message conversation.MessageID) conversation.Message {
	w.t.Helper()
	m, err := w.Message(context.Background(), w.ana, message)
	must(w.t, err)
	return m
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func TestAStopWhileACampaignIsJudgedIsHonoured(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		maria, rosa := w.newYorker("+12125550101"), w.newYorker("+12125550102")
		stopped := false
		w.meanwhile(func() {
			stopped = true
			w.consent(people.Consent{Person: maria, Address: "+12125550101", Purpose: people.All, Action: people.Revoke, Source: people.ByReply})
		})
		out := w.sendAll(conversation.Send{Person: maria, Subject: "drop:coats"}, conversation.Send{Person: rosa, Subject: "drop:coats"})
		if !stopped || out[0].Verdict.Action != channel.Send {
			t.Fatalf("the STOP did not come between: %v, %+v", stopped, out[0].Verdict)
		}
		left := w.outbox.leave(10)
		if len(left) != 1 || left[0].Person != rosa {
			t.Errorf("left: %+v, want the text to Rosa alone", left)
		}
		if m := w.read(out[0].Message); m.State != conversation.StateDropped || m.Reason == nil || m.Reason.Code != "opted_out" {
			t.Errorf("the text to Maria: %+v", m)
		}
	})
}

func TestAClientKeyUsedWhileABulkIsJudgedHasOneEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		maria, rosa := w.newYorker("+12125550101"), w.newYorker("+12125550102")
		var first conversation.Sent
		w.meanwhile(func() { first = w.sendAll(conversation.Send{Person: maria, ClientKey: "run:1", Text: "First"})[0] })
		out := w.sendAll(conversation.Send{Person: maria, ClientKey: "run:1", Subject: "drop:coats"}, conversation.Send{Person: rosa, ClientKey: "run:2", Subject: "drop:coats"})
		if first.Message == "" || !out[0].Duplicate || out[0].Message != first.Message || out[1].Duplicate {
			t.Errorf("first %+v, then %+v", first, out)
		}
		if left := w.outbox.leave(10); len(left) != 2 {
			t.Errorf("%d messages left, want 2: %+v", len(left), left)
		}
	})
}

func TestWhatTakesAPlaceInAConversationIsNoBulk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		maria := w.newYorker("+12125550101")
		_, err := w.SendBulk(context.Background(), []conversation.Send{{Workspace: w.ws, Person: maria, Kind: conversation.KindBot, Purpose: people.Support,
			Author: conversation.Author{Kind: conversation.ByBot}, Text: "Hello"}})
		if err == nil || !strings.Contains(err.Error(), "must be held") {
			t.Errorf("a bot's answer went without the conversation: %v", err)
		}
	})
}

// A reply is told as it will be read again a moment later.
func TestAReplyIsToldAsItIsReadAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		maria := w.newYorker("+12125550101")
		w.says(maria, "+12125550101", "Is it warm?")
		w.clock.Skip(time.Minute)
		for _, r := range []conversation.Reply{
			{Text: "Very", SeenSeq: 100, ClientKey: "a"}, {Text: "Ask Ben", Note: true, ClientKey: "b"}, {Text: "It is, and soft", SeenSeq: 100, Why: map[string]any{"n": 1}},
		} {
			r.Person = maria
			told, err := w.Write(context.Background(), w.ana, r)
			must(t, err)
			read := w.read(told.ID)
			told.StateAt, read.StateAt = 0, 0 // the outbox of these tests keeps no times
			if asJSON(t, told) != asJSON(t, read) {
				t.Errorf("told\n%s, read\n%s", asJSON(t, told), asJSON(t, read))
			}
		}
	})
}

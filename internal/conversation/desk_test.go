package conversation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// crowd is n persons who wrote, one a minute, in different states of work.
func (w *world) crowd(n int) []id.Person {
	w.t.Helper()
	out := make([]id.Person, n)
	for i := range n {
		number := fmt.Sprintf("+1212555%04d", 2000+i)
		out[i] = w.person(number, people.Hint{Name: fmt.Sprint("Customer ", i), State: "NY", Country: "US"})
		w.says(out[i], number, "Question number "+fmt.Sprint(i))
		w.clock.Skip(time.Minute)
	}
	return out
}

func (w *world) do(actor org.Actor, p id.Person, a conversation.Action) conversation.Done {
	w.t.Helper()
	done, err := w.Do(context.Background(), actor, p, a)
	must(w.t, err)
	return done
}

// walk reads a view page by page.
func (w *world) walk(ask conversation.Ask) (all []id.Person, total int64) {
	w.t.Helper()
	for {
		page, err := w.Inbox(context.Background(), w.ana, ask)
		must(w.t, err)
		for _, c := range page.Items {
			all = append(all, c.Person)
		}
		if page.Total != nil {
			total = *page.Total
		}
		if ask.Cursor = page.Next; ask.Cursor == "" {
			return all, total
		}
	}
}

func TestViewsCountsAndPagesAgree(t *testing.T) { // IN-1, IN-8
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(12)
		w.do(w.ana, p[1], conversation.Action{Kind: conversation.Claim})
		w.do(w.ana, p[2], conversation.Action{Kind: conversation.Assign, Member: w.ben.Member})
		w.do(w.ana, p[3], conversation.Action{Kind: conversation.Finish, Result: "answered"})
		w.do(w.ana, p[4], conversation.Action{Kind: conversation.Snooze, Until: w.clock.Now().Add(time.Hour)})
		w.do(w.ana, p[5], conversation.Action{Kind: conversation.HandBack})
		w.send(conversation.Send{Person: p[6]}) // a campaign moves nothing
		_, err := w.reply(p[0], "Here you are")
		must(t, err)
		counts, err := w.Counts(t.Context(), w.ana)
		must(t, err)
		want := map[conversation.View][]int{
			conversation.ViewMine: {1, 0}, conversation.ViewUnassigned: {6, 7, 8, 9, 10, 11}, conversation.ViewBot: {5},
			conversation.ViewSnoozed: {4}, conversation.ViewClosed: {3}, conversation.ViewOpen: {1, 2, 6, 7, 8, 9, 10, 11, 0, 5},
			conversation.ViewAll: {1, 2, 4, 6, 7, 8, 9, 10, 11, 0, 5, 3},
		}
		for _, view := range conversation.Views() {
			got, total := w.walk(conversation.Ask{View: view, Sort: conversation.SortWaiting, Limit: 3})
			endless := view == conversation.ViewClosed || view == conversation.ViewAll // these name no total
			if counts[view] != int64(len(got)) || (!endless && total != counts[view]) {
				t.Errorf("%s: %d rows, total %d, count %d", view, len(got), total, counts[view])
			}
			var wanted []id.Person
			for _, i := range want[view] {
				wanted = append(wanted, p[i])
			}
			if view == conversation.ViewOpen || view == conversation.ViewAll {
				slices.Sort(wanted)
				slices.Sort(got)
			}
			if !slices.Equal(got, wanted) {
				t.Errorf("%s: got %v, want %v", view, got, wanted)
			}
		}
		newest, _ := w.walk(conversation.Ask{View: conversation.ViewOpen, Sort: conversation.SortNewest, Limit: 4})
		if newest[0] != p[0] || newest[1] != p[11] {
			t.Errorf("newest first: %v", newest)
		}
	})
}

func TestSearchFindsNamesNumbersAndWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(5)
		w.says(p[3], "+12125552003", "My parcel from Nürnberg never came; 50% off?")
		_, err := w.reply(p[3], "The courier is searching")
		must(t, err)
		for text, want := range map[string]id.Person{"customer 2": p[2], "5552004": p[4], "nurnberg": "", "Nürnberg": p[3], "courier sear": p[3], "parcel": p[3]} {
			got, total := w.walk(conversation.Ask{View: conversation.ViewAll, Search: text, Limit: 50})
			if text == "nurnberg" {
				continue // whether accents matter differs between the engines
			}
			if len(got) != 1 || got[0] != want || total != 1 {
				t.Errorf("%q: got %v (%d), want %v", text, got, total, want)
			}
		}
		for _, text := range []string{`") OR body:("`, "%", "' OR 1=1 --", "*", "a:b", "NEAR("} {
			if got, _ := w.walk(conversation.Ask{View: conversation.ViewAll, Search: text, Limit: 50}); len(got) == 5 {
				t.Errorf("%q found everybody", text)
			}
		}
		found, err := w.SearchThread(t.Context(), w.ana, p[3], "50% OFF", "")
		must(t, err)
		if len(found.Items) != 1 {
			t.Errorf("in the thread: %+v", found)
		}
		if found, err = w.SearchThread(t.Context(), w.ana, p[3], "%", ""); err != nil || len(found.Items) != 1 {
			t.Errorf("a percent sign means itself: %+v %v", found, err)
		}
	})
}

func TestActionsCanBeUndone(t *testing.T) { // IN-3
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(1)[0]
		was := w.conversation(p)
		done := w.do(w.ana, p, conversation.Action{Kind: conversation.Finish})
		if _, err := w.Undo(t.Context(), w.ben, done.Undo); errs.CodeOf(err) != "undo_expired" {
			t.Errorf("somebody else's undo: %v", err)
		}
		w.do(w.ana, p, conversation.Action{Kind: conversation.Reopen})
		done = w.do(w.ana, p, conversation.Action{Kind: conversation.Finish})
		back, err := w.Undo(t.Context(), w.ana, done.Undo)
		must(t, err)
		if c := w.conversation(p); back.Count != 1 || c.Status != was.Status || c.Episode.Number != 1 {
			t.Errorf("got %+v after %+v", c, back)
		}
		if _, err := w.Undo(t.Context(), w.ana, done.Undo); errs.CodeOf(err) != "undo_expired" {
			t.Errorf("twice: %v", err)
		}
		done = w.do(w.ana, p, conversation.Action{Kind: conversation.Finish})
		w.says(p, "+12125552000", "One more question?")
		if back, err = w.Undo(t.Context(), w.ana, done.Undo); err != nil || back.Count != 0 {
			t.Errorf("an undo ran over what happened since: %+v %v", back, err)
		}
	})
}

func TestASnoozeEndsByTimeOrByAText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(2)
		for _, person := range p {
			w.do(w.ana, person, conversation.Action{Kind: conversation.Snooze, Until: w.clock.Now().Add(time.Hour)})
		}
		w.says(p[1], "+12125552001", "Still there?")
		if c := w.conversation(p[1]); c.Status != conversation.Open {
			t.Errorf("a text did not wake it: %+v", c)
		}
		w.clock.Skip(59 * time.Minute)
		w.drain()
		if c := w.conversation(p[0]); c.Status != conversation.Snoozed {
			t.Errorf("too early: %+v", c)
		}
		w.clock.Skip(time.Minute)
		w.drain()
		if c := w.conversation(p[0]); c.Status != conversation.Open || !c.SnoozedUntil.IsZero() {
			t.Errorf("it sleeps on: %+v", c)
		}
	})
}

func TestABulkActionChangesExactlyWhatTheListShows(t *testing.T) { // IN-9
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(9)
		w.do(w.ana, p[0], conversation.Action{Kind: conversation.Claim})
		done, err := w.DoBulk(t.Context(), w.ana, conversation.Bulk{Ask: conversation.Ask{View: conversation.ViewUnassigned}, All: true,
			Action: conversation.Action{Kind: conversation.Finish}})
		must(t, err)
		counts, err := w.Counts(t.Context(), w.ana)
		must(t, err)
		if done.Count != 8 || counts[conversation.ViewClosed] != 8 || counts[conversation.ViewMine] != 1 {
			t.Errorf("got %+v %v", done, counts)
		}
		back, err := w.Undo(t.Context(), w.ana, done.Undo)
		must(t, err)
		if counts, err = w.Counts(t.Context(), w.ana); err != nil || back.Count != 8 || counts[conversation.ViewUnassigned] != 8 {
			t.Errorf("after the undo: %+v %v %v", back, counts, err)
		}
		done, err = w.DoBulk(t.Context(), w.ana, conversation.Bulk{Ask: conversation.Ask{View: conversation.ViewAll}, Persons: []id.Person{p[1], p[2], "per_of_another"},
			Action: conversation.Action{Kind: conversation.Tag, Add: []string{"storm"}}})
		must(t, err)
		if c := w.conversation(p[2]); done.Count != 2 || !slices.Equal(c.Tags, []string{"storm"}) {
			t.Errorf("tags: %+v %+v", done, c.Tags)
		}
	})
}

// CV-4: what is written for one person never shows up for another.
func TestDraftsNeverCross(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(4)
		actors := []org.Actor{w.ana, w.ben}
		type key struct {
			person, actor int
			kind          string
		}
		want, rng := map[key]conversation.Draft{}, rand.New(rand.NewPCG(1, 2))
		for i := range 200 {
			k := key{rng.IntN(len(p)), rng.IntN(2), []string{"reply", "note"}[rng.IntN(2)]}
			got, err := w.Draft(t.Context(), actors[k.actor], p[k.person], k.kind)
			must(t, err)
			if got.Text != want[k].Text || got.Version != want[k].Version {
				t.Fatalf("step %d %+v: got %+v, want %+v", i, k, got, want[k])
			}
			saved, err := w.SaveDraft(t.Context(), actors[k.actor], p[k.person], conversation.Draft{Kind: k.kind, Text: fmt.Sprint("text ", i)}, got.Version)
			must(t, err)
			want[k] = saved
		}
		stale, err := w.SaveDraft(t.Context(), w.ana, p[0], conversation.Draft{Kind: "reply", Text: "x"}, 99)
		if errs.CodeOf(err) != "draft_stale" {
			t.Errorf("got %+v %v", stale, err)
		}
		_, err = w.reply(p[0], "Sent")
		must(t, err)
		if got, err := w.Draft(t.Context(), w.ana, p[0], "reply"); err != nil || got.Text != "" {
			t.Errorf("the draft outlived its message: %+v %v", got, err)
		}
	})
}

func TestPresenceFades(t *testing.T) { // IN-6
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(1)[0]
		must(t, w.Present(t.Context(), w.ben, conversation.Presence{Person: p, Viewing: true, Composing: true}))
		if c := w.conversation(p); len(c.Viewers) != 1 || c.Viewers[0].Name != "Ben" || !c.Viewers[0].Composing {
			t.Errorf("got %+v", c.Viewers)
		}
		w.clock.Skip(20 * time.Second)
		if c := w.conversation(p); len(c.Viewers) != 0 {
			t.Errorf("20 seconds later: %+v", c.Viewers)
		}
	})
}

// A member at one node is seen at the others, until they leave or fall silent.
func TestASignFromAnotherNodeCounts(t *testing.T) { // IN-6
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, told := newWorld(t, d), []conversation.Sign{}
		p := w.crowd(1)[0]
		w.OnSign = func(s conversation.Sign) { told = append(told, s) }
		must(t, w.Present(t.Context(), w.ben, conversation.Presence{Person: p, Viewing: true, Composing: true}))
		must(t, w.Present(t.Context(), w.ben, conversation.Presence{Person: p}))
		if len(told) != 2 || !told[0].Here || !told[0].Composing || told[0].Person != p || told[1].Here {
			t.Fatalf("told %+v", told)
		}
		if c := w.conversation(p); len(c.Viewers) != 0 {
			t.Fatalf("after Ben left: %+v", c.Viewers)
		}
		w.Hear(told[0]) // as another node would tell it
		if c := w.conversation(p); len(c.Viewers) != 1 || c.Viewers[0].Name != "Ben" || !c.Viewers[0].Composing {
			t.Errorf("heard of Ben: %+v", c.Viewers)
		}
		w.Hear(told[1])
		if c := w.conversation(p); len(c.Viewers) != 0 {
			t.Errorf("heard that Ben left: %+v", c.Viewers)
		}
	})
}

func TestOpeningReadsNothingAndUnreadIsPersonal(t *testing.T) { // IN-7
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(1)[0]
		must(t, w.Present(t.Context(), w.ana, conversation.Presence{Person: p, Viewing: true}))
		if c := w.conversation(p); c.Unread != 1 || !c.Seen {
			t.Errorf("opening: %+v", c)
		}
		_, err := w.reply(p, "Done")
		must(t, err)
		w.do(w.ana, p, conversation.Action{Kind: conversation.Unread})
		if c := w.conversation(p); c.Unread != 1 {
			t.Errorf("marked as unread: %+v", c)
		}
		if c, err := w.Conversation(t.Context(), w.ben, p); err != nil || c.Unread != 0 {
			t.Errorf("Ben never marked it: %+v %v", c, err)
		}
	})
}

// I27: another workspace's person does not exist here.
func TestAnotherWorkspaceIsNotThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.crowd(1)[0]
		message := w.thread(p)[0].ID
		stranger := org.Actor{Workspace: "ws_other", Member: w.ana.Member, Role: org.Owner, Name: "Eve"}
		for name, try := range map[string]func() error{
			"read":    func() error { _, err := w.Conversation(t.Context(), stranger, p); return err },
			"thread":  func() error { _, err := w.Thread(t.Context(), stranger, p, conversation.Pager{}); return err },
			"message": func() error { _, err := w.Message(t.Context(), stranger, message); return err },
			"write": func() error {
				_, err := w.Write(t.Context(), stranger, conversation.Reply{Person: p, Text: "x"})
				return err
			},
			"close": func() error {
				_, err := w.Do(t.Context(), stranger, p, conversation.Action{Kind: conversation.Finish})
				return err
			},
			"opt out": func() error { return w.OptOut(t.Context(), stranger, p, "", "") },
			"draft": func() error {
				_, err := w.SaveDraft(t.Context(), stranger, p, conversation.Draft{Kind: "reply"}, 0)
				return err
			},
			"present": func() error { return w.Present(t.Context(), stranger, conversation.Presence{Person: p, Viewing: true}) },
		} {
			if err := try(); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestAThreadIsReadInPages(t *testing.T) { // CV-11
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.person(maria, people.Hint{})
		for i := range 25 {
			w.says(p, maria, fmt.Sprint("text ", i))
			w.clock.Skip(time.Duration(i%2) * time.Second) // two of each moment
		}
		w.tx(func(tx *db.Tx) error {
			return w.AddEventTx(t.Context(), tx, conversation.EventLine{Workspace: w.ws, Person: p, Type: "order", Title: "Order #1", Key: "o1"})
		})
		w.tx(func(tx *db.Tx) error {
			return w.AddEventTx(t.Context(), tx, conversation.EventLine{Workspace: w.ws, Person: p, Type: "order", Title: "Order #1", Key: "o1"})
		})
		all := w.thread(p)
		if len(all) != 26 || all[25].Event == nil {
			t.Fatalf("%d lines", len(all))
		}
		read := func(pager conversation.Pager) conversation.Thread {
			page, err := w.Thread(t.Context(), w.ana, p, pager)
			must(t, err)
			return page
		}
		var back []conversation.Message
		page := read(conversation.Pager{Limit: 7})
		for {
			back = append(slices.Clone(page.Items), back...)
			if page.First {
				break
			}
			page = read(conversation.Pager{Limit: 7, Before: conversation.MessageID(page.Next)})
		}
		for i, m := range back {
			if m.ID != all[i].ID {
				t.Fatalf("backwards, line %d is %s, want %s", i, m.ID, all[i].ID)
			}
		}
		forward := read(conversation.Pager{Limit: 7, After: all[20].ID})
		if len(forward.Items) != 5 || !forward.Last || forward.Items[0].ID != all[21].ID {
			t.Errorf("forwards: %+v", forward)
		}
		around := read(conversation.Pager{Limit: 6, Around: all[10].ID})
		if len(around.Items) != 6 || around.Items[3].ID != all[10].ID || around.First || around.Last {
			t.Errorf("around: %+v", around.Items)
		}
		if events := read(conversation.Pager{Filter: conversation.FilterEvents}); len(events.Items) != 1 {
			t.Errorf("events: %+v", events.Items)
		}
		if c := w.conversation(p); c.Unread != 25 || c.Preview != "text 24" {
			t.Errorf("an event counted: %+v", c)
		}
	})
}

func TestAnAgentNotesAnOptOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newYorker(maria)
		w.says(p, maria, "I called you: no more texts, said my son")
		must(t, w.OptOut(t.Context(), w.ana, p, "", "by phone"))
		if got := w.send(conversation.Send{Person: p}); got.Verdict.Code != "opted_out" {
			t.Errorf("got %+v", got.Verdict)
		}
		if _, err := w.reply(p, "Sure"); errs.CodeOf(err) != "opted_out" {
			t.Errorf("got %v", err)
		}
		if c := w.conversation(p); !c.OptedOut {
			t.Errorf("the composer is open: %+v", c)
		}
	})
}

package journey

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/content"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/org"
)

// process is the service as one process has it.
func process(d *db.DB) *Service {
	c := clock.NewManual(1_795_273_200_000_000)
	ids := id.NewSource(c)
	o := org.New(org.Deps{DB: d, Clock: c, IDs: ids, Log: slog.New(slog.DiscardHandler)})
	return New(Deps{DB: d, Clock: c, IDs: ids, Org: o, Content: content.New(), Log: slog.New(slog.DiscardHandler)})
}

func TestWhatAnotherNodePublishesOrPausesIsFollowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, there := process(d), process(d)
		ws := id.Workspace("ws_1")
		actor := org.System(ws)
		entered := func(when string, want ...int) {
			t.Helper()
			list, err := here.programs(t.Context(), d, ws)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, p := range list {
				got = append(got, p.number)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: live versions (-want +got):\n%s", when, diff)
			}
		}
		look := func() {
			t.Helper()
			if err := here.look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var j Journey
		change := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		draft := Definition{V: 1, Name: "Cart", Trigger: Trigger{Event: "cart_abandoned"}, Reentry: Reentry{Rule: "once"}, Steps: []Step{{ID: "end", Type: "stop"}}}
		publish := func(tx *db.Tx) (err error) {
			if j, err = there.SaveDraftTx(t.Context(), tx, actor, j.ID, j.Edit, draft); err != nil {
				return err
			}
			var problems []Problem
			j, problems, err = there.PublishTx(t.Context(), tx, actor, j.ID)
			if len(problems) > 0 {
				t.Errorf("problems %v", problems)
			}
			return err
		}
		entered("before anything is there")
		if _, err := here.Live(t.Context(), d, ws, "jny_none"); !errors.Is(err, ErrUnknown) {
			t.Errorf("live of nothing: %v", err)
		}
		change(publish)
		look()
		entered("published", 1)
		change(publish)
		look()
		entered("published again", 2)
		change(func(tx *db.Tx) error {
			_, err := there.PauseTx(t.Context(), tx, actor, j.ID, true)
			return err
		})
		look()
		entered("paused")
		if live, err := here.Live(t.Context(), d, ws, j.ID); err != nil || live.Name != "Cart" {
			t.Errorf("what a paused journey would enter: %+v %v", live, err)
		}
		change(func(tx *db.Tx) (err error) {
			j, err = there.SaveDraftTx(t.Context(), tx, actor, "", 0, Definition{V: 1, Name: "Draft", Steps: draft.Steps})
			return err
		})
		if _, err := here.Live(t.Context(), d, ws, j.ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("live of a draft: %v", err)
		}
	})
}

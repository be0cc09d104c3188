package db_test

import (
	"errors"
	"slices"
	"testing"

	"parley/internal/db"
	"parley/internal/db/dbtest"
)

func TestQuestionsTogetherAreAnsweredInTheirOrderBehindWhatIsQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var got []int64
		ask := func(text string, args ...any) db.Question {
			return db.Question{Text: text, Args: args, Row: func(r *db.Rows) error {
				var n int64
				err := r.Scan(&n)
				got = append(got, n)
				return err
			}}
		}
		beat := ask("SELECT beat_at FROM outbox_beat WHERE id = $1", int64(1))
		twice := ask("SELECT beat_at + 1 FROM outbox_beat UNION ALL SELECT beat_at + 2 FROM outbox_beat ORDER BY 1")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			tx.Queue(ctx, "INSERT INTO outbox_beat (id, beat_at) VALUES (1, 40)")
			if err := db.Together(ctx, tx, []db.Question{beat, twice, beat}); err != nil {
				return err
			}
			tx.Queue(ctx, "UPDATE outbox_beat SET beat_at = 50")
			return db.Together(ctx, tx, []db.Question{beat})
		})
		if err != nil || !slices.Equal(got, []int64{40, 41, 42, 40, 50}) {
			t.Errorf("inside a unit: %v, %v", got, err)
		}
		got = nil
		if err := db.Together(ctx, d, []db.Question{beat, twice}); err != nil || !slices.Equal(got, []int64{50, 51, 52}) {
			t.Errorf("outside: %v, %v", got, err)
		}
		if err := db.Together(ctx, d, nil); err != nil {
			t.Error(err)
		}
		enough := errors.New("enough")
		stop := db.Question{Text: beat.Text, Args: beat.Args, Row: func(*db.Rows) error { return enough }}
		for name, list := range map[string][]db.Question{"its reader": {beat, stop, beat}, "the database": {beat, ask("SELECT nothing FROM nowhere"), beat}} {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				tx.Queue(ctx, "UPDATE outbox_beat SET beat_at = 60")
				return db.Together(ctx, tx, list)
			})
			if err == nil || name == "its reader" && !errors.Is(err, enough) {
				t.Errorf("a question that fails by %s: %v", name, err)
			}
		}
		got = nil
		if err := db.Together(ctx, d, []db.Question{beat}); err != nil || !slices.Equal(got, []int64{50}) {
			t.Errorf("after units that failed: %v, %v", got, err)
		}
	})
}

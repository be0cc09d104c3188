package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
)

func table(t testing.TB, d *db.DB) {
	t.Helper()
	write(t, d, "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, doc JSONB, flag BOOLEAN)")
}

func write(t testing.TB, d *db.DB, text string, args ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), text, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func ids(t testing.TB, d *db.DB) []int64 {
	t.Helper()
	rows, err := d.Query(t.Context(), "SELECT id FROM thing ORDER BY id")
	got, err := db.Collect(rows, err, func(r *db.Rows) (id int64, err error) { return id, r.Scan(&id) })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAUnitThatFailsLeavesNothingAndItsNeighboursStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		boom := errors.New("boom")
		put := func(id int, err error) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				tx.Queue(t.Context(), "INSERT INTO thing (id) VALUES ($1)", id)
				return err
			}
		}
		got := d.TxEach(t.Context(), []func(*db.Tx) error{put(1, nil), put(2, boom), put(1, nil), put(3, nil)})
		if got[0] != nil || !errors.Is(got[1], boom) || !db.IsUnique(got[2]) || got[3] != nil {
			t.Errorf("errors of the units: %v", got)
		}
		if diff := cmp.Diff([]int64{1, 3}, ids(t, d)); diff != "" {
			t.Errorf("rows kept (-want +got):\n%s", diff)
		}
	})
}

func TestAPanicInAUnitIsAnErrorAndTheWriterGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			tx.Queue(t.Context(), "INSERT INTO thing (id) VALUES (1)")
			panic("poison")
		})
		if !db.IsPanic(err) {
			t.Fatalf("got %v, want a panic as an error", err)
		}
		write(t, d, "INSERT INTO thing (id) VALUES (2)")
		if diff := cmp.Diff([]int64{2}, ids(t, d)); diff != "" {
			t.Errorf("rows kept (-want +got):\n%s", diff)
		}
	})
}

func TestManyCallersShareCommitsAndEachIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := d.TxGrouped(t.Context(), func(tx *db.Tx) error {
					tx.Queue(t.Context(), "INSERT INTO thing (id, name) VALUES ($1, $2)", i, fmt.Sprint(i))
					if i%10 == 0 {
						return errors.New("refused")
					}
					return nil
				})
				if (err != nil) != (i%10 == 0) {
					t.Errorf("unit %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if got := len(ids(t, d)); got != 180 {
			t.Errorf("%d rows kept, want 180", got)
		}
	})
}

func TestHooksRunOnceInTheirPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		var calls []string
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { calls = append(calls, "after") })
			tx.BeforeReturn(func() {
				calls = append(calls, "returning")
				if err := d.Tx(t.Context(), func(*db.Tx) error { return nil }); err != nil { // it may wait for others
					t.Error(err)
				}
			})
			for range 2 {
				tx.BeforeCommit("feed", func() error {
					calls = append(calls, "before")
					tx.Queue(t.Context(), "INSERT INTO thing (id) VALUES (7)")
					return nil
				})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { calls = append(calls, "after a failure") })
			tx.BeforeReturn(func() { calls = append(calls, "returning after a failure") })
			return errors.New("no")
		})
		if diff := cmp.Diff([]string{"before", "after", "returning"}, calls); diff != "" {
			t.Errorf("hooks (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int64{7}, ids(t, d)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}

func TestBulkWritesEveryKindOfValueAndNulls(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		type name string
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			return tx.Bulk(t.Context(), db.Bulk{
				Table: "thing", Columns: []string{"id", "name", "doc", "flag"}, JSON: []string{"doc"},
				Conflict: "ON CONFLICT (id) DO NOTHING",
				Rows: [][]any{
					{1, name("é"), db.JSON(map[string]int{"n": 1}), true},
					{int64(2), nil, nil, nil},
					{1, name("again"), nil, false},
				},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		var n, flag, doc = "", false, map[string]int{}
		if err := d.QueryRow(t.Context(), "SELECT name, flag, doc FROM thing WHERE id = $1", 1).Scan(&n, &flag, db.ScanJSON(&doc)); err != nil {
			t.Fatal(err)
		}
		if n != "é" || !flag || doc["n"] != 1 {
			t.Errorf("got %q %v %v", n, flag, doc)
		}
		if diff := cmp.Diff([]int64{1, 2}, ids(t, d)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}

func TestInListsMatchExactlyTheirValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		var all []string
		for i := range 40 {
			all = append(all, fmt.Sprintf("name %02d", i))
			write(t, d, "INSERT INTO thing (id, name) VALUES ($1, $2)", i, all[i])
		}
		for _, want := range [][]string{nil, {all[2]}, {all[0], all[3], all[5]}, all[:8], all[:9], all[1:38]} {
			rows, err := d.Query(t.Context(), "SELECT name FROM thing WHERE id >= $1 AND name IN "+db.In(len(want), 2)+" ORDER BY name", db.InArgs([]any{0}, want)...)
			got, err := db.Collect(rows, err, func(r *db.Rows) (name string, err error) { return name, r.Scan(&name) })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("IN list (-want +got):\n%s", diff)
			}
		}
	})
}

func TestAMissingRowIsErrNoRowsAndABrokenStatementIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		var n int
		if err := d.QueryRow(t.Context(), "SELECT id FROM thing").Scan(&n); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("no row: got %v", err)
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT id FROM nowhere").Scan(&n)
		})
		if err == nil || errors.Is(err, db.ErrNoRows) {
			t.Errorf("broken statement: got %v", err)
		}
	})
}

func TestI23ASecondProcessOnTheSameFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	first, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), db.Options{Dir: dir}); errs.CodeOf(err) != "data_dir_in_use" {
		t.Errorf("second open: got %v, want data_dir_in_use", err)
	}
	first.Close()
	again, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatalf("open after the first has closed: %v", err)
	}
	again.Close()
}

func TestI20AcknowledgedCommitsAreThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	table(t, d)
	write(t, d, "INSERT INTO thing (id) VALUES (41)")
	var mode, level string
	if err := d.Tx(t.Context(), func(tx *db.Tx) error {
		return errors.Join(tx.QueryRow(t.Context(), "PRAGMA journal_mode").Scan(&mode), tx.QueryRow(t.Context(), "PRAGMA synchronous").Scan(&level))
	}); err != nil {
		t.Fatal(err)
	}
	if mode != "wal" || level != "2" {
		t.Errorf("journal_mode %s, synchronous %s; want wal and 2 (FULL)", mode, level)
	}
	d.Close()
	if d, err = db.Open(t.Context(), db.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if diff := cmp.Diff([]int64{41}, ids(t, d)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	write(t, d, "INSERT INTO schema_step (number, name) VALUES (9999, 'future')")
	d.Close()
	if _, err := db.Open(t.Context(), db.Options{Dir: dir}); errs.CodeOf(err) != "database_newer" {
		t.Errorf("got %v, want database_newer", err)
	}
}

func TestAnUpdateCopiesTheDatabaseFirst(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := db.Migrations(db.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	// Take the last step away again, as if this were yesterday's database.
	last := steps[len(steps)-1]
	write(t, d, "DELETE FROM schema_step WHERE number = $1", last.Number)
	for _, line := range strings.Split(last.Text, "\n") {
		if name, ok := strings.CutPrefix(line, "CREATE TABLE "); ok {
			write(t, d, "DROP TABLE "+strings.Fields(name)[0])
		}
		if name, ok := strings.CutPrefix(strings.Replace(line, "UNIQUE ", "", 1), "CREATE INDEX "); ok {
			write(t, d, "DROP INDEX IF EXISTS "+strings.Fields(name)[0])
		}
	}
	d.Close()
	if d, err = db.Open(t.Context(), db.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	d.Close()
	copies, _ := filepath.Glob(filepath.Join(dir, "parley-before-step-*.db"))
	if len(copies) != 1 {
		t.Fatalf("copies made: %v", copies)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Size() == 0 {
		t.Errorf("the copy is empty: %v", err)
	}
}

func TestACancelledCallerDoesNotUndoItsNeighbours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.TxGrouped(ctx, func(tx *db.Tx) error {
			tx.Queue(ctx, "INSERT INTO thing (id) VALUES (1)")
			return nil
		}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
		if got := ids(t, d); len(got) != 0 {
			t.Errorf("rows kept: %v", got)
		}
	})
}

func BenchmarkTxGrouped64Callers(b *testing.B) {
	engines := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite}
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		engines["postgres"] = dbtest.Postgres
	}
	for engine, open := range engines {
		b.Run(engine, func(b *testing.B) {
			d := open(b)
			table(b, d)
			next := make(chan int, 64)
			var wg sync.WaitGroup
			b.ResetTimer()
			for range 64 {
				wg.Go(func() {
					for i := range next {
						if err := d.TxGrouped(b.Context(), func(tx *db.Tx) error {
							tx.Queue(b.Context(), "INSERT INTO thing (id, name) VALUES ($1, $2)", i, "a text of some length, like a message")
							return nil
						}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
		})
	}
}

func TestNodesHearEachOtherOnPostgreSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		heard, ready, ended := make(chan string, 1), make(chan struct{}, 1), make(chan error, 1)
		go func() {
			ended <- d.Listen(ctx, func(p string) { heard <- p }, func() { ready <- struct{}{} })
		}()
		if d.Engine() == db.Postgres {
			<-ready
			if err := d.Notify(t.Context(), "ws_1"); err != nil {
				t.Fatal(err)
			}
			if got := <-heard; got != "ws_1" {
				t.Errorf("heard %q", got)
			}
		} else if err := d.Notify(t.Context(), "ws_1"); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("listening ended with %v", err)
		}
	})
}

func TestAFolderMayHaveAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a#b?c%20 d")
	d, err := db.Open(t.Context(), db.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	table(t, d)
	write(t, d, "INSERT INTO thing (id) VALUES (1)")
	if got := ids(t, d); len(got) != 1 {
		t.Errorf("read %v", got)
	}
	d.Close()
	if _, err := os.Stat(filepath.Join(dir, "parley.db")); err != nil {
		t.Errorf("the database is somewhere else: %v", err)
	}
}

// Package dbtest gives each test a database of its own on every engine: a SQLite folder always, a PostgreSQL schema
// when TEST_POSTGRES_URL is set, which the continuous checks do.
package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/internal/db"
)

// Each runs fn once per engine, each time on a fresh, migrated database that goes away with the test.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
	}
}

// SQLite is a fresh database in a folder of the test.
func SQLite(tb testing.TB) *db.DB {
	tb.Helper()
	return open(tb, db.Options{Dir: tb.TempDir()})
}

// Postgres is a fresh schema on the server of TEST_POSTGRES_URL.
func Postgres(tb testing.TB) *db.DB {
	tb.Helper()
	return open(tb, db.Options{URL: PostgresURL(tb), MaxConns: 8})
}

// PostgresURL makes a fresh schema and is the address that uses it, for tests that start the whole program.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		tb.Fatal("TEST_POSTGRES_URL is not set")
	}
	name := make([]byte, 6)
	if _, err := rand.Read(name); err != nil {
		tb.Fatal(err)
	}
	schema := "test_" + hex.EncodeToString(name)
	run(tb, base, "CREATE SCHEMA "+schema)
	tb.Cleanup(func() { run(tb, base, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func run(tb testing.TB, address, statement string) {
	tb.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		tb.Fatalf("connect to PostgreSQL for tests: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

func open(tb testing.TB, o db.Options) *db.DB {
	tb.Helper()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		tb.Fatalf("open database: %v", err)
	}
	tb.Cleanup(d.Close)
	return d
}

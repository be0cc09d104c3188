package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"parley/internal/errs"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema. Steps only go forward.
type Migration struct {
	Number int
	Name   string
	Text   string
}

// Migrations are the embedded steps for an engine, in order. NNNN_name.sql serves both engines; a pair
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql is for what differs.
func Migrations(e Engine) ([]Migration, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".sql")
		if rest, only := strings.CutSuffix(base, "."+string(e)); only {
			base = rest
		} else if strings.Contains(base, ".") {
			continue
		}
		number, err := strconv.Atoi(base[:4])
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", file)
		}
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		out = append(out, Migration{number, base, string(text)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Number < out[j].Number })
	for i := 1; i < len(out); i++ {
		if out[i].Number == out[i-1].Number {
			return nil, fmt.Errorf("migrations %s and %s share a number", out[i-1].Name, out[i].Name)
		}
	}
	return out, nil
}

// migrate brings the schema up to date, each step in one transaction, with a backup of a SQLite file before the first.
func (d *DB) migrate(ctx context.Context) error {
	steps, err := Migrations(d.engine)
	if err != nil {
		return err
	}
	err = d.Tx(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS schema_step (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	var done int
	if err := d.QueryRow(ctx, "SELECT COALESCE(MAX(number), 0) FROM schema_step").Scan(&done); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	last := 0
	if len(steps) > 0 {
		last = steps[len(steps)-1].Number
	}
	if done > last {
		return errs.New(errs.Conflict, "database_newer", "This database was written by a newer Parley (schema %d, this program knows %d). Start that version, or restore a backup.", done, last)
	}
	if done > 0 && done < last {
		if err := d.backupBefore(ctx, done); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if err := d.apply(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// apply runs one step unless it ran already, also when several nodes start at once.
func (d *DB) apply(ctx context.Context, step Migration) error {
	err := d.Tx(ctx, func(tx *Tx) error {
		tx.LockTx(ctx, "migrate")
		var have int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM schema_step WHERE number = $1", step.Number).Scan(&have); err != nil || have > 0 {
			return err
		}
		for _, statement := range statements(d.engine, step.Text) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%w in %q", err, statement)
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO schema_step (number, name) VALUES ($1, $2)", step.Number, step.Name)
		return err
	})
	if err != nil {
		return fmt.Errorf("migration %s: %w", step.Name, err)
	}
	return nil
}

// backupBefore copies the SQLite file beside itself. PostgreSQL is backed up by its operator; a step there is one
// transaction, so a failed one leaves the old schema.
func (d *DB) backupBefore(ctx context.Context, from int) error {
	if d.engine != SQLite {
		return nil
	}
	path := filepath.Join(d.dir, fmt.Sprintf("parley-before-step-%04d.db", from+1))
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("backup: %w", err)
	}
	// VACUUM INTO takes no bound name on a read-only connection; the path is ours, quotes are doubled all the same.
	_, err := d.writer.conn.ExecContext(ctx, "VACUUM INTO '"+strings.ReplaceAll(path, "'", "''")+"'")
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "backup_failed", "The database could not be copied to %s before its update, so it was left as it is. Free some disk space and start again.", path)
	}
	d.log.Info("database copied before its update", "copy", path)
	return nil
}

var engineWords = regexp.MustCompile(`/\*(sqlite|postgres) (.*?)\*/`)

// statements splits a step at semicolons at the end of a line, and unwraps /*sqlite ...*/ for that engine.
func statements(e Engine, text string) []string {
	text = engineWords.ReplaceAllStringFunc(text, func(s string) string {
		m := engineWords.FindStringSubmatch(s)
		if m[1] == string(e) {
			return m[2]
		}
		return ""
	})
	var out []string
	for _, s := range strings.Split(text, ";\n") {
		if strings.TrimSpace(stripComments(s)) != "" {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(s), ";"))
		}
	}
	return out
}

func stripComments(s string) string {
	var kept []string
	for _, line := range strings.Split(s, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

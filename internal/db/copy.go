package db

import (
	"context"
	"strings"

	"parley/internal/errs"
)

// Copy writes a SQLite database as it is at this moment into a new file, also while a server writes to it.
func (d *DB) Copy(ctx context.Context, path string) error {
	// The file is asked for without the readers' ban on writing, which VACUUM INTO another file would meet too.
	c, err := d.reader.Conn(ctx)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "backup_failed", "The database could not be read, so nothing was copied.")
	}
	defer func() { _ = c.Close() }()
	if _, err = c.ExecContext(ctx, "PRAGMA query_only = 0"); err == nil {
		_, err = c.ExecContext(ctx, "VACUUM INTO '"+strings.ReplaceAll(path, "'", "''")+"'")
	}
	if _, back := c.ExecContext(ctx, "PRAGMA query_only = 1"); err == nil {
		err = back
	}
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "backup_failed", "The database could not be copied to %s. Free some disk space, or choose another place; the database was left as it is.", path)
	}
	return nil
}

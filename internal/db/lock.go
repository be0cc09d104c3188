package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"parley/internal/errs"
)

// lockFolder keeps a second process out of the same SQLite folder for as long as this one lives (I23). The kernel lets go
// of the lock when the process ends, however it ends.
func lockFolder(ctx context.Context, dir string, wait time.Duration) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "parley.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "data_dir", "The data folder %s cannot be written to. Choose another with --data-dir, or give this user the right to write there.", dir)
	}
	deadline := time.Now().Add(wait)
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, errs.Wrap(err, errs.Conflict, "data_dir_in_use", "Another Parley already runs on the folder %s. Stop it first, or choose another folder with --data-dir.", dir)
	}
	_ = f.Truncate(0)
	_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	return func() { _ = f.Close() }, nil
}

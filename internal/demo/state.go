package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"parley/internal/db"
	"parley/internal/errs"
)

// stateFile marks a folder as the demo's; nothing else is ever removed.
const stateFile = "demo.json"

const stateVersion = 1

// state is what the demo remembers beside its data.
type state struct {
	Version int           `json:"version"`
	Seed    uint64        `json:"seed"`
	Ready   bool          `json:"ready"`   // false while it is being made
	Skipped time.Duration `json:"skipped"` // how far its clock is ahead of the machine's
}

// readState is the state of the folder; the zero state when nothing is there. A folder with data of somebody else is
// refused.
func readState(dir string) (state, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		found, err := os.ReadDir(dir)
		if len(found) > 0 {
			return state{}, errs.New(errs.Conflict, "demo_folder", "The folder %s holds something that is not the demo. Choose another with --data-dir; nothing was changed.", dir)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return state{}, err
	}
	if err != nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || s.Version != stateVersion {
		// It was cut off, or is of another version of the demo: it is made anew.
		return state{Version: stateVersion}, nil //nolint:nilerr // see above
	}
	return s, nil
}

// write stores the state, whole or not at all.
func (s state) write(dir string) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	next := filepath.Join(dir, stateFile+".next")
	if err := os.WriteFile(next, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep the demo's state: %w", err)
	}
	return os.Rename(next, filepath.Join(dir, stateFile))
}

// remove clears the demo's folder, unless a running program holds it.
func remove(ctx context.Context, dir string) error {
	held, err := db.Open(ctx, db.Options{Dir: dir, NoMigrate: true})
	if errs.CodeOf(err) == "data_dir_in_use" {
		return err
	}
	if err == nil {
		held.Close()
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range found {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("clear the demo's folder: %w", err)
		}
	}
	return nil
}

// keepClock writes down how far the clock was moved, now and then and at the end, so that a later start does not go back
// behind what has happened. The returned function ends it.
func (d *Demo) keepClock(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	save := func() {
		if ahead := d.App.Clock.Skipped(); ahead != d.state.Skipped {
			d.state.Skipped = ahead
			if err := d.state.write(d.dir); err != nil {
				d.App.Log.Warn("the demo's clock was not kept", "error", err)
			}
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for ctx.Err() == nil {
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
			save()
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// printMachine says on what, and in what state, the figures below it were measured.
func printMachine(ctx context.Context, out io.Writer, dir, database string) error {
	load, _ := os.ReadFile("/proc/loadavg")
	sync, err := diskSync(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "- %s, %d cores (%s), load before: %s\n", time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.NumCPU(), processor(),
		strings.Join(strings.Fields(string(load))[:3], " "))
	fmt.Fprintf(out, "- %s %s/%s; fdatasync of 4 KiB: p50 %.2f ms\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, float64(sync.Microseconds())/1000)
	if database == "" {
		fmt.Fprintln(out, "- PostgreSQL: not given, SQLite alone")
		return nil
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	var version, fsync, buffers string
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('shared_buffers')").Scan(&version, &fsync, &buffers); err != nil {
		return err
	}
	fmt.Fprintf(out, "- PostgreSQL %s on the same machine, fsync %s, shared_buffers %s\n", version, fsync, buffers)
	return nil
}

func processor() string {
	raw, _ := os.ReadFile("/proc/cpuinfo")
	for _, l := range strings.Split(string(raw), "\n") {
		if name, ok := strings.CutPrefix(l, "model name"); ok {
			return strings.Trim(name, "\t: ")
		}
	}
	return runtime.GOARCH
}

// diskSync is the median time of making 4 KiB durable where the data is.
func diskSync(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page, times := make([]byte, 4096), make([]time.Duration, 0, 200)
	for i := range 200 {
		started := time.Now()
		if _, err := f.WriteAt(page, int64(i)*4096); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
		times = append(times, time.Since(started))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

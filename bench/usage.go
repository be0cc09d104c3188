package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticks is the kernel's clock tick on Linux, in which /proc counts CPU time.
const tick = 10 * time.Millisecond

// ownCPU is the CPU time of this process so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// meter measures a stretch of work: wall time, CPU of this process and of PostgreSQL, and peak memory.
type meter struct {
	started    time.Time
	own        time.Duration
	postmaster int
	database   time.Duration
}

// begin starts the stretch. postmaster is 0 on SQLite.
func begin(postmaster int) meter {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // peak memory counts from here
	return meter{time.Now(), ownCPU(), postmaster, databaseCPU(postmaster)}
}

// end gives the rate and the cost of n pieces.
func (m meter) end(n int) figures {
	wall := time.Since(m.started).Seconds()
	return figures{
		"rate":    float64(n) / wall,
		"seconds": wall,
		"cpu":     float64((ownCPU() - m.own).Nanoseconds()) / 1000 / float64(n),
		"dbcpu":   float64((databaseCPU(m.postmaster) - m.database).Nanoseconds()) / 1000 / float64(n),
		"peak":    memory("VmHWM:"),
	}
}

// memory is a line of /proc/self/status in MB.
func memory(line string) float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, l := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(l, line); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// process is a line of /proc/<pid>/stat.
type process struct {
	parent int
	own    time.Duration
	reaped time.Duration // of children that ended
}

func readProcess(pid int) (process, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The name stands in parentheses and may hold spaces.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 15 {
		return process{}, fmt.Errorf("process %d: %q", pid, raw)
	}
	number := func(i int) time.Duration {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(n) * tick
	}
	parent, _ := strconv.Atoi(fields[1])
	return process{parent, number(11) + number(12), number(13) + number(14)}, nil
}

// databaseCPU is the CPU time of a PostgreSQL server with all its processes, also those that ended.
func databaseCPU(postmaster int) time.Duration {
	if postmaster == 0 {
		return 0
	}
	top, err := readProcess(postmaster)
	if err != nil {
		return 0
	}
	total := top.own + top.reaped
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, e := range entries {
		pid, _ := strconv.Atoi(filepath.Base(e))
		if p, err := readProcess(pid); err == nil && p.parent == postmaster {
			total += p.own
		}
	}
	return total
}

package fault

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// exitKilled is the status that a shell reports for a process ended by signal 9.
const exitKilled = 137

// Points is one armed kill point. It is safe for concurrent use; nil is off.
type Points struct {
	name  string
	skip  atomic.Int64 // hits still to let pass
	fired atomic.Bool
	end   func()
}

// FromEnv arms the point that FAULT_POINT names, after FAULT_POINT_SKIP hits that pass; nil when FAULT_POINT is
// empty. getenv is os.Getenv or a test's own. A FAULT_POINT_SKIP that is not a number is an error.
func FromEnv(getenv func(string) string) (*Points, error) {
	name := getenv("FAULT_POINT")
	if name == "" {
		return nil, nil
	}
	var skip int64
	if text := getenv("FAULT_POINT_SKIP"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("FAULT_POINT_SKIP is %q: give the number of hits that pass, 0 or more", text)
		}
		skip = n
	}
	return New(name, skip, func() {
		fmt.Fprintln(os.Stderr, "fault point reached, ending the process: "+name)
		os.Exit(exitKilled)
	}), nil
}

// SkipFromEnv is how far FAULT_CLOCK moves the program's clock ahead of the machine's: "31m", or "-2h" for the past. A
// test of the whole program starts it again later than it stopped, without waiting. Nothing when FAULT_CLOCK is empty.
func SkipFromEnv(getenv func(string) string) (time.Duration, error) {
	text := getenv("FAULT_CLOCK")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("FAULT_CLOCK is %q: give a duration such as 31m", text)
	}
	return d, nil
}

// New arms the named point: hit number skip+1 calls end, once. Tests that want to survive the fault give an end that
// panics or cancels instead of one that ends the process.
func New(name string, skip int64, end func()) *Points {
	p := &Points{name: name, end: end}
	p.skip.Store(skip)
	return p
}

// Hit says that the program is at the named point. It ends the process there if that is the armed one.
func (p *Points) Hit(name string) {
	if p == nil || p.name != name {
		return
	}
	if p.skip.Add(-1) >= 0 {
		return
	}
	if p.fired.CompareAndSwap(false, true) {
		p.end()
	}
}

// Fired says whether the armed point was reached and its end was called.
func (p *Points) Fired() bool { return p != nil && p.fired.Load() }

package fault_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/fault"
)

func TestHit(t *testing.T) {
	t.Run("a nil set of points is off", func(t *testing.T) {
		var p *fault.Points
		p.Hit("anything")
		if p.Fired() {
			t.Fatal("a nil set of points fired")
		}
	})
	t.Run("only the named point ends", func(t *testing.T) {
		ended := 0
		p := fault.New("after_commit", 0, func() { ended++ })
		p.Hit("before_commit")
		if ended != 0 || p.Fired() {
			t.Fatal("another point ended the process")
		}
		p.Hit("after_commit")
		if ended != 1 || !p.Fired() {
			t.Fatalf("ended %d times, fired %v", ended, p.Fired())
		}
	})
	t.Run("the given number of hits pass, and it fires once under concurrent hits", func(t *testing.T) {
		var ended atomic.Int64
		p := fault.New("x", 10, func() { ended.Add(1) })
		for range 10 {
			p.Hit("x")
		}
		if ended.Load() != 0 {
			t.Fatal("a hit that should pass ended the process")
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { p.Hit("x") })
		}
		wg.Wait()
		if ended.Load() != 1 {
			t.Fatalf("ended %d times, want 1", ended.Load())
		}
	})
}

func TestFromEnv(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	t.Run("no name is off", func(t *testing.T) {
		p, err := fault.FromEnv(env("FAULT_POINT_SKIP", "3"))
		if p != nil || err != nil {
			t.Fatalf("got %v, %v", p, err)
		}
	})
	t.Run("a skip that is not a number is refused", func(t *testing.T) {
		for _, bad := range []string{"two", "-1", "1.5"} {
			if _, err := fault.FromEnv(env("FAULT_POINT", "x", "FAULT_POINT_SKIP", bad)); err == nil {
				t.Errorf("%q was accepted", bad)
			}
		}
	})
	t.Run("the clock is moved by what FAULT_CLOCK says, and not by what cannot be read", func(t *testing.T) {
		for text, want := range map[string]time.Duration{"": 0, "31m": 31 * time.Minute, "-2h": -2 * time.Hour} {
			if got, err := fault.SkipFromEnv(env("FAULT_CLOCK", text)); err != nil || got != want {
				t.Errorf("%q: %v, %v", text, got, err)
			}
		}
		if _, err := fault.SkipFromEnv(env("FAULT_CLOCK", "tomorrow")); err == nil {
			t.Error("a clock that cannot be read was accepted")
		}
	})
	t.Run("the process ends with 137 at the point, past the skipped hits", func(t *testing.T) {
		if os.Getenv("FAULT_TEST_CHILD") == "1" {
			p, err := fault.FromEnv(os.Getenv)
			if err != nil {
				os.Exit(1)
			}
			for range 2 {
				p.Hit("here")
			}
			os.Stdout.WriteString("passed two;")
			p.Hit("here")
			os.Stdout.WriteString("survived;")
			os.Exit(0)
		}
		child := exec.Command(os.Args[0], "-test.run", "^TestFromEnv$")
		child.Env = append(os.Environ(), "FAULT_TEST_CHILD=1", "FAULT_POINT=here", "FAULT_POINT_SKIP=2")
		out, err := child.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 137 {
			t.Fatalf("the child ended with %v, want exit status 137", err)
		}
		if got := string(out); !strings.HasSuffix(got, "passed two;") {
			t.Fatalf("the child wrote %q", got)
		}
	})
}

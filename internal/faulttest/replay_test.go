package faulttest

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// operation is one thing that the program did to a file of its database, as strace saw it.
type operation struct {
	at     time.Time
	file   string // base name
	sync   bool   // everything written to the file before began is durable from here on
	began  int    // of a sync: how many operations came before its start
	bytes  []byte
	offset int64
	cut    bool // the file was cut to offset
}

// recording is all of them, in order.
type recording []operation

// traced are the calls that change files; SQLite uses no others.
const traced = "pwrite64,write,ftruncate,fsync,fdatasync"

// readTrace reads what `strace -f -ttt -y -xx` wrote about the database in dir.
func readTrace(t *testing.T, path, dir string) recording {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line := regexp.MustCompile(`^(\d+) +(\d+\.\d+) (?:<\.\.\. )?(\w+)(?: resumed>|\((\d+)<([^>]*)>)(.*)$`)
	syncing := map[string]operation{} // by thread
	var out recording
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		m := line.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		thread, call, rest := m[1], m[3], m[6]
		o := operation{at: stamp(t, m[2]), file: filepath.Base(unescape(m[5]))}
		isSync := call == "fsync" || call == "fdatasync"
		switch {
		case m[5] == "" && isSync: // resumed
			if o, ok := syncing[thread]; ok && strings.Contains(rest, "= 0") {
				out = append(out, o)
			}
			delete(syncing, thread)
			continue
		case m[5] == "" || !strings.HasPrefix(o.file, "parley.db") || strings.HasSuffix(o.file, "-shm") || filepath.Dir(unescape(m[5])) != dir:
			continue
		case isSync:
			o.sync, o.began = true, len(out)
			if strings.Contains(rest, "unfinished") {
				syncing[thread] = o
				continue
			}
		case call == "ftruncate":
			o.cut, o.offset = true, lastNumber(t, rest, 0)
		case call == "pwrite64":
			o.bytes, o.offset = payload(t, rest), lastNumber(t, rest, 1)
		default:
			t.Fatalf("the database was written in a way the replay does not know: %s", call)
		}
		out = append(out, o)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func stamp(t *testing.T, text string) time.Time {
	seconds, micros, _ := strings.Cut(text, ".")
	a, err := strconv.ParseInt(seconds, 10, 64)
	b, err2 := strconv.ParseInt(micros, 10, 64)
	if err != nil || err2 != nil {
		t.Fatalf("the time %q cannot be read", text)
	}
	return time.Unix(a, b*1000)
}

// unescape reads a path that strace wrote in hexadecimal.
func unescape(path string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(path, `\x`, ""))
	if err != nil || !strings.Contains(path, `\x`) {
		return path
	}
	return string(raw)
}

var quoted = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?`)

func payload(t *testing.T, rest string) []byte {
	t.Helper()
	m := quoted.FindStringSubmatch(rest)
	if m == nil || m[2] != "" {
		t.Fatalf("a write cannot be read: %.100s", rest)
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(m[1], `\x`, ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var number10 = regexp.MustCompile(`, (\d+)`)

// lastNumber is the n-th number among the arguments behind the first.
func lastNumber(t *testing.T, rest string, n int) int64 {
	t.Helper()
	all := number10.FindAllStringSubmatch(quoted.ReplaceAllString(rest, ""), -1)
	if len(all) <= n {
		t.Fatalf("the arguments %.100s cannot be read", rest)
	}
	v, err := strconv.ParseInt(all[n][1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// image is the disk after the power went off at the k-th operation: what was synced is there, and of the rest each write
// is there, missing, or torn at a sector. A disk that ignores syncs promises nothing about any write.
func (r recording) image(t *testing.T, from, to string, k int, ignoreSyncs bool) {
	t.Helper()
	copyDir(t, from, to)
	durable := map[string]int{}
	for _, o := range r[:k] {
		if o.sync && !ignoreSyncs {
			durable[o.file] = max(durable[o.file], o.began)
		}
	}
	files := map[string]*os.File{}
	for i, o := range r[:k] {
		if o.sync {
			continue
		}
		f := files[o.file]
		if f == nil {
			var err error
			if f, err = os.OpenFile(filepath.Join(to, o.file), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			files[o.file] = f
		}
		if i >= durable[o.file] {
			if o = o.damaged(); o.file == "" {
				continue
			}
		}
		var err error
		if o.cut {
			err = f.Truncate(o.offset)
		} else {
			_, err = f.WriteAt(o.bytes, o.offset)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// damaged is what the disk kept of a write that was not synced; without a file when nothing.
func (o operation) damaged() operation {
	const sector = 512
	switch rand.IntN(3) {
	case 0:
		return operation{}
	case 1:
		if n := len(o.bytes) / sector; n > 0 {
			o.bytes = o.bytes[:sector*rand.IntN(n)]
		}
	}
	return o
}

func (r recording) String() string {
	syncs := 0
	for _, o := range r {
		if o.sync {
			syncs++
		}
	}
	return fmt.Sprintf("%d operations, %d of them syncs", len(r), syncs)
}

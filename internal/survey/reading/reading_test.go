package reading_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/survey/reading"
)

// vectors is testdata/<language>.json.
type vectors struct {
	Title     string                      `json:"title"`
	Language  string                      `json:"language"`
	Now       string                      `json:"now"` // on the person's clock
	Questions map[string]reading.Question `json:"questions"`
	Cases     []vector                    `json:"cases"`
}

// vector is one text to one question. Want is the answer in one line; Person is how a person reads it where that differs:
// a known miss.
type vector struct {
	Question string `json:"q"`
	Text     string `json:"text"`
	Want     string `json:"want"`
	Language string `json:"language,omitempty"` // when it is not that of the file
	Person   string `json:"person,omitempty"`
}

func newReader(tb testing.TB) *reading.Reader {
	tb.Helper()
	r, err := reading.New(loadRules(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func loadVectors(tb testing.TB) []vectors {
	tb.Helper()
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) != 3 {
		tb.Fatalf("found %d files of vectors: %v", len(files), err)
	}
	var out []vectors
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.DisallowUnknownFields()
		var v vectors
		if err := decoder.Decode(&v); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		out = append(out, v)
	}
	return out
}

func (v vectors) now(tb testing.TB) time.Time {
	tb.Helper()
	at, err := time.Parse("2006-01-02 15:04", v.Now)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

func (v vectors) language(c vector) string {
	if c.Language != "" {
		return c.Language
	}
	return v.Language
}

// line is an answer in one line: "sure 5", "unsure 3 | 4", "skip", "unread opt_out".
func line(a reading.Answer) string {
	out := string(a.State)
	switch a.State {
	case reading.Sure:
		out += " " + show(a.Value)
	case reading.Unsure:
		var all []string
		for _, v := range a.Alternatives {
			all = append(all, show(v))
		}
		out += " " + strings.Join(all, " | ")
	case reading.Unread:
		out += " " + string(a.Why)
	}
	if a.Asks {
		out += " +asks"
	}
	return out
}

func show(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, "+")
	}
	if b, ok := v.(bool); ok && b {
		return "yes"
	} else if ok {
		return "no"
	}
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func TestAnswersReadAsAPersonReadsThem(t *testing.T) {
	r := newReader(t)
	for _, v := range loadVectors(t) {
		for _, c := range v.Cases {
			q, ok := v.Questions[c.Question]
			if !ok {
				t.Fatalf("%s: no question %q", v.Language, c.Question)
			}
			if got := line(r.Read(q, v.language(c), c.Text, v.now(t))); got != c.Want {
				t.Errorf("%s %s: %q: got %s, want %s", v.language(c), c.Question, c.Text, got, c.Want)
			}
			if c.Person == c.Want {
				t.Errorf("%s %s: %q: a miss that is none", v.Language, c.Question, c.Text)
			}
		}
	}
}

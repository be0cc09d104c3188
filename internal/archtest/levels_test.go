package archtest

import (
	"strings"
	"testing"
)

// levels is the one table of who stands on whom. A package imports lower levels only: never upwards, never sideways.
// Level 0 packages may use each other where Go allows it, because they hold no product words.
var levels = map[string]int{
	"clock": 0, "id": 0, "errs": 0, "money": 0, "phone": 0, "gsm": 0, "db": 0, "mailbox": 0, "job": 0, "feed": 0,
	"egress": 0, "secret": 0, "fault": 0, "httpx": 0, "config": 0,
	"org": 1, "compliance": 1,
	"people":  2,
	"event":   3,
	"channel": 4, "content": 4, "segment": 4,
	"conversation": 5,
	"commerce":     6, "offer": 6, "survey": 6,
	"journey": 7,
	"report":  8, "setup": 8, "simulator": 8,
	"server": 9,
	"app":    10, "demo": 10,
	"archtest": 11, "faulttest": 11,
}

// domain is the capability folder that a package belongs to: "channel" for internal/channel/twilio.
func domain(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestPackagesImportOnlyLowerLevels(t *testing.T) {
	for _, f := range readHouse(t).files {
		from := domain(f.pkg)
		if from == "" {
			continue
		}
		fromLevel, known := levels[from]
		if !known {
			t.Errorf("%s: package %q has no level. Give it one in internal/archtest/levels_test.go: a package without a level has no place in the house.", f.path, from)
			continue
		}
		for _, path := range f.imports() {
			to := domain(strings.TrimPrefix(path, "parley/"))
			if !strings.HasPrefix(path, "parley/internal/") || to == from || f.test && testOnly(path) {
				continue
			}
			if toLevel := levels[to]; toLevel > fromLevel || toLevel == fromLevel && fromLevel > 0 && fromLevel < 10 {
				t.Errorf("%s (level %d) imports %s (level %d). A package imports only lower levels, so that a change never travels upwards or sideways; send a signal, or declare a small interface in the consumer and wire it in internal/app.",
					f.path, fromLevel, path, toLevel)
			}
		}
	}
}

// testOnly says whether an import is test equipment, which any test may use.
func testOnly(path string) bool {
	return strings.HasSuffix(path, "test") || strings.Contains(path, "/channel/sim")
}

func TestAdaptersOnlyTranslate(t *testing.T) {
	forbidden := []string{"db", "job", "mailbox", "feed", "people", "event", "org", "conversation", "journey"}
	for _, f := range readHouse(t).files {
		if f.test || !strings.HasPrefix(f.pkg, "internal/channel/") || strings.HasSuffix(f.pkg, "test") {
			continue
		}
		for _, path := range f.imports() {
			for _, name := range forbidden {
				if path == "parley/internal/"+name {
					t.Errorf("%s imports %s. An adapter translates and classifies; it never stores, never retries and knows no person, so that it can be tested with bytes alone.", f.path, path)
				}
			}
		}
	}
}

func TestOnlyTheGateReachesTheChannels(t *testing.T) {
	for _, f := range readHouse(t).files {
		from := domain(f.pkg)
		if f.test || levels[from] < 6 || levels[from] >= 8 {
			continue
		}
		for _, path := range f.imports() {
			if path == "parley/internal/channel" {
				t.Errorf("%s imports the channel package. There is one door out: everything above level 5 sends through conversation, where consent, quiet hours and caps are checked.", f.path)
			}
		}
	}
}

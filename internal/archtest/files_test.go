package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// platform packages are technology by trade: the rules on where HTTP and SQL stand are about domains.
func isDomain(f file) bool {
	level, ok := levels[domain(f.pkg)]
	return ok && level >= 1 && level <= 8 && f.pkg == "internal/"+domain(f.pkg)
}

func TestHTTPStandsInHTTPFilesAndSQLInStores(t *testing.T) {
	statement := regexp.MustCompile(`["\x60]\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s`)
	for _, f := range readHouse(t).files {
		if f.test || !isDomain(f) {
			continue
		}
		for _, path := range f.imports() {
			if path == "net/http" && !strings.HasPrefix(f.base(), "http") && f.path != "internal/channel/contract.go" {
				t.Errorf("%s imports net/http. HTTP belongs into http*.go of its domain, so that rules can be read and tested without it.", f.path)
			}
		}
		if statement.MatchString(f.text) && !strings.HasPrefix(f.base(), "store") {
			t.Errorf("%s holds SQL. SQL belongs into store*.go of its domain, next to its scan, so that every statement of a table is found in one place.", f.path)
		}
	}
}

func TestATableHasOneOwner(t *testing.T) {
	owners := tableOwners(t)
	if len(owners) < 5 {
		t.Fatalf("found only %d tables; the reading of the migrations is broken", len(owners))
	}
	word := regexp.MustCompile(`(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)`)
	change := regexp.MustCompile(`(?:INTO|UPDATE|DELETE FROM)\s+([a-z_]+)`)
	for _, f := range readHouse(t).files {
		from := domain(f.pkg)
		if f.test || from == "" || from == "report" || from == "db" {
			continue
		}
		names := word
		if from == "segment" { // a question over everybody cannot be put to a service one person at a time
			names = change
		}
		for _, m := range names.FindAllStringSubmatch(f.text, -1) {
			if owner, ok := owners[m[1]]; ok && owner != from {
				t.Errorf("%s names the table %s, which belongs to %s. Ask its service instead, so that a table can change without a search through the house; only report and segment read across.", f.path, m[1], owner)
			}
		}
	}
}

// tableOwners reads "-- owner: people" above each CREATE TABLE.
func tableOwners(t *testing.T) map[string]string {
	t.Helper()
	steps, err := filepath.Glob("../db/migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	create := regexp.MustCompile(`^CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?([a-z_]+)`)
	owners := map[string]string{}
	for _, step := range steps {
		raw, err := os.ReadFile(step)
		if err != nil {
			t.Fatal(err)
		}
		owner := ""
		for _, line := range strings.Split(string(raw), "\n") {
			if name, ok := strings.CutPrefix(line, "-- owner: "); ok {
				owner, _, _ = strings.Cut(strings.TrimSpace(name), " ")
			}
			if m := create.FindStringSubmatch(line); m != nil {
				if owner == "" {
					t.Errorf("%s creates %s without an owner. Write \"-- owner: <package>\" above it.", filepath.Base(step), m[1])
				}
				owners[m[1]], owner = owner, ""
			}
		}
	}
	return owners
}

func TestNothingIsLeftForLater(t *testing.T) {
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|coming so` + `on`)
	for _, f := range readHouse(t).files {
		if m := mark.FindString(f.text); m != "" {
			t.Errorf("%s says %q. What is not built is not mentioned; what is wrong is mended.", f.path, m)
		}
	}
}

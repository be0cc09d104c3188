package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promised are the numbers of the promises that the product makes so far.
func promised() []int {
	var out []int
	for i := 1; i <= 28; i++ {
		out = append(out, i)
	}
	return append(out, 31, 32, 33, 35, 39, 40)
}

// The table of docs/reliability.md names a proof of every promise, and each proof is there.
func TestEveryPromiseNamesTestsThatAreThere(t *testing.T) {
	raw, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (I\d+) \|.*\| (.*) \|$`).FindAllStringSubmatch(string(raw), -1) {
		rows[m[1]] = m[2]
	}
	for _, i := range promised() {
		proofs := rows[fmt.Sprint("I", i)]
		if !strings.Contains(proofs, "`") && proofs != "there are none yet" {
			t.Errorf("docs/reliability.md names no proof of I%d", i)
		}
	}
	if len(rows) != len(promised()) {
		t.Errorf("docs/reliability.md has %d promises, want %d", len(rows), len(promised()))
	}
	there := map[string][]string{}
	for _, m := range regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(raw), -1) {
		if there[m[1]] == nil {
			there[m[1]] = testsOf(t, m[1])
		}
		if !slices.Contains(there[m[1]], m[2]) {
			t.Errorf("docs/reliability.md names %s of internal/%s, which is not there", m[2], m[1])
		}
	}
}

// testsOf are the names of the tests of a package.
func testsOf(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob("../" + pkg + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(raw), -1) {
			out = append(out, m[1])
		}
	}
	return out
}

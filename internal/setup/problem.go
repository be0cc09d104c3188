package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong in a set-up file.
type Problem struct {
	Line int // 0: the file as a whole
	Text string
}

// Problems are all that is wrong in a set-up file, from top to bottom. Nothing was changed.
type Problems []Problem

// Error is one line per problem, without the file's name.
func (p Problems) Error() string { return p.In("set-up file") }

// In is one line per problem as editors and build logs know it: "setup.yaml:12: there is no role \"boss\"".
func (p Problems) In(file string) string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, problem.Line, problem.Text)
		if problem.Line == 0 {
			lines[i] = file + ": " + problem.Text
		}
	}
	return strings.Join(lines, "\n")
}

// sorted is the problems from top to bottom, each once, or nil when there are none.
func (p Problems) sorted() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text)) })
	return slices.Compact(p)
}

func (p *Problems) add(line int, format string, args ...any) {
	*p = append(*p, Problem{line, fmt.Sprintf(format, args...)})
}

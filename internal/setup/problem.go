package setup

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/internal/errs"
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

// Trouble is why a workspace of a file could not be made as the file says. Nothing of that workspace was changed.
type Trouble struct {
	Line int    // of the entry
	What string // "member ana@example.com"
	Err  error
}

// Error is the line, the entry and the reason.
func (t *Trouble) Error() string { return fmt.Sprintf("line %d, %s: %v", t.Line, t.What, t.Err) }

// Unwrap is the reason.
func (t *Trouble) Unwrap() error { return t.Err }

// Explain is an error of Parse, Check or Apply for whoever wrote the file, with "setup.yaml:12: " before each line that is
// about a line of it.
func Explain(err error, file string) string {
	var problems Problems
	if errors.As(err, &problems) {
		return problems.In(file)
	}
	where := file
	for trouble := (*Trouble)(nil); errors.As(err, &trouble); err = trouble.Err {
		where = fmt.Sprintf("%s:%d: %s", file, trouble.Line, trouble.What)
	}
	return where + ": " + reason(err)
}

// reason is what an error tells a person, with what is wrong with each field.
func reason(err error) string {
	var known *errs.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	text := known.Message
	for _, field := range slices.Sorted(maps.Keys(known.Fields)) {
		text += fmt.Sprintf("\n    %s %s", field, known.Fields[field])
	}
	return text
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

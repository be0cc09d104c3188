package content

import (
	"regexp"
	"slices"
	"strings"

	"parley/internal/errs"
)

// Problem is one thing that is wrong with a template.
type Problem struct {
	Line int    `json:"line"`
	Code string `json:"code"`
	Text string `json:"text"`
}

func (p Problem) err() error {
	return errs.New(errs.Invalid, p.Code, "Line %d of the text: %s", p.Line, p.Text).WithField("text", p.Text)
}

// tags are the Liquid tags that a message may use. The others read files (include), keep what they are told from being
// checked (raw, capture), or make tables.
func allowedTag(name string) bool {
	return slices.Contains([]string{"if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase",
		"for", "endfor", "break", "continue", "assign", "comment", "endcomment"}, name)
}

// maxLoops is how deep loops may be nested; with lists of at most maxItems that bounds the work.
const maxLoops = 2

// requiredFilter is put behind each value without a fallback, before its other filters, so that "upcase" of nothing
// does not pass for a text.
const requiredFilter = "parley_required"

var placeholder = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)

// lint checks a template and returns it with requiredFilter put in.
func lint(source string) (string, []Problem) {
	if len(source) > MaxSource {
		return "", []Problem{{Line: 1, Code: "template_too_long", Text: "The template is too long."}}
	}
	l := &linter{}
	var out strings.Builder
	rest := 0
	for _, at := range placeholder.FindAllStringIndex(source, -1) {
		l.between(source[rest:at[0]])
		l.line += strings.Count(source[rest:at[0]], "\n")
		token := source[at[0]:at[1]]
		out.WriteString(source[rest:at[0]])
		if strings.HasPrefix(token, "{%") {
			l.tag(token)
			out.WriteString(token)
		} else {
			out.WriteString(l.object(token))
		}
		l.line += strings.Count(token, "\n")
		rest = at[1]
	}
	l.between(source[rest:])
	out.WriteString(source[rest:])
	return out.String(), l.problems
}

type linter struct {
	line     int // from 0
	loops    int
	problems []Problem
}

func (l *linter) problem(code, text string) {
	l.problems = append(l.problems, Problem{Line: l.line + 1, Code: code, Text: text})
}

// between is text outside of placeholders: a bracket left over there would be sent to the person.
func (l *linter) between(text string) {
	for _, bracket := range []string{"{{", "}}", "{%", "%}"} {
		if at := strings.Index(text, bracket); at >= 0 {
			start := l.line
			l.line += strings.Count(text[:at], "\n")
			l.problem("placeholder_unclosed", "A placeholder is not closed: "+excerpt(text[at:]))
			l.line = start
			return
		}
	}
}

func (l *linter) tag(token string) {
	inner := strings.Trim(token, "{%-} \t\n")
	name, _, _ := strings.Cut(inner, " ")
	switch {
	case !allowedTag(name):
		l.problem("tag_unknown", `The tag "`+name+`" cannot be used in a message.`)
	case strings.Contains(unquoted(inner), ".."):
		l.problem("range_refused", "Counting loops cannot be used in a message.")
	case name == "for":
		l.loops++
		if l.loops > maxLoops {
			l.problem("loop_too_deep", "Loops can be nested twice at most.")
		}
	case name == "endfor":
		l.loops--
	}
}

// object checks one {{ value }} and demands a value unless it has a fallback.
func (l *linter) object(token string) string {
	open, inner, shut := "{{", token[2:len(token)-2], "}}"
	if strings.HasPrefix(inner, "-") {
		open, inner = open+"-", inner[1:]
	}
	if strings.HasSuffix(inner, "-") {
		inner, shut = inner[:len(inner)-1], "-"+shut
	}
	bare := unquoted(inner)
	switch {
	case strings.TrimSpace(bare) == "":
		l.problem("placeholder_empty", "A placeholder names no value: "+excerpt(token))
	case strings.Contains(bare, "{"), strings.Contains(bare, "}"):
		l.problem("placeholder_unclosed", "A placeholder is not closed: "+excerpt(token))
	case strings.Contains(bare, ".."):
		l.problem("range_refused", "Ranges cannot be used in a message.")
	}
	filters := strings.Split(bare, "|")
	for _, f := range filters[1:] {
		if name, _, _ := strings.Cut(strings.TrimSpace(f), ":"); strings.TrimSpace(name) == "default" {
			return token
		}
	}
	value := len(filters[0])
	return open + inner[:value] + " | " + requiredFilter + inner[value:] + shut
}

// unquoted is the text with what stands in quotes blanked out, byte for byte.
func unquoted(text string) string {
	out := []byte(text)
	var quote byte
	for i, c := range out {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			out[i] = ' '
		case c == '"' || c == '\'':
			quote = c
		}
	}
	return string(out)
}

func excerpt(text string) string {
	runes := []rune(text)
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

package content

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/osteele/liquid"

	"parley/internal/errs"
)

// MaxSource is the longest template, in bytes.
const MaxSource = 20_000

// MaxOutput is the longest rendered text, in bytes.
const MaxOutput = 20_000

// cached is how many compiled templates are kept.
const cached = 2000

// Engine compiles and renders templates. It is safe for concurrent use.
type Engine struct {
	liquid *liquid.Engine

	mu        sync.RWMutex
	templates map[string]*Template
}

// New is an engine with an empty cache.
func New() *Engine {
	e := liquid.NewEngine()
	e.StrictVariables()
	safeFilters(e)
	return &Engine{liquid: e, templates: map[string]*Template{}}
}

// Template is a compiled template. It is safe for concurrent use.
type Template struct {
	source   string
	compiled *liquid.Template
	plain    bool // no placeholder at all
}

// Rendered is a text in which the addresses to be shortened are still marked. See Text, Links and With.
type Rendered struct {
	marked string
	links  []string
}

// Compile parses a template, or returns what Lint says about it. Compiled templates are kept.
func (e *Engine) Compile(source string) (*Template, error) {
	e.mu.RLock()
	t := e.templates[source]
	e.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, problems := e.compile(source)
	if len(problems) > 0 {
		return nil, problems[0].err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.templates) >= cached {
		clear(e.templates)
	}
	e.templates[source] = t
	return t, nil
}

func (e *Engine) compile(source string) (*Template, []Problem) {
	strict, problems := lint(source)
	if len(problems) > 0 {
		return nil, problems
	}
	if !strings.Contains(source, "{{") && !strings.Contains(source, "{%") {
		return &Template{source: source, plain: true}, nil
	}
	compiled, err := e.liquid.ParseString(strict)
	if err != nil {
		return nil, []Problem{{Line: max(err.LineNumber(), 1), Code: "template_syntax", Text: syntaxText(err)}}
	}
	return &Template{source: source, compiled: compiled}, nil
}

// Lint says everything that is wrong with a template; nothing means that it can be rendered.
func (e *Engine) Lint(source string) []Problem {
	_, problems := e.compile(source)
	return problems
}

// Render compiles the template and fills it in. See Template.Render.
func (e *Engine) Render(source string, vars map[string]any) (Rendered, error) {
	t, err := e.Compile(source)
	if err != nil {
		return Rendered{}, err
	}
	return t.Render(vars)
}

// Render fills the template in. A value that is missing without a fallback is the error "value_missing"; vars may hold
// texts, numbers, booleans, times, amounts of money, and lists and maps of these.
func (t *Template) Render(vars map[string]any) (r Rendered, err error) {
	if t.plain {
		return Rendered{marked: t.source}, nil
	}
	data, ok := clean(vars).(map[string]any)
	if !ok {
		data = map[string]any{}
	}
	out := &capped{}
	defer func() {
		// Liquid panics where a filter meets a value of another kind, and when the output is cut.
		if v := recover(); v != nil {
			r, err = Rendered{}, renderError(fmt.Errorf("%v", v), out)
		}
	}()
	if err := t.compiled.FRender(out, data); err != nil {
		return Rendered{}, renderError(err, out)
	}
	text, links := collect(out.String())
	return Rendered{text, links}, nil
}

// renderError turns Liquid's words into ours.
func renderError(err error, out *capped) error {
	var missing *missingValue
	switch {
	case out.full:
		return errs.New(errs.TooLarge, "text_too_long", "The text grows beyond %d characters. Shorten the template.", MaxOutput)
	case errors.As(err, &missing), strings.Contains(err.Error(), missingMark), strings.Contains(err.Error(), "undefined variable"):
		return errs.New(errs.Invalid, "value_missing",
			"The text needs %s, which is not known for this person. Nothing was sent. Give it a fallback: {{ name | default: \"there\" }}.",
			missingName(err.Error()))
	}
	return errs.Wrap(err, errs.Invalid, "template_failed", "The text could not be filled in: %s", syntaxText(err))
}

// missingName is the placeholder that had no value, in quotes, as Liquid reports it.
func missingName(text string) string {
	_, rest, found := strings.Cut(text, "{{")
	name, _, closed := strings.Cut(rest, "}}")
	if !found || !closed {
		return "a value"
	}
	name, _, _ = strings.Cut(name, "|")
	return `"` + strings.Trim(name, "- ") + `"`
}

func syntaxText(err error) string {
	text := err.Error()
	if at := strings.Index(text, "Liquid error"); at >= 0 {
		text = strings.TrimPrefix(text[at:], "Liquid error")
	}
	return strings.TrimLeft(strings.ReplaceAll(text, " | "+requiredFilter, ""), ": ")
}

// capped keeps at most MaxOutput bytes and then refuses.
type capped struct {
	strings.Builder
	full bool
}

// Write refuses what would go beyond the limit.
func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > MaxOutput {
		c.full = true
		return 0, errors.New("the text is too long")
	}
	return c.Builder.Write(p)
}

package content

import (
	"errors"
	"strings"
)

// Marks around an address that a short link will take the place of: two characters that Unicode keeps for private use.
const (
	linkOpen = "\ue000"
	linkShut = "\ue001"
)

// mark is the filter "link": {{ cart.url | link }}.
func mark(target string) (string, error) {
	if !strings.HasPrefix(target, "https://") && !strings.HasPrefix(target, "http://") {
		return "", errors.New("a link starts with https://")
	}
	return short(linkOpen + target + linkShut)
}

// collect lists the marked addresses in their order.
func collect(text string) (string, []string) {
	if !strings.Contains(text, linkOpen) {
		return text, nil
	}
	var links []string
	for rest := text; ; {
		_, after, found := strings.Cut(rest, linkOpen)
		target, tail, closed := strings.Cut(after, linkShut)
		if !found || !closed {
			return text, links
		}
		links, rest = append(links, target), tail
	}
}

// Links are the addresses to be shortened, in their order.
func (r Rendered) Links() []string { return r.links }

// Text is the text with its addresses as they are.
func (r Rendered) Text() string { return r.With(r.links) }

// With is the text with each of its addresses replaced; short has one address for each of Links.
func (r Rendered) With(short []string) string {
	if len(r.links) == 0 {
		return r.marked
	}
	var b strings.Builder
	rest := r.marked
	for _, s := range short {
		before, after, _ := strings.Cut(rest, linkOpen)
		_, rest, _ = strings.Cut(after, linkShut)
		b.WriteString(before)
		b.WriteString(s)
	}
	b.WriteString(rest)
	return b.String()
}

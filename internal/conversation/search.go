package conversation

import (
	"context"
	"strings"
	"unicode"

	"parley/internal/id"
	"parley/internal/people"
)

// maxFound bounds how many people a search of the inbox names, so that its work is bounded too.
const maxFound = 500

// search finds people by name, number, address, or by what was written in their threads.
func (s *Service) search(ctx context.Context, ws id.Workspace, text string) ([]id.Person, error) {
	var out []id.Person
	cursor := ""
	for len(out) < maxFound {
		page, err := s.People.List(ctx, s.DB, ws, people.Query{Search: text, Cursor: cursor, Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, p := range page.People {
			out = append(out, p.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if words := wordsOf(text); len(words) > 0 {
		found, err := searchText(ctx, s.DB, s.DB.Engine(), ws, words, maxFound)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return distinct(out), nil
}

// wordsOf are the words of a search, at most eight.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return words[:min(len(words), 8)]
}

// ftsQuery asks SQLite's full-text index for all words, the last one as a beginning. Words hold letters and digits only,
// so nothing in them is syntax.
func ftsQuery(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `body:"` + w + `"`
	}
	return strings.Join(quoted, " AND ") + "*"
}

// tsquery is ftsQuery for PostgreSQL.
func tsquery(words []string) string { return strings.Join(words, " & ") + ":*" }

// likePattern finds a text anywhere, with nothing in it having a meaning of its own.
func likePattern(text string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text))
	return "%" + escaped + "%"
}

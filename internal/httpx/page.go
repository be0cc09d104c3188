package httpx

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"parley/internal/errs"
)

// Page is one page of a list. Next, when set, goes into the query parameter cursor to get the page after it.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
	Total *int64 `json:"total,omitempty" doc:"how many there are in all, where that is cheap to know"`
}

// Paging are the query parameters of a list; embed it in the input of a route.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"1000" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Out is an answer that is only a body.
type Out[T any] struct{ Body T }

// OK is an answer that is only a body.
func OK[T any](body T) *Out[T] { return &Out[T]{Body: body} }

// Done is the answer of a route that has nothing to say.
type Done struct{}

type cursor struct {
	Bind string            `json:"b"`
	At   []json.RawMessage `json:"v"`
}

// EncodeCursor is the place in a list after the row with these sort values, as an opaque text. Bind names the list with
// everything that selects or orders its rows (workspace, view, filter): the cursor is of use for that list only.
func EncodeCursor(bind string, at ...any) string {
	c := cursor{Bind: bound(bind)}
	for _, v := range at {
		raw, err := json.Marshal(v)
		if err != nil {
			panic("httpx: a cursor is made of plain values: " + err.Error())
		}
		c.At = append(c.At, raw)
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic("httpx: a cursor is made of plain values: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// DecodeCursor reads the sort values back into the pointers. It fails with cursor_invalid when the cursor was made for
// another list.
func DecodeCursor(bind, text string, into ...any) error {
	bad := errs.New(errs.Invalid, "cursor_invalid", "This cursor does not belong to this list. Start again without one.")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return bad
	}
	var c cursor
	if json.Unmarshal(raw, &c) != nil || c.Bind != bound(bind) || len(c.At) != len(into) {
		return bad
	}
	for i, target := range into {
		if json.Unmarshal(c.At[i], target) != nil {
			return bad
		}
	}
	return nil
}

func bound(bind string) string {
	sum := sha256.Sum256([]byte(bind))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

package content

import (
	"strings"
	"unicode/utf8"

	"parley/internal/errs"
)

// Carrier is what a channel carries, as far as shaping needs it.
type Carrier struct {
	Media    bool
	MaxMedia int64 // bytes of one file; 0 = any
	MaxUnits int   // characters of a text; 0 = any
}

// File is one file of a message. Link is a public address where the person can open it.
type File struct {
	URL         string
	Link        string
	ContentType string
	Name        string
	Size        int64
}

// Shaped is a message as the channel can carry it.
type Shaped struct {
	Text  string
	Files []File
}

// Shape fits a message to a channel: a file that it cannot carry becomes a link behind the text. A text is never cut:
// one that is too long is the error "text_too_long".
func Shape(text string, files []File, c Carrier) (Shaped, error) {
	out := Shaped{Text: text}
	for _, f := range files {
		if c.Media && (c.MaxMedia == 0 || f.Size <= c.MaxMedia) {
			out.Files = append(out.Files, f)
			continue
		}
		if f.Link == "" {
			return Shaped{}, errs.New(errs.Invalid, "media_unsupported",
				"This channel cannot carry the file %s, and it has no address to link to. Nothing was sent.", f.Name)
		}
		out.Text = strings.TrimRight(out.Text, " \n") + "\n" + f.Link
	}
	out.Text = strings.TrimPrefix(out.Text, "\n")
	if n := utf8.RuneCountInString(out.Text); c.MaxUnits > 0 && n > c.MaxUnits {
		return Shaped{}, errs.New(errs.Invalid, "text_too_long",
			"The text has %d characters; this channel carries %d. Shorten it; nothing was sent.", n, c.MaxUnits)
	}
	return out, nil
}

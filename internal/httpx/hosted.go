package httpx

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed hosted.css
var hostedCSS string

// Hosted is a page that Parley shows to people who have no account: plain HTML, nothing loaded, no script, so that its
// policy can forbid all of them.
type Hosted struct {
	page   *template.Template
	policy string
}

// NewHosted parses a page. {{style}} in its head is the look that all hosted pages share.
func NewHosted(name, html string) Hosted {
	sum := sha256.Sum256([]byte(hostedCSS))
	style := func() template.HTML { return template.HTML("<style>" + hostedCSS + "</style>") } // #nosec G203 -- our own file
	return Hosted{
		page:   template.Must(template.New(name).Funcs(template.FuncMap{"style": style}).Parse(html)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	}
}

// Show writes the page. When it cannot be made, the status is 500 and the error says why.
func (h Hosted) Show(w http.ResponseWriter, status int, view any) error {
	var page bytes.Buffer
	err := h.page.Execute(&page, view)
	if err != nil {
		status, err = http.StatusInternalServerError, fmt.Errorf("write the page %s: %w", h.page.Name(), err)
		page.Reset()
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", h.policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
	return err
}

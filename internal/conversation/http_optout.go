package conversation

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

//go:embed optout.html
var optOutHTML string

// optOutPage is the public page on which anybody can ask not to be texted: plain HTML, nothing loaded.
type optOutPage struct {
	service *Service
	page    httpx.Hosted
}

// optOutView is what the page shows.
type optOutView struct {
	Title   string
	Brand   string
	Contact string
	Form    bool
	Number  string // as it was typed
	Problem string
	Done    bool
}

// optOutAfter is how long an answer takes at least, so that its time tells nobody which numbers the brand knows.
const optOutAfter = 300 * time.Millisecond

func (s *Service) optOutRoutes(api *httpx.API) {
	p := optOutPage{service: s, page: httpx.NewHosted("opt-out", optOutHTML)}
	api.Raw(httpx.Route{Method: http.MethodGet, Path: "/p/{slug}/stop", ID: "opt-out-page", Summary: "Where anybody can ask not to be texted", Permission: httpx.Public,
		Rate: httpx.Rate{Burst: 60, Every: time.Second}}, p.show)
	api.Raw(httpx.Route{Method: http.MethodPost, Path: "/p/{slug}/stop", ID: "opt-out-by-web", Summary: "Ask not to be texted", Permission: httpx.Public,
		MaxBody: 4 << 10, Rate: httpx.Rate{Burst: 10, Every: time.Minute}}, p.take)
}

// show is the empty form.
func (p optOutPage) show(w http.ResponseWriter, r *http.Request) {
	brand, ok := p.brand(w, r)
	if ok {
		p.write(w, http.StatusOK, p.form(brand))
	}
}

// take honours a request. The answer is the same for every number that can be one.
func (p optOutPage) take(w http.ResponseWriter, r *http.Request) {
	enough := time.After(optOutAfter)
	brand, ok := p.brand(w, r)
	if !ok {
		return
	}
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(r.Body); err != nil {
		p.refuse(w, http.StatusBadRequest, brand, "That did not arrive whole, and nothing was changed. Please try again.", "")
		return
	}
	r.Body = http.NoBody
	typed := fieldOf(raw.String(), "number")
	number, err := phone.Parse(typed, brand.Country)
	if err != nil {
		p.refuse(w, http.StatusUnprocessableEntity, brand, "That is not a whole phone number yet. Write it with its country code, for example +1 212 555 0142.", typed)
		return
	}
	err = p.service.OptOutByWeb(r.Context(), WebOptOut{Workspace: brand, Number: number, Proof: proofOf(r, raw.String())})
	if err != nil {
		p.service.Log.Error("an opt-out on the web page was not taken", "workspace", brand.ID, "error", err)
		p.refuse(w, http.StatusServiceUnavailable, brand, "This did not work just now, and nothing was changed. Please try again in a minute, or answer STOP to any of our texts.", typed)
		return
	}
	pause(r.Context(), enough)
	view := p.form(brand)
	view.Title, view.Form, view.Done = "No more texts to this number", false, true
	p.write(w, http.StatusOK, view)
}

// pause waits for the time to be up, or for the client to be gone.
func pause(ctx context.Context, up <-chan time.Time) {
	select {
	case <-up:
	case <-ctx.Done():
	}
}

// proofOf is the evidence of a request: what was sent, verbatim, and from where.
func proofOf(r *http.Request, raw string) people.Proof {
	client := httpx.ClientFrom(r.Context())
	proof := people.Proof{Text: strings.ToValidUTF8(raw, "?"), SourceURL: client.Origin + r.URL.Path, FormID: "opt-out page", UserAgent: fmt.Sprintf("%.300s", r.UserAgent())}
	if client.Addr.IsValid() {
		proof.IP = client.Addr.String()
	}
	return proof
}

// fieldOf is a field of a form as browsers send it.
func fieldOf(raw, name string) string {
	r, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(raw)) //nolint:noctx // it is only read, never sent
	if err != nil {
		return ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.PostFormValue(name)
}

// brand is the workspace of the address; it answers itself when there is none.
func (p optOutPage) brand(w http.ResponseWriter, r *http.Request) (org.Workspace, bool) {
	ws, err := p.service.Org.BySlug(r.Context(), p.service.DB, r.PathValue("slug"))
	switch {
	case errors.Is(err, org.ErrNoWorkspace):
		p.write(w, http.StatusNotFound, optOutView{Title: "This page leads nowhere", Problem: "Perhaps a letter of the address is missing. Answering STOP to any text stops them too."})
	case err != nil:
		p.service.Log.Error("the opt-out page could not be shown", "error", err, "code", errs.CodeOf(err))
		p.write(w, http.StatusServiceUnavailable, optOutView{Title: "One moment, please", Problem: "This page cannot be shown right now. Please try again in a minute, or answer STOP to any of our texts."})
	}
	return ws, err == nil
}

func (p optOutPage) form(ws org.Workspace) optOutView {
	return optOutView{Title: "Stop texts from " + ws.Settings.Brand, Brand: ws.Settings.Brand, Contact: ws.Settings.SupportContact, Form: true}
}

func (p optOutPage) refuse(w http.ResponseWriter, status int, ws org.Workspace, problem, typed string) {
	view := p.form(ws)
	view.Problem, view.Number = problem, typed
	p.write(w, status, view)
}

func (p optOutPage) write(w http.ResponseWriter, status int, view optOutView) {
	if err := p.page.Show(w, status, view); err != nil {
		p.service.Log.Error("the opt-out page could not be written", "error", err)
	}
}

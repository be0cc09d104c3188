package server

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// webApp serves the built web app from memory: its files, and index.html for every other page, because the app routes
// by itself.
type webApp struct {
	files map[string]webFile
	index webFile
}

// webFile is a file with the smaller forms that the build made of it.
type webFile struct {
	plain, br, gz []byte
	kind          string // content type
	etag          string
	forever       bool // its name changes with its content
}

const noApp = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley</title>
<p>Parley is running, but this build has no web app. The API is described in <a href="/api/openapi.yaml">/api/openapi.yaml</a>.</p>
`

func loadWeb(root fs.FS) (*webApp, error) {
	app := &webApp{files: map[string]webFile{}}
	if root != nil {
		if err := fs.WalkDir(root, ".", app.load(root)); err != nil {
			return nil, fmt.Errorf("read the web app: %w", err)
		}
	}
	app.index = app.files["/index.html"]
	if app.index.plain == nil {
		app.index = newWebFile("/index.html", []byte(noApp))
	}
	delete(app.files, "/index.html")
	return app, nil
}

func (a *webApp) load(root fs.FS) fs.WalkDirFunc {
	return func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f := newWebFile("/"+name, body)
		if f.br, err = optional(root, name+".br"); err != nil {
			return err
		}
		if f.gz, err = optional(root, name+".gz"); err != nil {
			return err
		}
		a.files["/"+name] = f
		return nil
	}
}

func optional(root fs.FS, name string) ([]byte, error) {
	body, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return body, err
}

func newWebFile(name string, body []byte) webFile {
	sum := sha256.Sum256(body)
	return webFile{plain: body, kind: contentType(name), etag: `"` + hex.EncodeToString(sum[:8]) + `"`, forever: strings.HasPrefix(name, "/assets/")}
}

// contentType does not ask the machine, whose table may say anything.
func contentType(name string) string {
	known := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
		".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2",
		".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".mp3": "audio/mpeg",
	}
	if kind, ok := known[path.Ext(name)]; ok {
		return kind
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// ServeHTTP serves a file, or the app for anything that looks like a page.
func (a *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This address answers GET only.", http.StatusMethodNotAllowed)
		return
	}
	if f, ok := a.files[path.Clean(r.URL.Path)]; ok {
		f.serve(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/assets/") || path.Ext(r.URL.Path) != "" && path.Ext(r.URL.Path) != ".html" {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	a.index.serve(w, r)
}

func (f webFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	switch {
	case f.br != nil && accepts(r, "br"):
		body = f.br
		h.Set("Content-Encoding", "br")
	case f.gz != nil && accepts(r, "gzip"):
		body = f.gz
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// accepts says whether the browser takes the encoding; one with weight 0 is refused.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name != encoding {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return weight == "" || err != nil || q > 0
	}
	return false
}

//go:build ui

package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the files of the built app, index.html at the root; ok is false when the binary was built without it.
func Files() (files fs.FS, ok bool) {
	files, err := fs.Sub(dist, "dist")
	return files, err == nil
}

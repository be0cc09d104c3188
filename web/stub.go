//go:build !ui

package web

import "io/fs"

// Files are the files of the built app, index.html at the root; ok is false when the binary was built without it.
func Files() (files fs.FS, ok bool) {
	return nil, false
}

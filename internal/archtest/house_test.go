package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// file is one hand-written Go file of the project.
type file struct {
	path  string // from the project's root, with slashes
	pkg   string // folder, for example "internal/people"
	test  bool
	lines int
	text  string
	ast   *ast.File
}

// house is all Go files, parsed once.
type house struct {
	root  string
	fset  *token.FileSet
	files []file
}

func readHouse(t *testing.T) house {
	t.Helper()
	h := house{root: "../..", fset: token.NewFileSet()}
	err := filepath.WalkDir(h.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := h.read(path)
		if err == nil && !strings.Contains(f.text, "DO NOT EDIT.") {
			h.files = append(h.files, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) < 20 {
		t.Fatalf("found only %d files; the walk is broken", len(h.files))
	}
	return h
}

func (h house) read(path string) (file, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return file{}, err
	}
	tree, err := parser.ParseFile(h.fset, path, raw, parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	rel, err := filepath.Rel(h.root, path)
	rel = filepath.ToSlash(rel)
	return file{
		path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(rel, "_test.go"),
		lines: strings.Count(string(raw), "\n"), text: string(raw), ast: tree,
	}, err
}

// imports are the import paths of a file.
func (f file) imports() []string {
	var out []string
	for _, spec := range f.ast.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		out = append(out, path)
	}
	return out
}

// base is the file's name.
func (f file) base() string { return filepath.Base(f.path) }

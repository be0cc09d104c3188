package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

const (
	fileLimit     = 600
	testFileLimit = 800
	functionLimit = 80
	paramLimit    = 5 // after the context
	methodLimit   = 7
)

func TestFilesAndFunctionsStayShort(t *testing.T) {
	h := readHouse(t)
	for _, f := range h.files {
		limit := fileLimit
		if f.test {
			limit = testFileLimit
		}
		if f.lines > limit {
			t.Errorf("%s has %d lines, more than %d. A file is read from top to bottom; split it by noun.", f.path, f.lines, limit)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.test {
				continue
			}
			if n := h.fset.Position(fn.End()).Line - h.fset.Position(fn.Pos()).Line; n > functionLimit {
				t.Errorf("%s: %s has %d lines, more than %d. Give its parts names.", f.path, fn.Name.Name, n, functionLimit)
			}
			if n := params(fn); n > paramLimit {
				t.Errorf("%s: %s takes %d parameters after the context. More than %d become a struct whose fields have names.", f.path, fn.Name.Name, n, paramLimit)
			}
		}
	}
}

func params(fn *ast.FuncDecl) int {
	n := 0
	for i, field := range fn.Type.Params.List {
		if sel, ok := field.Type.(*ast.SelectorExpr); i == 0 && ok && sel.Sel.Name == "Context" {
			continue
		}
		n += max(1, len(field.Names))
	}
	return n
}

func TestInterfacesStaySmall(t *testing.T) {
	for _, f := range readHouse(t).files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > methodLimit {
					t.Errorf("%s: interface %s has %d methods, more than %d. Small interfaces can be fulfilled; large ones are mocked.", f.path, spec.Name.Name, i.Methods.NumFields(), methodLimit)
				}
			}
			return true
		})
	}
}

func TestThereIsNoGlobalStateAndNoInit(t *testing.T) {
	for _, f := range readHouse(t).files {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function. What happens at start-up is written in internal/app, in order.", f.path)
			}
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				checkVars(t, f, g)
			}
		}
	}
}

// checkVars refuses package variables that look like live state: maps made to be filled, pointers, locks, counters.
func checkVars(t *testing.T, f file, g *ast.GenDecl) {
	t.Helper()
	for _, s := range g.Specs {
		spec := s.(*ast.ValueSpec)
		for _, name := range spec.Names {
			if len(spec.Values) == 0 && name.Name != "_" && !strings.Contains(f.text, "//go:embed") {
				t.Errorf("%s: package variable %s has no value of its own, so somebody fills it later. State lives in a struct that app builds.", f.path, name.Name)
			}
		}
	}
}

func TestEveryPackageAndExportedNameIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	h := readHouse(t)
	for _, f := range h.files {
		if f.ast.Doc != nil {
			documented[f.pkg] = true
		}
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			checkDoc(t, f, d)
		}
	}
	for _, f := range h.files {
		if !f.test && !documented[f.pkg] {
			t.Errorf("package %s has no comment. Say in doc.go what it is, its invariants, tables and signals.", f.pkg)
			documented[f.pkg] = true
		}
	}
}

func checkDoc(t *testing.T, f file, d ast.Decl) {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			t.Errorf("%s: %s has no comment.", f.path, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					t.Errorf("%s: type %s has no comment.", f.path, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					t.Errorf("%s: %s has no comment.", f.path, s.Names[0].Name)
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"parley/internal/journey"
	"parley/internal/org"
)

// MaxSize is how large a set-up file, or a file that it names, may be, in bytes.
const MaxSize = 4 << 20

// Parse reads a set-up file. env gives the values of ${NAME}, dir holds the files that are named in it. What is wrong is
// told as Problems, with the line of each.
func Parse(raw []byte, env func(string) (string, bool), dir fs.FS) (File, error) {
	p := &parser{dir: dir}
	if len(raw) > MaxSize {
		return File{}, Problems{{0, "the file is larger than 4 MiB"}}
	}
	if !p.document(raw) {
		return File{}, p.problems.sorted()
	}
	p.strict(raw)
	expand(&p.root, env, &p.problems)
	var f File
	p.told(p.root.Decode(&f), nil)
	if len(p.problems) > 0 {
		return File{}, p.problems.sorted()
	}
	p.file(&f)
	if len(p.problems) > 0 {
		return File{}, p.problems.sorted()
	}
	return f, nil
}

// parser reads one file.
type parser struct {
	root     yaml.Node
	dir      fs.FS
	problems Problems
}

// document reads the one document of the file into the tree.
func (p *parser) document(raw []byte) bool {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	var root yaml.Node
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		p.problems.add(0, "the file is empty")
		return false
	} else if err != nil {
		p.told(err, nil)
		return false
	}
	p.root = root
	if err := d.Decode(&root); !errors.Is(err, io.EOF) {
		p.problems.add(0, "the file holds more than one document; write several workspaces into one list instead")
		return false
	}
	return true
}

// strict finds fields that do not exist and names that are given twice. Values are judged later, when variables are in.
func (p *parser) strict(raw []byte) {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	var f File
	p.told(d.Decode(&f), func(text string) bool {
		return strings.Contains(text, "not found in type") || strings.Contains(text, "already")
	})
}

var (
	atLine  = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): (?s:(.*))$`)
	unknown = regexp.MustCompile(`^field (\S+) not found in type setup\.(\w+)$`)
	wrong   = regexp.MustCompile(`^cannot unmarshal (?:!!\w+ )?(.*) into (.*)$`)
)

// told turns the reader's errors into problems; keep says which of them, nil is all.
func (p *parser) told(err error, keep func(string) bool) {
	var list *yaml.TypeError
	switch {
	case err == nil:
		return
	case errors.As(err, &list):
		for _, text := range list.Errors {
			if keep == nil || keep(text) {
				p.tell(text)
			}
		}
	case keep == nil || keep(err.Error()):
		p.tell(err.Error())
	}
}

func (p *parser) tell(text string) {
	line := 0
	if m := atLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = m[2]
	}
	if m := unknown.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("there is no field %q in %s", m[1], place(m[2]))
	} else if m := wrong.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("%s is not %s", m[1], sort(m[2]))
	}
	p.problems.add(line, "%s", strings.TrimPrefix(text, "yaml: "))
}

// place names a type of this package for people.
func place(name string) string {
	switch name {
	case "File":
		return "the file"
	case "APIKey":
		return "an API key"
	case "Offer":
		return "an offer"
	}
	return "a " + strings.ToLower(name)
}

// sort names a type of Go for people.
func sort(name string) string {
	switch {
	case strings.Contains(name, "int"):
		return "a whole number"
	case strings.Contains(name, "bool"):
		return "true or false"
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case strings.HasPrefix(name, "map") || strings.HasPrefix(name, "setup."):
		return "a list of fields"
	}
	return "a text"
}

// at is the line of something in the tree: fields by name, entries by number. It is the line of what is there of the way.
func (p *parser) at(path ...any) int {
	node := &p.root
	for _, step := range append([]any{0}, path...) {
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if node.Kind != yaml.MappingNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

// file checks what was read, and reads the files that it names.
func (p *parser) file(f *File) {
	if f.Version != Version {
		p.problems.add(p.at("version"), "version must be %d", Version)
	}
	if len(f.Workspaces) == 0 {
		p.problems.add(p.at("workspaces"), "there are no workspaces in the file")
	}
	seen := names{}
	for i := range f.Workspaces {
		w := &f.Workspaces[i]
		w.Line = p.at("workspaces", i)
		p.once(seen, w.Line, "workspace", w.Slug)
		p.workspace(w, i)
	}
}

// overlay reads fields into a struct that the API knows, strictly and one by one, so that each problem has its line.
func (p *parser) overlay(fields map[string]any, into any, path ...any) {
	for key, value := range fields {
		if err := setField(into, key, value); err != nil {
			p.problems.add(p.at(append(path, key)...), "%v", err)
		}
	}
}

// setField sets one field by its name in the API.
func setField(into any, key string, value any) error {
	raw, err := json.Marshal(map[string]any{key: value})
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", key, err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: a %s is not %s", wrong.Field, wrong.Value, sort(wrong.Type.String()))
	case err != nil:
		return fmt.Errorf("there is no such field: %s", strings.TrimPrefix(err.Error(), "json: unknown field "))
	}
	return nil
}

// definition reads a journey's definition from the file itself or from the file that it names.
func (p *parser) definition(j *Journey, path ...any) {
	if (j.Definition == nil) == (j.DefinitionFile == "") {
		p.problems.add(j.Line, "the journey %q needs either definition or definition_file", j.Name)
		return
	}
	fields, line := j.Definition, p.at(append(path, "definition")...)
	if j.DefinitionFile != "" {
		line = p.at(append(path, "definition_file")...)
		raw, err := p.read(j.DefinitionFile)
		if err == nil {
			err = yaml.Unmarshal(raw, &fields)
		}
		if err != nil {
			p.problems.add(line, "%v", err)
			return
		}
	}
	raw, err := json.Marshal(fields)
	if err == nil {
		j.Read, err = journey.ParseDefinition(raw)
	}
	if err != nil {
		p.problems.add(line, "the definition of %q cannot be read: %v", j.Name, err)
		return
	}
	if j.Read.Name != "" && j.Read.Name != j.Name {
		p.problems.add(line, "the definition is named %q, and its entry %q", j.Read.Name, j.Name)
	}
	j.Read.Name = j.Name
}

// read is a file beside the set-up file.
func (p *parser) read(name string) ([]byte, error) {
	if !fs.ValidPath(name) || p.dir == nil {
		return nil, fmt.Errorf("%q is not a file below the folder of the set-up file", name)
	}
	f, err := p.dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err == nil && len(raw) > MaxSize {
		err = fmt.Errorf("%s is larger than 4 MiB", name)
	}
	return raw, err
}

// settingsOf is the settings with what the file says laid over them. Parse has tried it.
func settingsOf(now org.Settings, fields map[string]any) (org.Settings, error) {
	for key, value := range fields {
		if err := setField(&now, key, value); err != nil {
			return now, err
		}
	}
	return now, nil
}

package httpx

import (
	"encoding/json"
	"io"
	"path"
	"reflect"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
)

// OpenAPI is the description of all JSON routes, version 3.1, as YAML. It is the same on every run.
func (api *API) OpenAPI() ([]byte, error) { return api.huma.OpenAPI().YAML() }

func (api *API) config() huma.Config {
	format := huma.Format{
		Marshal: func(w io.Writer, v any) error {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			return encoder.Encode(v)
		},
		Unmarshal: json.Unmarshal,
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Parley", Version: api.options.Version},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", api.schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"key":     {Type: "http", Scheme: "bearer", Description: "an API key"},
					"session": {Type: "apiKey", In: "cookie", Name: "parley", Description: "the cookie of POST /login"},
				},
			},
			Security: []map[string][]string{{"key": {}}, {"session": {}}},
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ownProblem},
	}
}

// schemaName names a type by its package and its own name, so that two domains may both have a Message. Types without
// a name go by their operation.
func (api *API) schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return camel(api.registering.ID) + camel(hint)
	}
	if t.PkgPath() == reflect.TypeFor[huma.ErrorModel]().PkgPath() {
		return "Huma" + t.Name()
	}
	name, arguments, _ := strings.Cut(t.Name(), "[")
	out := camel(name)
	if own := path.Base(t.PkgPath()); own != "httpx" && own != "money" && !strings.HasPrefix(strings.ToLower(name), own) {
		out = camel(own) + out
	}
	for argument := range strings.SplitSeq(strings.TrimSuffix(arguments, "]"), ",") {
		out += camel(path.Base(argument))
	}
	return out
}

// camel writes "list-people" and "org.Member" as ListPeople and OrgMember.
func camel(text string) string {
	var out strings.Builder
	up := true
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		out.WriteRune(r)
		up = false
	}
	return out.String()
}

// problemResponse describes the answer of every failure.
func (api *API) problemResponse() *huma.Response {
	schema := api.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	return &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
}

// tidySchemas removes huma's own error types, which no answer has, and says that lists are never null.
func (api *API) tidySchemas() {
	schemas := api.huma.OpenAPI().Components.Schemas.Map()
	for name, schema := range schemas {
		if strings.HasPrefix(name, "HumaError") {
			delete(schemas, name)
			continue
		}
		neverNull(schema)
	}
}

func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, property := range s.Properties {
		neverNull(property)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(more)
	}
}

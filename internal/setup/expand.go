package setup

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand puts the values of ${NAME} into all scalars of a tree. What a variable holds is a text: it never becomes more
// YAML. Only numbers and booleans that stand alone are read as what they look like.
func expand(node *yaml.Node, env func(string) (string, bool), problems *Problems) {
	if node.Kind == yaml.ScalarNode && strings.Contains(node.Value, "${") {
		text, err := fill(node.Value, env)
		if err != nil {
			problems.add(node.Line, "%v", err)
			return
		}
		plain := node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
		node.Value, node.Tag = text, ""
		if tag := node.ShortTag(); !plain || tag != "!!int" && tag != "!!float" && tag != "!!bool" {
			node.Tag = "!!str"
		}
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			continue // names are never made of variables
		}
		expand(child, env, problems)
	}
}

// fill replaces ${NAME} by the variable, and $${ by ${.
func fill(text string, env func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for text != "" {
		switch at := strings.IndexByte(text, '$'); {
		case at < 0:
			out.WriteString(text)
			return out.String(), nil
		case strings.HasPrefix(text[at:], "$${"):
			out.WriteString(text[:at] + "${")
			text = text[at+3:]
		case strings.HasPrefix(text[at:], "${"):
			name, rest, closed := strings.Cut(text[at+2:], "}")
			if !closed || !variableName.MatchString(name) {
				return "", fmt.Errorf("%q is not a variable such as ${NAME}; a ${ that is meant as text is written $${", text[at:])
			}
			value, set := env(name)
			if !set {
				return "", fmt.Errorf("the environment variable %s is not set", name)
			}
			out.WriteString(text[:at] + value)
			text = rest
		default:
			out.WriteString(text[:at+1])
			text = text[at+1:]
		}
	}
	return out.String(), nil
}

// literal is a text that fill leaves as it is.
func literal(text string) string { return strings.ReplaceAll(text, "${", "$${") }

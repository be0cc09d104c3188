package shipped

import (
	"embed"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Definition is a journey that comes with the program, as it would be posted to the API.
type Definition struct {
	File string // "cart-recovery.json"
	JSON []byte
}

// Definitions are all shipped journeys, by file name. It fails only when the build is broken.
func Definitions() ([]Definition, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list shipped journeys: %w", err)
	}
	out := make([]Definition, 0, len(entries))
	for _, e := range entries {
		raw, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read shipped journey %s: %w", e.Name(), err)
		}
		out = append(out, Definition{e.Name(), raw})
	}
	return out, nil
}

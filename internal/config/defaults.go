package config

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// Defaults is the configuration of a start without any. It reads the tags of Config, so that each default is written
// once; neither flags nor the environment count.
func Defaults() (Config, error) {
	var c Config
	parser, err := kong.New(&c)
	if err != nil {
		return c, fmt.Errorf("read the defaults: %w", err)
	}
	if _, err := parser.Parse(nil); err != nil {
		return c, fmt.Errorf("read the defaults: %w", err)
	}
	return c, nil
}

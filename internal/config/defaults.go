package config

import "github.com/alecthomas/kong"

// Defaults is the configuration of a start without any. It reads the tags of Config, so that each default is written
// once; neither flags nor the environment count. Tags that do not parse are a mistake in the program and panic.
func Defaults() Config {
	var c Config
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	if err != nil {
		panic("config: the defaults do not parse: " + err.Error())
	}
	return c
}

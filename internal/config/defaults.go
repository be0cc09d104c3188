package config

import "github.com/alecthomas/kong"

// DefaultTimers are the timers of a start without configuration.
func DefaultTimers() Timers { return defaults().Timers }

// DefaultLimits are the limits of a start without configuration.
func DefaultLimits() Limits { return defaults().Limits }

// defaults reads the tags of Config, so that each default is written once. Neither flags nor the environment count.
func defaults() Config {
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

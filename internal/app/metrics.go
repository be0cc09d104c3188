package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the figures under /metrics: the runtime's, and how the mailbox does.
func (a *App) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, read func() int64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help}, func() float64 { return float64(read()) }))
	}
	counter("mailbox_handled_total", "Reactions whose effects are committed.", func() int64 { return a.Mailbox.Stats().Handled })
	counter("mailbox_failed_total", "Tries that failed.", func() int64 { return a.Mailbox.Stats().Failed })
	counter("mailbox_parked_total", "Items given up after the last try.", func() int64 { return a.Mailbox.Stats().Parked })
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parley", Name: "mailbox_lag_seconds", Help: "How late the oldest item of the last look was."},
		func() float64 { return a.Mailbox.Stats().Lag.Seconds() }))
	return r
}

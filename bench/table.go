package main

import (
	"fmt"
	"io"
	"slices"
)

// median is the middle of a figure over the runs.
func (b *bench) median(name, engine, figure string) float64 {
	var list []float64
	for _, f := range b.results[name+" "+engine] {
		list = append(list, f[figure])
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// Anchors of docs/performance.md, measured on two calm cores.
const (
	anchorFloor    = 40_000 // bare net/http client to the sink, 64 at once
	anchorEcho     = 62_000 // JSON POST echo, middle of 56,000 to 68,000
	anchorListmonk = 24_000
	anchorKannel   = 15_000
	anchorCourier  = 771
	anchorNew      = 566
	anchorP99      = 172 // ms, of courier
	anchorQueue    = 1_260
)

// goal is one figure with its target.
type goal struct {
	id, work, engine string
	value            float64
	format           string
	target           float64
	most             bool // the target is an upper bound
	note             string
}

func (g goal) met() string {
	switch {
	case g.target == 0:
		return ""
	case g.most && g.value <= g.target, !g.most && g.value >= g.target:
		return "met"
	}
	return "not met"
}

// print writes what was measured, floors first, then goals.
func (b *bench) print(out io.Writer) {
	fmt.Fprintf(out, "\nMedians of %d runs.\n\n| floor of this machine, same runs | rate | CPU us each | of the calm machine |\n| --- | --- | --- | --- |\n", b.runs)
	for _, f := range []struct {
		name, what string
		anchor     float64
	}{{"floor/http", "bare net/http client to the sink, 64 at once", anchorFloor}, {"floor/echo", "JSON POST echo, 64 connections", anchorEcho}} {
		if rate := b.median(f.name, "", "rate"); rate > 0 {
			fmt.Fprintf(out, "| %s | %.0f/s | %.1f | %.2f |\n", f.what, rate, b.median(f.name, "", "cpu"), rate/f.anchor)
		}
	}
	fmt.Fprint(out, "\n| id | work | database | measured | target here | | |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, g := range b.goals() {
		if g.value == 0 {
			continue
		}
		target := "-"
		if g.target != 0 {
			target = "at least " + fmt.Sprintf(g.format, g.target)
			if g.most {
				target = "at most " + fmt.Sprintf(g.format, g.target)
			}
		}
		fmt.Fprintf(out, "| %s | %s | %s | "+g.format+" | %s | %s | %s |\n", g.id, g.work, g.engine, g.value, target, g.met(), g.note)
	}
}

// pace is how fast this machine is now, as a part of the calm one.
func (b *bench) pace() float64 { return b.median("floor/http", "", "rate") / anchorFloor }

func (b *bench) goals() []goal {
	var out []goal
	for _, engine := range b.engines() {
		out = append(out, b.campaignGoals(engine)...)
	}
	for _, window := range []int{1, 10, 100} {
		g := goal{id: "PF2", work: fmt.Sprintf("adapter alone, window %d", window), engine: "-", format: "%.0f/s"}
		name := fmt.Sprintf("PF2/adapter %d", window)
		g.value, g.note = b.median(name, "", "rate"), fmt.Sprintf("%.1f us CPU each", b.median(name, "", "cpu"))
		if window == 100 {
			g.target = 150_000 * b.pace()
		}
		out = append(out, g)
	}
	for _, engine := range b.engines() {
		out = append(out, b.inboundGoals(engine)...)
	}
	for _, engine := range b.engines() {
		out = append(out, b.otherGoals(engine)...)
	}
	return out
}

func (b *bench) campaignGoals(engine string) []goal {
	of := func(name, figure string) float64 { return b.median(name, engine, figure) }
	note := func(name string) string {
		return fmt.Sprintf("CPU us: %.0f Parley + %.0f database + %.0f sink; queued at %.0f/s", of(name, "cpu"), of(name, "dbcpu"), of(name, "sink cpu"), of(name, "queued"))
	}
	listmonk := 0.6 * anchorListmonk
	if engine == "postgres" {
		listmonk = anchorListmonk
	}
	return []goal{
		{id: "PF1", work: fmt.Sprintf("%d texts to the HTTP sink", b.messages), engine: engine, value: of("PF1", "rate"), format: "%.0f/s", target: listmonk * b.pace(), note: note("PF1")},
		{id: "PF1", work: "CPU of one, database included", engine: engine, value: of("PF1", "cpu") + of("PF1", "dbcpu"), format: "%.0f us", target: 90, most: true},
		{id: "PF1", work: "peak memory", engine: engine, value: of("PF1", "peak"), format: "%.0f MB", target: 150, most: true},
		{id: "PF2", work: "the same to SMPP, window 100", engine: engine, value: of("PF2", "rate"), format: "%.0f/s", target: 1.3 * anchorKannel * b.pace(), note: note("PF2")},
	}
}

func (b *bench) inboundGoals(engine string) []goal {
	pace := b.median("floor/echo", "", "rate") / anchorEcho
	var out []goal
	for _, v := range []struct {
		variant string
		anchor  float64
	}{{"known", anchorCourier}, {"new", anchorNew}} {
		of := func(figure string) float64 { return b.median("PF3/"+v.variant, engine, figure) }
		g := goal{id: "PF3", work: "signed texts of " + v.variant + " senders, 64 connections", engine: engine, value: of("rate"), format: "%.0f/s", target: 8 * v.anchor * pace,
			note: fmt.Sprintf("CPU us: %.0f Parley + %.0f database; p50 %.1f ms, p99 %.1f ms", of("cpu"), of("dbcpu"), of("p50"), of("p99"))}
		out = append(out, g)
		if v.variant == "known" && pace > 0 {
			out = append(out, goal{id: "PF3", work: "p99 to the 200", engine: engine, value: of("p99"), format: "%.1f ms", target: anchorP99 / 5.0 / pace, most: true})
		}
	}
	return out
}

func (b *bench) otherGoals(engine string) []goal {
	of := func(name, figure string) float64 { return b.median(name, engine, figure) }
	reactions := 5000.0
	if engine == "postgres" {
		reactions = 8000
	}
	return []goal{
		{id: "PF4", work: "agents' messages, one by one", engine: engine, value: of("PF4", "agent rate"), format: "%.0f/s", target: 12 * anchorQueue * b.pace(), note: fmt.Sprintf("%.0f us CPU, database included", of("PF4", "agent cpu"))},
		{id: "PF4", work: "journeys' messages, one by one", engine: engine, value: of("PF4", "journey rate"), format: "%.0f/s", target: 12 * anchorQueue * b.pace(), note: fmt.Sprintf("%.0f us CPU, database included", of("PF4", "journey cpu"))},
		{id: "PF5", work: "an agent's reply during a campaign, p99", engine: engine, value: of("PF5", "p99"), format: "%.0f ms", target: 1000, most: true,
			note: fmt.Sprintf("p50 %.0f ms; %.0f replies beside %.0f texts", of("PF5", "p50"), of("PF5", "replies"), of("PF5", "bulk"))},
		{id: "PF6", work: "a text to visible in the inbox at 500/s, p95", engine: engine, value: of("PF6", "p95"), format: "%.0f ms", target: 100, most: true, note: fmt.Sprintf("p50 %.0f ms", of("PF6", "p50"))},
		{id: "PF6", work: "the same, p99", engine: engine, value: of("PF6", "p99"), format: "%.0f ms", target: 250, most: true},
		{id: "PF7", work: "events through a journey to a text", engine: engine, value: of("PF7", "rate"), format: "%.0f/s", target: reactions * b.pace(),
			note: fmt.Sprintf("exactly once; CPU us: %.0f Parley + %.0f database", of("PF7", "cpu"), of("PF7", "dbcpu"))},
		{id: "PF12", work: fmt.Sprintf("idle memory, %.0f waits", of("PF12", "timers")), engine: engine, value: of("PF12", "rss"), format: "%.0f MB", target: 60, most: true},
		{id: "PF12", work: "from start to ready", engine: engine, value: of("PF12", "ready"), format: "%.0f ms", target: 500, most: true},
		{id: "PF12", work: "idle CPU of one core", engine: engine, value: of("PF12", "cpu"), format: "%.2f %%", target: 1, most: true, note: fmt.Sprintf("database %.2f %%", of("PF12", "dbcpu"))},
	}
}

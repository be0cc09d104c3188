package journey

import (
	"fmt"
	"strings"
)

// Problem is something that keeps a definition from being published, and where it stands.
type Problem struct {
	Step string `json:"step" doc:"id of the step, or trigger, exit, journey"`
	Text string `json:"text" doc:"what is wrong and what to do"`
}

// program is a definition laid out flat: each step knows what follows it, so that a run needs only a step's id.
type program struct {
	journey ID
	number  int
	def     Definition
	first   string
	steps   map[string]node
	hears   map[string]bool // types of events that mean something somewhere in it
}

// node is a step in its place. next is the step after it, "" at the end; the others are where its parts begin.
type node struct {
	step  Step
	next  string
	then  string
	other string
	cases []string
}

// compile lays a definition out and finds what is wrong with it. A program with problems must not run.
func compile(d Definition) (*program, []Problem) {
	p := &program{def: d, steps: map[string]node{}, hears: map[string]bool{d.Trigger.Event: true, "link_clicked": true}}
	for _, x := range d.Exit {
		p.hears[x.Event] = true
	}
	problems := checkFrame(d)
	p.first = p.lay(d.Steps, "", &problems)
	return p, problems
}

func checkFrame(d Definition) []Problem {
	var out []Problem
	if d.V != 1 {
		out = append(out, Problem{"journey", "The format's version v must be 1."})
	}
	if strings.TrimSpace(d.Name) == "" {
		out = append(out, Problem{"journey", "The journey has no name."})
	}
	if d.Trigger.Event == "" {
		out = append(out, Problem{"trigger", "Nothing starts this journey: name the event."})
	}
	if !oneOf(d.Reentry.Rule, "per_key", "once", "after") {
		out = append(out, Problem{"journey", "Say who may enter again: per_key, once or after."})
	}
	if d.Reentry.Rule == "per_key" && d.Trigger.Key == "" {
		out = append(out, Problem{"trigger", "Re-entry per key needs the trigger's key."})
	}
	if d.Reentry.Rule == "after" && d.Reentry.After <= 0 {
		out = append(out, Problem{"journey", "Re-entry after a time needs the time."})
	}
	if len(d.Steps) == 0 {
		out = append(out, Problem{"journey", "The journey has no steps."})
	}
	out = append(out, d.Trigger.Where.check("trigger", 0)...)
	for _, e := range d.Exit {
		if e.Event == "" || e.Result == "" {
			out = append(out, Problem{"exit", "An exit names its event and its result."})
		}
		out = append(out, e.Where.check("exit", 0)...)
	}
	return out
}

// lay places a list of steps whose last is followed by after, and returns the id of its first.
func (p *program) lay(steps []Step, after string, problems *[]Problem) string {
	first := after
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if _, taken := p.steps[s.ID]; taken || s.ID == "" {
			*problems = append(*problems, Problem{s.ID, "Every step needs an id of its own."})
		}
		n := node{step: s, next: first}
		if s.Type == "stop" {
			n.next = ""
		}
		n.then, n.other = p.lay(s.Then, n.next, problems), p.lay(s.Else, n.next, problems)
		for _, c := range s.Cases {
			n.cases = append(n.cases, p.lay(c.Steps, n.next, problems))
			*problems = append(*problems, c.When.check(s.ID, 0)...)
			if c.When == nil {
				*problems = append(*problems, Problem{s.ID, fmt.Sprintf("The case %q has no condition.", c.Name)})
			}
		}
		p.steps[s.ID] = n
		if s.Until != nil {
			p.hears[s.Until.Event] = true
		}
		*problems = append(*problems, checkStep(s)...)
		first = s.ID
	}
	return first
}

// checkStep finds what one step lacks.
func checkStep(s Step) []Problem {
	need := func(ok bool, text string) []Problem {
		if ok {
			return nil
		}
		return []Problem{{s.ID, text}}
	}
	switch s.Type {
	case "wait":
		out := need(s.For > 0, "Needs: how long to wait at most.")
		if s.Until != nil {
			out = append(out, need(s.Until.Event != "", "Needs: the event that ends the wait.")...)
			out = append(out, s.Until.Where.check(s.ID, 0)...)
		}
		return out
	case "branch":
		return need(len(s.Cases) > 0, "Needs: at least one case.")
	case "send":
		return append(need(strings.TrimSpace(s.Text) != "", "Needs: message."), need(s.Purpose != "", "Needs: purpose, the consent it rests on.")...)
	case "offer":
		return need(s.Offer != "", "Needs: offer.")
	case "hand":
		return append(need(strings.TrimSpace(s.Draft) != "", "Needs: the prepared draft."),
			append(need(s.ClaimWithin > 0, "Needs: how long somebody has to claim it."), need(s.Purpose != "", "Needs: purpose, the consent it rests on.")...)...)
	case "set":
		return need(s.Attribute != "", "Needs: attribute.")
	case "stop":
		return nil
	}
	return []Problem{{s.ID, fmt.Sprintf("%q is not a step.", s.Type)}}
}

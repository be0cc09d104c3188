package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/id"
)

// asked is a run of a survey as the API tells it.
type asked struct {
	ID       string `json:"run_id"`
	Stage    string `json:"stage"`
	Question string `json:"question"`
	Result   string `json:"result"`
	Answers  []struct {
		Question, State, Text string
		Value                 any
	} `json:"answers"`
}

// survey publishes a survey of the stories and gives its id.
func (w *world) survey(name string) string {
	w.t.Helper()
	for key, kind := range map[string]string{"birthday": "date", "wife": "text", "anniversary": "date", "color": "text", "csat": "number"} {
		w.call("PUT", "/attributes/"+key, map[string]any{"type": kind, "label": key}, nil)
	}
	raw, err := os.ReadFile("../survey/testdata/" + name + ".json")
	if err != nil {
		w.t.Fatal(err)
	}
	var made struct {
		ID       string `json:"id"`
		Problems []any  `json:"problems"`
	}
	w.call("POST", "/surveys", json.RawMessage(raw), &made)
	if len(made.Problems) > 0 {
		w.t.Fatalf("%s has problems: %v", name, made.Problems)
	}
	w.call("POST", "/surveys/"+made.ID+"/publish", nil, nil)
	return made.ID
}

// run is a run of a survey as it stands.
func (w *world) runOf(id string) asked {
	w.t.Helper()
	var r asked
	w.call("GET", "/survey-runs/"+id, nil, &r)
	return r
}

// answers says something and lets the survey read it.
func (p simPhone) answers(text string) {
	p.t.Helper()
	before := p.thread()
	p.says(text)
	p.eventually("the text is in the thread", func() bool { return p.thread() > before })
	p.rest()
	p.pass(10 * time.Second)
	p.rest()
}

// rest waits until nothing is due any more.
func (w *world) rest() {
	w.t.Helper()
	var me struct {
		Workspace struct {
			ID id.Workspace `json:"id"`
		} `json:"workspace"`
	}
	w.call("GET", "/me", nil, &me)
	w.eventually("nothing is due", func() bool {
		due, any, err := w.app.Mailbox.NextDue(w.t.Context(), me.Workspace.ID)
		return err == nil && (!any || due > w.clock.Now())
	})
}

// thread is how many messages the thread has.
func (p simPhone) thread() int {
	p.t.Helper()
	var page struct {
		Items []struct {
			Kind string `json:"kind"`
		} `json:"items"`
	}
	p.call("GET", "/conversations/"+p.person()+"/messages?limit=200", nil, &page)
	n := 0
	for _, m := range page.Items {
		if m.Kind == "in" {
			n++
		}
	}
	return n
}

// hears waits until the phone's last text holds the words.
func (p simPhone) hears(words string) {
	p.t.Helper()
	p.eventually("the phone shows: "+words, func() bool {
		got := p.got()
		return len(got) > 0 && strings.Contains(got[len(got)-1], words)
	})
}

// desk is how the conversation stands for the team.
func (w *world) desk() (c struct {
	Status  string `json:"status"`
	Floor   string `json:"floor"`
	Waiting string `json:"waiting_since"`
	Unread  int    `json:"unread"`
}) {
	w.t.Helper()
	w.call("GET", "/conversations/"+w.person(), nil, &c)
	return c
}

func TestASurveyIsAnsweredInterruptedTakenOverAndFinished(t *testing.T) {
	// Wednesday, 10:00 in New York.
	eachWorld(t, "2026-11-18T15:00:00Z", func(t *testing.T, w *world) {
		survey := w.survey("john")
		p := w.pickUp()
		w.eventually("the hello arrives", func() bool { return p.thread() == 1 })
		w.call("POST", "/conversations/"+w.person()+"/close", map[string]any{}, nil)

		var run, again asked
		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "blog"}, &run)
		p.hears("When is your birthday?")
		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "blog"}, &again)
		if again.ID != run.ID {
			t.Errorf("the same occasion began a second run: %s and %s", run.ID, again.ID)
		}
		if status, body := w.try("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "other"}, nil); status != 409 || !strings.Contains(body, "survey_busy") {
			t.Errorf("a second survey at once: %d %s", status, body)
		}

		// A doubt is asked back; what is written in two parts is read as one.
		p.answers("I was born on June 3rd 1990 in Hamburg")
		p.hears("did you mean June 3, 1990?")
		p.answers("yes 👍")
		p.hears("What is your wife's name?")
		before := p.thread()
		p.says("her name is")
		w.eventually("the first part arrives", func() bool { return p.thread() == before+1 })
		p.answers("Ann-Marie")
		p.hears("And your anniversary?")
		if c := w.desk(); c.Floor != "bot" || c.Unread != 0 {
			t.Errorf("answers wait for the team: %+v", c)
		}

		// A question in between goes to people, who take over; the survey is silent until they are done.
		p.answers("Where is my order?")
		w.eventually("the question waits for a person", func() bool { c := w.desk(); return c.Floor == "none" && c.Unread > 0 })
		before = len(p.got())
		w.pass(25 * time.Hour)
		w.rest()
		if got := p.got(); len(got) != before {
			t.Errorf("the survey asks somebody who waits for an answer: %q", got[before:])
		}
		w.call("POST", "/conversations/"+w.person()+"/take-over", map[string]any{}, nil)
		before = len(p.got())
		p.answers("and 12 sept 2015 is no answer now")
		w.replies(w.person(), "It arrives tomorrow.")
		w.eventually("the agent's text arrives", func() bool { return len(p.got()) == before+1 })
		if r := w.runOf(run.ID); r.Stage != "paused" || len(r.Answers) != 2 {
			t.Errorf("while a member has the conversation the survey is %+v", r)
		}
		w.pass(time.Hour)
		w.call("POST", "/conversations/"+w.person()+"/close", map[string]any{}, nil)
		w.pass(24 * time.Hour)
		p.hears("And your anniversary?")
		p.answers("9/12/2015")
		p.hears("1) Blue\n2) Green")
		p.answers("gren")
		p.hears("Thank you, that is all!")

		r := w.runOf(run.ID)
		want := "birthday sure 1990-06-03, wife sure Ann-Marie, anniversary sure 2015-09-12, color sure green"
		var got []string
		for _, a := range r.Answers {
			got = append(got, fmt.Sprint(a.Question, " ", a.State, " ", a.Value))
		}
		if strings.Join(got, ", ") != want || r.Stage != "ended" || r.Result != "done" {
			t.Errorf("the run ended as %s %q with %s", r.Stage, r.Result, strings.Join(got, ", "))
		}
		w.eventually("nobody has work with it", func() bool { c := w.desk(); return c.Status == "closed" && c.Unread == 0 })
		var who struct {
			Attributes map[string]any `json:"attributes"`
			Sources    map[string]struct{ Source string }
		}
		w.call("GET", "/people/"+w.person(), nil, &who)
		for key, value := range map[string]any{"birthday": "1990-06-03", "wife": "Ann-Marie", "anniversary": "2015-09-12", "color": "green"} {
			if !strings.Contains(fmt.Sprint(who.Attributes[key]), fmt.Sprint(value)) {
				t.Errorf("the attribute %s is %v, want %v", key, who.Attributes[key], value)
			}
		}
		if _, body := w.try("GET", "/people/"+w.person(), nil, nil); !strings.Contains(body, "survey:"+survey) {
			t.Errorf("the attributes do not say that a survey told them: %s", body)
		}
		if _, body := w.try("GET", "/people/"+w.person()+"/timeline", nil, nil); !strings.Contains(body, "Asked: About you") {
			t.Error("the survey is not on the timeline")
		}
	})
}

func TestAnOptOutEndsASurveyAndAnUnhappyCustomerGetsAPerson(t *testing.T) {
	eachWorld(t, "2026-11-18T15:00:00Z", func(t *testing.T, w *world) {
		survey := w.survey("unhappy")
		p := w.pickUp()
		w.eventually("the hello arrives", func() bool { return p.thread() == 1 })
		w.call("POST", "/conversations/"+w.person()+"/close", map[string]any{}, nil)

		var run asked
		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "order-1"}, &run)
		p.hears("from 1 to 5?")
		p.answers("⭐⭐")
		p.hears("What went wrong?")
		p.answers("The sleeves were too short")
		p.hears("May we call you")
		p.answers("yes please")
		w.eventually("the run ends with a person", func() bool { r := w.runOf(run.ID); return r.Stage == "ended" && r.Result == "call" })
		if c := w.desk(); c.Status != "open" || c.Floor != "none" || c.Waiting == "" {
			t.Errorf("nobody is asked to call: %+v", c)
		}
		if _, body := w.try("GET", "/conversations/"+w.person()+"/messages", nil, nil); !strings.Contains(body, "Unhappy, and would like to be called.") {
			t.Error("the thread does not say why a person is needed")
		}
		w.call("POST", "/conversations/"+w.person()+"/close", map[string]any{}, nil)

		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "order-2"}, &run)
		p.hears("from 1 to 5?")
		p.answers("STOP")
		w.eventually("the opt-out ends the run", func() bool {
			r := w.runOf(run.ID)
			return r.Stage == "ended" && r.Result == "opted_out" && len(r.Answers) == 0
		})
		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person(), "key": "order-3"}, &run)
		if r := w.runOf(run.ID); r.Result != "not_sent" {
			t.Errorf("somebody who opted out is asked: %+v", r)
		}

		w.eventually("the last text is the confirmation of the opt-out", func() bool {
			got := p.got()
			return len(got) == 5 && !strings.Contains(got[4], "from 1 to 5")
		})
	})
}

func TestAQuestionHeldByQuietHoursIsWaitedForFromTheMorning(t *testing.T) {
	// Wednesday, 3:00 in New York.
	eachWorld(t, "2026-11-18T08:00:00Z", func(t *testing.T, w *world) {
		survey := w.survey("unhappy")
		p := w.pickUp()
		w.eventually("the hello arrives", func() bool { return p.thread() == 1 })
		w.call("POST", "/conversations/"+w.person()+"/close", map[string]any{}, nil)
		w.pass(2 * time.Hour)
		var run asked
		w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": w.person()}, &run)
		w.rest()
		if got := p.got(); len(got) != 0 {
			t.Fatalf("texted at five in the morning: %q", got)
		}
		w.pass(5 * time.Hour)
		p.hears("from 1 to 5?")
		w.pass(44 * time.Hour) // 48 hours after the asking, and less than that after the morning
		w.rest()
		if r := w.runOf(run.ID); r.Stage != "asked" {
			t.Errorf("two nights after a morning's question the run is %+v", r)
		}
		w.pass(5 * time.Hour)
		w.eventually("nobody answered", func() bool { r := w.runOf(run.ID); return r.Stage == "ended" && r.Result == "unanswered" })
		if got := p.got(); len(got) != 1 {
			t.Errorf("the phone got %q", got)
		}
	})
}

package survey

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/survey/reading"
)

func reader(tb testing.TB) *reading.Reader {
	tb.Helper()
	r, err := reading.New(rules(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

var morning = time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)

// play goes through a survey with what the person writes, "" for silence and "held" for a time at which a member has the
// conversation, and gives what was done each time.
func play(t *testing.T, d Definition, language string, lines ...string) (*Run, []string, []Record) {
	t.Helper()
	r, p := reader(t), newPlan("srv_1", 1, d)
	n := &Run{Vars: Vars{Language: language, Tag: map[string]string{"en": "en-US", "de": "de-DE"}[language]}}
	done := []string{did(n, p.begin(n))}
	var records []Record
	for _, line := range lines {
		var turn turn
		switch line {
		case "", "held":
			turn = p.wake(n, line == "held")
		default:
			turn = p.hear(r, n, line, morning)
		}
		done = append(done, did(n, turn))
		if turn.record != nil {
			records = append(records, *turn.record)
		}
	}
	return n, done, records
}

// did is a turn in one line.
func did(n *Run, t turn) string {
	out := string(t.say) + " " + n.Question
	if t.say == sayNothing {
		out = string(n.Stage)
	}
	if t.hand != "" {
		out += " +people"
	}
	if t.ended {
		out += " =" + n.Result
	}
	return out
}

func TestASurveyGoesAsItIsTalked(t *testing.T) {
	john, unhappy := load(t, "john"), load(t, "unhappy")
	for name, c := range map[string]struct {
		d     Definition
		lines []string
		want  []string
	}{
		"all answers": {john, []string{"June 3rd", "Ann-Marie", "Sept 12 2015", "2"},
			[]string{"ask birthday", "ask wife", "ask anniversary", "ask color", "thanks color =done"}},
		"a doubt": {john, []string{"born on June 3rd 1990 in Hamburg", "yes", "Ann", "skip", "blue"},
			[]string{"ask birthday", "doubt birthday", "ask wife", "ask anniversary", "ask color", "thanks color =done"}},
		"a doubt that is denied": {john, []string{"born on June 3rd 1990 in Hamburg", "no", "June 4 1990"},
			[]string{"ask birthday", "doubt birthday", "again birthday", "ask wife"}},
		"a skip that leads elsewhere": {john, []string{"idk", "skip"},
			[]string{"ask birthday", "ask wife", "ask color"}},
		"a stop": {john, []string{"June 3", "I am done!"},
			[]string{"ask birthday", "ask wife", "thanks wife =stopped"}},
		"an opt-out that nobody saw before": {john, []string{"unsubscribe"},
			[]string{"ask birthday", "ended +people =opted_out"}},
		"help": {john, []string{"HELP", "June 3"},
			[]string{"ask birthday", "asked", "ask wife"}},
		"not understood": {john, []string{"ok", "hmm", "tja"},
			[]string{"ask birthday", "again birthday", "again birthday", "ended +people =people"}},
		"a question in between": {john, []string{"where is my parcel?", "", "June 3"},
			[]string{"ask birthday", "paused +people", "again birthday", "ask wife"}},
		"another matter in between": {john, []string{"my parcel has not arrived yet", "held", "held", "", "June 3"},
			[]string{"ask birthday", "paused +people", "paused", "paused", "again birthday", "ask wife"}},
		"an answer and a question": {john, []string{"June 3", "Ann. where is my order?", ""},
			[]string{"ask birthday", "ask wife", "paused +people", "again wife"}},
		"silence": {john, []string{"", "June 3", ""},
			[]string{"ask birthday", "again birthday", "ask wife", "ended =unanswered"}},
		"happy": {unhappy, []string{"5!"}, []string{"ask score", "thanks score =happy"}},
		"unhappy, to be called": {unhappy, []string{"two", "The sleeves were too short", "skip", "yes please"},
			[]string{"ask score", "ask why", "ask call", "again call", "ended +people =call"}},
		"unhappy, left alone": {unhappy, []string{"1", "too late", "no"},
			[]string{"ask score", "ask why", "ask call", "thanks call =unhappy"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got, _ := play(t, c.d, "en", c.lines...); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestAnswersAreKeptAsTheyWereMeant(t *testing.T) {
	_, _, records := play(t, load(t, "john"), "de", "dritter Juni", "meine Frau heißt Ann-Marie", "12.9.2015", "grün")
	want := []any{"--06-03", "Ann-Marie", "2015-09-12", "green"}
	if len(records) != len(want) {
		t.Fatalf("kept %+v", records)
	}
	for i, r := range records {
		if r.Value != want[i] || r.State != reading.Sure {
			t.Errorf("%s is %v, want %v", r.Question, r.Value, want[i])
		}
	}
}

// The machine is driven by everything that people write and by all that time does, in any order.
func TestARunKeepsItsPromisesWhateverHappens(t *testing.T) {
	r := reader(t)
	definitions := []Definition{load(t, "john"), load(t, "unhappy")}
	texts := []string{"June 3rd", "3/6", "born June 3rd 1990 in Hamburg", "yes", "no", "A", "B", "5", "2", "seven", "blue", "gren", "Ann-Marie", "skip", "i am done",
		"STOP", "HELP", "where is my order?", "June 3 and where is my order?", "my parcel is still not here at all", "👍", "???", "ok", "the 5th of May", "maybe", "not blue"}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(definitions).Draw(t, "survey")
		d.Tries, d.Reminders = rapid.IntRange(0, 5).Draw(t, "tries"), rapid.IntRange(0, 2).Draw(t, "reminders")
		p := newPlan("srv_1", 1, d)
		n := &Run{Vars: Vars{Language: "en", Tag: "en-US"}}
		asked := map[string]int{}
		answered := map[string]bool{}
		place := 0
		count := func(turn turn) {
			if turn.say == sayAsk || turn.say == sayAgain || turn.say == sayDoubt {
				asked[n.Question]++
			}
			if turn.say == sayDoubt && (n.Stage != Doubt || n.Vars.Doubt == nil || r.Sentence(n.Vars.Doubt.Question, "en", n.Vars.Doubt.Answer) == "") {
				t.Fatalf("a doubt without its question: %+v", n)
			}
			if turn.ended != (n.Stage == Ended) || turn.ended && n.Result == "" {
				t.Fatalf("ended %v at stage %s with result %q", turn.ended, n.Stage, n.Result)
			}
			if now := p.place[n.Question]; now < place {
				t.Fatalf("went back from question %d to %d", place, now)
			} else {
				place = now
			}
		}
		count(p.begin(n))
		rounds := 0
		for n.Stage != Ended {
			if rounds++; rounds > 2000 {
				t.Fatalf("the survey does not end: %+v", n)
			}
			was := n.Stage
			before := n.Question
			var turn turn
			if time := rapid.IntRange(0, 3).Draw(t, "time"); time == 0 || was == Paused {
				turn = p.wake(n, rapid.IntRange(0, 5).Draw(t, "held") == 0)
			} else {
				turn = p.hear(r, n, rapid.SampledFrom(texts).Draw(t, "text"), morning)
			}
			count(turn)
			if turn.record == nil {
				continue
			}
			if turn.record.Question != before || answered[before] {
				t.Fatalf("question %s: kept %+v, answered before: %v", before, turn.record, answered[before])
			}
			answered[before] = true
			q := d.Questions[p.place[before]].in("en")
			if turn.record.State == reading.Sure && !q.Holds(turn.record.Value, morning) {
				t.Fatalf("question %s: %v is no answer to it", before, turn.record.Value)
			}
		}
		for question, times := range asked {
			if limit := 1 + d.Tries + d.Reminders + maxPauses + maxInterruptions; times > limit {
				t.Fatalf("question %s was asked %d times", question, times)
			}
		}
	})
}

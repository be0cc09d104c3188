package journey

import (
	"testing"
	"time"
)

func TestTheTimelineSaysInASentenceWhereARunStandsAndHowItEnded(t *testing.T) {
	for want, step := range map[string]Step{
		"Waits 7 days.": {ID: "watch", Type: "wait", For: Duration(7 * 24 * time.Hour)},
		"Waits up to 20 minutes for “order placed”.":                            {ID: "cool", Type: "wait", For: Duration(20 * time.Minute), Until: &Until{Event: "order_placed"}},
		"Is about to give a code of “Free shipping”.":                           {ID: "code", Type: "offer", Offer: "Free shipping"},
		"A text waits for somebody of the team to send it, for 1 hour at most.": {ID: "hero", Type: "hand", ClaimWithin: Duration(time.Hour)},
	} {
		if got := step.doing(); got != want {
			t.Errorf("at %s it says %q, want %q", step.ID, got, want)
		}
	}
	for want, run := range map[string]Run{
		"Ended: not recovered.":     {State: RunDone, Result: "not recovered"},
		"Went through all of it.":   {State: RunDone, Result: "done"},
		"Ended early: recovered.":   {State: RunExited, Result: "recovered"},
		"Taken out by Ana Martini.": {State: RunExited, Result: takenOut + "Ana Martini"},
	} {
		if got := run.ending(); got != want {
			t.Errorf("%s as %q says %q, want %q", run.State, run.Result, got, want)
		}
	}
}

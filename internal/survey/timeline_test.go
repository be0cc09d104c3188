package survey

import "testing"

func TestTheTimelineSaysInASentenceHowASurveyStands(t *testing.T) {
	for want, run := range map[string]RunBody{
		"Waits for an answer.":                                {Stage: Asked},
		"Waits for the customer to confirm an answer.":        {Stage: Doubt},
		"Waits until the team is done with the conversation.": {Stage: Paused},
		"Came to its end.":                                    {Stage: Ended, Result: "done"},
		"Ended: the customer wanted no more questions.":       {Stage: Ended, Result: "stopped"},
		"Ended: no answer came.":                              {Stage: Ended, Result: "unanswered"},
		"Ended: the team took over.":                          {Stage: Ended, Result: "people"},
		"Ended: the customer opted out.":                      {Stage: Ended, Result: "opted_out"},
		"Ended: the question could not be sent.":              {Stage: Ended, Result: "not_sent"},
		"Ended: stopped by Ana Martini.":                      {Stage: Ended, Result: "stopped by Ana Martini"},
		"Ended: very happy.":                                  {Stage: Ended, Result: "very_happy"},
	} {
		if got := run.standing(); got != want {
			t.Errorf("%s as %q says %q, want %q", run.Stage, run.Result, got, want)
		}
	}
}

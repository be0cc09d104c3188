package conversation_test

import (
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/people"
)

// a text may leave only when every place where the person may be allows it.
func TestEveryPlaceWhereAPersonMayBeHasToAllowTheHour(t *testing.T) {
	f := consenting()
	f.Now = noon.Add(-90 * time.Minute) // half past ten in New York, half past seven in California
	if v := conversation.Decide(rules(t), f); v.Action != channel.Send {
		t.Fatalf("in New York alone: %+v", v)
	}
	f.Places = append([]compliance.Place{{Country: "US", State: "CA", Zone: "America/Los_Angeles", Source: compliance.Profile}}, newYork...)
	v := conversation.Decide(rules(t), f)
	if v.Action != channel.Hold || v.Until <= f.Now {
		t.Fatalf("in New York or California: %+v", v)
	}
	f.Now = v.Until
	if v := conversation.Decide(rules(t), f); v.Action != channel.Send {
		t.Errorf("when both allow it: %+v", v)
	}
}

// nothing that sells leaves between the question and the YES, nor after the question was not answered in time.
func TestAnUnansweredQuestionIsNoConsent(t *testing.T) {
	for _, reason := range []string{"pending", "pending_expired"} {
		for _, purpose := range []people.Purpose{people.Marketing, people.Cart, people.Loyalty} {
			f := consenting()
			f.Purpose, f.Reading = purpose, people.Reading{State: "pending", Reason: reason, Text: "No answer."}
			if v := conversation.Decide(rules(t), f); v.Action != channel.Drop || v.Code != reason {
				t.Errorf("%s, %s: %+v", reason, purpose, v)
			}
		}
	}
}

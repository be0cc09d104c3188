package channel

import "testing"

// I19: a message is announced once. A claim that was reading meanwhile did not see it and must not forget it.
func TestWhatIsQueuedDuringAClaimIsNotForgotten(t *testing.T) {
	s := &Service{o: Options{}.withDefaults()}
	l := newLane(newOutbox(s), 1, laneKey{})
	l.learn(nil, [priorities]bool{true, true, true}, PriorityBulk, wish{}, 10)
	l.listen()
	l.wanted(wish{PriorityReply: 20})
	l.learn(nil, [priorities]bool{true, true, true}, PriorityBulk, wish{PriorityBulk: 30}, 20)
	if want := (wish{PriorityReply: 20, PriorityBulk: 30}); l.due != want {
		t.Errorf("the lane looks again at %v, want %v", l.due, want)
	}
	l.listen()
	l.learn(nil, [priorities]bool{true, false, true}, PriorityBulk, wish{}, 40)
	if l.due != (wish{}) {
		t.Errorf("what a claim has seen to is looked for again: %v", l.due)
	}
}

package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/internal/money"
)

// tally adds amounts up by currency.
type tally struct {
	orders int
	minor  map[money.Currency]int64
}

func (t *tally) add(a money.Amount) {
	if t.minor == nil {
		t.minor = map[money.Currency]int64{}
	}
	t.orders++
	t.minor[a.Currency] += a.Minor
}

// sum is the tally with the workspace's currency apart.
func (t *tally) sum(own money.Currency) Sum {
	s := Sum{Orders: t.orders, Recovered: money.Amount{Minor: t.minor[own], Currency: own}, Others: []money.Amount{}}
	for _, c := range slices.Sorted(maps.Keys(t.minor)) {
		if c != own {
			s.Others = append(s.Others, money.Amount{Minor: t.minor[c], Currency: c})
		}
	}
	return s
}

// tallies are sums by key.
type tallies map[string]*tally

func (t tallies) add(key string, a money.Amount) {
	if t[key] == nil {
		t[key] = &tally{}
	}
	t[key].add(a)
}

// groups are the sums in the order of a table: most money first, then most orders, then by key.
func (t tallies) groups(own money.Currency, name func(key string) string) []Group {
	out := []Group{}
	for key, sums := range t {
		out = append(out, Group{Key: key, Name: name(key), Sum: sums.sum(own)})
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Recovered.Minor, a.Recovered.Minor), cmp.Compare(b.Orders, a.Orders), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// ledger gathers a recovery report while its orders are read.
type ledger struct {
	period                          Period
	all, cancelled                  tally
	agent, message, journey, byCode tallies
	days                            []tally
}

func newLedger(p Period) *ledger {
	return &ledger{period: p, agent: tallies{}, message: tallies{}, journey: tallies{}, byCode: tallies{}, days: make([]tally, len(p.Days))}
}

func (l *ledger) add(f fact) {
	l.all.add(f.amount)
	if f.cancelled {
		l.cancelled.add(f.amount)
	}
	l.agent.add(f.member, f.amount)
	l.message.add(messageKey(f.journey, f.step), f.amount)
	l.journey.add(f.journey, f.amount)
	l.byCode.add(f.code, f.amount)
	l.days[l.period.DayOf(f.at)].add(f.amount)
}

// compareCounts orders lists of counts: the highest first, then by key.
func compareCounts(a, b int, aKey, bKey string) int {
	return cmp.Or(cmp.Compare(b, a), cmp.Compare(aKey, bKey))
}

// messageKey is the key of a journey step in by_message.
func messageKey(journey, step string) string { return journey + "/" + step }

// stepName is what such a key reads like: "Cart recovery · first-text".
func stepName(key string, journeys map[string]string) string {
	journey, step, _ := strings.Cut(key, "/")
	if journeys[journey] == "" || step == "" {
		return journeys[journey] + step
	}
	return journeys[journey] + " · " + step
}

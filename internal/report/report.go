package report

import (
	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
)

// Metric names a figure, or a list of figures with a key each, whose rows can be asked for.
type Metric string

// The metrics. Those that count orders rest on orders that arrived in the period, those that count carts on carts that
// were abandoned in it.
const (
	Orders    Metric = "orders"
	Cancelled Metric = "cancelled"
	ByAgent   Metric = "by_agent"   // key: the member
	ByMessage Metric = "by_message" // key: journey/step
	ByJourney Metric = "by_journey" // key: the journey
	ByCode    Metric = "by_code"    // key: the code
	Daily     Metric = "daily"      // key: the date

	Carts             Metric = "carts"
	ByState           Metric = "by_state" // key: the state
	Reminded          Metric = "reminded"
	RemindedRecovered Metric = "reminded_recovered"
	Reasons           Metric = "reasons" // key: the reason
)

// Metrics are all that a recovery report holds.
func Metrics() []Metric { return append(orderMetrics(), cartMetrics()...) }

func orderMetrics() []Metric {
	return []Metric{Orders, Cancelled, ByAgent, ByMessage, ByJourney, ByCode, Daily}
}

func cartMetrics() []Metric { return []Metric{Carts, ByState, Reminded, RemindedRecovered, Reasons} }

// keyed says whether the figures of the metric have a key each.
func (m Metric) keyed() bool {
	switch m {
	case Orders, Cancelled, Carts, Reminded, RemindedRecovered:
		return false
	}
	return true
}

// definitions say in a sentence what each metric counts.
func definitions() map[Metric]string {
	return map[Metric]string{
		Orders:            "Orders placed in this period that a reminded cart became, and the sum of their totals; texts of bots and campaigns earn nothing here.",
		Cancelled:         "Those of the recovered orders that the shop has cancelled since; they are still counted in the recovered money.",
		ByAgent:           "Recovered orders by the agent who answered last between reminder and order; orders that nobody answered for stand under nobody.",
		ByMessage:         "Recovered orders by the journey step whose message was the cart's one reminder.",
		ByJourney:         "Recovered orders by the journey that sent the cart's one reminder.",
		ByCode:            "Recovered orders by the discount code that was used on the order.",
		Daily:             "Recovered orders by the day they were placed, in the workspace's time zone.",
		Carts:             "Carts that were abandoned in this period, whatever became of them since.",
		ByState:           "Carts that were abandoned in this period, by the state they are in now.",
		Reminded:          "Carts abandoned in this period that got their one reminder.",
		RemindedRecovered: "Carts abandoned in this period that got their reminder and became an order within the time of the rule.",
		Reasons:           "Carts abandoned in this period by the reason that the customer gave.",
	}
}

// Recovery is the recovered-revenue report of a period.
type Recovery struct {
	From      string     `json:"from" doc:"first day"`
	To        string     `json:"to" doc:"last day, included"`
	Timezone  string     `json:"timezone" doc:"whose days these are"`
	DataAt    clock.Time `json:"data_at" doc:"when a shop last told something; empty: never"`
	Partial   bool       `json:"partial" doc:"the last day is not over"`
	Simulated bool       `json:"simulated" doc:"includes what went by simulated channels"`

	Sum
	Cancelled  Sum            `json:"cancelled"`
	CartsTotal int            `json:"carts_total"`
	Carts      map[string]int `json:"carts" doc:"by state"`
	Rate       Rate           `json:"rate"`
	ByAgent    []Group        `json:"by_agent"`
	ByMessage  []Group        `json:"by_message"`
	ByJourney  []Group        `json:"by_journey"`
	ByCode     []Group        `json:"by_code"`
	Reasons    []ReasonCount  `json:"reasons"`
	Daily      []Day          `json:"daily"`

	Rule        string            `json:"rule" doc:"how an order is attributed"`
	Definitions map[Metric]string `json:"definitions" doc:"what each metric counts, in a sentence"`
}

// Sum is a number of orders and what they brought.
type Sum struct {
	Orders    int            `json:"orders"`
	Recovered money.Amount   `json:"recovered" doc:"in the workspace's currency"`
	Others    []money.Amount `json:"others" doc:"in other currencies, never added up"`
}

// Group is the part of the recovered orders that belongs to one key.
type Group struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Sum
}

// Day is one day of the period.
type Day struct {
	Date    string `json:"date"`
	Partial bool   `json:"partial" doc:"the day is not over"`
	Sum
}

// ReasonCount is how many carts were left for a reason.
type ReasonCount struct {
	Key   string `json:"key" doc:"empty: no reason was given"`
	Carts int    `json:"carts"`
}

// Rate is how many of the reminded carts came back.
type Rate struct {
	Recovered int      `json:"recovered"`
	Reminded  int      `json:"reminded"`
	Percent   *float64 `json:"percent,omitempty" doc:"left out below 30 reminded carts: too few to say"`
}

// fewest is from how many on a percentage says something.
const fewest = 30

func rateOf(recovered, reminded int) Rate {
	r := Rate{Recovered: recovered, Reminded: reminded}
	if reminded >= fewest {
		// One digit after the point, rounded half up.
		percent := float64((recovered*2000+reminded)/(2*reminded)) / 10
		r.Percent = &percent
	}
	return r
}

// Row is one order or cart behind a figure.
type Row struct {
	At          clock.Time   `json:"at" doc:"when the order was placed, or the cart abandoned"`
	CartID      string       `json:"cart_id"`
	CartState   string       `json:"cart_state"`
	CartTotal   money.Amount `json:"cart_total"`
	AbandonedAt clock.Time   `json:"abandoned_at"`
	Reason      string       `json:"reason"`
	PersonID    id.Person    `json:"person_id"`
	PersonName  string       `json:"person_name"`
	Number      string       `json:"number"`
	OrderID     string       `json:"order_id"`
	OrderName   string       `json:"order_name"`
	OrderStatus string       `json:"order_status"`
	Recovered   money.Amount `json:"recovered" doc:"what the order brought back; nothing for carts that did not come back"`
	MessageID   string       `json:"message_id"`
	JourneyID   string       `json:"journey_id"`
	Journey     string       `json:"journey"`
	Step        string       `json:"step"`
	Code        string       `json:"code"`
	MemberID    string       `json:"member_id"`
	Member      string       `json:"member"`

	place string // breaks ties of At
}

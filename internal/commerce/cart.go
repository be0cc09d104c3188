package commerce

import (
	"time"

	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
)

// ShopID names a shop of a workspace.
type ShopID string

// CartID names a cart.
type CartID string

// CartState is how far a cart is.
type CartState string

// The states of a cart.
const (
	Active     CartState = "active"     // the customer is busy with it
	Abandoned  CartState = "abandoned"  // quiet for the workspace's cart delay
	Recovering CartState = "recovering" // the one reminder went out
	Recovered  CartState = "recovered"  // the order came after the reminder
	Bought     CartState = "bought"     // the order came without us
	Emptied    CartState = "emptied"    // nothing is left in it
	Expired    CartState = "expired"    // nothing happened for too long
)

// Over says whether the cart's story has ended.
func (s CartState) Over() bool { return s == Recovered || s == Bought || s == Expired }

// States are all states in the order of a board.
func States() []CartState {
	return []CartState{Active, Abandoned, Recovering, Recovered, Bought, Emptied, Expired}
}

// Line is one article of a cart or order.
type Line struct {
	Title     string       `json:"title"`
	Variant   string       `json:"variant"`
	Quantity  int          `json:"quantity"`
	Price     money.Amount `json:"price"`
	ProductID string       `json:"product_id"`
}

// Cart is what a customer was about to buy.
type Cart struct {
	Shop        ShopID
	Token       string
	ID          CartID
	CartToken   string
	Person      id.Person
	State       CartState
	Lines       []Line
	Total       money.Amount
	RestoreURL  string
	CreatedAt   clock.Time
	TouchedAt   clock.Time
	AbandonedAt clock.Time
	StateAt     clock.Time
	Message     string
	Journey     string
	Run         string
	Reason      Reason
	ReasonNote  string
	ReasonBy    string
	Order       string
}

// Reason is why the customer stopped, as they told us.
type Reason string

// The reasons of the first story of the product's mission.
const (
	NoReason       Reason = ""
	UnexpectedCost Reason = "unexpected_cost"
	AccountNeeded  Reason = "account_needed"
	DeliveryTime   Reason = "delivery_time"
	LongCheckout   Reason = "long_checkout"
	OtherReason    Reason = "other"
)

func (r Reason) valid() bool {
	switch r {
	case NoReason, UnexpectedCost, AccountNeeded, DeliveryTime, LongCheckout, OtherReason:
		return true
	}
	return false
}

// expireAfter is how long after its reminder (or abandonment) an order still counts as the cart's. It is also the window
// of attribution, and stated with every figure.
const expireAfter = 7 * 24 * time.Hour

// AttributionRule is the sentence that stands beside every figure of recovered revenue.
const AttributionRule = "An order counts as recovered when its cart was abandoned, got its one reminder, and was ordered within 7 days after it. " +
	"The amount is the order's total as the shop reports it. The agent is the last one who answered between reminder and order; the code is the one used on the order."

// touch is what the shop says a cart is now.
type touch struct {
	at   clock.Time // the shop's time of the change
	cart Cart       // content, person, addresses
	gone bool       // closed by the shop without an order
}

// touched is the cart after the shop's news. stale says that the news is older than what is known, and changes nothing.
func (c Cart) touched(t touch, now clock.Time) (after Cart, stale bool) {
	known := c.Token != ""
	if known && (t.at < c.TouchedAt || c.State.Over()) {
		// The contact may still be missing here, also when the content is old news.
		if c.Person == "" && t.cart.Person != "" {
			c.Person = t.cart.Person
			return c, false
		}
		return c, true
	}
	before := c
	after = t.cart
	after.TouchedAt = t.at
	if known {
		after.ID, after.CreatedAt, after.Reason, after.ReasonNote, after.ReasonBy = before.ID, before.CreatedAt, before.Reason, before.ReasonNote, before.ReasonBy
		after.State, after.StateAt, after.AbandonedAt = before.State, before.StateAt, before.AbandonedAt
		after.Message, after.Journey, after.Run = before.Message, before.Journey, before.Run
		if after.Person == "" {
			after.Person = before.Person
		}
	} else {
		after.State, after.StateAt = Active, now
	}
	switch {
	case len(after.Lines) == 0 || t.gone:
		after.become(Emptied, now)
	case after.State == Emptied, after.State == Abandoned && t.at > before.TouchedAt:
		// The customer is back: the clock starts anew, and a new silence is a new abandonment.
		after.become(Active, now)
	}
	return after, false
}

func (c *Cart) become(s CartState, now clock.Time) {
	if c.State != s {
		c.State, c.StateAt = s, now
	}
}

// ordered is the cart after its order arrived.
func (c Cart) ordered(order string, at, now clock.Time) Cart {
	c.Order = order
	if c.State == Recovering && at.Sub(c.StateAt) <= expireAfter {
		c.become(Recovered, now)
	} else if c.State != Recovered {
		c.become(Bought, now)
	}
	return c
}

package shopify

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
)

// Checkout is what checkouts/create and checkouts/update carry. Both are one upsert by token: on create the contact is
// usually missing and comes in a later update.
type Checkout struct {
	ID              Ref         `json:"id"`
	Token           string      `json:"token"`
	CartToken       string      `json:"cart_token"`
	Email           string      `json:"email"`
	Phone           string      `json:"phone"`
	SMSPhone        string      `json:"sms_marketing_phone"`
	AcceptsSMS      bool        `json:"buyer_accepts_sms_marketing"`
	Locale          string      `json:"customer_locale"`
	CreatedAt       Time        `json:"created_at"`
	UpdatedAt       Time        `json:"updated_at"`
	CompletedAt     Time        `json:"completed_at"`
	ClosedAt        Time        `json:"closed_at"`
	RecoverURL      string      `json:"abandoned_checkout_url"`
	Lines           []Line      `json:"line_items"`
	Discounts       []Discount  `json:"discount_codes"`
	TotalPrice      Decimal     `json:"total_price"`
	SubtotalPrice   Decimal     `json:"subtotal_price"`
	Currency        string      `json:"currency"`
	Presentment     string      `json:"presentment_currency"`
	Customer        *Customer   `json:"customer"`
	ShippingAddress *Address    `json:"shipping_address"`
	BillingAddress  *Address    `json:"billing_address"`
	NoteAttributes  []Attribute `json:"note_attributes"`
	SourceName      string      `json:"source_name"`
}

// Order is what orders/create, orders/updated, orders/paid and orders/cancelled carry.
type Order struct {
	ID              Ref        `json:"id"`
	Name            string     `json:"name"` // "#1001"
	CheckoutToken   string     `json:"checkout_token"`
	CartToken       string     `json:"cart_token"`
	Email           string     `json:"email"`
	Phone           string     `json:"phone"`
	Locale          string     `json:"customer_locale"`
	CreatedAt       Time       `json:"created_at"`
	UpdatedAt       Time       `json:"updated_at"`
	CancelledAt     Time       `json:"cancelled_at"`
	Test            bool       `json:"test"`
	Financial       string     `json:"financial_status"`
	Fulfillment     string     `json:"fulfillment_status"`
	Lines           []Line     `json:"line_items"`
	Discounts       []Discount `json:"discount_codes"`
	TotalPrice      Decimal    `json:"total_price"`
	TotalDiscounts  Decimal    `json:"total_discounts"`
	Currency        string     `json:"currency"`
	LandingSite     string     `json:"landing_site"`
	StatusURL       string     `json:"order_status_url"`
	Customer        *Customer  `json:"customer"`
	ShippingAddress *Address   `json:"shipping_address"`
	BillingAddress  *Address   `json:"billing_address"`
}

// Customer is a customer as embedded in checkouts and orders, and as customers/* carries it.
type Customer struct {
	ID        Ref         `json:"id"`
	Email     string      `json:"email"`
	Phone     string      `json:"phone"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Consent   *SMSConsent `json:"sms_marketing_consent"`
	Address   *Address    `json:"default_address"`
}

// SMSConsent is the shop's record of whether the customer may be texted.
type SMSConsent struct {
	State     string `json:"state"` // subscribed, not_subscribed, unsubscribed, pending, redacted
	Level     string `json:"opt_in_level"`
	UpdatedAt Time   `json:"consent_updated_at"`
	From      string `json:"consent_collected_from"`
}

// ConsentUpdate is what customers_marketing_consent/update carries.
type ConsentUpdate struct {
	ID      Ref         `json:"id"`
	Phone   string      `json:"phone"`
	Consent *SMSConsent `json:"sms_marketing_consent"`
}

// Redaction is what the three mandatory privacy topics carry.
type Redaction struct {
	Domain   string `json:"shop_domain"`
	Customer *struct {
		ID    Ref    `json:"id"`
		Email string `json:"email"`
		Phone string `json:"phone"`
	} `json:"customer"`
}

// Product is what products/create and products/update carry.
type Product struct {
	ID       Ref    `json:"id"`
	Title    string `json:"title"`
	Handle   string `json:"handle"`
	Type     string `json:"product_type"`
	Tags     string `json:"tags"`
	Status   string `json:"status"`
	Variants []struct {
		ID       Ref     `json:"id"`
		Title    string  `json:"title"`
		Price    Decimal `json:"price"`
		Stock    int     `json:"inventory_quantity"`
		SKU      string  `json:"sku"`
		ImageURL string  `json:"-"`
	} `json:"variants"`
	Image *struct {
		Src string `json:"src"`
	} `json:"image"`
}

// Line is one article.
type Line struct {
	Title        string  `json:"title"`
	VariantTitle string  `json:"variant_title"`
	VariantID    Ref     `json:"variant_id"`
	ProductID    Ref     `json:"product_id"`
	SKU          string  `json:"sku"`
	Quantity     int     `json:"quantity"`
	Price        Decimal `json:"price"`
}

// Discount is a code that was entered.
type Discount struct {
	Code   string  `json:"code"`
	Amount Decimal `json:"amount"`
	Type   string  `json:"type"`
}

// Address is a postal address; its phone is often the only one there is.
type Address struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Phone       string `json:"phone"`
	City        string `json:"city"`
	Province    string `json:"province_code"`
	Zip         string `json:"zip"`
	CountryCode string `json:"country_code"`
}

// Attribute is a free field of the shop's theme.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Ref is an id that Shopify writes as a number, and some tools as a text; null is empty.
type Ref string

// UnmarshalJSON keeps every digit: the numbers are larger than a float64 can hold.
func (r *Ref) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" {
		text = ""
	}
	*r = Ref(text)
	return nil
}

// Decimal is an amount as the shop writes it, "128.00" or 128.0; null is empty.
type Decimal string

// UnmarshalJSON accepts a text or a number.
func (d *Decimal) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" {
		text = ""
	}
	*d = Decimal(text)
	return nil
}

// Time is a moment as the shop writes it, with any offset; null is the zero time.
type Time struct{ clock.Time }

// UnmarshalJSON accepts RFC 3339 and null.
func (t *Time) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" || text == "" {
		return nil
	}
	std, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return err
	}
	t.Time = clock.From(std)
	return nil
}

// Decode reads a body into v. Unknown fields are normal: the shop adds some whenever it likes.
func Decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(v); err != nil {
		return errs.Wrap(err, errs.Invalid, "shop_payload_invalid", "The shop's message cannot be read. It is kept as it came and can be replayed.")
	}
	return nil
}

// Phones are the numbers under which the buyer may be texted, the one given for that purpose first.
func (c Checkout) Phones() []string {
	return phones(c.SMSPhone, c.Phone, c.Customer, c.ShippingAddress, c.BillingAddress)
}

// Phones are the buyer's numbers.
func (o Order) Phones() []string {
	return phones("", o.Phone, o.Customer, o.ShippingAddress, o.BillingAddress)
}

func phones(first, second string, c *Customer, addresses ...*Address) []string {
	all := []string{first, second}
	if c != nil {
		all = append(all, c.Phone)
		addresses = append(addresses, c.Address)
	}
	for _, a := range addresses {
		if a != nil {
			all = append(all, a.Phone)
		}
	}
	return distinct(all)
}

func distinct(all []string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, p := range all {
		if p = strings.TrimSpace(p); !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// Place is the address that says best where the buyer is.
func (c Checkout) Place() *Address {
	return firstAddress(c.ShippingAddress, c.BillingAddress, c.Customer)
}

// Place is the address that says best where the buyer is.
func (o Order) Place() *Address { return firstAddress(o.ShippingAddress, o.BillingAddress, o.Customer) }

func firstAddress(shipping, billing *Address, c *Customer) *Address {
	switch {
	case shipping != nil:
		return shipping
	case billing != nil:
		return billing
	case c != nil:
		return c.Address
	}
	return nil
}

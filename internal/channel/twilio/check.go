package twilio

import (
	"context"
	"errors"
	"net/url"

	"parley/internal/channel"
)

// Check asks Twilio whether the credentials work, whether the number is owned, and whether it calls this channel.
func (c *conn) Check(ctx context.Context) []channel.Check {
	auth := c.checkAuth(ctx)
	if !auth.OK || c.account.Number() == "" {
		return []channel.Check{auth}
	}
	return append([]channel.Check{auth}, c.checkNumber(ctx)...)
}

func (c *conn) checkAuth(ctx context.Context) channel.Check {
	check := channel.Check{Key: "auth", Title: "Twilio accepts the credentials"}
	var account struct {
		Status string `json:"status"`
		Name   string `json:"friendly_name"`
	}
	if err := c.get(ctx, c.root+".json", &account); err != nil {
		check.Detail, check.Fix = said(err), "Copy Account SID and auth token again from the Twilio Console, Account Info."
		return check
	}
	check.OK, check.Detail = account.Status == "active", account.Name+": "+account.Status
	if !check.OK {
		check.Fix = "The account is not active. Open the Twilio Console to see what Twilio asks for."
	}
	return check
}

func (c *conn) checkNumber(ctx context.Context) []channel.Check {
	owned := channel.Check{Key: "number", Title: "The number belongs to the account"}
	hook := channel.Check{Key: "webhook", Title: "The number's messages come to Parley"}
	var list struct {
		Numbers []struct {
			SMS    string `json:"sms_url"`
			App    string `json:"sms_application_sid"`
			Number string `json:"phone_number"`
		} `json:"incoming_phone_numbers"`
	}
	err := c.get(ctx, c.root+"/IncomingPhoneNumbers.json?PhoneNumber="+url.QueryEscape(c.account.Number()), &list)
	switch {
	case err != nil:
		owned.Detail, owned.Fix = said(err), "Try again in a minute."
		return []channel.Check{owned}
	case len(list.Numbers) == 0:
		owned.Detail = "Twilio lists no number " + c.account.Number() + " in this account."
		owned.Fix = "Write the number as in Phone Numbers, Manage, Active numbers, or buy it there."
		return []channel.Check{owned}
	}
	owned.OK, owned.Detail = true, list.Numbers[0].Number
	hook.Detail = "Twilio calls " + list.Numbers[0].SMS
	hook.OK = list.Numbers[0].SMS == c.account.CallbackURL || c.account.Settings["messaging_service_sid"] != ""
	if !hook.OK {
		hook.Fix = "In Phone Numbers, Manage, Active numbers, the number, Messaging, A message comes in: paste " +
			c.account.CallbackURL + " as Webhook, HTTP POST."
	}
	return []channel.Check{owned, hook}
}

// said is the provider's own words about a failure.
func said(err error) string {
	var f *channel.Failure
	if errors.As(err, &f) && f.Err == nil {
		return f.Text + " [" + f.ProviderCode + "]"
	}
	if errors.As(err, &f) {
		return f.Text
	}
	return "Twilio could not be asked."
}

package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	"parley/internal/org"
)

// welcome is what the terminal shows, and the address to open.
func (d *Demo) welcome(ctx context.Context) (lines, open string, err error) {
	members, err := d.App.Org.Members(ctx, d.App.DB, d.Workspace.ID)
	if err != nil {
		return "", "", err
	}
	if len(members) == 0 {
		return "", "", org.ErrNoMember
	}
	first := members[0]
	token, err := d.App.Org.LoginLink(ctx, d.Workspace.ID, first.ID, loginLife)
	if err != nil {
		return "", "", err
	}
	at := d.App.Addresses()
	open = at.Open + "/d/" + token
	if at.Phone == "" {
		at.Phone = at.Open
	}
	phone, err := d.phone(ctx, at.Phone)
	if err != nil {
		return "", "", err
	}
	given, _, _ := strings.Cut(first.Name, " ")
	var b strings.Builder
	c := d.Count
	fmt.Fprintf(&b, "%s is ready (%.1f s): %s, %s, %s, %s. Nothing leaves this machine.\n", d.Workspace.Name, time.Since(d.started).Seconds(),
		many(c.Customers, "customer"), many(c.Journeys, "journey"), many(c.Agents, "agent"), many(c.Phones, "phone"))
	fmt.Fprintf(&b, "Open   %s   you are signed in as %s\n", open, given)
	fmt.Fprintf(&b, "Phone  %s   or scan with your own phone:\n%s", phone, code(phone))
	fmt.Fprintf(&b, "Reset  parley demo --reset      Real workspace  parley serve\n")
	return b.String(), open, nil
}

// phone is the address of the first simulated phone.
func (d *Demo) phone(ctx context.Context, origin string) (string, error) {
	phones, err := d.App.Simulator.Phones(ctx, d.Workspace.ID)
	if err != nil || len(phones) == 0 {
		return "", err
	}
	return origin + "/sim/" + url.PathEscape(string(phones[0].Number)) + "?t=" + phones[0].Token, nil
}

// code draws an address for a phone's camera with half blocks, two rows of it in each line.
func code(address string) string {
	q, err := qrcode.New(address, qrcode.Low)
	if err != nil {
		return ""
	}
	return q.ToSmallString(false)
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

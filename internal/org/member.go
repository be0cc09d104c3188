package org

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"parley/internal/clock"
	"parley/internal/id"
)

// Account is somebody who signs in.
type Account struct {
	ID    AccountID
	Email string // lower case; unique
	Name  string
}

// Member is an account's place in a workspace.
type Member struct {
	ID        MemberID
	Workspace id.Workspace
	Account   AccountID
	Name      string // of the account
	Email     string // of the account
	Role      Role
	Limits    *GrantLimits // nil: what the role may
	Disabled  bool
	CreatedAt clock.Time
	SeenAt    clock.Time // zero: never signed in

	checklistHidden bool
}

// MemberChange is what may be changed about a member; nil leaves a field as it is.
type MemberChange struct {
	Role     *Role
	Limits   *GrantLimits
	Disabled *bool
}

// NewMember is somebody to add to a workspace without an invitation: by the demo, or by set-up as code.
type NewMember struct {
	Workspace id.Workspace
	Name      string
	Email     string
	Password  string // empty: cannot sign in with a password
	Role      Role
	Limits    *GrantLimits
}

func normalEmail(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// personWrong says what is wrong with the fields of somebody who signs in.
func personWrong(name, email string) map[string]string {
	wrong := map[string]string{}
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n == 0 || n > 80 {
		wrong["name"] = "is empty or longer than 80 characters"
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > 200 {
		wrong["email"] = "is not an e-mail address such as ana@example.com"
	}
	return wrong
}

// Passwords are as long as people like within these bounds; no rule on characters, after NIST SP 800-63B.
const (
	minPassword = 10
	maxPassword = 200
)

// passwordProblem says why a password will not do, or nothing.
func passwordProblem(password string, about ...string) string {
	if utf8.RuneCountInString(password) < minPassword {
		return "has fewer than 10 characters"
	}
	if len(password) > maxPassword {
		return "has more than 200 bytes"
	}
	lower := strings.ToLower(password)
	if len(strings.TrimLeft(lower, lower[:1])) == 0 {
		return "is one character again and again"
	}
	for _, text := range append(about, "password123", "1234567890", "qwertyuiop") {
		if text != "" && lower == strings.ToLower(text) {
			return "is too easy to guess"
		}
	}
	return ""
}

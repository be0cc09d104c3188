package reading

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// email reads an e-mail address, also one that is spelled out ("ann at example dot com").
func (t *text) email(q Question) Answer {
	written := addresses(t.raw)
	if len(written) == 0 {
		if spelled := addresses(t.spelled()); len(spelled) == 1 {
			return unsure(Doubtful, spelled[0])
		}
		return unread(NotUnderstood)
	}
	var all []any
	for _, a := range written {
		if mended := mendedHost(a); mended != a {
			all = append(all, mended)
		}
		all = append(all, a)
	}
	switch {
	case len(all) > maxAlternatives:
		return unread(NotUnderstood)
	case len(all) > 1:
		return unsure(Ambiguous, all...)
	}
	return sure(all[0])
}

// addresses finds the addresses of a text, each once, with the host in small letters.
func addresses(raw string) []string {
	var out []string
	for _, field := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;<>()[]{}\"“”„«»*|", r) }) {
		field = strings.TrimRight(field, ".!?:…'’")
		field = strings.TrimPrefix(strings.TrimLeft(field, "'’¿¡:"), "mailto:")
		at := strings.LastIndexByte(field, '@')
		if at < 1 {
			continue
		}
		address := field[:at+1] + strings.ToLower(field[at+1:])
		if isAddress(address) && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}

// isAddress says whether a text is one address that a provider can have.
func isAddress(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || len(local) > 64 || strings.ContainsAny(s, " \t\r\n") {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && parsed.Name == "" &&
		regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$`).MatchString(host)
}

// spelled puts signs in the place of their words.
func (t *text) spelled() string {
	var b strings.Builder
	for i := 0; i < len(t.ts); i++ {
		token := t.ts[i]
		_, _, at := t.lang.mailAt.at(t.ts, i)
		_, _, dot := t.lang.mailDot.at(t.ts, i)
		switch {
		case at:
			b.WriteByte('@')
		case dot:
			b.WriteByte('.')
		case token.kind == sign && strings.Contains("()[]{}", token.word):
		case token.glued || i > 0 && (strings.HasSuffix(b.String(), "@") || strings.HasSuffix(b.String(), ".")):
			b.WriteString(token.word)
		default:
			b.WriteString(" " + token.word)
		}
	}
	return b.String()
}

// mendedHost puts a large provider's host in the place of one that is a slip away from it.
func mendedHost(address string) string {
	local, host, _ := strings.Cut(address, "@")
	hosts := []string{"gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "googlemail.com", "web.de", "gmx.de", "gmx.net", "hotmail.es", "yahoo.es", "t-online.de"}
	if slices.Contains(hosts, host) {
		return address
	}
	for _, h := range hosts {
		name, _, _ := strings.Cut(h, ".")
		is, _, _ := strings.Cut(host, ".")
		if len(name) >= 5 && is != name && distance(is, name) == 1 || is == name && distance(host, h) == 1 {
			return local + "@" + h
		}
	}
	return address
}

package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/internal/channel"
)

// verified returns the request's parameters if Twilio signed it, else ErrForged. The signature covers every
// parameter, known or not.
func (c *conn) verified(req channel.WebhookRequest) (url.Values, error) {
	given, err := base64.StdEncoding.DecodeString(req.Header.Get("X-Twilio-Signature"))
	if err != nil || len(given) != sha1.Size {
		return nil, channel.ErrForged
	}
	params, signed, ok := parameters(req)
	if !ok {
		return nil, channel.ErrForged
	}
	tail := signedTail(signed)
	valid := false
	for _, address := range addresses(req.PublicURL) {
		for _, token := range c.tokens {
			mac := hmac.New(sha1.New, token)
			mac.Write([]byte(address))
			mac.Write([]byte(tail))
			valid = hmac.Equal(mac.Sum(nil), given) || valid
		}
	}
	if !valid {
		return nil, channel.ErrForged
	}
	return params, nil
}

// parameters are what the request says, and those of them that the signature adds to the address. A body that is not
// a form is signed by its hash in the address.
func parameters(req channel.WebhookRequest) (all, signed url.Values, ok bool) {
	query := url.Values(req.Query)
	if req.Method == http.MethodGet {
		return query, nil, true
	}
	if want := query.Get("bodySHA256"); want != "" {
		sum := sha256.Sum256(req.Body)
		return query, nil, hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(want)))
	}
	form, err := url.ParseQuery(string(req.Body))
	return form, form, err == nil
}

// signedTail is every name with each of its different values, sorted, without separators.
func signedTail(params url.Values) string {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		values := slices.Clone(params[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			b.WriteString(name)
			b.WriteString(value)
		}
	}
	return b.String()
}

// addresses are the forms of the public URL that Twilio may have signed: with and without the port.
func addresses(public string) []string {
	scheme, rest, found := strings.Cut(public, "://")
	if !found {
		return []string{public}
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	colon := strings.LastIndexByte(host, ':')
	if colon > strings.LastIndexByte(host, ']') {
		return []string{public, scheme + "://" + host[:colon] + path}
	}
	port := ":443"
	if scheme == "http" {
		port = ":80"
	}
	return []string{public, scheme + "://" + host + port + path}
}

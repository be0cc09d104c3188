package shopify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// Webhook is a verified delivery.
type Webhook struct {
	ID     string // X-Shopify-Webhook-Id: the same for every try of one delivery
	Topic  string // "checkouts/update"
	Domain string // "fashion-era.myshopify.com"
	Body   []byte
}

// Verify checks the signature against each live secret, in constant time. Two secrets live while one replaces the other,
// because Shopify takes up to an hour to sign with the new one. Without a secret nothing is accepted.
func Verify(secrets []string, h http.Header, body []byte) (Webhook, bool) {
	given, err := base64.StdEncoding.DecodeString(h.Get("X-Shopify-Hmac-Sha256"))
	if err != nil || len(given) != sha256.Size {
		return Webhook{}, false
	}
	ok := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(given, sum(secret, body)) {
			ok = true
		}
	}
	if !ok {
		return Webhook{}, false
	}
	return Webhook{ID: h.Get("X-Shopify-Webhook-Id"), Topic: strings.ToLower(h.Get("X-Shopify-Topic")),
		Domain: strings.ToLower(h.Get("X-Shopify-Shop-Domain")), Body: body}, true
}

// Sign is the value of X-Shopify-Hmac-SHA256 for a body; the simulated shop and the tests sign with it.
func Sign(secret string, body []byte) string {
	return base64.StdEncoding.EncodeToString(sum(secret, body))
}

func sum(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

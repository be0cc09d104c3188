// Package shopify reads Shopify's webhooks and speaks its Admin API. It translates and classifies; it stores nothing.
//
// Facts come from shopify.dev: webhooks are signed with base64(HMAC-SHA256(body, client secret)) in X-Shopify-Hmac-SHA256,
// may repeat and come in any order, name themselves in X-Shopify-Webhook-Id, and their subscription is deleted after
// eight failures in a row; so what was missed is fetched again by reconciliation.
package shopify

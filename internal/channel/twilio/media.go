package twilio

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"parley/internal/channel"
	"parley/internal/errs"
)

// FetchMedia fetches a file of an incoming message. The credentials go only to the host of base_url; what Twilio
// redirects to is followed by the HTTP client without them.
func (c *conn) FetchMedia(ctx context.Context, ref channel.MediaRef, maxBytes int64) (channel.Media, error) {
	u, err := url.Parse(ref.URL)
	if err != nil || u.Host != c.base.Host || u.Scheme != c.base.Scheme || u.User != nil {
		return channel.Media{}, errs.New(errs.Forbidden, "media_host", "The file is not on Twilio's host, so it was not fetched.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return channel.Media{}, fmt.Errorf("twilio: %w", err)
	}
	req.SetBasicAuth(c.sid, c.token)
	resp, err := c.account.HTTP.Do(req)
	if err != nil {
		return channel.Media{}, noAnswer(err, false)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return channel.Media{}, refusal(resp, nil)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes+1))
	if err != nil {
		return channel.Media{}, noAnswer(err, false)
	}
	if int64(len(body)) > maxBytes {
		return channel.Media{}, errs.New(errs.TooLarge, "media_too_large", "The file is larger than %d bytes.", maxBytes)
	}
	return channel.Media{ContentType: resp.Header.Get("Content-Type"), Bytes: body}, nil
}

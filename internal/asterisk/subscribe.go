package asterisk

import (
	"context"
	"net/http"
	"net/url"
)

// What each of the two apps may send. Everything else stays in Asterisk: of 51
// events of a simple call 33 are variables that nobody reads here.
var (
	appEvents = []string{
		"ApplicationMoveFailed", applicationReplaced, userEvent, callBroadcast, "StasisStart", "StasisEnd",
		"ChannelHangupRequest", "ChannelDtmfReceived", "ChannelTalkingStarted", "ChannelTalkingFinished",
		"ChannelEnteredBridge", "ChannelLeftBridge", "ChannelHold", "ChannelUnhold", "Dial", "PlaybackFinished",
	}
	watchEvents = []string{applicationReplaced, userEvent, "ChannelDestroyed", "ChannelDtmfReceived", "EndpointStateChange"}
)

// subscribe sets the filters, then the subscriptions: filters first, so that no
// flood comes between. Both die with Asterisk, hence at every connection.
func (c *Client) subscribe(ctx context.Context) error {
	for app, types := range map[string][]string{c.opt.App: appEvents, c.opt.WatchApp: watchEvents} {
		if err := c.filter(ctx, app, types); err != nil {
			return err
		}
	}
	return c.command(ctx, request{
		op: "subscribe", method: http.MethodPost, path: []string{"applications", c.opt.WatchApp, "subscription"},
		query: url.Values{"eventSource": {"endpoint:PJSIP"}},
	})
}

func (c *Client) filter(ctx context.Context, app string, types []string) error {
	type eventType struct {
		Type string `json:"type"`
	}
	var allowed []eventType
	for _, t := range types {
		allowed = append(allowed, eventType{t})
	}
	return c.command(ctx, request{
		op: "filter events", method: http.MethodPut, path: []string{"applications", app, "eventFilter"},
		body: map[string]any{"allowed": allowed},
	})
}

package dialer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"powerline/internal/acd"
	"powerline/internal/config"
)

// Serve runs a dialer until ctx ends: an engine that takes no callers and makes
// calls. Each value of reload is the path of a configuration to take instead.
func Serve(ctx context.Context, c config.Config, reload <-chan string, log *slog.Logger) error {
	if c.Outbound.Trunk == "" {
		return fmt.Errorf("dialer: outbound.trunk is empty: name the trunk that calls go out by")
	}
	return acd.ServeWith(ctx, c, reload, log, func(o acd.Opened) (acd.Extended, error) {
		var engine *acd.Engine
		settings := func() config.Outbound {
			if engine == nil {
				return o.Config.Outbound
			}
			return engine.Config().Outbound
		}
		d := New(Deps{Store: o.DB, Settings: settings, Metrics: NewMetrics(o.Registry), Log: log, Now: func() time.Time { return c.Outbound.Clock.At(time.Now()) }})
		return acd.Extended{
			Outbound: d, Deaf: true,
			Beside: func(ctx context.Context, e *acd.Engine) {
				engine = e
				d.Run(ctx, e)
			},
		}, nil
	})
}

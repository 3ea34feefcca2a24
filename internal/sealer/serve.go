package sealer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"powerline/internal/config"
	"powerline/internal/evidence"
	"powerline/internal/postgres"
	"powerline/recordings"
)

// Serve seals, with everything that takes, until ctx ends. It starts without
// PostgreSQL: recordings are sealed, and entered into the chain when it is back.
func Serve(ctx context.Context, c config.Config, log *slog.Logger) error {
	o, err := optionsOf(c, log)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o.Metrics = NewMetrics(registry)
	if o.DB, err = openDB(ctx, c); err != nil {
		return err
	}
	defer o.DB.Close()
	if err := o.DB.Migrate(ctx); err != nil {
		log.Warn("database could not be brought up to date; sealing without it", "error", err)
	}
	s, err := New(o)
	if err != nil {
		return err
	}
	stop, err := s.listen(c.Recordings.Listen.String(), registry)
	if err != nil {
		return err
	}
	defer stop()
	return s.Run(ctx)
}

// ErrNothing: the configuration names no spool.
var ErrNothing = errors.New("sealer: recordings.spoolDir is empty: nothing is recorded, and there is nothing to seal")

func optionsOf(c config.Config, log *slog.Logger) (Options, error) {
	r := c.Recordings
	if r.SpoolDir == "" {
		return Options{}, ErrNothing
	}
	o := Options{
		Spool: recordings.Spool{Dir: r.SpoolDir, Quota: r.SpoolBytes}, StoreFree: r.StoreFree, PendingDir: filepath.Join(r.StoreDir, "pending"),
		Host: c.Asterisk.SystemName, SealWithin: r.SealWithin, Log: log, AnchorDir: r.Anchor.Dir, AnchorEvery: r.Anchor.Every,
	}
	text, err := os.ReadFile(r.RecipientsFile)
	if err != nil {
		return o, fmt.Errorf("sealer: recordings.recipientsFile: %w", err)
	}
	if o.Recipients, err = recordings.ParseRecipients(text); err != nil {
		return o, fmt.Errorf("sealer: recordings.recipientsFile: %w", err)
	}
	if r.Anchor.Dir != "" {
		if o.Seed, err = config.Key(r.Anchor.KeyFile); err != nil {
			return o, fmt.Errorf("sealer: recordings.anchor.keyFile: %w", err)
		}
	}
	if o.Store, err = evidence.OpenStore(r); err != nil {
		return o, err
	}
	return o, nil
}

func openDB(ctx context.Context, c config.Config) (*postgres.DB, error) {
	password, err := config.Secret(c.Postgres.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("sealer: postgres.passwordFile: %w", err)
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{
		Password: password, MaxConns: 4, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("sealer: open the database: %w", err)
	}
	return db, nil
}

// listen serves metrics, and health: 200 while there is no alarm.
func (s *Sealer) listen(address string, registry *prometheus.Registry) (stop func(), err error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if all := s.Alarms(); len(all) > 0 {
			http.Error(w, strings.Join(all, "\n"), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "recordings are sealed")
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 2 * time.Second, WriteTimeout: 10 * time.Second}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("sealer: listen on %s for metrics: %w", address, err)
	}
	go func() {
		if err := srv.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("metrics are not served any more", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx) // the process ends in any case
	}, nil
}

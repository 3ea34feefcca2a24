package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/journal"
	"powerline/internal/postgres"
	"powerline/queue"
)

// Serve runs an engine with everything it needs until ctx ends. Each value of
// reload is the path of a configuration to take instead; a bad one is refused
// whole and the old one stays.
func Serve(ctx context.Context, c config.Config, reload <-chan string, log *slog.Logger) error {
	return ServeWith(ctx, c, reload, log, nil)
}

// Extension makes an engine more than an acd. It is told what was opened, before
// the engine exists.
type Extension func(Opened) (Extended, error)

// Opened is what an extension may use until the engine has ended.
type Opened struct {
	Config   config.Config
	DB       *postgres.DB
	Registry prometheus.Registerer
	// Records brings what lasts to safety, in the database or the journal. Waiting
	// reads what the process before this one has left in the journal.
	Records *journal.Writer[postgres.Record]
	Waiting func(kind string) ([]journal.Entry, error)
	// FingerprintKey and SealKey are those of privacy.
	FingerprintKey, SealKey []byte
}

// Extended is what an extension adds.
type Extended struct {
	Outbound Outbound
	// Deaf: the engine takes no new callers.
	Deaf bool
	// Beside runs as long as the engine does.
	Beside func(ctx context.Context, e *Engine)
	// Handler serves paths below /api/ on the engine's listener; nil for none.
	Handler func(e *Engine) http.Handler
}

// ServeWith is Serve for an engine with an extension; nil is an acd.
func ServeWith(ctx context.Context, c config.Config, reload <-chan string, log *slog.Logger, extend Extension) error {
	settings, err := settingsOf(c)
	if err != nil {
		return err
	}
	s := server{config: c, log: log, registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.metrics = NewMetrics(s.registry)
	if err := s.open(ctx); err != nil {
		s.close()
		return err
	}
	defer s.close()
	var more Extended
	if extend != nil {
		if more, err = extend(s.opened()); err != nil {
			return err
		}
	}
	engine := New(settings, s.deps(more))
	go s.followReloads(ctx, engine, reload)
	stopHTTP, err := s.listen(engine, more)
	if err != nil {
		return err
	}
	defer stopHTTP()
	stopBeside := engine.beside(ctx, more)
	defer stopBeside()
	// The records of the last calls are brought to safety after the engine ended.
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	written := make(chan error, 1)
	go func() { written <- s.writer.Run(writing) }()
	err = engine.Run(ctx)
	stopWriting()
	return errors.Join(err, <-written)
}

// server holds what Serve opened.
type server struct {
	config   config.Config
	log      *slog.Logger
	registry *prometheus.Registry
	metrics  *Metrics
	ari      *asterisk.Client
	store    *queue.Store
	db       *postgres.DB
	journal  *journal.Journal
	writer   *journal.Writer[postgres.Record]

	fingerprintKey, sealKey []byte
}

func (s *server) open(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.openKeys, s.openAsterisk, s.openStore, s.openRecords} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) openKeys(context.Context) error {
	var err error
	if s.fingerprintKey, err = config.Key(s.config.Privacy.FingerprintKeyFile); err != nil {
		return fmt.Errorf("acd: privacy.fingerprintKeyFile: %w", err)
	}
	if s.config.Privacy.SealKeyFile == "" {
		return nil
	}
	if s.sealKey, err = config.Key(s.config.Privacy.SealKeyFile); err != nil {
		return fmt.Errorf("acd: privacy.sealKeyFile: %w", err)
	}
	return nil
}

func (s *server) openAsterisk(context.Context) error {
	c := s.config.Asterisk
	password, err := config.Secret(c.ARI.PasswordFile)
	if err != nil {
		return fmt.Errorf("acd: asterisk.ari.passwordFile: %w", err)
	}
	amiSecret, err := config.Secret(c.AMI.PasswordFile)
	if err != nil {
		return fmt.Errorf("acd: asterisk.ami.passwordFile: %w", err)
	}
	s.ari = asterisk.New(asterisk.Options{
		BaseURL: strings.TrimSuffix(c.ARI.URL, "/ari"), User: c.ARI.Username, Password: password,
		App:        s.config.Instance.App(),
		AMIAddress: c.AMI.Address.String(), AMIUser: c.AMI.Username, AMISecret: amiSecret,
		Logger: s.log, Observe: s.metrics.ObserveAsterisk,
	})
	return nil
}

func (s *server) openStore(ctx context.Context) error {
	c := s.config.Redis
	password := ""
	if c.PasswordFile != "" {
		var err error
		if password, err = config.Secret(c.PasswordFile); err != nil {
			return fmt.Errorf("acd: redis.passwordFile: %w", err)
		}
	}
	store, err := queue.Open(ctx, queue.Options{
		Network: c.Network(), Addr: c.Address, Username: c.Username, Password: password, Site: s.config.Instance.Site, Timeout: c.Timeout, Observe: s.metrics.ObserveStore,
		OthersOnly: true, // what the engine commits it learns from the answer
	})
	if err != nil {
		return fmt.Errorf("acd: open the live store at %s: %w", c.Address, err)
	}
	s.store = store
	return nil
}

func (s *server) openRecords(ctx context.Context) error {
	c := s.config
	password := ""
	if c.Postgres.PasswordFile != "" {
		var err error
		if password, err = config.Secret(c.Postgres.PasswordFile); err != nil {
			return fmt.Errorf("acd: postgres.passwordFile: %w", err)
		}
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{
		Password: password, MaxConns: c.Postgres.MaxConns, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout,
		Keys:    postgres.Keys{Fingerprint: s.fingerprintKey, Seal: s.sealKey},
		Observe: s.metrics.ObservePostgres,
	})
	if err != nil {
		return fmt.Errorf("acd: open the database: %w", err)
	}
	s.db = db
	if err := db.Migrate(ctx); err != nil {
		// A database that is down must not keep the helpline down.
		s.log.Warn("database could not be brought up to date; serving without it", "error", err)
	}
	j, err := journal.Open(c.Journal.Dir, journal.Options{Quota: c.Journal.MaxBytes})
	if err != nil {
		return fmt.Errorf("acd: open the journal in %s: %w", c.Journal.Dir, err)
	}
	s.journal = j
	s.writer = journal.NewWriter[postgres.Record](j, db, postgres.DecodeRecord, journal.WriterOptions{
		StoreTimeout: c.Postgres.WriteTimeout, Logger: s.log,
	})
	s.metrics.watchWriter(s.writer.Stats, c.Journal.MaxBytes)
	return nil
}

func (s *server) opened() Opened {
	return Opened{
		Config: s.config, DB: s.db, Registry: s.registry, Records: s.writer, Waiting: s.journal.Waiting,
		FingerprintKey: s.fingerprintKey, SealKey: s.sealKey,
	}
}

// beside runs what an extension wants run, until the function is called.
func (e *Engine) beside(parent context.Context, more Extended) (stop func()) {
	if more.Beside == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(parent)
	done := make(chan struct{})
	go func() {
		defer close(done)
		more.Beside(ctx, e)
	}()
	return func() {
		cancel()
		<-done
	}
}

func (s *server) deps(more Extended) Deps {
	a := &archive{site: s.config.Instance.Site, owner: s.config.Instance.Name, clock: s.config.Outbound.Clock, writer: s.writer, log: s.log}
	return Deps{
		Outbound: more.Outbound, Deaf: more.Deaf, Outcomes: codesInto{s.db}, Audit: s.db, Stations: s.db,
		ARI: s.ari, Store: s.store, Roster: newRoster(s.db), Metrics: s.metrics, Log: s.log,
		Records: a, Recordings: a,
		FingerprintKey: s.fingerprintKey, SealKey: s.sealKey,
	}
}

func (s *server) close() {
	if s.journal != nil {
		if err := s.journal.Close(); err != nil {
			s.log.Error("journal could not be closed", "error", err)
		}
	}
	if s.db != nil {
		s.db.Close()
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Warn("live store could not be closed", "error", err)
		}
	}
}

// queuesEvery is how often an engine asks whether supervisors changed the queues.
const queuesEvery = time.Second

// followReloads takes new configurations, and what supervisors change of the
// queues over them.
func (s *server) followReloads(ctx context.Context, e *Engine, reload <-chan string) {
	tick := time.NewTicker(queuesEvery)
	defer tick.Stop()
	q := &queueBook{db: s.db, log: s.log, file: s.config}
	for {
		select {
		case <-ctx.Done():
			return
		case path := <-reload:
			if loaded, ok := s.reload(e, path, q); ok {
				q.file = loaded
			}
		case <-tick.C:
			q.follow(ctx, e)
		}
	}
}

// reload takes a file, and gives it back if it was taken.
func (s *server) reload(e *Engine, path string, q *queueBook) (config.Config, bool) {
	loaded, err := config.Load(path)
	if err == nil {
		var settings *Settings
		if settings, err = settingsOf(q.over(loaded)); err == nil {
			for _, field := range config.RestartNeeded(s.config, loaded) {
				s.log.Warn("this setting takes effect at the next start", "field", field)
			}
			e.Reload(settings)
			s.metrics.reloads.WithLabelValues("ok").Inc()
			s.log.Info("configuration taken in", "path", path)
			return loaded, true
		}
	}
	s.metrics.reloads.WithLabelValues("refused").Inc()
	s.log.Error("configuration refused; the old one stays", "path", path, "error", err)
	return config.Config{}, false
}

// listen serves metrics and health on loopback.
func (s *server) listen(e *Engine, more Extended) (stop func(), err error) {
	mux := http.NewServeMux()
	if more.Handler != nil {
		mux.Handle("/api/", more.Handler(e))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !e.healthy() {
			http.Error(w, "not taking calls", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "taking calls")
	})
	srv := &http.Server{
		Addr: s.config.HTTP.Listen.String(), Handler: mux,
		ReadHeaderTimeout: 2 * time.Second, WriteTimeout: 10 * time.Second,
	}
	listener, err := net.Listen("tcp", srv.Addr)
	if err != nil {
		return nil, fmt.Errorf("acd: listen on %s for metrics: %w", srv.Addr, err)
	}
	go func() {
		if err := srv.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("metrics are not served any more", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx) // the process ends in any case
	}, nil
}

package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Options beside the address; zero values mean the defaults.
type Options struct {
	Password       string // if it is not in the address
	MaxConns       int    // 8
	ConnectTimeout time.Duration
	QueryTimeout   time.Duration
	// Keys for what is private. Without them nothing can be registered, opened
	// or dialled (ErrNoKeys); everything else works.
	Keys Keys
	// Observe is told of every operation, for metrics; it must not block.
	Observe func(op string, took time.Duration, err error)
}

// Keys are the two keys of the privacy section, 32 bytes each: one recognises a
// number again, the other opens numbers, names and words. They stay in memory.
type Keys struct{ Fingerprint, Seal []byte }

// GoString hides the keys, so that printed options leak nothing.
func (Keys) GoString() string { return "postgres.Keys(•••)" }

// String hides the keys as well.
func (Keys) String() string { return "•••" }

// LogValue hides the keys in structured logs.
func (Keys) LogValue() slog.Value { return slog.StringValue("•••") }

func (o Options) orDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = 8
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 2 * time.Second
	}
	if o.QueryTimeout <= 0 {
		o.QueryTimeout = 5 * time.Second
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	return o
}

// DB is a pool of connections. It exists whether or not the server does.
type DB struct {
	pool    *pgxpool.Pool
	opts    Options
	refused atomic.Int64
}

// Open makes the pool. It does not wait for the server: an engine must be able
// to start while PostgreSQL is away. Ping asks whether it is there.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	o = o.orDefaults()
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// pgx's message can repeat the address, and a password may be in it.
		return nil, errors.New("postgres: open: the address is not understood: want postgres://user@host:port/database")
	}
	if o.Password != "" {
		c.ConnConfig.Password = o.Password
	}
	c.MaxConns = int32(o.MaxConns)
	c.MinIdleConns = 1
	c.ConnConfig.ConnectTimeout = o.ConnectTimeout
	c.HealthCheckPeriod = 5 * time.Second
	// Asked of every connection that idled: a server that was killed and came
	// back must not cost the first writer after it an error.
	c.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > time.Second }
	c.ConnConfig.RuntimeParams["application_name"] = "powerline"
	c.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	return &DB{pool: pool, opts: o}, nil
}

// Close returns the connections.
func (db *DB) Close() { db.pool.Close() }

// within gives an operation its name and its limit, and tells of it.
func (db *DB) within(ctx context.Context, op string, do func(context.Context) error) error {
	return db.withinLimit(ctx, op, db.opts.QueryTimeout, do)
}

// withinLimit is within for what takes longer than one question.
func (db *DB) withinLimit(ctx context.Context, op string, limit time.Duration, do func(context.Context) error) error {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	db.opts.Observe(op, time.Since(began), err)
	if err != nil {
		return fmt.Errorf("postgres: %s: %w", op, plain(err))
	}
	return nil
}

// plain strips what a server's error may repeat of the row (names).
func plain(err error) error {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return serverError{code: p.Code, message: p.Message, constraint: p.ConstraintName}
	}
	return err
}

type serverError struct{ code, message, constraint string }

func (e serverError) Error() string {
	if e.constraint != "" {
		return fmt.Sprintf("the server refused it: constraint %s (%s)", e.constraint, e.code)
	}
	return fmt.Sprintf("the server refused it: %s (%s)", e.message, e.code)
}

// impossible tells a step that can never be stored, which is a bug of ours,
// from a server that cannot store anything now; and why in few words.
func impossible(err error) (why string, yes bool) {
	var e serverError
	switch {
	case errors.Is(err, ErrNoTask):
		return "it is about a task that is not there", true
	case !errors.As(err, &e) || len(e.code) != 5 || e.code[:2] != "22" && e.code[:2] != "23":
		return "", false
	}
	return "the schema refuses its step: " + e.constraint, true
}

// Ping asks whether the server answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.within(ctx, "ping", func(ctx context.Context) error { return db.pool.Ping(ctx) })
}

// Server says which server this is, such as "15.14", and how far its schema is
// behind this program: 0 is current.
func (db *DB) Server(ctx context.Context) (version string, behind int, err error) {
	err = db.within(ctx, "look at the server", func(ctx context.Context) error {
		if err := db.pool.QueryRow(ctx, `SELECT current_setting('server_version')`).Scan(&version); err != nil {
			return err
		}
		var table *string
		if err := db.pool.QueryRow(ctx, `SELECT to_regclass('goose_db_version')::text`).Scan(&table); err != nil {
			return err
		}
		var applied int64
		if table != nil {
			if err := db.pool.QueryRow(ctx, `SELECT count(DISTINCT version_id) FROM goose_db_version WHERE is_applied AND version_id > 0`).Scan(&applied); err != nil {
				return err
			}
		}
		files, err := fs.Glob(migrations, "migrations/*.sql")
		behind = len(files) - int(applied)
		return err
	})
	return version, behind, err
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to this program's. Several processes may start
// at once: one migrates, the others wait for it.
func (db *DB) Migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	std := stdlib.OpenDBFromPool(db.pool)
	defer std.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, std, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	return nil
}

// inTx runs do in one transaction.
func (db *DB) inTx(ctx context.Context, o pgx.TxOptions, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, db.pool, o, do)
}

package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Options say where the store is.
type Options struct {
	// Network is "tcp" or "unix", Addr the address or socket.
	Network, Addr string
	// Username and Password are empty for a Redis without accounts.
	Username, Password string
	// Site is the prefix of all keys: one site, one data set.
	Site string
	// Timeout bounds each command; zero means 500 ms. Reading or rebuilding a
	// whole data set may take four times as long.
	Timeout time.Duration
	// OthersOnly: Watch does not tell of what this Store's own Commit has answered.
	OthersOnly bool
	// Observe, if set, is told of every command: its name, how long it took and
	// how it ended. It must not block.
	Observe func(op string, took time.Duration, err error)
}

// Store is the data set of a site in Redis. It is safe for concurrent use.
type Store struct {
	redis   *redis.Client
	key     keys
	timeout time.Duration
	observe func(string, time.Duration, error)
	own     own
	others  bool // are all that Watch tells of
}

const (
	defaultTimeout = 500 * time.Millisecond
	// connections is enough for every call of a peak second to commit at once;
	// a commit holds one for a fraction of a millisecond.
	connections     = 32
	idleConnections = 4
)

//go:embed prelude.lua
var prelude string

// script is a Lua script with what every script begins with.
func script(body string) *redis.Script { return redis.NewScript(prelude + body) }

// quiet keeps the driver from writing to standard error by itself: every failure
// comes back as an error, and through Observe.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

var silence = sync.OnceFunc(func() { redis.SetLogger(quiet{}) })

// Open connects, and fails if Redis does not answer or is too old.
func Open(ctx context.Context, o Options) (*Store, error) {
	silence()
	if o.Site == "" || strings.ContainsAny(o.Site, "{}") {
		return nil, fmt.Errorf("open the queue: site %q must be a name without braces", o.Site)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	s := &Store{key: keysOf(o.Site), timeout: o.Timeout, observe: o.Observe, others: o.OthersOnly}
	s.redis = redis.NewClient(&redis.Options{
		Network: o.Network, Addr: o.Addr, Username: o.Username, Password: o.Password,
		// The older protocol is the plainer one, and all that is needed.
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		// A repeated write is a decision of the caller, who knows what it means.
		MaxRetries: -1, DialerRetries: 1,
		DialTimeout: o.Timeout, ReadTimeout: 4 * o.Timeout, WriteTimeout: o.Timeout, PoolTimeout: o.Timeout,
		ContextTimeoutEnabled: true,
		PoolSize:              connections, MinIdleConns: idleConnections,
	})
	if err := s.check(ctx); err != nil {
		return nil, errors.Join(err, s.redis.Close())
	}
	return s, nil
}

// check makes sure that the server knows scripts with flags, which came with
// Redis 7; an older one would fail at the first call instead.
func (s *Store) check(ctx context.Context) error {
	return s.timed(ctx, "open", s.timeout, func(ctx context.Context) error {
		_, err := script("return 1").Run(ctx, s.redis, nil).Result()
		if err != nil {
			return fmt.Errorf("open the queue (redis 7 or newer is needed): %w", err)
		}
		return nil
	})
}

// Close ends all connections. Watches end with their contexts.
func (s *Store) Close() error { return s.redis.Close() }

// timed runs one command under its limit, tells the observer and turns the
// driver's errors into ours.
func (s *Store) timed(ctx context.Context, op string, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	begin := time.Now()
	err := f(ctx)
	switch {
	case err == nil:
	case strings.HasPrefix(err.Error(), "WRONGTYPE"):
		// Somebody wrote over one of our keys; Rebuild removes that first.
		err = fmt.Errorf("%s: %w (a key holds something else)", op, ErrWiped)
	default:
		if cause := context.Cause(ctx); cause != nil {
			err = errors.Join(err, cause)
		}
		err = fmt.Errorf("%s: %w: %w", op, ErrUnavailable, err)
	}
	s.observe(op, time.Since(begin), err)
	return err
}

// reply is what a script returns: a word and what belongs to it.
type reply []string

// run executes a script and decodes the refusals that all of them share.
func (s *Store) run(ctx context.Context, op string, limit time.Duration, sc *redis.Script, keys []string, args ...any) (reply, error) {
	var words reply
	err := s.timed(ctx, op, limit, func(ctx context.Context) (err error) {
		words, err = sc.Run(ctx, s.redis, keys, args...).StringSlice()
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("%s: %w: empty reply", op, ErrUnavailable)
	}
	switch words[0] {
	case "fenced":
		return nil, ErrFenced
	case "wiped":
		return nil, ErrWiped
	case "not-owner":
		return nil, &NotOwnerError{Call: words[1]}
	case "law":
		return nil, lawError(words)
	}
	return words, nil
}

package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/queue"
)

// The exit codes. Findings is for commands that did their work and found
// something wrong, so that a script can tell it from a command that failed.
const (
	ExitOK       = 0
	ExitFailed   = 1
	ExitFindings = 2
)

// ErrFindings ends a command whose report was printed already.
var ErrFindings = errors.New("findings")

// Streams are what a command reads and writes; tests give their own.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Invocation is one run of a program.
type Invocation struct {
	Streams
	ConfigPath string
}

// Main is a whole program: it makes the root command, parses, does, and ends the
// process with how it went.
func Main(name string, root func(*Invocation) *cobra.Command) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, name, os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr}, root)
	stop()
	os.Exit(code)
}

// Run is Main without the process.
func Run(ctx context.Context, name string, args []string, st Streams, root func(*Invocation) *cobra.Command) int {
	s := &Invocation{Streams: st}
	cmd := root(s)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetIn(st.In)
	cmd.SetOut(st.Out)
	cmd.SetErr(st.Err)
	cmd.PersistentFlags().StringVarP(&s.ConfigPath, "config", "c", "/etc/powerline/"+name+".yaml", "configuration file")
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrFindings):
		return ExitFindings
	}
	fmt.Fprintf(st.Err, "%s: %v\n", name, err)
	return ExitFailed
}

// Long takes the indentation of the source out of a help text.
func Long(text string) string {
	lines := strings.Split(strings.TrimPrefix(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "\t\t\t")
	}
	return strings.Join(lines, "\n")
}

// Load reads the configuration that the command was given.
func (s *Invocation) Load() (config.Config, error) { return config.Load(s.ConfigPath) }

// Logger writes to the invocation's error stream as the configuration says.
func (s *Invocation) Logger(c config.Config) (*slog.Logger, error) {
	level, err := c.Log.SlogLevel()
	if err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(s.Err, o)), nil
	}
	return slog.New(slog.NewTextHandler(s.Err, o)), nil
}

// LoadAndLog is the configuration that the command was given, and the logger that
// it asks for: how every process that serves begins.
func (s *Invocation) LoadAndLog() (config.Config, *slog.Logger, error) {
	c, err := s.Load()
	if err != nil {
		return config.Config{}, nil, err
	}
	log, err := s.Logger(c)
	return c, log, err
}

// ReloadOnHangup turns SIGHUP into the path of the configuration.
func (s *Invocation) ReloadOnHangup(ctx context.Context, reload chan<- string) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended:
				return
			case <-hangup:
			}
			select {
			case reload <- s.ConfigPath:
			case <-ctx.Done():
				return
			case <-ended:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		close(ended)
	}
}

// WithDB opens the database, brings its schema up, and closes it afterwards.
func (s *Invocation) WithDB(ctx context.Context, use func(config.Config, *postgres.DB) error) error {
	c, err := s.Load()
	if err != nil {
		return err
	}
	password, err := config.Secret(c.Postgres.PasswordFile)
	if err != nil {
		return err
	}
	keys, err := keysOf(c)
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{
		Password: password, MaxConns: 2, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout, Keys: keys,
	})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Ping(ctx); err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	return use(c, db)
}

// keysOf reads the keys for what is private. Most commands need none, and an
// operator's account may not be allowed to read them; who needs them is told.
func keysOf(c config.Config) (k postgres.Keys, err error) {
	for _, one := range []struct {
		file string
		key  *[]byte
	}{{c.Privacy.FingerprintKeyFile, &k.Fingerprint}, {c.Privacy.SealKeyFile, &k.Seal}} {
		if one.file == "" {
			return postgres.Keys{}, nil
		}
		*one.key, err = config.Key(one.file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			return postgres.Keys{}, nil
		}
		if err != nil {
			return postgres.Keys{}, err
		}
	}
	return k, nil
}

// WithStore opens the live store and closes it afterwards.
func (s *Invocation) WithStore(ctx context.Context, use func(config.Config, *queue.Store) error) error {
	c, err := s.Load()
	if err != nil {
		return err
	}
	password, err := config.Secret(c.Redis.PasswordFile)
	if err != nil {
		return err
	}
	store, err := queue.Open(ctx, queue.Options{
		Network: c.Redis.Network(), Addr: c.Redis.Address, Username: c.Redis.Username, Password: password,
		Site: c.Instance.Site, Timeout: c.Redis.Timeout,
	})
	if err != nil {
		return err
	}
	return errors.Join(use(c, store), store.Close())
}

package sealer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"powerline/internal/postgres"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/recordings"
)

// The sealer with a real PostgreSQL and real directories. It is killed by running
// this test program as a child that ends itself with SIGKILL at a step.

const childVariable = "POWERLINE_SEALER_DIES_AT"

var server *stack.Stack

func TestMain(m *testing.M) {
	if step := os.Getenv(childVariable); step != "" {
		child(step)
		return
	}
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, func(s *stack.Stack) int {
		server = s
		return m.Run()
	}))
}

// child seals what is in the directory until the step, and ends there.
func child(step string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	o, err := options(ctx, os.Getenv("DIR"), os.Getenv("DSN"))
	if err == nil {
		o.Step = func(at string) {
			if at == step {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		var s *Sealer
		if s, err = New(o); err == nil {
			s.heard(o.DB.Ping(ctx))
			err = s.Run(ctx)
		}
	}
	fmt.Fprintln(os.Stderr, "the child did not die:", err)
	os.Exit(1)
}

func options(ctx context.Context, dir, dsn string) (Options, error) {
	recipients, err := os.ReadFile(filepath.Join(dir, "recipients"))
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Spool: recordings.Spool{Dir: filepath.Join(dir, "spool")}, PendingDir: filepath.Join(dir, "store", "pending"), Host: "host",
		SealWithin: 100 * time.Millisecond, Metrics: NewMetrics(prometheus.NewRegistry()), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if o.Recipients, err = recordings.ParseRecipients(recipients); err != nil {
		return o, err
	}
	if o.Store, err = recordings.OpenDisk(filepath.Join(dir, "store")); err != nil {
		return o, err
	}
	o.DB, err = postgres.Open(ctx, dsn, postgres.Options{})
	return o, err
}

// place is a spool, a store and a database of one test.
type place struct {
	dir, dsn string
	ids      recordings.Identities
	Options
}

func newPlace(t testing.TB) *place {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "powerline-sealer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	p := &place{dir: dir, dsn: database(t)}
	if p.ids, err = recordings.ParseIdentities([]byte(id.String())); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "spool"), 0o700), os.WriteFile(filepath.Join(dir, "recipients"), []byte(id.Recipient().String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	if p.Options, err = options(t.Context(), dir, p.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.DB.Close)
	if err := p.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func database(t testing.TB) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), server.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	name := strings.ToLower("t" + strings.ReplaceAll(fmt.Sprint(time.Now().UnixNano()), "-", ""))
	if _, err := c.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(server.Postgres.URL, "/postgres?", "/"+name+"?", 1)
}

// talk leaves the plain files of a conversation in the spool, closed a while
// ago, and its rows in the database.
func (p *place) talk(t *testing.T, i int, rows bool) recordings.ID {
	t.Helper()
	id := recordings.NewID()
	for side, b := range map[recordings.Side]byte{recordings.Heard: 0x11, recordings.Spoken: 0x22} {
		path := p.Spool.Path(id, side)
		past := time.Now().Add(-5 * time.Second)
		if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{b + byte(i)}, 2*recordings.Rate), 0o600), os.Chtimes(path, past, past)); err != nil {
			t.Fatal(err)
		}
	}
	if rows {
		begun := time.Now().Add(-7 * time.Second)
		err := p.DB.WriteRecords(t.Context(), []postgres.Record{
			postgres.Recording{ID: id, Call: fmt.Sprintf("call-%d", i), Offer: 1, Direction: "inbound", What: "phone", Agent: "w001", Host: "host", Begun: begun},
			postgres.RecordingEnd{ID: id, Ended: begun.Add(2 * time.Second), Bridged: 2 * time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// seals runs a sealer until the chain has as many sealed links.
func (p *place) seals(t *testing.T, n int) []recordings.Link {
	t.Helper()
	s, err := New(p.Options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for {
		sealed := p.sealed(t)
		manifests, err := s.pending.List()
		if len(sealed) >= n && len(manifests) == 0 && err == nil {
			return sealed
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d of %d are sealed, %d wait for the chain", len(sealed), n, len(manifests))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *place) sealed(t *testing.T) (all []recordings.Link) {
	t.Helper()
	links, err := p.DB.Links(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var w recordings.Walk
	for _, l := range links {
		if err := w.Take(l); err != nil {
			t.Fatal(err)
		}
		if l.What == recordings.LinkSealed {
			all = append(all, l)
		}
	}
	return all
}

// whole fails the test unless a sealed recording opens and is what was said.
func (p *place) whole(t *testing.T, l recordings.Link) recordings.Sealed {
	t.Helper()
	s, err := l.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	k, err := p.DB.Key(t.Context(), s.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := p.ids.Unwrap(k.WrappedKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := recordings.Check(t.Context(), p.Store, l.Recording, s.Content, s.Object, &key); err != nil {
		t.Error(err)
	}
	return s
}

// Line 3 of what must hold, for the sealer: killed at every step.
func TestGivenASealerThatIsKilledAtAnyStep_WhenItRunsAgain_ThenEachRecordingIsSealedOnce(t *testing.T) {
	for _, step := range []string{"closed", "key", "stored", "noted", "plain-gone", "entering", "entered", "forgotten"} {
		t.Run(step, func(t *testing.T) {
			p := newPlace(t)
			want := map[recordings.ID]bool{}
			for i := range 2 {
				want[p.talk(t, i, true)] = true
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childVariable+"="+step, "DIR="+p.dir, "DSN="+p.dsn)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v: %s", err, out)
			}
			for _, l := range p.seals(t, 2) {
				if !want[l.Recording] {
					t.Errorf("%s is sealed twice, or was never recorded", l.Recording)
				}
				delete(want, l.Recording)
				if s := p.whole(t, l); s.Found || s.BridgedMS != 2000 || s.Missing() != 0 {
					t.Errorf("it says %+v", s)
				}
			}
			if left, strange, err := p.Spool.List(); err != nil || len(left)+len(strange) > 0 {
				t.Errorf("the spool holds %v %v (%v)", left, strange, err)
			}
		})
	}
}

func TestGivenAFileOfWhichNoRowKnows_WhenTheSealerStarts_ThenItIsSealedAndFlagged(t *testing.T) {
	p := newPlace(t)
	id := p.talk(t, 0, false)
	l := p.seals(t, 1)[0]
	if s := p.whole(t, l); l.Recording != id || !s.Found {
		t.Errorf("%s says %+v", l.Recording, s)
	}
	gaps, err := p.DB.Gaps(t.Context(), id, time.Time{})
	if err != nil || len(gaps) != 1 || gaps[0].Why != recordings.WhyFound {
		t.Errorf("its gaps are %v (%v)", gaps, err)
	}
}

func TestGivenAConversationOfTheFallback_WhenSealed_ThenItHasARowThatSaysSo(t *testing.T) {
	p := newPlace(t)
	id := p.talk(t, 0, false)
	for _, side := range []recordings.Side{recordings.Heard, recordings.Spoken} {
		to := filepath.Join(p.Spool.Dir, "fallback-powerline-1764121212.12-1764121215-"+string(side)+".alaw")
		if err := os.Rename(p.Spool.Path(id, side), to); err != nil {
			t.Fatal(err)
		}
	}
	l := p.seals(t, 1)[0]
	if s := p.whole(t, l); s.Found || s.Call != "powerline-1764121212.12" || s.Kind != "fallback" || s.Missing() != 0 {
		t.Errorf("it says %+v", s)
	}
	if left, strange, err := p.Spool.List(); err != nil || len(left)+len(strange) > 0 {
		t.Errorf("the spool holds %v %v (%v)", left, strange, err)
	}
}

func TestGivenARecordingThatIsShorterThanTheyTalked_WhenSealed_ThenAGapSaysSo(t *testing.T) {
	p := newPlace(t)
	id := p.talk(t, 0, false)
	begun := time.Now().Add(-20 * time.Second)
	err := p.DB.WriteRecords(t.Context(), []postgres.Record{
		postgres.Recording{ID: id, Call: "call", Offer: 1, Direction: "inbound", What: "phone", Agent: "w001", Host: "host", Begun: begun},
		postgres.RecordingEnd{ID: id, Ended: begun.Add(12 * time.Second), Bridged: 12 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.seals(t, 1)
	gaps, err := p.DB.Gaps(t.Context(), id, time.Time{})
	if err != nil || len(gaps) != 1 || gaps[0].Why != recordings.WhyShort || gaps[0].Missing != 10*time.Second {
		t.Errorf("its gaps are %v (%v)", gaps, err)
	}
}

func TestGivenASecondFileOfASealedId_WhenSealed_ThenBothAreKept(t *testing.T) {
	p := newPlace(t)
	id := p.talk(t, 0, true)
	first := p.seals(t, 1)[0]
	second := p.talk(t, 5, false)
	for _, side := range []recordings.Side{recordings.Heard, recordings.Spoken} {
		if err := os.Rename(p.Spool.Path(second, side), p.Spool.Path(id, side)); err != nil {
			t.Fatal(err)
		}
	}
	all := p.seals(t, 2)
	if all[0].Recording != first.Recording || all[1].Recording == id {
		t.Errorf("sealed are %s and %s", all[0].Recording, all[1].Recording)
	}
	p.whole(t, all[0])
	p.whole(t, all[1])
}

// refusing is a store that takes nothing, as a full, slow or read-only disk.
type refusing struct {
	recordings.Store
	err error
}

func (r refusing) Put(ctx context.Context, _ string, write func(io.Writer) error) error {
	if r.err == nil { // slow
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.Join(write(io.Discard), r.err)
}

func (r refusing) Free(context.Context) (int64, error) { return 0, nil }

func TestGivenAStoreThatTakesNothing_WhenWatched_ThenAnAlarmComesWithinTenSecondsAndThePlainFilesStay(t *testing.T) {
	for name, err := range map[string]error{"full": syscall.ENOSPC, "read-only": syscall.EROFS, "slow": nil} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.talk(t, 0, true)
			o := p.Options
			o.Store, o.StoreFree = refusing{o.Store, err}, 1<<20
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			began := time.Now()
			if !within(10*time.Second, func() bool { return raised(s, AlarmStore) && raised(s, AlarmUnsealed) }) {
				t.Fatalf("after ten seconds the alarms are %v", s.Alarms())
			}
			t.Logf("alarm after %v: %v", time.Since(began).Round(time.Millisecond), s.Alarms())
			cancel()
			<-done
			if n := len(p.seals(t, 1)); n != 1 { // the disk is well again
				t.Errorf("%d are sealed", n)
			}
		})
	}
}

// within polls a condition for so long.
func within(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !ok(); {
		select {
		case <-end:
			return false
		case <-tick.C:
		}
	}
	return true
}

func raised(s *Sealer, alarm string) bool {
	for _, a := range s.Alarms() {
		if strings.HasPrefix(a, alarm+": ") {
			return true
		}
	}
	return false
}

func TestGivenTheDatabaseIsAway_WhenRecordingsEnd_ThenTheyAreSealedAtOnceAndEnteredLater(t *testing.T) {
	p := newPlace(t)
	id := p.talk(t, 0, true)
	o := p.Options
	var err error
	if o.DB, err = postgres.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none", postgres.Options{ConnectTimeout: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	defer o.DB.Close()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	if !within(10*time.Second, func() bool {
		plains, _, err := s.Spool.List()
		manifests, err2 := s.pending.List()
		return err == nil && err2 == nil && len(plains) == 0 && len(manifests) == 1
	}) {
		t.Fatal("it is not sealed while the database is away")
	}
	cancel()
	<-done
	l := p.seals(t, 1)[0]
	if s := p.whole(t, l); l.Recording != id || s.Found || s.Call != "call-0" {
		t.Errorf("it says %+v", s)
	}
}

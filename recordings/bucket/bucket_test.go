package bucket_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"powerline/recordings"
	"powerline/recordings/bucket"
)

// server is an S3 server of this process, with a door that a test may hold shut.
type server struct {
	*httptest.Server
	door atomic.Pointer[func(http.ResponseWriter, *http.Request) bool] // true: it has answered
	asks atomic.Int64
}

func (s *server) through(door func(http.ResponseWriter, *http.Request) bool) { s.door.Store(&door) }

func serve(t *testing.T) *server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("evidence"); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend).Server()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asks.Add(1)
		if door := s.door.Load(); door != nil && (*door)(w, r) {
			return
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) open(t *testing.T, change func(*bucket.Options)) *bucket.Bucket {
	t.Helper()
	o := bucket.Options{Endpoint: s.URL, Name: "evidence", Prefix: "lucknow", Region: "us-east-1", AccessKey: "key", SecretKey: "secret", Within: 5 * time.Second}
	if change != nil {
		change(&o)
	}
	b, err := bucket.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(body []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	}
}

func all(ctx context.Context, s recordings.Store, name string) ([]byte, error) {
	o, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
}

// TestGivenAnyStore… is what disk and bucket must have in common.
func TestGivenAnyStore_WhenItIsUsed_ThenWhatWasPutIsThereWholeOrNotAtAll(t *testing.T) {
	disk, err := recordings.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]recordings.Store{"disk": disk, "bucket": serve(t).open(t, nil)} {
		t.Run(name, func(t *testing.T) { exercise(t, store) })
	}
}

func exercise(t *testing.T, store recordings.Store) {
	ctx := t.Context()
	name := recordings.NewID().Object()
	if _, err := store.Open(ctx, name); !errors.Is(err, recordings.ErrNoObject) {
		t.Errorf("before it was put: %v", err)
	}
	for _, size := range []int{1, 1 << 20, 3<<20 + 17, 17 << 20} {
		body := make([]byte, size)
		_, _ = rand.Read(body)
		if err := store.Put(ctx, name, text(body)); err != nil {
			t.Fatalf("put %d bytes: %v", size, err)
		}
		if got, err := all(ctx, store, name); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes come back as %d, %v", size, len(got), err)
		}
		readPlaces(t, store, name, body)
	}
	before, _ := all(ctx, store, name)
	broken := errors.New("the spool broke")
	half := func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return broken
	}
	if err := store.Put(ctx, name, half); !errors.Is(err, broken) {
		t.Errorf("a writer that broke: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := store.Put(ended, name, text([]byte("late"))); !errors.Is(err, context.Canceled) {
		t.Errorf("a put that nobody waits for: %v", err)
	}
	if after, err := all(ctx, store, name); err != nil || !bytes.Equal(before, after) {
		t.Errorf("what was there is not there any more: %v", err)
	}
	for range 2 {
		if err := store.Remove(ctx, name); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
	if _, err := store.Open(ctx, name); !errors.Is(err, recordings.ErrNoObject) {
		t.Errorf("after it was removed: %v", err)
	}
	if free, err := store.Free(ctx); err != nil || free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	for _, bad := range []string{"", "../secret", "aa/../../x.age", "aa/r.age"} {
		if err := store.Put(ctx, bad, text(nil)); err == nil {
			t.Errorf("put under %q", bad)
		}
		if _, err := store.Open(ctx, bad); err == nil {
			t.Errorf("opened %q", bad)
		}
		if err := store.Remove(ctx, bad); err == nil {
			t.Errorf("removed %q", bad)
		}
	}
}

// readPlaces reads as a player does that seeks.
func readPlaces(t *testing.T, store recordings.Store, name string, body []byte) {
	t.Helper()
	o, err := store.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	size := int64(len(body))
	if o.Size() != size {
		t.Errorf("size %d, want %d", o.Size(), size)
	}
	for _, at := range []int64{0, 1, size / 2, size - 1, size, size + 5} {
		if at < 0 {
			continue
		}
		piece := make([]byte, 70_000)
		n, err := o.ReadAt(piece, at)
		want := body[min(at, size):min(at+int64(len(piece)), size)]
		if !bytes.Equal(piece[:n], want) || (n < len(piece)) != errors.Is(err, io.EOF) {
			t.Errorf("at %d of %d: %d bytes, %v", at, size, n, err)
		}
	}
}

func TestGivenABucketThatTakesNothing_WhenARecordingIsPut_ThenTheErrorSaysWhatToDoAndNothingIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		door func(http.ResponseWriter, *http.Request) bool
		want string
	}{
		"read-only": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				return false
			}
			return deny(w, http.StatusForbidden, "AccessDenied")
		}, "refuses the access key"},
		"no bucket": {func(w http.ResponseWriter, _ *http.Request) bool { return deny(w, http.StatusNotFound, "NoSuchBucket") }, "make it"},
		"overloaded": {func(w http.ResponseWriter, _ *http.Request) bool {
			return deny(w, http.StatusServiceUnavailable, "SlowDown")
		}, "put an object"},
		"silent": {func(_ http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return true
		}, "put an object"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			b := s.open(t, func(o *bucket.Options) { o.Within = 100 * time.Millisecond })
			s.through(c.door)
			object := recordings.NewID().Object()
			err := b.Put(t.Context(), object, text([]byte("sealed")))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("put: %v", err)
			}
			s.door.Store(nil)
			if _, err := b.Open(t.Context(), object); !errors.Is(err, recordings.ErrNoObject) {
				t.Errorf("it is there all the same: %v", err)
			}
			if err := b.Put(t.Context(), object, text([]byte("sealed"))); err != nil {
				t.Errorf("when the store is itself again: %v", err)
			}
		})
	}
}

func deny(w http.ResponseWriter, status int, code string) bool {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
	return true
}

func TestGivenABucketThatIsAway_WhenItIsUsed_ThenItFailsInTimeAndIsNotTakenForEmpty(t *testing.T) {
	s := serve(t)
	b := s.open(t, func(o *bucket.Options) { o.Within = 200 * time.Millisecond })
	object := recordings.NewID().Object()
	if err := b.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.open(t, func(o *bucket.Options) { o.Name = "nobody-made-it" }).Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "make it") {
		t.Errorf("a bucket that nobody made: %v", err)
	}
	s.Close()
	began := time.Now()
	if _, err := b.Open(t.Context(), object); err == nil || errors.Is(err, recordings.ErrNoObject) {
		t.Errorf("open: %v", err)
	}
	if err := b.Remove(t.Context(), object); err == nil {
		t.Error("removed from a store that is away")
	}
	if err := b.Reach(t.Context()); err == nil {
		t.Error("reached a store that is away")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestGivenAPlayer_WhenItReadsInLittlePieces_ThenTheStoreIsAskedForLargeOnes(t *testing.T) {
	s := serve(t)
	b := s.open(t, nil)
	object := recordings.NewID().Object()
	if err := b.Put(t.Context(), object, text(make([]byte, 4<<20))); err != nil {
		t.Fatal(err)
	}
	o, err := b.Open(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	before := s.asks.Load()
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{io.NewSectionReader(o, 0, o.Size())}, make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	if asked := s.asks.Load() - before; asked > 4 {
		t.Errorf("4 MB in pieces of 64 kB are %d requests, want 4", asked)
	}
}

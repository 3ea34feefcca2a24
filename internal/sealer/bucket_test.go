package sealer

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"powerline/internal/config"
	"powerline/internal/evidence"
)

// TestGivenABucket… has the sealer's own way to the store: by the configuration.
func TestGivenABucketThatWasAway_WhenItIsBack_ThenWhatWaitedIsSealedThereAndOpens(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("evidence"); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend).Server()
	var away atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusForbidden) // not one of those that are asked again and again
			return
		}
		store.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := newPlace(t)
	secret := filepath.Join(p.dir, "bucket-secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	p.Store, err = evidence.OpenStore(config.Recordings{Bucket: config.Bucket{
		Endpoint: server.URL, Name: "evidence", Region: "us-east-1", AccessKey: "key", SecretKeyFile: secret,
	}})
	if err != nil {
		t.Fatal(err)
	}
	away.Store(true)
	p.talk(t, 0, true)
	sealer, err := New(p.Options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sealer.Run(ctx) }()
	if !within(10*time.Second, func() bool { return raised(sealer, AlarmStore) }) {
		t.Errorf("a bucket that refuses us is no alarm: %v", sealer.Alarms())
	}
	cancel()
	<-done
	if n := len(p.sealed(t)); n != 0 {
		t.Errorf("%d are sealed without a store", n)
	}
	away.Store(false)
	p.whole(t, p.seals(t, 1)[0])
}

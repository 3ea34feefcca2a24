package helpline

import (
	"context"
	"time"
)

// Test is what OpenFor needs of a *testing.T or *testing.B.
type Test interface {
	Helper()
	Cleanup(f func())
	Context() context.Context
	Failed() bool
	Fatal(args ...any)
	Logf(format string, args ...any)
	Name() string
}

// OpenFor opens a helpline for one test, with a context that ends after limit, and
// closes it behind the test. The logs of one that failed are kept.
func OpenFor(t Test, o Options, limit time.Duration) (*Helpline, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	h, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			h.KeepLogs(t.Logf, t.Name())
		}
		h.Close()
	})
	return h, ctx
}

package queue

import (
	"context"
	"fmt"
	"time"
)

// Post says something to every process of the site, ourselves among them. Whoever
// is not subscribed at this moment never hears it: nothing may rest on it, and
// whoever needs an answer asks again.
func (s *Store) Post(ctx context.Context, text []byte) error {
	return s.timed(ctx, "post", s.timeout, func(ctx context.Context) error {
		return s.redis.Publish(ctx, s.key.post, text).Err()
	})
}

// Posts hands on what is said until the context ends. It is called from one
// goroutine and must not wait for long.
func (s *Store) Posts(ctx context.Context, take func(text []byte)) {
	for ctx.Err() == nil {
		begin := time.Now()
		err := s.subscribe(ctx, s.key.post, func() {}, func(payload string) { take([]byte(payload)) })
		if ctx.Err() == nil {
			s.observe("posts", time.Since(begin), fmt.Errorf("posts: %w: %w", ErrUnavailable, err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
		}
	}
}

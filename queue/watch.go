package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"powerline/agent"
	"powerline/call"
)

const (
	// A subscription that has been silent this long is asked whether it lives;
	// one that does not answer in the same time again is made anew.
	watchSilence = time.Second
	// Between attempts to subscribe.
	watchPause = 100 * time.Millisecond
)

// Watch tells of every change, ours included (but see Options.OthersOnly), in the
// order in which they were stored. The first update, and the first after each new subscription, is a Gap:
// Load then, and drop updates whose versions are not higher than those loaded.
// The channel closes when the context ends. A slow reader slows nobody down; if
// it falls too far behind it is told so by a Gap.
func (s *Store) Watch(ctx context.Context) <-chan Update {
	out, f := make(chan Update), newFeed()
	var reader sync.WaitGroup
	reader.Go(func() {
		for ctx.Err() == nil {
			begin := time.Now()
			err := s.follow(ctx, f)
			if ctx.Err() == nil {
				s.observe("watch", time.Since(begin), fmt.Errorf("watch: %w: %w", ErrUnavailable, err))
			}
			select {
			case <-ctx.Done():
			case <-time.After(watchPause):
			}
		}
	})
	go func() {
		f.pump(ctx, out)
		reader.Wait()
		close(out)
	}()
	return out
}

// follow reads one subscription of the changes until it fails.
func (s *Store) follow(ctx context.Context, f *feed) error {
	era := ""
	gap := func() { f.push(Update{Gap: true}) }
	defer s.own.follow(false)
	begun := func() {
		s.own.follow(s.others)
		gap()
	}
	return s.subscribe(ctx, s.key.changes, begun, func(payload string) {
		if its, ours := s.own.hears(payload, gap); ours && (era == "" || era == its) {
			era = its
			return
		}
		era = deliver(f, payload, era)
	})
}

// subscribe reads one subscription until it fails. The driver could subscribe
// again by itself, but then nobody would know that news was missed.
func (s *Store) subscribe(ctx context.Context, channel string, begun func(), message func(payload string)) error {
	sub := s.redis.Subscribe(ctx)
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() }) // a blocked read does not see the context
	defer func() {
		if stop() {
			_ = sub.Close()
		}
	}()
	dial, cancel := context.WithTimeout(ctx, 2*s.timeout)
	defer cancel()
	if err := sub.Subscribe(dial, channel); err != nil {
		return err
	}
	asked := false
	for {
		received, err := sub.ReceiveTimeout(ctx, watchSilence)
		var timeout net.Error
		switch {
		case err == nil:
			asked = false
		case errors.As(err, &timeout) && timeout.Timeout() && !asked:
			asked = true
			if err := sub.Ping(ctx); err != nil {
				return err
			}
		default:
			return err
		}
		switch received := received.(type) {
		case *redis.Subscription:
			begun()
		case *redis.Message:
			message(received.Payload)
		}
	}
}

// deliver puts one message into the feed and returns its era. A message that
// cannot be read, or that speaks of a new data set, is a gap.
func deliver(f *feed, payload, era string) string {
	var m struct {
		Era       string
		Calls     []call.Call
		Agents    []agent.Agent
		Gone      []string
		Dismissed []agent.ID
	}
	if json.Unmarshal([]byte(payload), &m) != nil {
		f.push(Update{Gap: true})
		return era
	}
	if era != "" && m.Era != era {
		f.push(Update{Gap: true})
	}
	f.push(Update{Calls: m.Calls, Agents: m.Agents, Gone: m.Gone, Dismissed: m.Dismissed})
	return m.Era
}

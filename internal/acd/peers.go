package acd

import (
	"context"
	"errors"
	"slices"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/queue"
)

const (
	beatEvery = 150 * time.Millisecond
	// deadAfter without a beat a peer's calls are taken over. A peer that was only
	// slow loses them safely: its commits are refused from then on.
	deadAfter = 600 * time.Millisecond
)

// beat shows that this process lives, and takes over from those that do not.
// Liveness is judged by our own monotonic clock: only whether a peer's counter
// moves counts, never what time it says.
func (e *Engine) beat(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	watch := peerWatch{}
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
		self := e.owner()
		peers, err := e.store.Beat(limited, self, n)
		cancel()
		switch {
		case errors.Is(err, queue.ErrWiped):
			e.rebuild(ctx, self)
			watch = peerWatch{}
			continue
		case err != nil:
			e.storeFailed(err)
			watch = peerWatch{} // what was not seen says nothing
			continue
		}
		e.storeAnswered()
		dead := watch.look(peers, time.Now())
		if e.synced.Load() && !e.pulse.frozen() {
			e.takeOver(ctx, dead)
		}
	}
}

// peerWatch remembers when each peer's counter last moved.
type peerWatch map[string]seenBeat

type seenBeat struct {
	term, beat int64
	at         time.Time
}

// look returns the peers that stood still for too long.
func (w peerWatch) look(peers []queue.Peer, now time.Time) map[string]bool {
	dead := map[string]bool{}
	for _, p := range peers {
		seen, known := w[p.Name]
		if !known || seen.term != p.Term || seen.beat != p.Beat {
			w[p.Name] = seenBeat{p.Term, p.Beat, now}
			continue
		}
		if now.Sub(seen.at) > deadAfter {
			dead[p.Name] = true
		}
	}
	return dead
}

// takeOver makes the calls of dead peers ours: first in the store, which fences
// them, then in Asterisk, which sends their events here. Where the store gave no
// answer it is asked for the same again: it may have agreed, and then the call would be
// ours and its channels a dead engine's.
func (e *Engine) takeOver(ctx context.Context, dead map[string]bool) {
	self := e.owner()
	calls := slices.Concat(e.unanswered, e.floor.Calls())
	asked := len(e.unanswered)
	e.unanswered = nil
	for i, c := range calls {
		superseded := c.Owner == self.Name && c.Term != self.Term
		if !superseded && !dead[c.Owner] && i >= asked {
			continue
		}
		adopted, err := e.store.Adopt(ctx, self, c, dead[c.Owner])
		if errors.Is(err, queue.ErrUnavailable) {
			e.unanswered = append(e.unanswered, c)
		}
		if err != nil {
			var conflict *queue.Conflict
			if errors.As(err, &conflict) {
				e.learn(conflict.Calls, conflict.Agents)
			}
			if errors.As(err, new(*queue.NotOwnerError)) {
				e.lostCall(c.ID) // a peer was faster, and it may have ended already
			}
			continue
		}
		e.metrics.adopted.Inc()
		e.log.Info("call taken over", "call", c.ID, "from", c.Owner, "stage", c.Stage)
		e.learn([]call.Call{adopted}, nil)
		go e.moveHere(adopted, c.Owner != self.Name)
	}
}

// moveHere brings a call's channels into our application and lets the call look
// at what Asterisk shows of it.
func (e *Engine) moveHere(c call.Call, fromPeer bool) {
	if c.Stage == call.Ended {
		e.fileOrphan(c)
		return
	}
	m, _ := e.open(c)
	m.in.put(adopted{c})
	if fromPeer {
		for _, channel := range c.Channels() {
			e.moveChannel(m.ctx, channel)
		}
	}
	m.in.put(look{})
}

// moveChannel asks for a channel until Asterisk has answered.
func (e *Engine) moveChannel(ctx context.Context, channel string) {
	app := e.settings().Config.Instance.App()
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := e.ari.Move(limited, channel, app, argMoved)
		cancel()
		if err != nil && ctx.Err() == nil {
			e.log.Info("channel was not moved here", "channel", channel, "error", err)
		}
		if !asterisk.IsUnknown(err) {
			return
		}
	}
}

// fileOrphan does what is left to do for a call that another process has ended.
// She may be back on the same channel, and then its mailbox is hers, and her
// new visit waits for this.
func (e *Engine) fileOrphan(c call.Call) {
	m, fresh := e.open(c)
	if fresh {
		m.in.put(look{})
		return
	}
	e.records.Call(CallRecord{Call: c}, func() { e.letGoOrphan(c.ID) })
}

func (e *Engine) letGoOrphan(id string) {
	ctx, cancel := context.WithTimeout(e.ctx, 2*time.Second)
	defer cancel()
	if err := e.store.Forget(ctx, e.owner(), id); err != nil && e.ctx.Err() == nil {
		e.log.Info("ended call of another engine stays in the store for now", "call", id, "error", err)
	}
}

package floor

import (
	"time"

	"powerline/call"
	"powerline/routing"
)

// Waiting is a call as routing sees it.
func Waiting(c call.Call) routing.Call {
	w := routing.Call{
		ID: c.ID, Owner: c.Owner, Category: c.Category, Language: c.Language, Pool: c.Pool,
		Queued: c.Queued, Crisis: c.Crisis, Head: c.Head, Tried: c.Tried,
	}
	if c.Silence == call.Keyed {
		w.Boost = keyedBoost
	}
	return w
}

// keyedBoost puts a caller for whom a key spoke ahead of everybody but crises:
// she has told us that she cannot wait aloud.
const keyedBoost = 90 * time.Second

package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits of how often something may be tried. Each table is bounded: who fills it
// shares one limit with all others who come after.
type limits struct {
	address *limiter // every change, by where it comes from
	person  *limiter // every change, by who is signed in
	signIn  *limiter // every password and code, by where it comes from
	login   *limiter // every password and code, by the name that is tried
}

func newLimits() limits {
	return limits{
		// A desk saves what is typed about once a second, and many desks can stand
		// behind one address.
		address: newLimiter(200, 1000),
		person:  newLimiter(10, 60),
		// At the change of a shift many sign in at once.
		signIn: newLimiter(2, 60),
		login:  newLimiter(rate.Every(6*time.Second), 8),
	}
}

func (l limits) tidy(now time.Time) {
	for _, one := range []*limiter{l.address, l.person, l.signIn, l.login} {
		one.tidy(now)
	}
}

// mostLimits is how many keys a table holds.
const mostLimits = 10_000

type limiter struct {
	each  rate.Limit
	burst int

	mu     sync.Mutex
	of     map[string]*rate.Limiter
	others *rate.Limiter // for who found the table full
}

func newLimiter(each rate.Limit, burst int) *limiter {
	return &limiter{each: each, burst: burst, of: map[string]*rate.Limiter{}, others: rate.NewLimiter(each, burst)}
}

func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	one, known := l.of[key]
	switch {
	case known:
	case len(l.of) >= mostLimits:
		one = l.others
	default:
		one = rate.NewLimiter(l.each, l.burst)
		l.of[key] = one
	}
	l.mu.Unlock()
	return one.AllowN(now, 1)
}

// tidy forgets who has used nothing of what she may.
func (l *limiter) tidy(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, one := range l.of {
		if one.TokensAt(now) >= float64(l.burst) {
			delete(l.of, key)
		}
	}
}

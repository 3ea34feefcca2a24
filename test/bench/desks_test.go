package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"powerline/test/helpline"
)

// BenchmarkDesks: 150 desks and 10 supervisors' floors are open while 20 callers a
// second arrive. How long after an agent's state changed do the pages know, what
// does the engine pay for it, and are callers offered later than without? The
// moment of a change is the one that stands in it.
func BenchmarkDesks(b *testing.B) {
	const agents, floors, perSecond, calls = 150, 10, 20, 300
	s, ctx := openAs(b, agents, helpline.Options{Men: floors, Consoles: true})
	seats := seatsOf(ctx, b, s)
	size := map[string]float64{"agents": agents, "consoles": floors, "calls/s": perSecond}
	s.turns(ctx, b, []string{powerline}, size, func(t turn) map[string]float64 {
		var bare, watched load
		alone := t.spend(func() { bare = t.load(perSecond, calls, shortTalk) })
		t.calm(t.ctx, t.B, powerline)
		pages := watch(t, seats)
		rest := t.spend(func() { <-time.After(5 * time.Second) })
		beside := t.spend(func() { watched = t.load(perSecond, calls, shortTalk) })
		desks, consoles := pages.close()
		for _, l := range []load{bare, watched} {
			if l.failed > 0 {
				t.Errorf("%d calls failed: %v", l.failed, l.how)
			}
		}
		figures := map[string]float64{
			"acd-alone-cores": alone.Cores(acd), "acd-cores": beside.Cores(acd), "acd-open-pages-cores": rest.Cores(acd),
			"offer-alone-p99-ms": Quantiles(bare.times)["p99-ms"], "offer-p99-ms": Quantiles(watched.times)["p99-ms"],
		}
		for name, value := range Quantiles(desks) {
			figures["desk-"+name] = value
		}
		for name, value := range Quantiles(consoles) {
			figures["console-"+name] = value
		}
		// States that follow each other at once are one push: fewer than two a call would mean that pages missed some.
		if p99 := max(figures["desk-p99-ms"], figures["console-p99-ms"]); p99 > 500 || len(desks) < 2*calls {
			t.Errorf("%d pushes to desks, and the slowest hundredth took more than %v ms: want 500 at most", len(desks), p99)
		}
		return figures
	})
}

// openDesk is where somebody sits: her browser, signed in, and the stream of her page.
type openDesk struct {
	client *http.Client
	stream string
}

// seatsOf signs everybody in, each from an address of her own.
func seatsOf(ctx context.Context, b *testing.B, s *site) []openDesk {
	b.Helper()
	var all []openDesk
	for i, p := range s.People {
		role, stream := "agent", "/desk/stream"
		if !p.Woman {
			role, stream = "supervisor", "/floor/live"
		}
		account, err := s.Account(ctx, role, p.ID)
		if err != nil {
			b.Fatal(err)
		}
		one := openDesk{browserAt(b, i), s.Engines[0].Console + stream}
		if err := one.signIn(ctx, s.Engines[0].Console, account); err != nil {
			b.Fatalf("%s: %v", account.Login, err)
		}
		all = append(all, one)
	}
	return all
}

func browserAt(b *testing.B, n int) *http.Client {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 4, byte(n+1))}}
	return &http.Client{Jar: jar, Transport: &http.Transport{DialContext: from.DialContext}}
}

func (p openDesk) signIn(ctx context.Context, base string, a helpline.Account) error {
	code, err := totp.GenerateCode(a.Authenticator, time.Now())
	if err != nil {
		return err
	}
	if err := p.post(ctx, base+"/login", url.Values{"login": {a.Login}, "password": {a.Password}}); err != nil {
		return err
	}
	return p.post(ctx, base+"/login/code", url.Values{"code": {code}})
}

func (p openDesk) post(ctx context.Context, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	got, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, got.Status)
	}
	return nil
}

// pages are all that are open, and how late each change came.
type pages struct {
	stop    context.CancelFunc
	reading sync.WaitGroup

	mu              sync.Mutex
	desks, consoles []time.Duration
}

// watch opens all pages and returns when each has been shown the floor.
func watch(t turn, seats []openDesk) *pages {
	t.Helper()
	ctx, stop := context.WithCancel(t.ctx)
	p := &pages{stop: stop}
	var first sync.WaitGroup
	for _, one := range seats {
		first.Add(1)
		p.reading.Go(func() {
			if err := p.read(ctx, one, sync.OnceFunc(first.Done)); err != nil && ctx.Err() == nil {
				t.Errorf("%s: %v", one.stream, err)
			}
		})
	}
	first.Wait()
	return p
}

func (p *pages) close() (desks, consoles []time.Duration) {
	p.stop()
	p.reading.Wait()
	return p.desks, p.consoles
}

// read follows one page's stream. shown is called at the first view.
func (p *pages) read(ctx context.Context, of openDesk, shown func()) error {
	defer shown()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, of.stream, nil)
	if err != nil {
		return err
	}
	got, err := of.client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", got.Status)
	}
	name, since := "", map[string]time.Time{}
	lines := bufio.NewReaderSize(got.Body, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch kind, value, _ := strings.Cut(strings.TrimSpace(line), ": "); kind {
		case "event":
			name = value
		case "data":
			if name == "state" || name == "seats" {
				if err := p.take(name, []byte(value), time.Now(), since); err != nil {
					return err
				}
				shown()
			}
		}
	}
}

// seatShown is what both pages show of an agent: when she came into her state.
type seatShown struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
}

// take notes how late each change is that a view shows. The first view shows none.
func (p *pages) take(name string, data []byte, now time.Time, since map[string]time.Time) error {
	var view struct {
		Agent  seatShown   `json:"agent"`
		Agents []seatShown `json:"agents"`
	}
	if err := json.Unmarshal(data, &view); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range append(view.Agents, view.Agent) {
		before, known := since[one.ID]
		since[one.ID] = one.Since
		switch {
		case one.ID == "" || !known || before.Equal(one.Since):
		case name == "state":
			p.desks = append(p.desks, now.Sub(one.Since))
		default:
			p.consoles = append(p.consoles, now.Sub(one.Since))
		}
	}
	return nil
}

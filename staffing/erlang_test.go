package staffing

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %.6g, want %.6g", what, got, want)
	}
}

// The figures are those of tables of Erlang-C.
func TestErlangCIsThatOfTheTables(t *testing.T) {
	for _, c := range []struct {
		n             int
		erlangs, want float64
	}{{3, 2, .4444}, {10, 8, .4092}} {
		near(t, "P(W>0)", ErlangC(c.n, c.erlangs), c.want, 2e-4)
	}
	l := Load{Agents: 10, PerHour: 8 * 3600 / 200., Handling: 200 * time.Second}
	s, err := l.Serve(20 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "E[W]", s.Wait.Seconds(), 40.92, 1e-3)
	near(t, "P(W<20)", s.Within, 1-.40918*math.Exp(-2*20./200), 1e-4)
}

// chain is Erlang-A by its birth and death process, without any integral.
func chain(l Load) (delayed, abandoned, wait float64) {
	lambda, n, theta := l.Erlangs(), l.Agents, l.Handling.Seconds()/l.Patience.Seconds()
	p, sum, queue, late := 1.0, 1.0, 0.0, 0.0
	if n == 0 {
		late = 1
	}
	for x := 1; x < 20000; x++ {
		p *= lambda / (float64(min(x, n)) + float64(max(0, x-n))*theta)
		sum += p
		if x >= n {
			late += p
			queue += p * float64(x-n)
		}
	}
	return late / sum, theta * queue / sum / lambda, queue / sum / lambda * l.Handling.Seconds()
}

func TestErlangAIsItsBirthAndDeathProcess(t *testing.T) {
	for _, l := range []Load{
		{3, 2.5 * 18, 200 * time.Second, 90 * time.Second},
		{10, 10 * 18, 200 * time.Second, 150 * time.Second},
		{50, 50 * 18, 200 * time.Second, 150 * time.Second},
		{50, 56 * 18, 200 * time.Second, 30 * time.Second},
		{30, 20 * 18, 200 * time.Second, time.Hour},
	} {
		s, err := l.Serve(15 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		delayed, abandoned, wait := chain(l)
		near(t, "P(W>0)", s.Delayed, delayed, 1e-6)
		near(t, "P(abandon)", s.Abandoned, abandoned, 1e-6)
		near(t, "E[W]", s.Wait.Seconds(), wait, 1e-6)
		everybody, err := l.Serve(1000 * time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "served within any time", everybody.Within, 1-abandoned, 1e-6)
	}
}

func TestWithEndlessPatienceErlangAIsErlangC(t *testing.T) {
	c := Load{Agents: 20, PerHour: 300, Handling: 200 * time.Second}
	a := c
	a.Patience = 20_000 * time.Hour
	x, _ := c.Serve(15 * time.Second)
	y, _ := a.Serve(15 * time.Second)
	near(t, "P(W>0)", y.Delayed, x.Delayed, 1e-3)
	near(t, "P(W<15)", y.Within, x.Within, 1e-3)
}

// The table of reserves at a load of 0.6 an agent: 6 of 20, 5 of 40 to 150 for a
// tenth who wait, one to three more for a twentieth.
func TestTheReserveHardlyDependsOnTheSize(t *testing.T) {
	for _, c := range []struct {
		agents, tenth, twentieth int
	}{{20, 6, 8}, {40, 5, 7}, {60, 5, 7}, {100, 5, 7}, {150, 5, 6}} {
		l := Load{Agents: c.agents, PerHour: .6 * float64(c.agents) * 18, Handling: 200 * time.Second}
		for beta, want := range map[float64]int{.10: c.tenth, .05: c.twentieth} {
			if got, ok := l.Reserve(beta); !ok || got != want {
				t.Errorf("%d agents, β = %v: a reserve of %d (%v), want %d", c.agents, beta, got, ok, want)
			}
		}
	}
}

func TestNeedIsTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Load{
			PerHour: rapid.Float64Range(1, 900).Draw(t, "calls"), Handling: time.Duration(rapid.IntRange(20, 1500).Draw(t, "handling")) * time.Second,
			Patience: time.Duration(rapid.IntRange(10, 600).Draw(t, "patience")) * time.Second,
		}
		target := rapid.Float64Range(.5, .99).Draw(t, "target")
		n, err := l.Need(target, 15*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		l.Agents = n
		enough, _ := l.Serve(15 * time.Second)
		if enough.Within < target {
			t.Fatalf("%d agents serve %.4f, want %.4f", n, enough.Within, target)
		}
		if l.Agents = n - 1; n > 1 {
			if fewer, _ := l.Serve(15 * time.Second); fewer.Within >= target {
				t.Fatalf("%d agents are enough already", n-1)
			}
		}
	})
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, l := range []Load{{}, {Agents: 1, PerHour: math.NaN(), Handling: time.Second}, {Agents: 1, PerHour: 1, Handling: -1}} {
		if _, err := l.Serve(time.Second); err == nil {
			t.Errorf("%+v is taken", l)
		}
	}
	if _, err := (Load{PerHour: 1, Handling: time.Second}).Need(1, time.Second); err == nil {
		t.Error("a target that nobody can reach is taken")
	}
}

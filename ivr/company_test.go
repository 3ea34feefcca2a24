package ivr

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// stayFor keeps her company for that long and returns what she told.
func stayFor(t testing.TB, d time.Duration, line *fakeLine, c Company) []Sign {
	t.Helper()
	var mu sync.Mutex
	var signs []Sign
	c.Tell = func(s Sign) {
		mu.Lock()
		defer mu.Unlock()
		signs = append(signs, s)
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	began := time.Now()
	KeepCompany(ctx, line, c)
	if over := time.Since(began) - d; over < 0 || over > grace {
		t.Errorf("KeepCompany ended %v after its context", over)
	}
	mu.Lock()
	defer mu.Unlock()
	return signs
}

// company is a caller who chose a category and waits where place says.
func company(place Place) Company {
	return Company{
		Menu: DefaultMenu(), Waiting: DefaultWaiting(),
		Answer: Answer{Category: "phone", Language: "hi", Chose: true, Keyed: true},
		Place:  func() Place { return place },
	}
}

// silent is a caller of whom nothing is known.
func silent() Company {
	c := company(Place{Position: 3})
	c.Answer = Answer{Category: "unclassified", Language: "hi"}
	return c
}

func kinds(signs []Sign) string {
	var list []string
	for _, s := range signs {
		list = append(list, string(s.Kind)+s.Key)
	}
	return strings.Join(list, " ")
}

func heard(line *fakeLine) string {
	var list []string
	for _, p := range line.plays() {
		list = append(list, strconv.Itoa(int(p.from.Round(time.Second)/time.Second))+":"+p.what)
	}
	return strings.Join(list, ", ")
}

func TestKeepCompany(t *testing.T) {
	type steps = map[time.Duration]string
	stories := []struct {
		name    string
		company Company
		steps   steps
		lasts   time.Duration
		signs   string
		heard   string
	}{
		{
			name:    "given a place in the queue, when she waits, then she hears it after 20 s and then every 30 s",
			company: company(Place{Position: 3, Wait: 100 * time.Second}),
			lasts:   seconds(85),
			heard:   "0:connecting, 20:position number-3 wait-2, 50:position number-3 wait-2, 80:position number-3 wait-2",
		},
		{
			name:    "given she is next, when it is announced, then without a number",
			company: company(Place{Position: 1}),
			lasts:   seconds(25), heard: "0:connecting, 20:position-next",
		},
		{
			name:    "given nothing is known, when an announcement is due, then she is comforted",
			company: company(Place{}),
			lasts:   seconds(25), heard: "0:connecting, 20:comfort",
		},
		{
			name:    "given she is far back and the wait is long, when an announcement is due, then no figure frightens her",
			company: company(Place{Position: 21, Wait: time.Hour}),
			lasts:   seconds(25), heard: "0:connecting, 20:comfort",
		},
		{
			name:    "given a silent caller, when five seconds have passed, then she is asked to press a key, and again after a minute",
			company: silent(),
			lasts:   seconds(70), heard: "0:connecting, 5:silent, 20:position number-3, 50:position number-3, 65:silent",
		},
		{
			name:    "given a silent caller was asked, when she presses one key, then it speaks for her, and is confirmed once",
			company: silent(), steps: steps{seconds(8): "5", seconds(12): "6"},
			lasts: seconds(19), signs: "plea5 plea6", heard: "0:connecting, 5:silent, 8:key-heard",
		},
		{
			name:    "given a silent caller was asked, when she presses the same key twice within 20 s, then it is danger, told once",
			company: silent(), steps: steps{seconds(8): "5", seconds(27): "5", seconds(28): "5 5"},
			lasts: seconds(30), signs: "plea5 plea5 danger5 plea5 plea5",
			heard: "0:connecting, 5:silent, 8:key-heard, 20:position number-3, 27:danger-heard",
		},
		{
			name:    "given a silent caller was asked, when the same key comes twice but far apart, then it is no danger",
			company: silent(), steps: steps{seconds(8): "5", seconds(29): "5"},
			lasts: seconds(31), signs: "plea5 plea5", heard: "0:connecting, 5:silent, 8:key-heard, 20:position number-3",
		},
		{
			name:    "given she speaks before she is asked, when she waits on, then the silent prompt is put off, as noise may sound like a voice",
			company: silent(), steps: steps{seconds(2): "speaks", seconds(3): "speaks"},
			lasts: seconds(68), signs: "spoke",
			heard: "0:connecting, 20:position number-3, 50:position number-3, 63:silent",
		},
		{
			name:    "given she chose nothing, when a key of the menu comes late, then it counts and she is not asked",
			company: silent(), steps: steps{seconds(2): "4"},
			lasts: seconds(10), signs: "chose4", heard: "0:connecting",
		},
		{
			name:    "given she chose a category, when she presses 0, then her category is not taken away",
			company: company(Place{}), steps: steps{seconds(2): "0"},
			lasts: seconds(10), heard: "0:connecting",
		},
		{
			name:    "given she waits, when she presses the crisis key, then it counts and she hears no figures any more",
			company: company(Place{Position: 3}), steps: steps{seconds(2): "9"},
			lasts: seconds(40), signs: "chose9", heard: "0:connecting, 20:comfort-crisis, 35:comfort-crisis",
		},
		{
			name:    "given she is in a crisis, when she presses another key, then it stays a crisis",
			company: company(Place{}), steps: steps{seconds(2): "9", seconds(8): "1"},
			lasts: seconds(10), signs: "chose9", heard: "0:connecting",
		},
		{
			name:    "given she waits, when a language key comes, then she hears that language from then on",
			company: company(Place{}), steps: steps{seconds(2): "* 2"},
			lasts: seconds(22), signs: "chose-language*2", heard: "0:connecting, 20:comfort",
		},
		{
			name:    "given nobody is logged in, when she begins to wait, then she hears it at once, with the way to 112, and again calmly",
			company: company(Place{Nobody: true}),
			lasts:   seconds(65), heard: "0:nobody, 30:nobody, 60:nobody",
		},
		{
			name:    "given nobody is logged in, when she presses the key for 112, then that is told, each time",
			company: company(Place{Nobody: true}), steps: steps{seconds(3): "1", seconds(20): "1"},
			lasts: seconds(25), signs: "emergency1 emergency1", heard: "0:nobody, 3:emergency, 20:emergency",
		},
		{
			name:    "given somebody is logged in, when she presses the key for 112, then it is only a key of the menu",
			company: company(Place{}), steps: steps{seconds(3): "1"},
			lasts: seconds(5), signs: "chose1", heard: "0:connecting",
		},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newLine()
				line.at(story.steps)
				signs := stayFor(t, story.lasts, line, story.company)
				synctest.Wait()
				want(t, "signs", kinds(signs), story.signs)
				want(t, "heard", heard(line), story.heard)
			})
		})
	}
}

func TestGivenOneKeyInTheGreeting_WhenTheSameFollowsWhileSheWaits_ThenItIsDanger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.at(map[time.Duration]string{seconds(1): "4", seconds(2): "4"})
		c := company(Place{})
		c.Answer = Greet(t.Context(), line, c.Menu)
		want(t, "category", c.Answer.Category, "domestic-violence")
		signs := stayFor(t, seconds(5), line, c)
		want(t, "signs", kinds(signs), "danger4")
		want(t, "category", signs[0].Category, "crisis")
	})
}

func TestGivenAStarAtTheEndOfTheGreeting_WhenTheDigitFollowsInTheQueue_ThenItIsTheLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.at(map[time.Duration]string{seconds(7.9): "*", seconds(8.5): "2"})
		c := company(Place{})
		c.Answer = Greet(t.Context(), line, c.Menu)
		want(t, "signs", kinds(stayFor(t, seconds(3), line, c)), "chose-language*2")
	})
}

func TestGivenAnAnnouncementSounds_WhenTheLastAgentLeaves_ThenSheLearnsItWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.lasts["comfort"] = seconds(8)
		c, began := company(Place{}), time.Now()
		c.Place = func() Place { return Place{Nobody: time.Since(began) > seconds(21)} }
		stayFor(t, seconds(30), line, c)
		synctest.Wait()
		want(t, "heard", heard(line), "0:connecting, 20:comfort, 22:nobody")
	})
}

func TestGivenAnAgentComesAndGoes_WhenSheWaits_ThenSheIsNotToldEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, began := newLine(), time.Now()
		c := company(Place{})
		c.Place = func() Place { return Place{Nobody: int(time.Since(began)/time.Second)%2 == 0} }
		stayFor(t, seconds(19), line, c)
		synctest.Wait()
		want(t, "heard", heard(line), "0:nobody, 10:nobody")
	})
}

func TestGivenAPromptSounds_WhenAnAgentAnswers_ThenItStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.lasts["comfort"] = seconds(8)
		stayFor(t, seconds(22), line, company(Place{}))
		synctest.Wait()
		plays := line.plays()
		if last := plays[len(plays)-1]; last.what != "comfort" || last.whole || last.to != seconds(22) {
			t.Errorf("the prompt went on: %+v", last)
		}
		if len(line.music) != 1 || line.music[0].to != seconds(22) {
			t.Errorf("the music went on: %+v", line.music)
		}
	})
}

func TestGivenTheMusicFails_WhenSheWaits_ThenItIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.musicFails = 3
		stayFor(t, seconds(60), line, company(Place{}))
		synctest.Wait()
		if len(line.music) != 1 || line.music[0].from != 3*musicAgain {
			t.Errorf("music %+v", line.music)
		}
	})
}

func TestGivenEveryPromptIsMissing_WhenSheWaits_ThenTheDialogueGoesOnWithoutHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, c := newLine(), silent()
		for _, id := range append(c.Waiting.Prompts(), "position") {
			line.missing[id] = true
		}
		line.at(map[time.Duration]string{seconds(50): "3"})
		want(t, "signs", kinds(stayFor(t, seconds(60), line, c)), "plea3")
		synctest.Wait()
		if n := len(line.plays()); n > 6 {
			t.Errorf("%d prompts were tried in a minute", n)
		}
	})
}

func TestGivenALostEndOfPlayback_WhenSheWaits_ThenLaterAnnouncementsStillCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.lasts["connecting"] = time.Hour // its end is never reported
		stayFor(t, seconds(25), line, company(Place{Position: 2}))
		synctest.Wait()
		if !line.heardPrompt("position number-2") {
			t.Errorf("heard only %s", heard(line))
		}
	})
}

func TestGivenTheEngineRestarted_WhenShesKeptCompanyAgain_ThenTheFirstWordIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, c := newLine(), company(Place{})
		c.Resumed = true
		stayFor(t, seconds(10), line, c)
		synctest.Wait()
		want(t, "heard", heard(line), "")
	})
}

// Whatever happens while she waits: it ends within the grace, announcements keep
// their distance, the figures never rise, danger is told once.
func TestLaw_NothingSheHearsDelaysAnAnswerAndFiguresNeverRise(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := map[time.Duration]string{}
		for range rapid.IntRange(0, 15).Draw(rt, "steps") {
			when := time.Duration(rapid.IntRange(0, 120_000).Draw(rt, "ms")) * time.Millisecond
			steps[when] = rapid.SampledFrom([]string{"0", "1", "5", "7", "9", "*", "#", "* 2", "5 5", "speaks"}).Draw(rt, "what")
		}
		places := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Place {
			return Place{
				Position: rapid.IntRange(-1, 25).Draw(rt, "position"),
				Wait:     time.Duration(rapid.IntRange(-10, 1200).Draw(rt, "wait")) * time.Second,
				Nobody:   rapid.IntRange(0, 9).Draw(rt, "nobody") == 0,
			}
		}), 1, 30).Draw(rt, "places")
		lasts := time.Duration(rapid.IntRange(10, 130_000).Draw(rt, "lasts")) * time.Millisecond
		hangs := time.Duration(rapid.IntRange(0, 2).Draw(rt, "hangs")) * 8 * time.Millisecond
		quiet := rapid.Bool().Draw(rt, "silent")
		var signs []Sign
		var plays []played
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			line, c := newLine(), company(Place{})
			if quiet {
				c = silent()
			}
			line.hangs = hangs
			line.at(steps)
			looks := 0
			c.Place = func() Place { looks++; return places[looks/5%len(places)] }
			c.Tell = func(s Sign) { signs = append(signs, s) }
			ctx, cancel := context.WithTimeout(t.Context(), lasts)
			defer cancel()
			began := time.Now()
			KeepCompany(ctx, line, c)
			took = time.Since(began)
			time.Sleep(3 * time.Minute) // late keys and slow stops end within the bubble
			plays = line.plays()
		})
		if took < lasts || took > lasts+grace {
			rt.Fatalf("ended after %v, context after %v", took, lasts)
		}
		checkFigures(rt, plays)
		if n := len(slices.DeleteFunc(signs, func(s Sign) bool { return s.Kind != Danger })); n > 1 {
			rt.Fatalf("danger told %d times", n)
		}
	})
}

// checkFigures reads the announced figures out of the prompts.
func checkFigures(rt *rapid.T, plays []played) {
	slices.SortFunc(plays, func(a, b played) int { return int(a.from - b.from) })
	position, wait := 1000, 1000
	for _, p := range plays {
		for id := range strings.FieldsSeq(p.what) {
			if id == "position-next" {
				id = "number-1"
			}
			if n, ok := strings.CutPrefix(id, "number-"); ok {
				now, _ := strconv.Atoi(n)
				if now > position {
					rt.Fatalf("the position rose from %d to %d", position, now)
				}
				position = now
			}
			if n, ok := strings.CutPrefix(id, "wait-"); ok {
				now, _ := strconv.Atoi(n)
				if now > wait {
					rt.Fatalf("the wait rose from %d to %d", wait, now)
				}
				wait = now
			}
		}
	}
}

func TestGivenTheFiguresRise_WhenTheyAreAnnounced_ThenOnlyWhatDidNotRiseIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, began := newLine(), time.Now()
		c := company(Place{})
		c.Place = func() Place {
			return []Place{
				{Position: 4, Wait: 3 * time.Minute},
				{Position: 3, Wait: 10 * time.Minute}, // the wait rose
				{Position: 5, Wait: 2 * time.Minute},  // the position rose
				{Position: 4, Wait: 3 * time.Minute},  // both did, against what she was told
				{Position: 1, Wait: time.Minute},
			}[min(int(time.Since(began)/(30*time.Second)), 4)]
		}
		stayFor(t, seconds(150), line, c)
		synctest.Wait()
		want(t, "heard", heard(line),
			"0:connecting, 20:position number-4 wait-3, 50:position number-3, 80:wait-2, 110:comfort, 140:position-next wait-1")
	})
}

func TestGivenTwoAnnouncementsAreDue_WhenTheFirstEnds_ThenAGapIsLeftForCommandsThatWaitBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, c := newLine(), silent()
		line.lasts["silent"] = seconds(8)
		c.Waiting.First = seconds(6)
		stayFor(t, seconds(20), line, c)
		synctest.Wait()
		want(t, "heard", heard(line), "0:connecting, 5:silent, 15:position number-3")
	})
}

func TestGivenTheStopTakesAMoment_WhenAnAgentAnswers_ThenTheSoundIsGoneWhenTheDialogueReturns(t *testing.T) {
	for what, quickMusic := range map[string]bool{"a prompt": true, "the music": false} {
		synctest.Test(t, func(t *testing.T) {
			line := newLine()
			line.hangs, line.quickMusic = 6*time.Millisecond, quickMusic
			lasts := seconds(10) // between two prompts
			if quickMusic {
				lasts = seconds(20.5) // in the middle of one
			}
			stayFor(t, lasts, line, company(Place{}))
			if plays := line.plays(); quickMusic && plays[len(plays)-1].what != "comfort" || len(line.music) != 1 {
				t.Errorf("it returned while %s still sounded: %+v, %+v", what, plays, line.music)
			}
			synctest.Wait()
		})
	}
}

func TestGivenAForgottenStar_WhenADigitFollowsMuchLater_ThenItIsADigit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.at(map[time.Duration]string{seconds(1): "*", seconds(9): "4"})
		want(t, "signs", kinds(stayFor(t, seconds(10), line, company(Place{}))), "chose4")
	})
}

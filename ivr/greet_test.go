package ivr

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestGreet(t *testing.T) {
	type steps = map[time.Duration]string
	stories := []struct {
		name  string
		steps steps
		menu  func(*Menu)
		want  Answer
		took  time.Duration
	}{
		{
			name: "given nothing is pressed or said, when the menu is over, then she goes to the queue as a silent, unclassified caller",
			want: Answer{Category: "unclassified", Language: "hi"}, took: seconds(8),
		},
		{
			name: "given a short menu, when it is over, then a key is awaited a moment and no longer",
			menu: func(m *Menu) { m.Choices = "" },
			want: Answer{Category: "unclassified", Language: "hi"}, took: seconds(3),
		},
		{
			name:  "given the greeting still sounds, when a category key is pressed, then the greeting ends at once",
			steps: steps{seconds(0.5): "4"},
			want:  Answer{Category: "domestic-violence", Language: "hi", Chose: true, Keyed: true}, took: seconds(0.5),
		},
		{
			name:  "given she is in a hurry, when she presses 0, then she goes straight to the queue",
			steps: steps{seconds(1): "0"},
			want:  Answer{Category: "unclassified", Language: "hi", Chose: true, Keyed: true}, took: seconds(1),
		},
		{
			name:  "given the crisis key, when it is pressed, then the category is crisis",
			steps: steps{seconds(2): "9"},
			want:  Answer{Category: "crisis", Language: "hi", Chose: true, Keyed: true}, took: seconds(2),
		},
		{
			name:  "given a key that the menu does not know, when she presses it, then nothing changes and the menu goes on",
			steps: steps{seconds(2): "7"},
			want:  Answer{Category: "unclassified", Language: "hi", Keyed: true}, took: seconds(8),
		},
		{
			name:  "given a wrong key, when a right one follows, then the right one counts",
			steps: steps{seconds(2): "7", seconds(3): "2"},
			want:  Answer{Category: "social-media", Language: "hi", Chose: true, Keyed: true}, took: seconds(3),
		},
		{
			name:  "given two equal keys in a row, when they choose nothing, then it is danger",
			steps: steps{seconds(1): "8", seconds(2.5): "8"},
			want:  Answer{Category: "crisis", Language: "hi", Keyed: true, Danger: true}, took: seconds(2.5),
		},
		{
			name:  "given two equal keys far apart, when the time between is too long, then it is no danger",
			steps: steps{seconds(1): "8", seconds(5): "8"},
			want:  Answer{Category: "unclassified", Language: "hi", Keyed: true}, took: seconds(8),
		},
		{
			name:  "given a menu without the danger pair, when a key is repeated, then nothing follows",
			menu:  func(m *Menu) { m.Danger = 0 },
			steps: steps{seconds(1): "8 8"},
			want:  Answer{Category: "unclassified", Language: "hi", Keyed: true}, took: seconds(8),
		},
		{
			name:  "given she speaks, when the menu is over, then she is not a silent caller",
			steps: steps{seconds(1): "speaks"},
			want:  Answer{Category: "unclassified", Language: "hi", Spoke: true}, took: seconds(8),
		},
		{
			name:  "given a language key late, when the choices begin again, then the whole still ends within eight seconds",
			steps: steps{seconds(5): "* 2"},
			want:  Answer{Category: "unclassified", Language: "en", Keyed: true}, took: seconds(8),
		},
		{
			name:  "given a language key early, when a category follows, then both count",
			steps: steps{seconds(1): "* 3", seconds(4): "1"},
			want:  Answer{Category: "phone", Language: "ur", Chose: true, Keyed: true}, took: seconds(4),
		},
		{
			name: "given a menu with a limit beyond the law, when it is played, then the law holds",
			menu: func(m *Menu) { m.Limit, m.Linger = time.Minute, time.Minute },
			want: Answer{Category: "unclassified", Language: "hi"}, took: seconds(8),
		},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line, menu := newLine(), DefaultMenu()
				if story.menu != nil {
					story.menu(&menu)
				}
				line.at(story.steps)
				got := Greet(t.Context(), line, menu)
				if d := got.Took - story.took; d < 0 || d > grace {
					t.Errorf("took %v, want %v", got.Took, story.took)
				}
				got.Took, got.Last = 0, Press{}
				want(t, "answer", got, story.want)
				synctest.Wait()
			})
		})
	}
}

func TestGivenALanguageKey_WhenTheChoicesBeginAgain_ThenTheyAreSpokenInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.at(map[time.Duration]string{seconds(1): "* 2", seconds(3): "1"})
		Greet(t.Context(), line, DefaultMenu())
		synctest.Wait()
		plays := line.plays()
		if len(plays) != 2 || plays[0].what != "greeting menu" || plays[0].language != "hi" ||
			plays[1].what != "menu" || plays[1].language != "en" {
			t.Fatalf("heard %+v", plays)
		}
		if plays[0].whole || plays[1].whole || plays[1].to > seconds(3)+grace {
			t.Errorf("a key did not stop the sound: %+v", plays)
		}
	})
}

func TestGivenSheHangsUpInTheGreeting_WhenTheContextEnds_ThenGreetEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		ctx, cancel := context.WithTimeout(t.Context(), seconds(2))
		defer cancel()
		got := Greet(ctx, line, DefaultMenu())
		want(t, "took", got.Took, seconds(2))
		want(t, "category", got.Category, "unclassified")
	})
}

func TestGivenALineThatHangs_WhenTheLimitIsReached_ThenSheGoesToTheQueueAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.hangs = time.Minute
		began := time.Now()
		Greet(t.Context(), line, DefaultMenu())
		if took := time.Since(began); took > MaxGreeting+grace {
			t.Errorf("took %v", took)
		}
		time.Sleep(2 * time.Minute) // the hanging sound ends within the bubble
	})
}

func TestGivenTheGreetingIsMissing_WhenSheCalls_ThenHerKeyStillCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newLine()
		line.missing["greeting"] = true
		line.at(map[time.Duration]string{seconds(1): "9"})
		want(t, "category", Greet(t.Context(), line, DefaultMenu()).Category, "crisis")
	})
}

// Whatever she does, in whatever order, the greeting ends in time with an
// answer that routing can work with.
func TestLaw_GreetEndsInTimeWithAValidAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := map[time.Duration]string{}
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			when := time.Duration(rapid.IntRange(0, 9000).Draw(rt, "ms")) * time.Millisecond
			steps[when] = rapid.SampledFrom([]string{
				"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "* 2", "* 9", "* *", "speaks", "", "A", "11",
			}).Draw(rt, "what")
		}
		menu := DefaultMenu()
		menu.Danger = time.Duration(rapid.IntRange(0, 20).Draw(rt, "danger")) * time.Second
		greetingLasts := time.Duration(rapid.IntRange(0, 20000).Draw(rt, "greeting")) * time.Millisecond
		missing := rapid.Bool().Draw(rt, "missing")
		var got Answer
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			line := newLine()
			line.lasts["greeting"], line.missing["menu"] = greetingLasts, missing
			line.at(steps)
			began := time.Now()
			got = Greet(t.Context(), line, menu)
			took = time.Since(began)
			time.Sleep(time.Minute)
		})
		if took > MaxGreeting+grace {
			rt.Fatalf("took %v", took)
		}
		categories := []string{menu.Unclassified, menu.Crisis}
		for _, key := range menu.Keys {
			categories = append(categories, key.Category)
		}
		switch {
		case got.Category == "" || !slices.Contains(categories, got.Category):
			rt.Fatalf("category %q", got.Category)
		case !slices.Contains(menu.Languages(), got.Language):
			rt.Fatalf("language %q", got.Language)
		case got.Danger && got.Category != menu.Crisis:
			rt.Fatalf("danger as %q", got.Category)
		case (got.Danger || got.Chose) && !got.Keyed:
			rt.Fatalf("a choice without a key: %+v", got)
		}
	})
}

func TestGivenALanguageKeyAfterTheMenu_WhenTheChoicesSoundAgain_ThenTheyAreNotCutOffByTheOldPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, menu := newLine(), DefaultMenu()
		line.lasts = map[string]time.Duration{"greeting": seconds(1), "menu": seconds(2)}
		line.at(map[time.Duration]string{seconds(4): "* 2"}) // the pause began at 3 s and would end at 4.5 s
		got := Greet(t.Context(), line, menu)
		want(t, "took", got.Took, seconds(4+2)+menu.Linger)
	})
}

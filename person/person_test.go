package person

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var key = bytes.Repeat([]byte{7}, 32)

// appearances are all ways in which a value can end up in a text by accident.
func appearances(t interface{ Fatal(...any) }, v any) string {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("case", "v", v, "inside", struct{ V any }{v})
	j, err := json.Marshal(map[string]any{"v": v, "list": []any{v}})
	if err != nil {
		t.Fatal(err)
	}
	return log.String() + string(j) + fmt.Sprint(v, []any{v}, struct{ V any }{v}) + fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v)
}

func TestNoTextFormShowsWhatIsPrivate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[QXZ][a-zà-ÿक-ह]{5,30}`).Draw(t, "text")
		n, err := NewName(text)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWords(text)
		if err != nil {
			t.Fatal(err)
		}
		if all := appearances(t, n) + appearances(t, w); strings.Contains(all, text[:4]) {
			t.Fatalf("%s shows in %s", text, all)
		}
		if n.Show() != text || w.Show() != text {
			t.Fatal("who is authorised does not see it")
		}
	})
}

func TestGivenWhatIsNoName_WhenMade_ThenTheErrorDoesNotRepeatIt(t *testing.T) {
	for _, text := range []string{"Sita\x00", "Sita\xff", "Sita\u202e", strings.Repeat("Sita", 21)} {
		if _, err := NewName(text); err == nil || strings.Contains(err.Error(), "Sita") {
			t.Errorf("%.12q as a name: %v", text, err)
		}
	}
	for _, text := range []string{"Sita\x00", "Sita\xff", strings.Repeat("Sita", 1001)} {
		if _, err := NewWords(text); err == nil || strings.Contains(err.Error(), "Sita") {
			t.Errorf("%.12q as words: %v", text, err)
		}
	}
	if w, err := NewWords("first\n\tsecond"); err != nil || !w.Known() {
		t.Errorf("lines: %v", err)
	}
	if n, err := NewName("  "); err != nil || n.Known() {
		t.Errorf("nobody: %v", err)
	}
}

func TestSealedTextsOpenToThemselvesAndShowNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(rapid.StringMatching(`[a-zक-ह ]{0,80}`).Draw(t, "text"))
		n, w := Name{text}, Words{strings.Repeat(text, rapid.IntRange(0, 12).Draw(t, "times"))}
		sealedName, err := n.Seal(key)
		if err != nil || len(sealedName) != SealedNameBytes {
			t.Fatalf("%d bytes, %v", len(sealedName), err)
		}
		if back, err := OpenName(key, sealedName); err != nil || back != n {
			t.Fatalf("opened to something else: %v", err)
		}
		sealedWords, err := w.Seal(key, CodeWord)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := OpenWords(key, sealedWords, CodeWord); err != nil || back != w {
			t.Fatalf("opened to something else: %v", err)
		}
		if again, _ := w.Seal(key, CodeWord); bytes.Equal(again, sealedWords) {
			t.Fatal("the same words sealed twice look the same")
		}
		if _, err := OpenWords(key, sealedWords, DuressWord); err == nil {
			t.Fatal("a code word was passed off as a duress word")
		}
		if _, err := OpenName(key, sealedWords); err == nil {
			t.Fatal("words were passed off as a name")
		}
		sealedName[rapid.IntRange(0, len(sealedName)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if _, err := OpenName(key, sealedName); err == nil {
			t.Fatal("a changed text was opened")
		}
	})
}

func TestGivenWordsOfAnyLength_WhenSealed_ThenThereAreFewLengths(t *testing.T) {
	lengths := map[int]bool{}
	for n := range MaxWords + 1 {
		sealed, err := Words{strings.Repeat("a", n)}.Seal(key, Account)
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(sealed)] = true
	}
	if len(lengths) != len(wordRooms) {
		t.Fatalf("%d lengths", len(lengths))
	}
	if _, err := (Words{strings.Repeat("a", MaxWords+1)}).Seal(key, Account); err == nil {
		t.Fatal("too long a text was sealed")
	}
}

func TestGivenAWrongKey_WhenSealingOrOpening_ThenItIsRefused(t *testing.T) {
	n := Name{"Sita"}
	sealed, err := n.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenName(bytes.Repeat([]byte{8}, 32), sealed); err == nil {
		t.Error("opened with another key")
	}
	if _, err := n.Seal(key[:16]); err == nil {
		t.Error("sealed with a short key")
	}
	for _, bad := range [][]byte{nil, {}, {1}, sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0)} {
		if _, err := OpenName(key, bad); err == nil {
			t.Errorf("%d bytes were opened", len(bad))
		}
	}
}

func FuzzOpenWords(f *testing.F) {
	sealed, _ := Words{"blue saree"}.Seal(key, CodeWord)
	f.Add(sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if w, err := OpenWords(key, text, CodeWord); err == nil && w.plain != "blue saree" {
			t.Fatal("forged")
		}
	})
}

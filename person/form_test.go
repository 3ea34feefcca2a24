package person

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAFormIsSealedForOneCallAndOpensForNoOther(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Filter(func(s string) bool { return len(s) <= MaxForm }).Draw(t, "text")
		form, err := NewForm(text)
		if err != nil {
			t.Skip()
		}
		sealed, err := form.Seal(key, "c1 a001")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenForm(key, sealed, "c1 a001"); err != nil || got.Show() != text {
			t.Fatalf("opened %d bytes of %d: %v", len(got.Show()), len(text), err)
		}
		if _, err := OpenForm(key, sealed, "c1 a002"); err == nil {
			t.Fatal("it opened for another agent")
		}
	})
}

func TestTheSizeOfASealedFormTellsNothingButItsRoom(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	sizes := map[int]bool{}
	for _, n := range []int{0, 1, 2048} {
		form, _ := NewForm(strings.Repeat("x", n))
		sealed, err := form.Seal(key, "c1")
		if err != nil {
			t.Fatal(err)
		}
		sizes[len(sealed)] = true
	}
	if len(sizes) != 1 {
		t.Errorf("forms of up to 2048 bytes have %d sizes, want one", len(sizes))
	}
	if _, err := NewForm(strings.Repeat("x", MaxForm+1)); err == nil {
		t.Error("a form that is too long was taken")
	}
}

func TestAFormMasksItself(t *testing.T) {
	form, _ := NewForm("Sunita")
	text, _ := json.Marshal(map[string]any{"form": form})
	for _, shown := range []string{fmt.Sprint(form), fmt.Sprintf("%#v", form), fmt.Sprintf("%+v", form), string(text), form.LogValue().String()} {
		if strings.Contains(shown, "Sunita") {
			t.Errorf("it shows %q", shown)
		}
	}
}

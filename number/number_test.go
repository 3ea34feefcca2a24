package number

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

func TestGivenWhatPeopleAndTrunksWrite_WhenParsed_ThenItIsOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"9876543210":      "+919876543210",
		"09876543210":     "+919876543210",
		"+919876543210":   "+919876543210",
		"+91 98765 43210": "+919876543210",
		"0522 2345678":    "+915222345678",
	} {
		n, err := Parse(text)
		if err != nil || n.Dial() != want || FromCaller(text) != n {
			t.Errorf("%q: got %q, %v", text, n.Dial(), err)
		}
	}
}

func TestGivenWhatIsNoNumber_WhenParsed_ThenTheErrorDoesNotRepeatIt(t *testing.T) {
	for _, text := range []string{"", "12", "98765", "98765432109876543", "abc", "+", strings.Repeat("9", 500)} {
		n, err := Parse(text)
		if err == nil {
			t.Errorf("%.20q was taken as %s", text, n)
		} else if text != "" && text != "+" && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}

func TestGivenACaller_WhenSheShowsNoUsualNumber_ThenItIsKeptAsDigitsOrWithheld(t *testing.T) {
	for text, want := range map[string]string{
		"anonymous": "", "": "", "unknown": "", "restricted": "", "112": "112", "1600112345": "+911600112345",
		strings.Repeat("5", 80): strings.Repeat("5", maxDigits),
	} {
		if n := FromCaller(text); n.Dial() != want {
			t.Errorf("%.12q: got %q", text, n.Dial())
		}
	}
	if !FromCaller("anonymous").Withheld() || FromCaller("112").Withheld() {
		t.Error("withheld means that there are no digits")
	}
}

// every way in which a value can end up in a text by accident
func appearances(t interface{ Fatal(...any) }, n Number) []string {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("call", "number", n, "inside", struct{ N Number }{n})
	j, err := json.Marshal(map[string]any{"n": n, "s": []Number{n}})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		n.String(), n.GoString(), log.String(), string(j),
		fmt.Sprint(n), fmt.Sprintf("%v %+v %#v %s %q", n, n, n, n, n), fmt.Sprint([]Number{n}, struct{ N Number }{n}),
	}
}

func TestNoTextFormShowsMoreThanTwoDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[2-9][0-9]{2,20}`).Draw(t, "digits")
		for _, text := range appearances(t, FromCaller(digits)) {
			text = text[strings.Index(text, "call")+1:] // a log line begins with a time
			if strings.Contains(text, digits[len(digits)-3:]) || strings.Contains(text, digits[:3]) {
				t.Fatalf("%s shows in %s", digits, text)
			}
		}
	})
}

func TestGivenOneNumberInSeveralSpellings_WhenFingerprinted_ThenItIsTheSamePerson(t *testing.T) {
	a, b := FromCaller("09876543210"), FromCaller("+91 98765 43210")
	if a.Fingerprint(key) != b.Fingerprint(key) || len(a.Fingerprint(key)) != 32 {
		t.Fatal("spellings of one number differ")
	}
	if a.Fingerprint(key) == a.Fingerprint(bytes.Repeat([]byte{8}, 32)) || a.Fingerprint(key) == FromCaller("9876543211").Fingerprint(key) {
		t.Fatal("another key or number gives the same fingerprint")
	}
	if (Number{}).Fingerprint(key) != "" {
		t.Fatal("two withheld callers are not the same person")
	}
}

func TestSealedNumbersOpenToThemselvesAndShowNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := FromCaller(rapid.StringMatching(`(\+91)?[0-9]{0,31}`).Draw(t, "caller"))
		sealed, err := n.Seal(key)
		if err != nil || len(sealed) != SealedBytes {
			t.Fatalf("%d bytes, %v", len(sealed), err)
		}
		again, err := n.Seal(key)
		if err != nil || bytes.Equal(sealed, again) {
			t.Fatal("the same number sealed twice looks the same")
		}
		back, err := Open(key, sealed)
		if err != nil || back != n {
			t.Fatalf("opened to something else: %v", err)
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if _, err := Open(key, sealed); err == nil {
			t.Fatal("a changed text was opened")
		}
	})
}

func TestGivenAWrongKey_WhenSealingOrOpening_ThenItIsRefused(t *testing.T) {
	n := FromCaller("9876543210")
	sealed, err := n.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bytes.Repeat([]byte{8}, 32), sealed); err == nil {
		t.Error("opened with another key")
	}
	if _, err := n.Seal(key[:16]); err == nil {
		t.Error("sealed with a short key")
	}
	for _, bad := range [][]byte{nil, {}, {1}, sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0)} {
		if _, err := Open(key, bad); err == nil {
			t.Errorf("%d bytes were opened", len(bad))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"9876543210", "+919876543210", "tel:+91-98", "", "0", "+", "1600", "९८७६५४३२१०", ";ext=5", "98765+43210"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			if n != (Number{}) {
				t.Fatal("an error and a number")
			}
		} else {
			if again, err := Parse(n.Dial()); err != nil || again != n {
				t.Fatalf("%q is not stable: %v", text, err)
			}
			if keepDigits(n.Dial()) != strings.TrimPrefix(n.Dial(), "+") || len(n.Dial()) > maxDigits {
				t.Fatal("a number to dial holds more than digits")
			}
		}
		c := FromCaller(text)
		if len(c.Dial()) > maxDigits {
			t.Fatal("longer than anything that can be sealed")
		}
		if sealed, err := c.Seal(key); err != nil {
			t.Fatal(err)
		} else if back, err := Open(key, sealed); err != nil || back != c {
			t.Fatal("does not open to itself")
		}
		if d := keepDigits(c.Dial()); len(d) >= 3 && strings.Contains(c.String(), d[len(d)-3:]) {
			t.Fatal("String shows three digits")
		}
	})
}

func FuzzOpen(f *testing.F) {
	sealed, _ := FromCaller("112").Seal(key)
	f.Add(sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := Open(key, text); err == nil && n != FromCaller("112") {
			t.Fatal("forged")
		}
	})
}

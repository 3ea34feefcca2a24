package number

import (
	"errors"
	"strings"
	"testing"
)

func TestGivenASubscribersNumber_WhenParsedForDialling_ThenItIsOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"9876543210":       "+919876543210",
		"09876543210":      "+919876543210",
		"+919876543210":    "+919876543210",
		" +91 98765-43210": "+919876543210",
		"6123456789":       "+916123456789",
		"0522 2345678":     "+915222345678",
		"(0522) 2345678":   "+915222345678",
		"+915222345678":    "+915222345678",
		"०९८७६५४३२१०":      "+919876543210",
		"۹۸۷۶۵۴۳۲۱۰":       "+919876543210",
		"0120 2345678":     "+911202345678",
	} {
		if n, err := ParseDialable(text); err != nil || n.Dial() != want || n.Dialable() != nil {
			t.Errorf("%q: %q, %v", text, n.Dial(), err)
		}
	}
}

func TestGivenWhatMustNotBeDialled_WhenParsedForDialling_ThenTheReasonIsNamed(t *testing.T) {
	other := errors.New("another reason")
	for text, want := range map[string]error{
		"": ErrWithheld, "  ": ErrWithheld, "112": ErrShortCode, "1090": ErrShortCode, "56161": ErrShortCode,
		"+14155552671": ErrForeign, "+977 9841234567": ErrForeign, "+8801712345678": ErrForeign,
		"1800 180 1234": ErrPremium, "+911860 123 4567": ErrPremium, "1600112345": ErrPremium,
		"anonymous": other, "98765abcde": other, "9876543210;ext=5": other, "98765432": other, "0000000000": other, "1400112345": other, "sip:9876543210@host": other,
	} {
		n, err := ParseDialable(text)
		if err == nil || n != (Number{}) || want != other && !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.TrimSpace(text) != "" && strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}

func TestGivenACallerOfAnyKind_WhenAskedWhetherToDial_ThenOnlyASubscriberIs(t *testing.T) {
	for shown, want := range map[string]error{
		"anonymous": ErrWithheld, "112": ErrShortCode, "1600112345": ErrPremium, "+14155552671": ErrForeign, "09876543210": nil,
	} {
		if err := FromCaller(shown).Dialable(); !errors.Is(err, want) {
			t.Errorf("%q: %v", shown, err)
		}
	}
}

func FuzzParseDialable(f *testing.F) {
	for _, s := range []string{"9876543210", "+919876543210", "0522 2345678", "", "112", "+14155552671", "18001801234", "९८७६५४३२१०"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseDialable(text)
		if err != nil {
			if n != (Number{}) {
				t.Fatal("an error and a number")
			}
			if d := keepDigits(text); len(d) > 6 && strings.Contains(err.Error(), d) {
				t.Fatal("the error repeats the digits")
			}
			return
		}
		if again, err := ParseDialable(n.Dial()); err != nil || again != n {
			t.Fatalf("%q is not stable: %v", text, err)
		}
		if !strings.HasPrefix(n.Dial(), "+91") || len(n.Dial()) > 13 || len(n.Dial()) < 11 {
			t.Fatalf("%q became a number that no subscriber in India has", text)
		}
	})
}

package number

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// The reasons for which a number that may well exist is not dialled.
var (
	ErrWithheld  = errors.New("number: withheld: it can call us, and cannot be dialled")
	ErrShortCode = errors.New("number: a short code: it can call us, and is not dialled")
	ErrForeign   = errors.New("number: not a number in India: nothing abroad is dialled")
	ErrPremium   = errors.New("number: a premium, toll-free or service number: only subscribers' numbers are dialled")
)

// countryCode is that of region.
const countryCode = 91

// ParseDialable reads a number that we may dial: a mobile or a landline in
// India, written as 10 digits, 0 and 10 digits, or with +91. It is stricter
// than Parse, which takes whatever a caller may have. The error says what is
// wrong and never repeats the digits.
func ParseDialable(text string) (Number, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Number{}, ErrWithheld
	}
	text = strings.Map(westernDigit, text)
	// The library reads letters as the keys that they stand on, and extensions.
	// Nobody's number is written so; it is a slip.
	if strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789+ -().\u00a0", r) }) {
		return Number{}, errors.New("number: holds something else than digits: want 10 digits, 0 and 10 digits, or +91 and 10 digits")
	}
	if n := len(keepDigits(text)); n > 0 && n <= 6 {
		return Number{}, ErrShortCode
	}
	n, err := Parse(text)
	if err != nil {
		return Number{}, err
	}
	if err := n.Dialable(); err != nil {
		return Number{}, err
	}
	return n, nil
}

// Dialable says why the number is not one that we dial; nil when it is. Callers
// are kept as they come, so what was once a caller's number must be asked this
// before it is dialled.
func (n Number) Dialable() error {
	switch {
	case n.plain == "":
		return ErrWithheld
	case !strings.HasPrefix(n.plain, "+"):
		return ErrShortCode
	}
	p, err := phonenumbers.Parse(n.plain, region)
	if err != nil {
		return fmt.Errorf("number: not a telephone number")
	}
	if p.GetCountryCode() != countryCode {
		return ErrForeign
	}
	if series := strconv.FormatUint(p.GetNationalNumber(), 10); strings.HasPrefix(series, "1600") || strings.HasPrefix(series, "140") {
		return ErrPremium // the series of offices and of telemarketers, which the library takes for landlines
	}
	switch phonenumbers.GetNumberType(p) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return nil
	}
	return ErrPremium
}

// westernDigit turns the digits of Hindi and Urdu into those of an INVITE.
func westernDigit(r rune) rune {
	for _, zero := range []rune{'०', '٠', '۰'} {
		if r >= zero && r < zero+10 {
			return '0' + r - zero
		}
	}
	return r
}

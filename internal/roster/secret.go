package roster

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of one PIN check: 19 MiB and two passes, about 25 ms. A PIN is short,
// so whoever steals the hash will find it; the hash buys time, the lock after
// three wrong PINs guards the phone.
const (
	argonMemory  = 19 << 10 // KiB
	argonPasses  = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// HashPIN makes what is stored of a PIN.
func HashPIN(pin string) (Secret, error) {
	if !pinForm.MatchString(pin) {
		return Secret{}, errors.New("roster: hash PIN: want 4 to 8 digits")
	}
	return hash(pin)
}

// The length of a password, in bytes: the least after NIST SP 800-63B for one
// that stands beside a second factor, and a limit to what is hashed.
const (
	leastPassword = 10
	mostPassword  = 128
)

// HashPassword makes what is stored of a password.
func HashPassword(password string) (Secret, error) {
	if len(password) < leastPassword || len(password) > mostPassword {
		return Secret{}, fmt.Errorf("roster: hash password: want %d to %d bytes", leastPassword, mostPassword)
	}
	return hash(password)
}

// VerifyPassword is VerifyPIN for passwords. Without a hash it takes as long,
// and says no.
func VerifyPassword(hash Secret, password string) bool {
	h, ok := parseHash(hash.plain)
	if !ok {
		h = argonHash{memory: argonMemory, passes: argonPasses, threads: argonThreads, salt: make([]byte, argonSalt), sum: make([]byte, argonKey)}
	}
	if len(password) > mostPassword {
		return false
	}
	return h.fits(password) && ok
}

func hash(text string) (Secret, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return Secret{}, fmt.Errorf("roster: hash: %w", err)
	}
	sum := argon2.IDKey([]byte(text), salt, argonPasses, argonMemory, argonThreads, argonKey)
	b := base64.RawStdEncoding
	return Secret{fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		argonMemory, argonPasses, argonThreads, b.EncodeToString(salt), b.EncodeToString(sum))}, nil
}

// VerifyPIN reports whether the PIN is the one of the hash. It takes about
// 25 ms of one core: call it outside of anything that must be quick. An unset
// or unreadable hash fits no PIN.
func VerifyPIN(hash Secret, pin string) bool {
	h, ok := parseHash(hash.plain)
	if !ok || !pinForm.MatchString(pin) {
		return false
	}
	return h.fits(pin)
}

func (h argonHash) fits(text string) bool {
	sum := argon2.IDKey([]byte(text), h.salt, h.passes, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

type argonHash struct {
	memory, passes uint32
	threads        uint8
	salt, sum      []byte
}

// parseHash bounds the cost: a hash from elsewhere must not stop the engine.
func parseHash(text string) (argonHash, bool) {
	var h argonHash
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, false
	}
	form := "m=%d,t=%d,p=%d"
	if n, err := fmt.Sscanf(parts[3], form, &h.memory, &h.passes, &h.threads); n != 3 || err != nil || parts[3] != fmt.Sprintf(form, h.memory, h.passes, h.threads) {
		return h, false
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	ok := err1 == nil && err2 == nil && len(h.salt) >= 8 && len(h.salt) <= 64 && len(h.sum) >= 16 && len(h.sum) <= 64 &&
		h.memory >= 8 && h.memory <= 64<<10 && h.passes >= 1 && h.passes <= 10 && h.threads >= 1 && h.threads <= 4
	return h, ok
}

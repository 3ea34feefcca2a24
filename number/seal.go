package number

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// A sealed number is a version byte, a random nonce, and the number under
// AES-256-GCM. The number is padded to one length before, so that the sealed
// form does not tell a short code from a mobile, or a withheld number from one.
const (
	sealVersion = 1
	sealedPlain = 1 + maxDigits // length and digits
	nonceBytes  = 12
	tagBytes    = 16
	// SealedBytes is the length of every sealed number.
	SealedBytes = 1 + nonceBytes + sealedPlain + tagBytes
)

// bound ties a sealed number to its purpose: with the same key, nothing sealed
// elsewhere can be passed off as a number.
var bound = []byte("powerline number 1")

// errSealed says as little as possible: a wrong key and a forged text are alike.
var errSealed = errors.New("number: open: not sealed with this key, or changed since: check privacy.sealKeyFile")

// Seal encrypts the number for storage. The key has 32 bytes.
func (n Number) Seal(key []byte) ([]byte, error) {
	box, err := box(key)
	if err != nil {
		return nil, fmt.Errorf("number: seal: %w", err)
	}
	if len(n.plain) > maxDigits {
		return nil, errors.New("number: seal: too many digits")
	}
	plain := make([]byte, sealedPlain)
	plain[0] = byte(len(n.plain))
	copy(plain[1:], n.plain)
	sealed := make([]byte, 1+nonceBytes, SealedBytes)
	sealed[0] = sealVersion
	if _, err := rand.Read(sealed[1:]); err != nil {
		return nil, fmt.Errorf("number: seal: %w", err)
	}
	return box.Seal(sealed, sealed[1:], plain, bound), nil
}

// Open is the opposite of Seal. The caller of Open writes the audit row.
func Open(key, sealed []byte) (Number, error) {
	box, err := box(key)
	if err != nil {
		return Number{}, fmt.Errorf("number: open: %w", err)
	}
	if len(sealed) != SealedBytes || sealed[0] != sealVersion {
		return Number{}, errSealed
	}
	plain, err := box.Open(nil, sealed[1:1+nonceBytes], sealed[1+nonceBytes:], bound)
	if err != nil || int(plain[0]) > maxDigits {
		return Number{}, errSealed
	}
	return Number{plain: string(plain[1 : 1+plain[0]])}, nil
}

func box(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("want a key of 32 bytes, got %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

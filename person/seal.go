package person

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// A sealed text is a version byte, a random nonce, and length and text under
// AES-256-GCM, padded to one of a few sizes before.
const (
	sealVersion = 1
	lengthBytes = 2
	nonceBytes  = 12
	tagBytes    = 16
	around      = 1 + nonceBytes + lengthBytes + tagBytes
	nameRoom    = 4 * MaxName // a character has four bytes at most
	// SealedNameBytes is the length of every sealed name.
	SealedNameBytes = around + nameRoom
)

// wordRooms are the sizes to which words are padded.
var wordRooms = []int{64, 256, 1024, MaxWords}

// Purpose says what sealed words are. Sealed for one purpose they do not open
// for another.
type Purpose string

// The purposes.
const (
	Address    Purpose = "address"
	Account    Purpose = "account"     // what she told about what happened
	CodeWord   Purpose = "code word"   // "I am safe"
	DuressWord Purpose = "duress word" // "send help"
	AskFor     Purpose = "ask for"     // the name to ask for when somebody answers
	// Authenticator is the secret of somebody's one-time codes.
	Authenticator Purpose = "authenticator"
)

const nameBound = "powerline person name 1"

// errSealed says as little as possible: a wrong key, a forged text and another
// purpose are alike.
var errSealed = errors.New("not sealed with this key for this purpose, or changed since: check privacy.sealKeyFile")

// Seal encrypts the name for storage. The key has 32 bytes.
func (n Name) Seal(key []byte) ([]byte, error) {
	sealed, err := seal(key, nameBound, n.plain, nameRoom)
	if err != nil {
		return nil, fmt.Errorf("person: seal name: %w", err)
	}
	return sealed, nil
}

// OpenName is the opposite of Name.Seal. The caller writes the audit row.
func OpenName(key, sealed []byte) (Name, error) {
	plain, err := open(key, nameBound, sealed)
	if err != nil {
		return Name{}, fmt.Errorf("person: open name: %w", err)
	}
	return Name{plain}, nil
}

// Seal encrypts the words for storage. The key has 32 bytes.
func (w Words) Seal(key []byte, p Purpose) ([]byte, error) {
	for _, room := range wordRooms {
		if len(w.plain) > room {
			continue
		}
		sealed, err := seal(key, p.bound(), w.plain, room)
		if err != nil {
			return nil, fmt.Errorf("person: seal %s: %w", p, err)
		}
		return sealed, nil
	}
	return nil, fmt.Errorf("person: seal %s: too long", p)
}

// OpenWords is the opposite of Words.Seal. The caller writes the audit row.
func OpenWords(key, sealed []byte, p Purpose) (Words, error) {
	plain, err := open(key, p.bound(), sealed)
	if err != nil {
		return Words{}, fmt.Errorf("person: open %s: %w", p, err)
	}
	return Words{plain}, nil
}

func (p Purpose) bound() string { return "powerline person words 1 " + string(p) }

func seal(key []byte, bound, text string, room int) ([]byte, error) {
	box, err := box(key)
	if err != nil {
		return nil, err
	}
	if len(text) > room {
		return nil, errors.New("too long")
	}
	plain := make([]byte, lengthBytes+room)
	binary.BigEndian.PutUint16(plain, uint16(len(text)))
	copy(plain[lengthBytes:], text)
	sealed := make([]byte, 1+nonceBytes, around+room)
	sealed[0] = sealVersion
	if _, err := rand.Read(sealed[1:]); err != nil {
		return nil, err
	}
	return box.Seal(sealed, sealed[1:], plain, []byte(bound)), nil
}

func open(key []byte, bound string, sealed []byte) (string, error) {
	box, err := box(key)
	if err != nil {
		return "", err
	}
	if len(sealed) < around || sealed[0] != sealVersion {
		return "", errSealed
	}
	plain, err := box.Open(nil, sealed[1:1+nonceBytes], sealed[1+nonceBytes:], []byte(bound))
	if err != nil {
		return "", errSealed
	}
	text := plain[lengthBytes:]
	if n := int(binary.BigEndian.Uint16(plain)); n <= len(text) {
		return string(text[:n]), nil
	}
	return "", errSealed
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

package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// KeyBytes is the length of each key in Privacy.
const KeyBytes = 32

// Secret reads a password from its own file: one line, no other user may read
// it. An empty path is the empty secret. The error never repeats the content.
func Secret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("config: read secret: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("config: secret %s is not a plain file", path)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("config: secret %s may be used by every user of this machine: chmod 0600 it", path)
	}
	if info.Mode().Perm()&0o020 != 0 {
		return "", fmt.Errorf("config: secret %s may be changed by its group: chmod 0640 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("config: read secret: %w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case secret == "":
		return "", fmt.Errorf("config: secret %s is empty", path)
	case len(secret) > 4096 || strings.ContainsAny(secret, "\r\n\x00"):
		return "", fmt.Errorf("config: secret %s is not one line of text", path)
	}
	return secret, nil
}

// Key reads one of the keys in Privacy. An empty path is no key.
func Key(path string) ([]byte, error) {
	text, err := Secret(path)
	if err != nil || text == "" {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != KeyBytes {
		return nil, fmt.Errorf("config: key %s must be %d hexadecimal digits: make one with `openssl rand -hex %d`", path, 2*KeyBytes, KeyBytes)
	}
	return key, nil
}

// CheckFiles reads every secret and key once and reports all that cannot be
// used; `acd check` and the start of the engine call it.
func (c Config) CheckFiles() error {
	var all []error
	for _, path := range []string{c.Asterisk.ARI.PasswordFile, c.Asterisk.AMI.PasswordFile, c.Redis.PasswordFile, c.Postgres.PasswordFile, c.Console.OIDC.ClientSecretFile, c.Recordings.Bucket.SecretKeyFile} {
		if _, err := Secret(path); err != nil {
			all = append(all, err)
		}
	}
	for _, path := range []string{c.Privacy.FingerprintKeyFile, c.Privacy.SealKeyFile} {
		if _, err := Key(path); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

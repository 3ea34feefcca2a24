package acd

import (
	"fmt"

	"powerline/internal/check"
	"powerline/internal/config"
)

// settingsOf turns a configuration into settings, and refuses one that could
// not be spoken.
func settingsOf(c config.Config) (*Settings, error) {
	s, err := NewSettings(c)
	if err != nil {
		return nil, err
	}
	if err := check.Prompts(c); err != nil {
		return nil, fmt.Errorf("acd: what callers and agents hear is not complete: %w", err)
	}
	return s, nil
}

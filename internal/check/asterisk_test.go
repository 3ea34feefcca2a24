package check

import (
	"strings"
	"testing"

	"powerline/internal/config"
)

func TestGivenAVersionOfAsterisk_WhenBrowsersShallBeTelephones_ThenOneWithTheLockInversionIsRefusedUnlessForced(t *testing.T) {
	for _, c := range []struct {
		version         string
		allowed, forced bool
		want            Level // empty: nothing is said
	}{
		{"22.10.1~dfsg+~cs6.17.60671434-1", true, false, Fail},
		{"22.10.1~dfsg+~cs6.17.60671434-1", true, true, Warn},
		{"22.10.1~dfsg+~cs6.17.60671434-1", false, false, ""},
		{"22.11.0", true, false, OK},
		{"22.11.0-rc1", true, false, OK},
		{"certified/22.11-cert1", true, false, OK},
		{"23.4.1", true, false, Fail},
		{"23.5.0", true, false, OK},
		{"24.0.0", true, false, OK},
		{"20.21.0", true, false, Fail},
		{"who knows", true, false, Fail},
	} {
		n := notes{}
		browserPhones(&n, config.BrowserPhones{Allowed: c.allowed, OlderAsterisk: c.forced}, c.version)
		var got Level
		if len(n.list) > 0 {
			got = n.list[0].Level
		}
		if got != c.want || len(n.list) > 1 {
			t.Errorf("%s, allowed %v, forced %v: %v, want %s", c.version, c.allowed, c.forced, n.list, c.want)
		}
		if c.want == Fail && !strings.Contains(n.list[0].Text, "asterisk#1946") {
			t.Errorf("it does not say why: %s", n.list[0].Text)
		}
	}
}

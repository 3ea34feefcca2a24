package rules

import (
	"go/ast"
	"slices"
	"testing"
)

// plain are the methods through which what is private leaves its type:
// number.Number, roster.Name and PIN, ivr.PIN, asterisk.Private.
var plain = []string{"Show", "Dial", "Reveal", "Plain"}

// logging are methods whose arguments end up in a log line or an error.
var logging = []string{
	"Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "With",
	"Errorf", "Print", "Println", "Printf", "Fprint", "Fprintln", "Fprintf", "WithLabelValues",
}

// TestWhatIsPrivateLeavesItsTypeInKnownPlacesOnly: whoever adds a place says
// here why it must be.
func TestWhatIsPrivateLeavesItsTypeInKnownPlacesOnly(t *testing.T) {
	allowed := except(map[string]string{
		"cmd/acd/agents.go:Show":              "an operator exports the roster for herself, into a file for its owner alone",
		"cmd/dialer/token.go:Reveal":          "the secret of a new token is shown to who minted it, this once",
		"internal/config/exchange.go:Reveal":  "Asterisk must have the phones' hashed secrets",
		"internal/postgres/roster.go:Show":    "the roster is where names live",
		"internal/postgres/roster.go:Reveal":  "the roster is where hashes of PINs and secrets live",
		"internal/asterisk/event.go:Plain":    "the type's own package: a variable is handed on by name",
		"internal/asterisk/command.go:Plain":  "what the phone shows travels to Asterisk: a category, never a number",
		"internal/api/hand.go:Show":           "the agent sees whom she is about to speak with; the store has written the audit row",
		"internal/api/private.go:Show":        "a supervisor or a police office reads a case, for a stated purpose that stands in the audit",
		"internal/console/sign_in.go:Show":    "the secret of one-time codes: a code is compared with it, and its owner is shown it once, while she sets up her authenticator",
		"internal/postgres/account.go:Reveal": "accounts are where hashes of passwords live",
		"internal/acd/outbound.go:Dial":       "the INVITE, from the number's own method for it",
		"internal/acd/guest.go:Dial":          "the INVITE to a police station, whose number anybody may know",
		"internal/acd/desk.go:Reveal":         "the PIN is compared with its hash",
		"internal/acd/dispatch.go:Plain":      "keys go to the dialogue, the caller's number into number.Number",
		"internal/acd/recording.go:Plain":     "Asterisk's own name of a recording, to end that one",
		"internal/acd/seat.go:Plain":          "the caller's number into number.Number, which goes into her own complaint unseen",
		"internal/console/desk/book.go:Show":  "an agent reads what she is writing down herself",
		"internal/acd/history.go:Plain":       "the caller's number into number.Number, which seals it for her record",

		"internal/console/softphone/softphone.go:Reveal": "the browser's own password as a telephone, handed to the session of its agent; good for that login alone",
		"internal/console/supervisor/roster.go:Show":     "a supervisor sees the names of those whom she leads",
	})
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, leak := range plainCalls(s.file) {
			if place := s.path + ":" + method(leak); !allowed.allow(place) {
				t.Errorf("%s:%d calls %s: a private value leaves its type here; say why in this test or do without", s.path, s.line(leak), method(leak))
			}
		}
	}
	allowed.check(t)
}

func TestNothingPrivateIsLoggedOrPutIntoAnErrorOrALabel(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !slices.Contains(logging, method(call)) {
				return true
			}
			for _, arg := range call.Args {
				for _, leak := range plainCalls(arg) {
					t.Errorf("%s:%d writes the plain value of %s() into %s", s.path, s.line(leak), method(leak), method(call))
				}
			}
			return true
		})
	}
}

// plainCalls finds the calls of the methods that unmask: they take no argument.
func plainCalls(root ast.Node) []*ast.CallExpr {
	var found []*ast.CallExpr
	ast.Inspect(root, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 0 && slices.Contains(plain, method(call)) {
			found = append(found, call)
		}
		return true
	})
	return found
}

// method is the name behind the last dot of what is called.
func method(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		return f.Sel.Name
	}
	return ""
}

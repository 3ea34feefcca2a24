package asterisk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// ErrReplaced is what Run and each command return once another process has
// taken this app's name. The process must stop acting: two that fight for one
// name would replace each other for ever.
var ErrReplaced = errors.New("asterisk: another process took this app's name; stop this one or give it its own name")

// ErrUnauthorised is inside the error of Disconnected when Asterisk refuses the
// user or the password.
var ErrUnauthorised = errors.New("asterisk refuses the ARI user or its password; compare them with ari.conf")

// Error is a command that did not succeed, or of which nobody knows.
type Error struct {
	Op      string // "answer", "originate" …
	Status  int    // HTTP status, 0 when there was no answer
	Message string // Asterisk's reason
	Err     error  // what stood in the way when there was no answer
	unsent  bool   // the request certainly did not reach Asterisk
}

func (e *Error) Error() string {
	switch {
	case e.Status != 0 && e.Message != "":
		return fmt.Sprintf("asterisk %s: %d %s", e.Op, e.Status, e.Message)
	case e.Status != 0:
		return fmt.Sprintf("asterisk %s: %d %s", e.Op, e.Status, http.StatusText(e.Status))
	case e.unsent:
		return fmt.Sprintf("asterisk %s: not sent: %v", e.Op, e.Err)
	default:
		return fmt.Sprintf("asterisk %s: result unknown: %v", e.Op, e.Err)
	}
}

func (e *Error) Unwrap() error { return e.Err }

// IsNotFound reports that the channel, bridge, playback or app does not exist.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsConflict reports a 409: the id is in use (Originate: it happened already),
// the call was claimed by another, or the channel is in a wrong state.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

// IsNotInBridge reports that the channel or the bridge is not there, or the one not in the other.
func IsNotInBridge(err error) bool {
	return hasStatus(err, http.StatusNotFound) || hasStatus(err, http.StatusBadRequest) || hasStatus(err, http.StatusUnprocessableEntity)
}

// IsUnknown reports that the command may or may not have been carried out: look
// at the channel or bridge before deciding. A refusal by Asterisk and a request
// that never left are both certain, hence not unknown.
func IsUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == 0 && !e.unsent
}

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// unanswered makes the Error of a request that got no answer. The URL that
// net/http puts into its errors is cut out, since queries may hold numbers.
func unanswered(op string, err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var dial *net.OpError
	unsent := errors.As(err, &dial) && dial.Op == "dial"
	return &Error{Op: op, Err: err, unsent: unsent}
}

// timeoutCause names the limit that ended a request in place of the plain
// "context deadline exceeded".
func timeoutCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.DeadlineExceeded) {
		return cause
	}
	return err
}

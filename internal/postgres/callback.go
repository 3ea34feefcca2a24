package postgres

import (
	"context"
	"time"

	"powerline/cases"
	"powerline/number"
)

// CallBack makes the task to call back somebody who gave up waiting, or says
// why there is none. Number, terms and no-contact of g are filled in from n
// and the open cases. Asked again for the same call, the task is the same.
func (db *DB) CallBack(ctx context.Context, rules cases.Rules, g cases.GaveUp, n number.Number) (cases.Task, cases.NoCallBack, error) {
	return cases.Task{}, "", errNotYet
}

// CallerRang ends the call-back tasks of a number, by fingerprint, that has
// called us at the moment given. It returns how many.
func (db *DB) CallerRang(ctx context.Context, fingerprint string, at time.Time) (int, error) {
	return 0, errNotYet
}

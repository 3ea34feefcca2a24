package postgres

import "errors"

// errNotYet: the signature stands, what is behind it follows.
var errNotYet = errors.New("not built yet")

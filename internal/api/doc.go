// Package api is the HTTP/JSON interface of the dialer: what agents' pages,
// supervisors, operators and other systems of the helpline ask and tell.
//
// # Model
//
//	request ─▶ route's table ─▶ token ─▶ role ─▶ idempotency key ─▶ body ─▶ store ─▶ answer
//	outbox ──▶ Deliverer ─▶ signed webhook
//
// One table (route.go) says for each route who may use it, what it takes and
// what it gives. The mux, the checks and the OpenAPI document are made of that
// table; nothing is served that is not in it.
//
// A case moves only by an event that goes through postgres.Apply, and so
// through cases.Step: the handlers decide nothing about the ladder.
//
// # Invariants
//
//   - Whoever has no token, or not the role, learns nothing but that.
//   - Agents on routes about victims are women. What a male officer can see
//     holds nothing of the victim: no case id, no docket, no name (I10).
//   - Names, numbers and private words leave only by hand.go, private.go and
//     dossier.go, to whom the table names, for a stated purpose, and the store
//     writes an audit row for each.
//   - Neither logs nor errors repeat what came in. Addresses in logs are the
//     patterns of the routes, without ids.
//   - A request that changes something carries an idempotency key, and the ids
//     of what it makes follow from it: sent again, it does nothing again, even
//     if the first answer was never stored.
//   - Stored answers hold nothing private.
//
// # Failure handling
//
// A store that is down is 503 and changes nothing. A webhook that fails is put
// off with growing pauses and given up after a configured time, loudly; it
// runs in goroutines of its own and blocks nobody.
package api

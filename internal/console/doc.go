// Package console is what people see in the browser: it signs them in, says who
// may do what, serves pages and pushes what changes. The pages themselves are
// rooms (package desk, package supervisor, …), each a list of routes.
//
// # Model
//
//	request ─▶ headers ─▶ origin ─▶ limits ─▶ session ─▶ Permissions ─▶ Route.Handle
//	floor ─▶ Hub ─▶ every open stream: its views, whole at first, then those that changed
//
// One table, Permissions, says for each route which roles may use it. A route
// that is not in it is not served: New refuses it.
//
// /api/v1 is served here too, by the same package api as elsewhere. Who is signed
// in is its token (Token).
//
// # Invariants
//
//   - The server decides. Pages show what streams push, and send wishes.
//   - No script and no style stands in a page; nothing private in an address, a
//     log, a metric or the browser's storage.
//   - A session's token is in the cookie alone; stored is its hash. It changes
//     when somebody signs in, and every session of an account ends when its
//     role, its lock or its password changes.
//   - A change that another site asks for is refused, whatever it carries.
//
// # Failure handling
//
// While PostgreSQL is away nobody can sign in; who is signed in goes on, out of
// memory, no longer than her idle time. Streams go on: they show the floor, which
// is not in PostgreSQL.
package console

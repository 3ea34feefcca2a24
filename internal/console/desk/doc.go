// Package desk is the page at which agents, officers and counsellors work: their
// own state, the call in hand, the complaint as they write it down, the task that
// is called next, and the keys that act on a call.
//
// # Model
//
// The server knows, the page shows. Each open page has one stream; on it comes the
// whole State of its agent, at once and after every change. A page that was hidden,
// asleep or cut off needs nothing but a new stream. No timer in the browser decides
// anything: a figure that runs there is the distance to a moment that the server
// named.
//
// What she writes is a Draft, of one call and one agent, held in a Book: sealed,
// in memory, and brought to PostgreSQL or the fsynced journal before the page is
// told that it is kept. A page holds what it has not been told so for in its memory
// alone, and sends it again until it is. Nothing private is ever put into storage
// of the browser.
//
// What she registers while PostgreSQL is away is kept as a draft that waits: her
// open desk registers it, once, when PostgreSQL answers (later.go).
//
// What is done about a case is done by the API (package api), with its checks and
// its audit; what is done about a call by the engine's orders.
//
// # Law 5
//
// A man sees nothing of a victim: of a call that is for officers the State holds
// only what the line itself says, he has no complaint form, and the count of
// earlier calls is of the offenders' line alone, so that a woman who once rang
// 1090 from her husband's telephone is not betrayed to whoever he speaks with.
package desk
